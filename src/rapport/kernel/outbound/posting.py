"""One post to a checked address: no redirects, no endless waiting, nothing of the answer but its status."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer

import certifi

from rapport.kernel.outbound.addresses import NotFound, Target, resolve

CONNECT_SECONDS = 5.0
SECONDS = 20.0
LARGEST = 256 * 1024


@dataclass(frozen=True)
class Reply:
    """What the other side said."""

    status: int
    reason: str

    @property
    def taken(self) -> bool:
        """Say whether it was taken; being sent elsewhere is no yes."""
        return 200 <= self.status < 300


class NotReached(OSError):
    """No answer came; the message may or may not have arrived."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool) -> Reply:
    """Post to an address and return what was said; raise AddressRefused or NotReached.

    The connection goes to the address that was checked, with the certificate checked for the name.
    """
    if len(body) > LARGEST:
        raise ValueError(f"A message holds at most {LARGEST} bytes; this one has {len(body)}.")
    try:
        target = resolve(url, allow_private=allow_private)
    except NotFound as error:
        raise NotReached(str(error)) from error
    connection = _connection(target)
    # A server that sends one byte now and then would keep a worker for ever.
    watch = Timer(SECONDS, _break_off, [connection])
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", target.path, body, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        return Reply(answer.status, " ".join(answer.reason.split())[:100])
    except (OSError, http.client.HTTPException) as error:
        raise NotReached(f"{type(error).__name__}: {error}"[:300]) from error
    finally:
        watch.cancel()
        connection.close()


def _break_off(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _connection(target: Target) -> http.client.HTTPConnection:
    if target.scheme == "http":
        return _Plain(target)
    return _Secure(target)


class _Plain(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name means by now."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._target = target

    def connect(self) -> None:
        self.sock = _reach(self._target)


class _Secure(http.client.HTTPSConnection):
    """The same over TLS, with the certificate checked for the name."""

    def __init__(self, target: Target) -> None:
        self._trust = ssl.create_default_context()
        self._trust.load_verify_locations(certifi.where())
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS, context=self._trust)
        self._target = target

    def connect(self) -> None:
        self.sock = self._trust.wrap_socket(_reach(self._target), server_hostname=self._target.host)


def _reach(target: Target) -> socket.socket:
    found = socket.create_connection((target.ip, target.port), CONNECT_SECONDS)
    found.settimeout(SECONDS)
    return found
