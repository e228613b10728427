"""The door the web server knocks at: respondents go straight to their pages, all others through Django."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.config.settings")
_django = get_wsgi_application()

from rapport.rooms.listening.respond.web import application as _respond  # noqa: E402 - needs Django's settings


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer one request."""
    if environ.get("PATH_INFO", "").startswith("/r/"):
        return _respond(environ, start_response)
    return _django(environ, start_response)
