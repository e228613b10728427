"""Chats of colleagues, through apprise: to the makers' own hosts, unless private addresses are allowed."""

from typing import Any
from urllib.parse import urlsplit

from apprise.plugins.slack import NotifySlack
from apprise.plugins.workflows import NotifyWorkflows
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.outbound.addresses import AddressRefused

# Which hosts each maker gives out; apprise connects by itself, so that a name is trusted, not looked up.
HOSTS = {
    "slack": ("hooks.slack.com", "hooks.slack-gov.com"),
    "teams": (
        *(".logic.azure.com", ".logic.azure.us", ".logic.azure.cn"),
        *(".powerplatform.com", ".powerplatform.microsoft.us", ".powerplatform.azure.cn"),
    ),
}
PLUGINS: dict[str, Any] = {"slack": NotifySlack, "teams": NotifyWorkflows}
NAMES = {"slack": "Slack", "teams": "Teams"}


class ChatFailed(Exception):
    """The service did not say that it took the message; apprise tells no more."""


def check_chat(channel: str, address: str) -> None:
    """Raise AddressRefused when an address is none that this service gives out."""
    _plugin(channel, address)


def tell_chat(channel: str, address: str, *, title: str, text: str) -> None:
    """Write into a channel; raise AddressRefused, or ChatFailed when it was not taken."""
    if not _plugin(channel, address).notify(title=title, body=text):
        raise ChatFailed(_("%(name)s did not take it.") % {"name": NAMES[channel]})


def _plugin(channel: str, address: str) -> Any:
    refused = AddressRefused(
        _("This is no address of an incoming webhook as %(name)s gives it out.") % {"name": NAMES[channel]}
    )
    if not environment().private_addresses and not _is_theirs(channel, address):
        raise refused
    plugin = PLUGINS[channel]
    try:
        # The two plugins by themselves: nothing else that apprise knows can be reached by an address.
        parts = plugin.parse_native_url(address) or plugin.parse_url(address)
        made = plugin(**parts) if parts else None
    except (TypeError, ValueError) as error:
        raise refused from error
    if made is None:
        raise refused
    made.redirects = False
    return made


def _is_theirs(channel: str, address: str) -> bool:
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    known = any(host == end or (end.startswith(".") and host.endswith(end)) for end in HOSTS[channel])
    return parts.scheme == "https" and port in (None, 443) and known
