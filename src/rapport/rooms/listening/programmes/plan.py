"""The plan of a programme: one document saying whom it asks, how, when, and how often at most."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from rapport.rooms.listening.definition.texts import Document, Text

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Role = Literal["initiator", "user", "influencer", "decision_maker", "approver", "buyer", "gatekeeper"]
Channel = Literal["email", "link", "qr", "message", "web", "interview", "paper"]
NO_STRATUM = "—"


class PlanError(ValueError):
    """A plan cannot be used; says which part, why, and what to do."""


class Dimension(StrEnum):
    """What the frame can be divided by."""

    ROLE = "role"
    REGION = "region"
    DIVISION = "division"
    TIER = "tier"
    SECTOR = "sector"
    LIFE_CYCLE = "life_cycle"
    SENIORITY = "seniority"
    PARTNER = "partner"


class Happening(StrEnum):
    """What can make a programme ask."""

    REQUEST_CLOSED = "request_closed"
    ORDER_DELIVERED = "order_delivered"
    MILESTONE_REACHED = "milestone_reached"
    STAGE_ENTERED = "stage_entered"
    OPPORTUNITY_CLOSED = "opportunity_closed"
    CONTRACT_ENDED = "contract_ended"


class Population(Document):
    """Whom the programme could ask; an empty list narrows nothing."""

    regions: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    tiers: tuple[Literal["A", "B", "C"], ...] = ()
    life_cycles: tuple[str, ...] = ("customer", "engaged")
    sectors: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    """Codes of single customers; what lies below them belongs to them."""
    roles: tuple[Role, ...] = ()
    seniorities: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    needs_consent: bool = False
    """Only people who said that they may be written to, not merely those who did not refuse."""


class Sampling(Document):
    """How people are drawn from the frame."""

    how: Literal["everyone", "simple", "stratified", "quota"] = "everyone"
    size: Count | None = None
    strata: tuple[Dimension, ...] = ()
    allocation: Literal["proportional", "equal"] = "proportional"
    quotas: dict[str, Count] = {}
    """Of a quota draw: how many to ask in each stratum, by its name, such as `buyer` or `buyer / benelux`."""
    most_per_account: Count | None = None
    must_roles: tuple[Role, ...] = ()
    """Everybody holding one of these is asked, beyond the size if need be."""
    must_vetoes: bool = True
    """Everybody who can veto is asked."""
    expected_response: Share = 0.3
    margin: Annotated[float, Field(gt=0, lt=100)] | None = None
    """The half-width in points that is wanted of the score to recommend."""

    @model_validator(mode="after")
    def complete(self) -> Self:
        """Refuse a way of drawing that lacks what it needs."""
        if self.how in {"simple", "stratified"} and self.size is None:
            raise ValueError("say how many people to draw")
        if self.how in {"stratified", "quota"} and not self.strata:
            raise ValueError("name at least one thing to divide the frame by")
        if self.how == "quota" and not self.quotas:
            raise ValueError("give a quota for at least one stratum")
        return self


class Mailing(Document):
    """What the message says and from whom it comes."""

    sender_name: str = ""
    reply_to: str = ""
    subject: Text = {}
    intro: Text = {}
    reminder_subject: Text = {}
    reminder_intro: Text = {}
    first_question: bool = True
    """Shows the first question in the message; a click chooses, only sending answers."""
    send_from: Annotated[int, Field(ge=0, le=22)] = 9
    send_until: Annotated[int, Field(ge=1, le=23)] = 12
    """Hours of the person's own day between which mail leaves."""
    weekdays_only: bool = True
    most_an_hour: Count = 600

    @model_validator(mode="after")
    def in_order(self) -> Self:
        """Refuse a window that never opens."""
        if self.send_until <= self.send_from:
            raise ValueError("mail must be allowed to leave until a later hour than from which it may")
        return self


class Schedule(Document):
    """When it asks."""

    every: Literal["once", "week", "month", "quarter", "half_year", "year"] = "once"
    starts_on: date | None = None
    ends_on: date | None = None
    hour: Annotated[int, Field(ge=0, le=23)] = 6
    """Of the owner's day, at which a draw is made."""
    open_days: Count = 21
    """How long a link can be answered."""

    @model_validator(mode="after")
    def in_order(self) -> Self:
        """Refuse an end before the beginning."""
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("the last day lies before the first")
        return self


class Reminders(Document):
    """How often and after how long those who have not answered are asked again."""

    most: Annotated[int, Field(ge=0, le=3)] = 2
    after_days: Annotated[int, Field(ge=1, le=30)] = 5


class Rest(Document):
    """How long people are left alone, counted over all programmes. None asks for nothing."""

    contact_days: Annotated[int, Field(ge=0, le=1000)] | None = 90
    """After an asking, a person is not asked again for so many days."""
    account_days: Annotated[int, Field(ge=1, le=1000)] | None = None
    account_most: Count | None = None
    """Of one customer at most so many people are asked within `account_days`."""
    decision_days: Annotated[int, Field(ge=0, le=1000)] | None = None
    """About one decision the same person is asked only once within so many days."""
    yearly_contact: Count | None = 4
    """Askings a person is spared for in 365 days."""
    yearly_account: Count | None = None
    """Askings of one customer's people in 365 days."""

    def stricter(self, other: "Rest") -> "Rest":
        """Return the rule that keeps both."""
        account = sorted(
            (rule for rule in (self, other) if rule.account_most is not None),
            key=lambda rule: (rule.account_most or 0) / (rule.account_days or 365),
        )
        return Rest(
            contact_days=_largest(self.contact_days, other.contact_days),
            account_days=account[0].account_days if account else None,
            account_most=account[0].account_most if account else None,
            decision_days=_largest(self.decision_days, other.decision_days),
            yearly_contact=_smallest(self.yearly_contact, other.yearly_contact),
            yearly_account=_smallest(self.yearly_account, other.yearly_account),
        )


NO_REST = Rest(contact_days=None, yearly_contact=None)


class EventRule(Document):
    """What an event-based programme waits for."""

    happening: Happening
    delay_hours: Annotated[int, Field(ge=0, le=24 * 90)] = 4
    within_days: Count = 14
    """Older news of an event than this is no reason to ask."""
    most_people: Count = 3
    stages: tuple[str, ...] = ()
    """Of STAGE_ENTERED: the stages that count; all when none is named."""
    milestones: tuple[str, ...] = ()
    """Of MILESTONE_REACHED: their names; all when none is given."""
    outcomes: tuple[Literal["won", "lost"], ...] = ()
    """Of OPPORTUNITY_CLOSED: which outcomes count; both when none is named."""


class Incentive(Document):
    """What people are given for answering."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    value: Annotated[float, Field(ge=0)] = 0
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    given: Literal["asked", "answered"] = "answered"


class Plan(Document):
    """Everything a programme needs to run by itself."""

    population: Population = Population()
    sampling: Sampling = Sampling()
    channels: tuple[Channel, ...] = ("email",)
    """In the order in which they are tried for a person: the first that can reach them is taken."""
    mail: Mailing = Mailing()
    schedule: Schedule = Schedule()
    reminders: Reminders = Reminders()
    rest: Rest = Rest()
    quota: Count | None = None
    """It stops asking once so many have answered."""
    event: EventRule | None = None
    incentive: Incentive | None = None
    touchpoint: str = ""
    stage: str = ""
    product: str = ""
    web_share: Share = 0.1
    """Of the visitors of a page with the web snippet, how many are asked."""
    web_origins: tuple[str, ...] = ()
    """The sites the snippet may be shown on, such as `https://shop.example`."""

    @model_validator(mode="after")
    def reachable(self) -> Self:
        """Refuse a plan without any way to ask."""
        if not self.channels:
            raise ValueError("name at least one channel")
        return self


def read_plan(document: Any) -> Plan:
    """Return the plan a document holds; raise PlanError naming the first wrong part."""
    try:
        return Plan.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "plan"
        raise PlanError(f"{where}: {first['msg'].removeprefix('Value error, ')}.") from error


def stored(plan: Plan) -> dict[str, Any]:
    """Return a plan as it is kept."""
    kept: dict[str, Any] = plan.model_dump(mode="json", exclude_defaults=True)
    return kept


def _largest(first: int | None, second: int | None) -> int | None:
    return max((value for value in (first, second) if value is not None), default=None)


def _smallest(first: int | None, second: int | None) -> int | None:
    return min((value for value in (first, second) if value is not None), default=None)
