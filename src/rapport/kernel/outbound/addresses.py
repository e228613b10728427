"""Which addresses may be called: the name is looked up once, and what was looked up is what is called.

Somebody who may type an address must not reach through us what only this machine reaches: its own services,
the company's network, a cloud's metadata. A name is therefore resolved here, every address it has must be a
public one, and the connection goes to that very address; a name that changes a moment later changes nothing.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# Carries an IPv4 address inside (RFC 6052): a gateway would reach it for us.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(ValueError):
    """This address may not be called; the message says why and what to write instead."""


class NotFound(OSError):
    """The name could not be looked up now; it may be later."""


@dataclass(frozen=True)
class Target:
    """An address in its parts, and where it may be called."""

    scheme: str
    host: str
    port: int
    path: str
    ip: str


def check_address(url: str, *, allow_private: bool) -> None:
    """Raise AddressRefused for what can be seen to be wrong without looking the name up."""
    _parts(url, allow_private=allow_private)


def resolve(url: str, *, allow_private: bool) -> Target:
    """Look an address up; raise AddressRefused when it leads where we may not, NotFound when nowhere now."""
    scheme, host, port, path = _parts(url, allow_private=allow_private)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotFound(f"{host} could not be looked up ({error}).") from error
    ips = list(dict.fromkeys(str(info[4][0]).partition("%")[0] for info in found))
    for ip in ips:
        if not allow_private and not is_public(ip):
            raise AddressRefused(
                _("%(host)s leads to %(ip)s, which is not public.") % {"host": host, "ip": ip}
            )
    return Target(scheme, host, port, path, ips[0])


def is_public(ip: str) -> bool:
    """Say whether an address belongs to the open internet, also when it hides another one inside."""
    address = ipaddress.ip_address(ip)
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _inside(address))


def _inside(address: IPAddress) -> list[IPAddress]:
    """Return an address and the one it carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address in NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    carried = address.sixtofour or (address.teredo[1] if address.teredo else None)
    return [address, carried] if carried else [address]


def _parts(url: str, *, allow_private: bool) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise AddressRefused(_("This is no web address.")) from error
    schemes = {"https": 443, "http": 80} if allow_private else {"https": 443}
    if parts.scheme not in schemes:
        raise AddressRefused(_("Write the whole address, beginning with https://."))
    if not host or any(character.isspace() for character in url):
        raise AddressRefused(_("This is no web address."))
    if parts.username or parts.password:
        raise AddressRefused(_("Leave name and password out of the address: what is sent is signed instead."))
    _refuse_literal(host, allow_private=allow_private)
    path = parts.path or "/"
    return parts.scheme, host, port or schemes[parts.scheme], f"{path}?{parts.query}" if parts.query else path


def _refuse_literal(host: str, *, allow_private: bool) -> None:
    try:
        public = is_public(host)
    except ValueError:
        public = host != "localhost" and not host.endswith((".localhost", ".local", ".internal"))
    if not public and not allow_private:
        raise AddressRefused(_("%(host)s is not public; only public addresses are called.") % {"host": host})
