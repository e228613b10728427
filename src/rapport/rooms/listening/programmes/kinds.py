"""What each kind of programme starts from, and what it cannot do without."""

from django.utils.translation import gettext as _

from rapport.rooms.listening.models import Programme
from rapport.rooms.listening.programmes.plan import (
    Dimension,
    EventRule,
    Happening,
    Plan,
    PlanError,
    Population,
    Reminders,
    Rest,
    Sampling,
    Schedule,
)

Kind = Programme.Kind
BY_SCHEDULE = frozenset({Kind.PERIODIC, Kind.TRACKING, Kind.PULSE, Kind.PARTNER})
BY_EVENT = frozenset({Kind.EVENT, Kind.CHECK_IN, Kind.WIN_LOSS, Kind.EXIT})
_BY_ROLE = (Dimension.ROLE, Dimension.REGION)

STARTS_FROM: dict[str, Plan] = {
    Kind.PERIODIC: Plan(
        sampling=Sampling(how="stratified", size=300, strata=_BY_ROLE, most_per_account=5),
        schedule=Schedule(every="half_year"),
    ),
    Kind.EVENT: Plan(
        sampling=Sampling(must_vetoes=False),
        event=EventRule(happening=Happening.REQUEST_CLOSED),
        schedule=Schedule(open_days=10),
        reminders=Reminders(most=1, after_days=3),
        rest=Rest(contact_days=30, yearly_contact=6),
    ),
    Kind.TRACKING: Plan(
        sampling=Sampling(how="simple", size=60, must_vetoes=False, most_per_account=2),
        schedule=Schedule(every="month", open_days=14),
        reminders=Reminders(most=1, after_days=4),
    ),
    Kind.PULSE: Plan(
        sampling=Sampling(how="simple", size=100, must_vetoes=False, most_per_account=3),
        schedule=Schedule(every="once", open_days=10),
        reminders=Reminders(most=1, after_days=3),
    ),
    Kind.CHECK_IN: Plan(
        event=EventRule(happening=Happening.MILESTONE_REACHED, delay_hours=24),
        channels=("interview", "email"),
        rest=Rest(contact_days=14, yearly_contact=8),
    ),
    Kind.WIN_LOSS: Plan(
        population=Population(life_cycles=()),
        event=EventRule(
            happening=Happening.OPPORTUNITY_CLOSED, delay_hours=24 * 7, within_days=60, most_people=8
        ),
        channels=("interview", "email"),
        rest=Rest(contact_days=14, decision_days=365, yearly_contact=6),
    ),
    Kind.EXIT: Plan(
        population=Population(life_cycles=()),
        event=EventRule(
            happening=Happening.CONTRACT_ENDED, delay_hours=24 * 7, within_days=60, most_people=5
        ),
        rest=Rest(contact_days=30, yearly_contact=6),
    ),
    Kind.PARTNER: Plan(
        sampling=Sampling(how="stratified", size=100, strata=(Dimension.ROLE,), most_per_account=3),
        schedule=Schedule(every="quarter"),
    ),
}


def check_fits(programme: Programme, plan: Plan) -> None:
    """Raise PlanError when a plan does not fit the kind of its programme."""
    if programme.kind in BY_EVENT and plan.event is None:
        raise PlanError(_("Say which event the programme waits for."))
    if programme.kind in BY_SCHEDULE and plan.event is not None:
        raise PlanError(_("This kind of programme asks by a schedule; take the event out."))
    if programme.kind == Kind.TRACKING and plan.schedule.every not in {"week", "month"}:
        raise PlanError(_("Tracking draws a new sample every week or every month; choose one."))
    if programme.kind == Kind.TRACKING and plan.sampling.how == "everyone":
        raise PlanError(_("Tracking asks a random sample, not everybody; say how many to draw."))
    if programme.kind == Kind.PARTNER and programme.partner_id is None:
        raise PlanError(_("Name the partner who sends it."))
    if programme.kind != Kind.PARTNER and programme.partner_id is not None:
        raise PlanError(_("Only a programme sent by a partner has a partner."))
    if programme.anonymous and plan.incentive is not None and plan.incentive.given == "answered":
        raise PlanError(
            _("Who answers an anonymous programme is not known, so the incentive must go to everybody asked.")
        )
