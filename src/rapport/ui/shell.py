"""What every page's frame needs: links, theme, keys, language, and which built files exist."""

from dataclasses import dataclass, field
from pathlib import Path

from django.http import HttpRequest
from django.utils.translation import get_language, get_language_bidi

from rapport.ui.navigation import Link, links, registry, single

STATIC = Path(__file__).parent / "static" / "ui"
FONTS_BUILT = (STATIC / "fonts.css").is_file()
SORTABLE_BUILT = (STATIC / "vendor" / "sortable.min.js").is_file()

THEME_COOKIE = "rapport_theme"
KEYS_COOKIE = "rapport_keys"


@dataclass(frozen=True)
class Shell:
    """The frame of one page."""

    language: str = "en"
    direction: str = "ltr"
    theme: str = ""
    keys_on: bool = True
    fonts: bool = FONTS_BUILT
    sortable: bool = SORTABLE_BUILT
    rail: list[Link] = field(default_factory=list)
    menu: list[Link] = field(default_factory=list)
    capture: Link | None = None
    search: Link | None = None
    organisation: str = ""
    person: str = ""

    @property
    def more(self) -> list[Link]:
        """Return the rail's entries a phone's bar has no room for."""
        return self.rail[5:]


def shell_for(request: HttpRequest | None) -> Shell:
    """Build the frame for a request, or a bare one when there is none."""
    language = get_language() or "en"
    direction = "rtl" if get_language_bidi() else "ltr"
    if request is None:
        return Shell(language=language, direction=direction)
    theme = request.COOKIES.get(THEME_COOKIE, "")
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    # A device may differ from the profile: its cookie counts first.
    theme = theme or (getattr(user, "theme", "") if signed_in else "")
    keys = request.COOKIES.get(KEYS_COOKIE) or ("on" if getattr(user, "shortcuts", True) else "off")
    return Shell(
        language=language,
        direction=direction,
        theme=theme if theme in ("light", "dark") else "",
        keys_on=keys != "off",
        rail=links(registry.rail, request) if signed_in else [],
        menu=links(registry.menu, request) if signed_in else [],
        capture=single(registry.capture, request) if signed_in else None,
        search=single(registry.search, request) if signed_in else None,
        organisation=registry.organisation() if registry.organisation and signed_in else "",
        person=str(user) if signed_in else "",
    )
