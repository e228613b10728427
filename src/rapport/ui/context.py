"""The context processor that gives every template the page's frame."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from rapport.ui.shell import shell_for


def shell(request: HttpRequest) -> dict[str, object]:
    """Offer the frame as `shell`; it is built only when a template asks."""
    return {"shell": SimpleLazyObject(lambda: shell_for(request))}
