"""The web snippet: one script that asks some of a page's visitors one question and sends their answer."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from rapport.kernel.environment import environment
from rapport.rooms.listening.channels.mail import OUR_COLOR, first_question
from rapport.rooms.listening.channels.words import words_in
from rapport.rooms.listening.definition.walking import walk
from rapport.rooms.listening.links import secret_of
from rapport.rooms.listening.models import Invitation, Programme
from rapport.rooms.listening.programmes.plan import Plan, PlanError, read_plan
from rapport.rooms.listening.respond.answering import token_to_begin
from rapport.rooms.listening.respond.web import reply_to
from rapport.rooms.listening.services.inviting import link_of

SCRIPT = Path(__file__).with_name("snippet.js")
_SET_PIECES = ("close", "send", "kept", "more", "open")
NOTHING = "/* Nobody is asked here at the moment. */\n"


@require_safe
def snippet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the script of one open link; an empty one while its programme does not run."""
    row = _web_link(pk)
    answer = HttpResponse(script_of(row), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=300"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@require_safe
def begin(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return what lets a visitor send one answer, to the sites named only; nothing is kept of the asking."""
    row = _web_link(pk)
    site = _site_of(request, row)
    return _told(site, {"me": token_to_begin(row.pk, timezone.now())})


# The page it comes from is another site's: what `begin` gave is the proof, as with every open link.
@csrf_exempt
@require_POST
def send(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep an answer as the open link itself would; say whether it was kept and where more may be said."""
    row = _web_link(pk)
    site = _site_of(request, row)
    reply = reply_to(request, secret_of(row.pk))
    kept = reply.status == HTTPStatus.SEE_OTHER
    more = environment().base_url + reply.location if "page=" in reply.location else ""
    return _told(site, {"kept": kept, "more": more}, 200 if kept else reply.status)


def _web_link(pk: UUID) -> Invitation:
    rows = Invitation.objects.select_related("programme", "version")
    row: Invitation = get_object_or_404(rows, pk=pk, open_link=True, channel="web")
    if row.state == Invitation.State.WITHDRAWN or row.programme is None:
        raise Http404
    return row


def _site_of(request: HttpRequest, row: Invitation) -> str:
    """Return the site that may read the answer: one of those the plan names, or any where it names none."""
    plan, origin = _plan_of(row), request.headers.get("Origin", "")
    if plan is None or (plan.web_origins and origin not in plan.web_origins):
        raise Http404
    return origin if plan.web_origins else "*"


def _told(site: str, said: dict[str, Any], status: int = 200) -> HttpResponse:
    return JsonResponse(
        said,
        status=status,
        headers={"Access-Control-Allow-Origin": site, "Vary": "Origin", "Cache-Control": "no-store"},
    )


def _plan_of(row: Invitation) -> Plan | None:
    """Return the plan of a programme that runs and whose link is not over."""
    programme = row.programme
    over = row.expires_at is not None and row.expires_at <= timezone.now()
    if programme is None or programme.state != Programme.State.RUNNING or over:
        return None
    try:
        return read_plan(programme.plan)
    except PlanError:
        return None


def script_of(row: Invitation) -> str:
    """Return the script with what it asks written into it."""
    plan = _plan_of(row)
    if plan is None:
        return NOTHING
    definition = row.version.definition()
    link, way = link_of(row), walk(definition, {}, row.facts, str(row.pk))
    words = {}
    for language in definition.languages:
        question, offers, low, high = first_question(way, definition, plan, language, link)
        if offers:
            told = [{"url": offer.url, "label": offer.label} for offer in offers]
            ends = f"{offers[0].label} = {low}, {offers[-1].label} = {high}" if low and high else ""
            ours = words_in(language)
            words[language] = {"question": question, "offers": told, "ends": ends, "language": language}
            words[language] |= {name: getattr(ours, name) for name in _SET_PIECES}
    if definition.language not in words:
        return NOTHING
    first = way.steps[0]
    ask = {
        "page": first.key,
        "key": first.questions[0].key,
        "share": plan.web_share,
        "origins": list(plan.web_origins),
        "language": definition.language,
        "color": definition.theme.color or OUR_COLOR,
        "words": words,
    }
    # Inside a script only "<" could end it, in a page that writes it inline.
    written = json.dumps(ask, ensure_ascii=True).replace("<", "\\u003c")
    return SCRIPT.read_text(encoding="utf-8").replace("__ASK__", written)
