"""The web snippet: one script that asks some of a page's visitors one question."""

import json
from pathlib import Path
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from rapport.rooms.listening.channels.mail import OUR_COLOR, first_question
from rapport.rooms.listening.channels.words import words_in
from rapport.rooms.listening.definition.walking import walk
from rapport.rooms.listening.models import Invitation, Programme
from rapport.rooms.listening.programmes.plan import PlanError, read_plan
from rapport.rooms.listening.services.inviting import link_of

SCRIPT = Path(__file__).with_name("snippet.js")
NOTHING = "/* Nobody is asked here at the moment. */\n"


@require_safe
def snippet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the script of one open link; an empty one while its programme does not run."""
    row = get_object_or_404(
        Invitation.objects.select_related("programme", "version"), pk=pk, open_link=True, channel="web"
    )
    if row.state == Invitation.State.WITHDRAWN or row.programme is None:
        raise Http404
    answer = HttpResponse(script_of(row), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=300"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def script_of(row: Invitation) -> str:
    """Return the script with what it asks written into it."""
    programme = row.programme
    over = row.expires_at is not None and row.expires_at <= timezone.now()
    if programme is None or programme.state != Programme.State.RUNNING or over:
        return NOTHING
    try:
        plan = read_plan(programme.plan)
    except PlanError:
        return NOTHING
    definition = row.version.definition()
    link, way = link_of(row), walk(definition, {}, row.facts, str(row.pk))
    words = {}
    for language in definition.languages:
        question, offers, low, high = first_question(way, definition, plan, language, link)
        if offers:
            told = [{"url": offer.url, "label": offer.label} for offer in offers]
            ends = f"{offers[0].label} = {low}, {offers[-1].label} = {high}" if low and high else ""
            close = words_in(language).close
            words[language] = {"question": question, "offers": told, "ends": ends, "close": close}
    if definition.language not in words:
        return NOTHING
    ask = {
        "share": plan.web_share,
        "origins": list(plan.web_origins),
        "language": definition.language,
        "color": definition.theme.color or OUR_COLOR,
        "words": words,
    }
    # Inside a script only "<" could end it, in a page that writes it inline.
    written = json.dumps(ask, ensure_ascii=True).replace("<", "\\u003c")
    return SCRIPT.read_text(encoding="utf-8").replace("__ASK__", written)
