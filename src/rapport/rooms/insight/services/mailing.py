"""Dashboards by mail: the receiver's own figures, once a week or a month, each due time at most once."""

import calendar
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.http import Http404, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import queue_mail
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.insight.boards import words
from rapport.rooms.insight.boards.words import Names
from rapport.rooms.insight.models import DashboardMail
from rapport.rooms.insight.selectors.boards import Board, open_board, shown
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.selectors.reading import read_asked
from rapport.rooms.insight.selectors.tiles import Result
from rapport.ui.estimates import read

AT_HOUR = 7
BATCH = 50
IN_MAIL = frozenset({"figure", "views", "breakdown", "asked", "pivot"})


def mail_dashboard(user: User, board: str, every: str, *, query: str, now: datetime) -> DashboardMail:
    """Send a dashboard by mail from its next due time on."""
    told = {"every": every, "query": query, "next_at": next_time(user, every, now)}
    found, _made = DashboardMail.objects.update_or_create(receiver=user, board=board, defaults=told)
    return found


def stop_mailing(user: User, board: str) -> bool:
    """Stop sending a dashboard; say whether it was sent at all."""
    return bool(DashboardMail.objects.filter(receiver=user, board=board).delete()[0])


def next_time(user: User, every: str, after: datetime) -> datetime:
    """Return the next Monday, or first of a month, at seven in the receiver's morning."""
    here = after.astimezone(_zone(user))
    at = here.replace(hour=AT_HOUR, minute=0, second=0, microsecond=0)
    if every == DashboardMail.Every.WEEK:
        at += timedelta(days=-at.weekday())
        while at <= here:
            at += timedelta(days=7)
    else:
        at = at.replace(day=1)
        while at <= here:
            at = (at + timedelta(days=calendar.monthrange(at.year, at.month)[1])).replace(day=1)
    return at.astimezone(UTC)


def _zone(user: User) -> ZoneInfo:
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def send_due(*, now: datetime) -> int:
    """Queue what is due; the next due time is written in the same transaction, so none is sent twice."""
    sent = 0
    while True:
        with transaction.atomic():
            due = DashboardMail.objects.filter(next_at__lte=now).select_related("receiver")
            rows = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("next_at")[:BATCH])
            for row in rows:
                sent += _send(row, now)
        if len(rows) < BATCH:
            return sent


def _send(row: DashboardMail, now: datetime) -> bool:
    user, due = row.receiver, row.next_at
    row.next_at = next_time(user, row.every, now)
    try:
        board = open_board(user, row.board)
    except Http404:
        # It was deleted, or is shared no longer.
        row.delete()
        return False
    if not user.may(Permission.SEE_FIGURES):
        row.save(update_fields=["next_at"])
        return False
    with translation.override(user.language), timezone.override(_zone(user)):
        subject, text, html = letter(row, board, now)
    queue_mail(
        to=user.email,
        subject=subject,
        text=text,
        html=html,
        dedupe_key=f"dashboard:{row.pk}:{int(due.timestamp())}",
        now=now,
    )
    row.sent_at = now
    row.save(update_fields=["next_at", "sent_at"])
    return True


def letter(row: DashboardMail, board: Board, now: datetime) -> tuple[str, str, str]:
    """Write the mail: subject, plain text and HTML, with figures of the receiver's own scope."""
    user, known = row.receiver, {one.key: one for one in measures()}
    query = QueryDict(row.query or board.query)
    asked = read_asked(user, query, known, now)
    text_query = query.urlencode(safe=",")
    url = f"{environment().base_url}{reverse('insight:board', args=[board.key])}"
    context = {
        "board": board,
        "url": f"{url}?{text_query}" if text_query else url,
        "stop_url": f"{url}#by-mail",
    }
    if asked is None:
        context |= {"headline": _("There is nothing to measure yet"), "deck": "", "parts": [], "period": ""}
    else:
        found = shown(user, board.specs, known, asked, now.date())
        names = Names.of([name for spec in board.specs for name in spec.by])
        counted = [one for one in found.tiles if one is not None]
        assert found.lead is not None
        context |= {
            "headline": words.headline(found.lead),
            "deck": words.deck(found.lead, counted, names),
            "period": words.period(asked),
            "parts": [_part(one, names) for one in counted if one.spec.kind in IN_MAIL],
        }
    subject = f"{context['headline']}: {board.name}"
    text = render_to_string("insight/mail/dashboard.txt", context)
    return subject, text, render_to_string("insight/mail/dashboard.html", context)


def _part(result: Result, names: Names) -> tuple[str, Sequence[Sequence[str]]]:
    """Return a tile as a heading and lines: what, value with range, and n."""
    if result.spec.kind == "asked":
        return words.title_of(result, names), [[words.asked_text(result), "", ""]]
    assert result.whole is not None
    rows = [(names.of_line(result, line), line.estimate) for line in result.lines]
    rows.append((_("All"), result.whole.estimate))
    if result.views is not None:
        rows += [(_("Customers"), result.views.customers), (_("Revenue"), result.views.revenue)]
    lines = []
    for label, estimate in rows:
        reading = read(estimate, result.measure.scale)
        value = reading.hidden or f"{reading.value} ({reading.range})"
        lines.append([label, value, "" if reading.hidden else reading.base])
    return words.title_of(result, names), lines
