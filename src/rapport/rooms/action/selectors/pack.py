"""The pack of a workshop: what hurts, what moves it, what customers say, which cases, whose money.

It is made once as plain sections; the page, the PDF and the slides write down the same sections, so that
their figures cannot differ. A theme's part, once comments are coded, is one more function here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel.environment import environment
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contract
from rapport.rooms.action.models import Case, Workshop
from rapport.rooms.action.selectors.lists import overdue_first
from rapport.rooms.action.selectors.pack_drivers import what_moves
from rapport.rooms.action.selectors.problems import PLACES, places_said, unhappy
from rapport.rooms.catalog.models import Touchpoint
from rapport.rooms.insight.api import Measure, tally
from rapport.rooms.signals.api import Filters, ReadSignal, read_signals
from rapport.rooms.signals.models import Score
from rapport.stats import Estimate, share_from_counts
from rapport.ui.charts.bars import Bar, bars_with_whiskers
from rapport.ui.charts.chart import Caption, Chart
from rapport.ui.estimates import read
from rapport.ui.formats import money

MOST_PLACES = 8
MOST_COMMENTS = 10
MOST_ROWS = 10


@dataclass(frozen=True)
class Quote:
    """What a customer said, and who."""

    text: str
    language: str
    who: str
    url: str


@dataclass(frozen=True)
class Section:
    """One part of the pack: a finding, what it rests on, and its evidence; or why there is none."""

    key: str
    title: str
    base: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    links: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    chart: Chart | None = None
    reason: str = ""

    @property
    def linked_rows(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Return each row as its link, its heading and the rest."""
        links = self.links or ("",) * len(self.rows)
        return [(link, row[0], row[1:]) for link, row in zip(links, self.rows, strict=True)]


@dataclass(frozen=True)
class Pack:
    """The whole pack as one reader may see it."""

    title: str
    scope: str
    made_at: datetime
    figure: str
    figure_base: str
    sections: tuple[Section, ...]
    places: tuple[str, ...]
    """Where it hurts, as items that can be put to the vote."""


def filters_of(workshop: Workshop) -> Filters:
    """Return the narrowing of a workshop: named feedback of its places, up to the day before its pack."""
    assert workshop.pack_at
    until = workshop.pack_at.date() - timedelta(days=1)
    asked: dict[str, Any] = {f"{place}s": tuple(workshop.scope.get(place, ())) for place in PLACES}
    return Filters(since=until - timedelta(days=workshop.days), until=until, named="yes", **asked)


def build_pack(workshop: Workshop, user: User) -> Pack:
    """Make the pack of a workshop as a user may see it."""
    assert workshop.pack_at
    filters, metric = filters_of(workshop), workshop.metric
    measure = Measure.of(metric)
    scores = filters.scores(Score.objects.visible_to(user))
    answers = scores.filter(metric=metric)
    figure = read(measure.figure(tally(user, measure, filters)), measure.scale)
    hurting = _hurting(metric, answers)
    sections = (
        _places(hurting),
        _drivers(metric, scores, answers),
        _comments(metric, answers),
        _cases(workshop, user),
        _accounts(metric, answers, user),
    )
    return Pack(
        title=workshop.title,
        scope=places_said(workshop.scope) or _("everywhere"),
        made_at=workshop.pack_at,
        figure=figure.hidden or f"{measure.words} {figure.value}",
        figure_base="" if figure.hidden else f"{_('95% range')} {figure.range}, {figure.base}",
        sections=sections,
        places=tuple(_item(name, share) for name, share in hurting[:5]),
    )


Scores = QuerySet[Score, Any]


def _hurting(metric: Any, answers: Scores) -> list[tuple[str, Estimate]]:
    """Return the touchpoints by what share of their answers is surely unhappy, the worst first."""
    counted = answers.exclude(touchpoint=None).order_by().values("touchpoint")
    rows = counted.annotate(n=Count("pk"), bad=Count("pk", filter=unhappy(metric)))
    names = dict(Touchpoint.objects.values_list("pk", "name"))
    found = [(names[row["touchpoint"]], share_from_counts(row["bad"], row["n"])) for row in rows]
    shown = [(name, share) for name, share in found if share.value is not None and share.n >= 5]
    return sorted(shown, key=lambda one: -(one[1].low or 0))[:MOST_PLACES]


def _item(name: str, share: Estimate) -> str:
    said = read(share, "share")
    words = {"name": name, "share": said.value, "range": said.range, "base": said.base}
    return (_("%(name)s: %(share)s unhappy (%(range)s, %(base)s)") % words)[:200]


def _places(hurting: Sequence[tuple[str, Estimate]]) -> Section:
    base = _("unhappy answers by touchpoint, worst by the low end of the range first")
    if not hurting:
        return Section(
            "places", _("Where it hurts"), base, reason=_("No touchpoint has five answers in this scope.")
        )
    chart = bars_with_whiskers(
        Caption(summary=_("Unhappy answers by touchpoint")),
        [Bar(name, share, tone="det" if at == 0 else "pas") for at, (name, share) in enumerate(hurting)],
        "share",
    )
    title = _("It hurts most at %(name)s") % {"name": hurting[0][0]}
    return _charted("places", title, base, chart)


def _charted(key: str, title: str, base: str, chart: Chart) -> Section:
    return Section(
        key,
        title,
        base,
        columns=tuple(chart.table.columns),
        rows=tuple(tuple(row) for row in chart.table.rows),
        chart=chart,
    )


def _drivers(metric: Any, scores: Scores, answers: Scores) -> Section:
    moves = what_moves(metric, scores, answers)
    base = _("share of what all drivers explain; what goes with the score, not what causes it; n = %(n)d") % {
        "n": moves.n
    }
    if moves.reason or not moves.drivers:
        return Section("drivers", _("What moves the score"), reason=moves.reason)
    chart = bars_with_whiskers(
        Caption(summary=_("Drivers of %(metric)s") % {"metric": metric}),
        [Bar(name, share) for name, share in moves.drivers],
        "share",
    )
    (first, share), *others = moves.drivers
    sure = bool(others) and (share.low or 0) > max(one.high or 1 for _name, one in others)
    title = _("%(name)s moves the score most") if sure else _("What moves the score; none is surely first")
    return _charted("drivers", title % {"name": first} if sure else title, base, chart)


def _comments(metric: Any, answers: Scores) -> Section:
    bad = answers.filter(unhappy(metric))
    ids = list(
        bad.filter(signal__comments__isnull=False)
        .order_by("-occurred_at", "-signal")
        .values_list("signal", flat=True)
        .distinct()[:MOST_COMMENTS]
    )
    quotes = tuple(_quote(signal) for signal in read_signals(list(dict.fromkeys(ids))) if signal.words)
    base = _("the latest of the unhappy answers that came with words")
    reason = "" if quotes else _("No unhappy answer in this scope came with words.")
    return Section("comments", _("What customers say"), base, quotes=quotes, reason=reason)


def _quote(signal: ReadSignal) -> Quote:
    score = signal.first_score
    said = [
        signal.who,
        signal.role_label,
        signal.account if signal.contact else "",
        f"{score.name} {score.text}" if score else "",
        formats.date_format(signal.at, "SHORT_DATE_FORMAT"),
    ]
    words = signal.words[0]
    return Quote(words.text, words.language, ", ".join(filter(None, said)), signal.url)


def _cases(workshop: Workshop, user: User) -> Section:
    assert workshop.pack_at
    cases = Case.objects.visible_to(user).open().filter(opened_at__lte=workshop.pack_at)
    for place in PLACES:
        keys = workshop.scope.get(place)
        if keys:
            cases = cases.filter(**{f"{'account__tier' if place == 'tier' else place}__in": keys})
    count = cases.count()
    shown = list(overdue_first(cases.select_related("account", "owner"), workshop.pack_at)[:MOST_ROWS])
    title = ngettext("%(count)d case is open", "%(count)d cases are open", count) % {"count": count}
    if not count:
        return Section("cases", title, reason=_("Nobody in this scope waits for us."))
    return Section(
        "cases",
        title,
        _("as they stand now, what is late on top"),
        (_("Case"), _("Customer"), _("Owner"), _("Due")),
        tuple(
            (
                f"{case.code} {case.title}",
                str(case.account or ""),
                str(case.owner or _("nobody")),
                formats.date_format(case.due_at, "SHORT_DATE_FORMAT"),
            )
            for case in shown
        ),
        links=tuple(reverse("action:case", args=[case.code]) for case in shown),
    )


def _accounts(metric: Any, answers: Scores, user: User) -> Section:
    """List the customers who were unhappy here by what their running contracts are worth a year."""
    bad = Counter(
        answers.filter(unhappy(metric), account__isnull=False).order_by().values_list("account", flat=True)
    )
    currency = environment().currency
    running = Contract.objects.filter(account__in=bad, status=Contract.Status.ACTIVE)
    mine = running.filter(Q(currency=currency) | Q(currency="")).order_by().values("account")
    worth = {row["account"]: float(row["worth"] or 0) for row in mine.annotate(worth=Sum("annual_value"))}
    accounts = Account.objects.visible_to(user).in_bulk(bad)
    if not accounts:
        return Section("accounts", _("Whose money"), reason=_("No customer you may see was unhappy here."))
    ranked = sorted(accounts.values(), key=lambda one: (-worth.get(one.pk, 0), -bad[one.pk], one.name))
    total = sum(worth.get(pk, 0) for pk in accounts)
    title = ngettext(
        "%(count)d unhappy customer, worth %(worth)s a year",
        "%(count)d unhappy customers, worth %(worth)s a year",
        len(accounts),
    ) % {"count": len(accounts), "worth": money(total, currency, compact=True)}
    return Section(
        "accounts",
        title,
        _("running contracts in %(currency)s; at stake at most, not sure to be lost")
        % {"currency": currency},
        (_("Customer"), _("Unhappy answers"), _("Worth a year")),
        tuple(
            (one.name, str(bad[one.pk]), money(worth.get(one.pk, 0), currency, compact=True))
            for one in ranked[:MOST_ROWS]
        ),
        links=tuple(reverse("accounts:account", args=[one.code]) for one in ranked[:MOST_ROWS]),
    )
