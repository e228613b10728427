"""Two of everything, one on each side of the scope: at Veldhuis and at Kestrel, a partner's customer."""

from datetime import date, datetime
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from rapport.connectors.files.mapping import Mapping, Source, dump_mapping
from rapport.connectors.imports.models import ImportRun, SavedMapping
from rapport.connectors.surveys.services import take_in
from rapport.kernel.models import ApiToken, OutgoingMail, User
from rapport.rooms.accounts.models import (
    BuyingRole,
    Contract,
    DuplicateCandidate,
    InstalledProduct,
    Merge,
    Milestone,
    Opportunity,
    Order,
    Project,
    ServiceRequest,
    Usage,
)
from rapport.rooms.action.models import (
    Absence,
    Ask,
    Case,
    CaseTask,
    Complaint,
    ComplaintCategory,
    CorrectiveAction,
    Escalation,
    EscalationLevel,
    Improvement,
    Playbook,
    PlaybookStep,
    Promise,
    Publication,
    Recipient,
    Responsibility,
    Rule,
    Stream,
    StreamMessage,
    TakenMail,
    Telling,
    Workshop,
    WorkshopItem,
)
from rapport.rooms.action.services.telling import digest_of
from rapport.rooms.catalog.models import Holiday
from rapport.rooms.insight.services.dashboards import create_dashboard
from rapport.rooms.listening.channels.suppression import suppress
from rapport.rooms.listening.designing.services import create_from_template, create_survey, publish
from rapport.rooms.listening.links import secret_of
from rapport.rooms.listening.models import Draw, Programme, Reward, ShortMessage
from rapport.rooms.listening.services.inviting import create_invitation, open_link
from rapport.rooms.signals.api import NewScore, NewSignal, record_signal
from rapport.rooms.signals.models import Attachment, Signal
from tests.rooms.listening.asking import published

Objects = dict[str, Any]
DAY = date(2026, 3, 2)


def build(world: Any, cast: Any) -> tuple[Objects, Objects]:
    """Return the objects of Veldhuis and those of Kestrel, by the names used in addresses."""
    now = timezone.now()
    cast("cx_manager")
    ours = _at(world.veldhuis, world.meppel, world.eva, cast("account_manager"), now)
    theirs = _at(world.kestrel, world.tarnhelm, world.kestrel_buyer, cast("cx_manager"), now)
    _letter(ours["telling"], world.eva)
    Ask.objects.filter(code=ours["ask"]).update(digest=digest_of("an-ask"))
    rule = Rule.objects.create(name="Unhappy", fallback=cast("cx_manager"))
    holiday = Holiday.objects.create(region_id="benelux", on=DAY, name="A day off")
    mail = OutgoingMail.objects.create(dedupe_key="m", to="a@b.example", queued_at=now, state="doubtful")
    shared = {
        "mail": mail.pk,
        "rule": rule.code,
        "complaint_category": ComplaintCategory.objects.create(name="Dates").pk,
        "holiday": holiday.pk,
        "survey": _survey(),
        **_playbook(),
        **_improvement(cast("cx_manager")),
        **_workshop(cast("cx_manager")),
        "place": Responsibility.objects.create(region_id="benelux", colleague=cast("cx_manager")).pk,
        "mapping": SavedMapping.objects.create(name="CRM", target="accounts", toml="").pk,
        "rival_survey": create_survey("A survey brought along").code,
    }
    survey = published()
    ours |= _asking(world.eva, survey, cast("cx_manager"), None, now)
    theirs |= _asking(world.kestrel_buyer, survey, cast("cx_manager"), "kolding-dealer", now)
    ours |= {**shared, "user": cast("partner_user").pk}
    theirs |= {**shared, "user": cast("analyst").pk}
    return ours, theirs


def _survey() -> str:
    survey = create_from_template("event")
    publish(survey, survey.draft_number, now=timezone.now())
    return survey.code


def own(user: User) -> Objects:
    """Return what belongs to one user: a token, an import."""
    told = {"target": "accounts", "source": "crm", "state": "done", "path": "/nowhere/a.csv"}
    mapping = Mapping(target="accounts", source="crm", fields={"name": Source(columns=("Name",))})
    run = ImportRun.objects.create(
        file_name="a.csv", mapping=dump_mapping(mapping), started_by=user, finished_at=timezone.now(), **told
    )
    said = _signal("", "", user, timezone.now())
    board = create_dashboard(user, "Mine", [{"kind": "figure"}, {"kind": "trend"}])
    away = Absence.objects.create(user=user, starts_on=DAY, ends_on=DAY)
    file = take_in(b'{"pages": [{"elements": [{"type": "text", "name": "q1"}]}]}', "survey.json", by=user)
    stream = Stream.objects.create(owner=user, name="Mine")
    message = StreamMessage.objects.create(
        stream=stream, made_at=timezone.now(), tried_since=timezone.now(), trial=True
    )
    return {
        "stream": stream.code,
        "message": message.pk,
        "reply": _reply(user).pk,
        "token": ApiToken.issue(user, "a program")[0].pk,
        "run": run.pk,
        "own_signal": said.pk,
        "absence": away.pk,
        "board": board.code,
        "survey_file": file.pk,
    }


def _reply(user: User) -> TakenMail:
    case = Case.objects.order_by("pk").first()
    return TakenMail.objects.create(
        message_id=f"<{user.pk}@x>",
        taken_at=timezone.now(),
        outcome="aside",
        user=user,
        case=case,
        text="Hello",
    )


def _at(account: Any, other: Any, contact: Any, owner: User, now: datetime) -> Objects:
    signal = _signal(account.code, contact.code, None, now)
    project = Project.objects.create(account=account, name="Line 2")
    found = {
        "contracts": Contract.objects.create(account=account, starts_on=DAY),
        "orders": Order.objects.create(account=account, ordered_on=DAY),
        "opportunities": Opportunity.objects.create(account=account),
        "products": InstalledProduct.objects.create(account=account, product_id="seal-kit"),
        "requests": ServiceRequest.objects.create(account=account, opened_at=now),
        "usage": Usage.objects.create(account=account, measure="hours", starts_on=DAY, value=1),
        "projects": project,
        "milestone": Milestone.objects.create(project=project, name="Handover"),
        "role": BuyingRole.objects.create(contact=contact, role="user"),
        "candidate": _pair(account, other, now),
        "merge": Merge.objects.create(
            kind="account", kept_id=account.pk, merged_id=other.pk, before={}, merged_at=now, undone_at=now
        ),
    }
    case = _case(account, owner, now)
    return {
        **{name: row.pk for name, row in found.items()},
        "account": account.code,
        "other": other.code,
        "contact": contact.code,
        "signal": signal.pk,
        "file": signal.attachments.get().pk,
        "case": case.code,
        "escalation": _escalation(case, now).code,
        "complaint": _complaint(case, now),
        "telling": Telling.objects.create(case=case, words={"en": "One owner"}, drafted_at=now).code,
        "task": _task(case, now),
        "ask": _ask(contact, now).code,
        "promise": Promise.objects.create(
            account=account, words="Rings", owner=owner, due_on=DAY, made_at=now
        ).pk,
    }


def _asking(contact: Any, version: Any, owner: User, partner: str | None, now: datetime) -> Objects:
    programme = Programme.objects.create(
        name="A programme",
        kind="partner" if partner else "periodic",
        state="running",
        survey=version.survey,
        owner=owner,
        partner_id=partner,
    )
    draw = Draw.objects.create(programme=programme, seed=1)
    asked, _link = create_invitation(
        version, programme=programme, channel="email", now=now, contact=contact, draw=draw
    )
    anybody, _link = open_link(version, programme=programme, now=now, channel="web")
    spoken, _link = create_invitation(
        version, programme=programme, channel="interview", now=now, contact=contact
    )
    return {
        "interview": spoken.pk,
        "survey": version.survey.code,
        "programme": programme.code,
        "draw": draw.pk,
        "secret": secret_of(asked.pk),
        "reward": Reward.objects.create(
            invitation=asked, name="A cake", value=12, currency="EUR", due_at=now
        ).pk,
        "short_message": ShortMessage.objects.create(
            key=f"m{asked.pk}", invitation=asked, to="+3161", text="Ask", state="doubtful", queued_at=now
        ).pk,
        "open_link": anybody.pk,
        "suppressed": suppress(contact.email, "bounced", now=now).pk,
    }


def _signal(account: str, contact: str, author: User | None, now: datetime) -> Signal:
    new = NewSignal(
        kind="survey",
        source="tests",
        external_reference=account or str(author),
        occurred_at=now,
        account=account,
        contact=contact,
        scores=(NewScore("nps", 3),),
    )
    signal = Signal.objects.get(pk=record_signal(new, author=author, now=now).signal_id)
    Attachment.objects.create(signal=signal, file=ContentFile(b"words", name="a.txt"), name="a.txt", size=5)
    return signal


def _case(account: Any, owner: User, now: datetime) -> Case:
    return Case.objects.create(
        title="Late delivery",
        account=account,
        owner=owner,
        opened_at=now,
        due_at=now,
        time_zone="UTC",
        due_hours=8,
    )


def _escalation(case: Case, now: datetime) -> Escalation:
    lead = User.objects.get(role="cx_manager")
    level, _made = EscalationLevel.objects.get_or_create(
        number=1, defaults={"name": "Named responder", "responder": lead}
    )
    return Escalation.objects.create(case=case, level=level, reason="person", words="Now", raised_at=now)


def _complaint(case: Case, now: datetime) -> int:
    made: int = Complaint.objects.create(
        case=case,
        received_at=now,
        received_how="telephone",
        registered_at=now,
        acknowledge_due_at=now,
        resolve_due_at=now,
    ).pk
    return made


def _playbook() -> Objects:
    book = Playbook.objects.create(name="Late parts")
    step = PlaybookStep.objects.create(playbook=book, position=1, text="Ring")
    return {"playbook": book.pk, "step": step.pk}


def _improvement(owner: User) -> Objects:
    """Return an improvement of ours; partners' people find none."""
    one = Improvement.objects.create(
        title="Dates", problem="They move", metric_id="nps", owner=owner, found_at=timezone.now()
    )
    action = CorrectiveAction.objects.create(improvement=one, text="One owner", owner=owner, due_on=DAY)
    published = Publication.objects.create(
        improvement=one, you_said="Late", we_did="One owner", published_at=timezone.now()
    )
    return {"improvement": one.code, "action": action.pk, "publication": published.pk}


def _workshop(lead: User) -> Objects:
    """Return a workshop that only its lead and who manages rules may see."""
    one = Workshop.objects.create(
        title="Dates", held_on=DAY, metric_id="nps", lead=lead, pack_at=timezone.now()
    )
    return {"workshop": one.code, "workshop_item": WorkshopItem.objects.create(workshop=one, text="Late").pk}


def _letter(telling: str, contact: Any) -> None:
    """Write a letter whose link ends in "a-token"."""
    Recipient.objects.create(
        telling=Telling.objects.get(code=telling),
        contact=contact,
        language="en",
        subject="We heard you",
        text="Is it fixed?",
        digest=digest_of("a-token"),
    )


def _ask(contact: Any, now: datetime) -> Ask:
    return Ask.objects.create(
        kind="reference",
        contact=contact,
        account=contact.account,
        language="en",
        subject="Would you speak for us?",
        text="{link}",
        sent_at=now,
    )


def _task(case: Case, now: datetime) -> int:
    book, _made = Playbook.objects.get_or_create(name="Another book")
    task = CaseTask.objects.create(case=case, playbook=book, position=1, text="Ring", due_at=now)
    return int(task.pk)


def _pair(account: Any, other: Any, now: datetime) -> DuplicateCandidate:
    first, second = sorted((account.pk, other.pk))
    return DuplicateCandidate.objects.create(
        kind="account", left_id=first, right_id=second, likeness=0.9, found_at=now
    )
