"""Holding recorded signals against the active rules: a whole batch at a time, each signal and rule once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.rooms.action.conditions import (
    Condition,
    ScoreFacts,
    SignalFacts,
    load_names,
    meets_all,
    read_all,
)
from rapport.rooms.action.models import Case, CaseCause, EscalationLevel, Rule
from rapport.rooms.action.rules import sentence_of
from rapport.rooms.action.services.due import (
    Allowed,
    Holidays,
    allowed_by,
    due_times,
    load_holidays,
)
from rapport.rooms.action.services.escalation import extreme_words, raise_extreme, word_levels
from rapport.rooms.action.services.joining import (
    Trouble,
    find_customer,
    join,
    join_more,
    open_troubles,
    trouble_of,
)
from rapport.rooms.action.services.opening import Cause, Opening, write_openings
from rapport.rooms.action.services.owners import Owners, Place, can_work
from rapport.rooms.signals.api import FEELINGS
from rapport.rooms.signals.models import Signal

TITLE_LENGTH = 90
EXTREME_HOURS = 4
# Up to a mark that ends a sentence, followed by a space; a short start like "No." is no title yet.
FIRST_SENTENCE = re.compile(r".{12,}?[.!?…](?=\s)")


@dataclass(frozen=True)
class ReadyRule:
    """An active rule with its conditions made and itself read back."""

    rule: Rule
    conditions: tuple[Condition, ...]
    sentence: str


def evaluate_rules(signal_ids: Sequence[UUID], *, now: datetime) -> list[Case]:
    """Open a case for every signal that meets a rule and return the new ones.

    Several rules on one signal make one case, by the strictest time; the others are noted on it. Signals are
    locked and pairs of rule and signal written once, so that evaluating again changes nothing, unless more is
    known by then: the customer was found, or a rule was added. Where the rule says so, a signal of a trouble
    that has an open case joins it.
    """
    with transaction.atomic():
        rules, levels = _active_rules(), word_levels()
        if not rules and not levels:
            return []
        signals = _locked(signal_ids)
        hits = _new_hits(signals, rules)
        known = _cases_of(signals)
        owners = Owners((signal.account for signal in signals if signal.account), now=now)
        first = min([now, *(case.opened_at for case in known.values())])
        holidays = load_holidays([_region(signal) for signal in signals], since=first.date())
        for signal in signals:
            if signal.pk in known:
                case = known[signal.pk]
                find_customer(case, signal, owners, now)
                join(case, _causes(signal, hits.get(signal, ())), holidays, now)
        fresh = {signal: met for signal, met in hits.items() if signal.pk not in known}
        openings = _join_or_open(fresh, owners, holidays, now)
        opened = write_openings(openings, now=now) if openings else []
        return opened + _raise_extreme(signals, levels, holidays, now)


def _raise_extreme(
    signals: Sequence[Signal], levels: Sequence[EscalationLevel], holidays: Holidays, now: datetime
) -> list[Case]:
    """Call the named responder at once for words that ask for it; open a case where no rule has."""
    found = {signal: hit for signal in signals if (hit := extreme_words(signal, levels))}
    if not found:
        return []
    known, opened = _cases_of(found), []
    for signal, (level, words) in found.items():
        case = known.get(signal.pk)
        if case is None:
            [case] = write_openings([_extreme_opening(signal, level, words, holidays, now)], now=now)
            opened.append(case)
        raise_extreme(case, signal, level, words, now=now)
    return opened


def _extreme_opening(
    signal: Signal, level: EscalationLevel, words: str, holidays: Holidays, now: datetime
) -> Opening:
    owner = level.responder
    if signal.account and signal.account.owner and can_work(signal.account.owner):
        owner = signal.account.owner
    allowed = Allowed(EXTREME_HOURS)
    region = _region(signal)
    sentence = _("%(level)s is called at once when a customer says: %(words)s") % {
        "level": level,
        "words": words,
    }
    return Opening(
        title=title_of(signal),
        account=signal.account,
        contact=signal.contact,
        region=region,
        partner=signal.partner_id,
        owner=owner,
        due=due_times(now=now, allowed=allowed, owner=owner, region=region, holidays=holidays),
        allowed=allowed,
        causes=(Cause(signal.pk, None, sentence),),
        words=_words(signal),
        heard=heard_in(signal),
        touchpoint=signal.touchpoint_id,
        product=signal.product_id,
    )


def _join_or_open(
    hits: Mapping[Signal, Sequence[ReadyRule]], owners: Owners, holidays: Holidays, now: datetime
) -> list[Opening]:
    """Join signals of a trouble that has an open case to it; return the cases to open for the others."""
    joining = {signal: trouble for signal, met in hits.items() if (trouble := _joins(signal, met))}
    troubles = open_troubles(joining.values())
    openings: list[Opening] = []
    opened: dict[Trouble, int] = {}
    for signal, met in hits.items():
        trouble = joining.get(signal)
        case = troubles.get(trouble) if trouble else None
        days = timedelta(days=_strictest(met)[0].rule.joins_days)
        if case and case.opened_at > now - days:
            join_more(case, _causes(signal, met), title_of(signal), holidays, now)
        elif trouble and trouble in opened:
            first = openings[opened[trouble]]
            openings[opened[trouble]] = replace(first, causes=(*first.causes, *_causes(signal, met)))
        else:
            if trouble:
                opened[trouble] = len(openings)
            openings.append(_opening(signal, met, owners, holidays, now))
    return openings


def _joins(signal: Signal, met: Sequence[ReadyRule]) -> Trouble | None:
    return trouble_of(signal) if _strictest(met)[0].rule.joins_days else None


def _strictest(met: Sequence[ReadyRule]) -> list[ReadyRule]:
    return sorted(met, key=lambda ready: (ready.rule.due_hours, ready.rule.pk))


def _causes(signal: Signal, met: Iterable[ReadyRule]) -> tuple[Cause, ...]:
    return tuple(Cause(signal.pk, ready.rule, ready.sentence) for ready in met)


def _active_rules() -> list[ReadyRule]:
    rules = list(
        Rule.objects.filter(active=True).select_related("assignee", "fallback", "playbook").order_by("pk")
    )
    if not rules:
        return []
    names = load_names()
    ready = []
    for rule in rules:
        conditions = read_all(rule.conditions)
        ready.append(ReadyRule(rule, conditions, sentence_of(rule, names)))
    return ready


def _locked(signal_ids: Sequence[UUID]) -> list[Signal]:
    """Read the signals with all that rules look at; a second evaluation waits here for the first."""
    rows = (
        Signal.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=signal_ids, superseded=False, anonymous=False)
        .select_related("account__owner", "contact")
        .prefetch_related("scores__metric", "comments")
        .order_by("pk")
    )
    return list(rows)


def facts_of(signal: Signal, accounts: frozenset[str] = frozenset()) -> SignalFacts:
    """Return what conditions look at; `accounts` are the codes of its customer and of all above."""
    return SignalFacts(
        kind=signal.kind,
        tier=signal.account.tier if signal.account else "",
        region=signal.region_id,
        touchpoint=signal.touchpoint_id,
        stage=signal.stage_id,
        product=signal.product_id,
        partner=signal.partner_id,
        accounts=accounts,
        words="\n".join(comment.text for comment in signal.comments.all()),
        scores=tuple(
            ScoreFacts(
                metric=score.metric_id,
                kind=score.metric.kind,
                value=score.value,
                low=score.scale_low,
                high=score.scale_high,
                higher_is_better=score.metric.higher_is_better,
            )
            for score in signal.scores.all()
        ),
    )


def _new_hits(signals: Iterable[Signal], rules: Sequence[ReadyRule]) -> dict[Signal, list[ReadyRule]]:
    signals = list(signals)
    noted = set(CaseCause.objects.filter(signal__in=signals).values_list("rule_id", "signal_id"))
    hits: dict[Signal, list[ReadyRule]] = {}
    for signal in signals:
        facts = facts_of(signal)
        met = [
            ready
            for ready in rules
            if (ready.rule.pk, signal.pk) not in noted and meets_all(ready.conditions, facts)
        ]
        if met:
            hits[signal] = met
    return hits


def _cases_of(signals: Iterable[Signal]) -> dict[UUID, Case]:
    """Return the case each signal belongs to already: its own, or that of the signal it corrects."""
    corrected = {signal.pk: signal.supersedes_id for signal in signals}
    wanted = [*corrected, *(pk for pk in corrected.values() if pk)]
    causes = dict(
        CaseCause.objects.filter(signal__in=wanted).order_by("-pk").values_list("signal_id", "case_id")
    )
    cases = Case.objects.select_for_update(of=("self",)).select_related("owner", "account", "rule__fallback")
    found = cases.order_by("pk").in_bulk(set(causes.values())) if causes else {}
    by_signal = {signal_id: found[case_id] for signal_id, case_id in causes.items()}
    known: dict[UUID, Case] = {}
    for pk, old in corrected.items():
        case = by_signal.get(pk) or (by_signal.get(old) if old else None)
        if case:
            known[pk] = case
    return known


def _opening(
    signal: Signal, met: Sequence[ReadyRule], owners: Owners, holidays: Holidays, now: datetime
) -> Opening:
    strictest, *others = _strictest(met)
    rule = strictest.rule
    region = _region(signal)
    owner = owners.choose(rule, signal.account, Place(signal.touchpoint_id, signal.product_id, region))
    allowed = allowed_by(rule)
    due = due_times(now=now, allowed=allowed, owner=owner, region=region, holidays=holidays)
    return Opening(
        title=title_of(signal),
        account=signal.account,
        contact=signal.contact,
        region=region,
        partner=signal.partner_id,
        owner=owner,
        due=due,
        allowed=allowed,
        touchpoint=signal.touchpoint_id,
        product=signal.product_id,
        causes=_causes(signal, (strictest, *others)),
        words=_words(signal),
        heard=heard_in(signal),
    )


def _region(signal: Signal) -> str | None:
    return signal.region_id or (signal.account.region_id if signal.account else None)


def _words(signal: Signal) -> str:
    return "\n\n    ".join(comment.text.strip() for comment in signal.comments.all())


def heard_in(signal: Signal) -> str:
    """Say the scores of a signal and the feelings named: "Likely to recommend: 3 on a scale of 0 to 10"."""
    return ", ".join([*_scores_in(signal), *_feelings_in(signal)])


def _feelings_in(signal: Signal) -> list[str]:
    named = [str(FEELINGS.get(key, key)) for key in signal.emotions]
    return [_("feels: %(feelings)s") % {"feelings": ", ".join(named)}] if named else []


def _scores_in(signal: Signal) -> list[str]:
    return [
        _("%(metric)s: %(value)s on a scale of %(low)s to %(high)s")
        % {
            "metric": score.metric,
            "value": f"{score.value:g}",
            "low": f"{score.scale_low:g}",
            "high": f"{score.scale_high:g}",
        }
        for score in signal.scores.all()
    ]


def title_of(signal: Signal) -> str:
    """Name a case after the customer's first sentence, or after the score where nothing was said."""
    for comment in signal.comments.all():
        words = " ".join(comment.text.split())
        first = FIRST_SENTENCE.match(words)
        if first and len(first[0]) <= TITLE_LENGTH:
            return first[0]
        return words if len(words) <= TITLE_LENGTH else words[:TITLE_LENGTH].rsplit(" ", 1)[0] + "…"
    return heard_in(signal) or signal.get_kind_display()
