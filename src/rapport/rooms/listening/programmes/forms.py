"""The forms of a programme: its beginning, its whole plan, the house's rest rule, a suppressed address."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.models import User
from rapport.kernel.roles import PERMISSIONS, Permission
from rapport.rooms.accounts.models import Account, BuyingRole, Contact
from rapport.rooms.catalog.models import Division, Function, Partner, Product, Region, Stage, Touchpoint
from rapport.rooms.listening.models import Invitation, Programme, Survey
from rapport.rooms.listening.programmes.kinds import BY_EVENT, STARTS_FROM, check_fits
from rapport.rooms.listening.programmes.plan import Dimension, Happening, Plan, PlanError, Rest, read_plan

MANAGING = sorted(role for role, may in PERMISSIONS.items() if Permission.MANAGE_PROGRAMMES in may)
HOW = [
    ("everyone", gettext_lazy("everybody")),
    ("simple", gettext_lazy("at random")),
    ("stratified", gettext_lazy("at random within each part of the frame")),
    ("quota", gettext_lazy("until each part of the frame has its number")),
]
EVERY = [
    ("once", gettext_lazy("once")),
    ("week", gettext_lazy("every week")),
    ("month", gettext_lazy("every month")),
    ("quarter", gettext_lazy("every quarter")),
    ("half_year", gettext_lazy("every half-year")),
    ("year", gettext_lazy("every year")),
]
DIMENSIONS = [
    (Dimension.ROLE.value, gettext_lazy("buying role")),
    (Dimension.REGION.value, gettext_lazy("region")),
    (Dimension.DIVISION.value, gettext_lazy("division")),
    (Dimension.TIER.value, gettext_lazy("tier")),
    (Dimension.SECTOR.value, gettext_lazy("sector")),
    (Dimension.LIFE_CYCLE.value, gettext_lazy("life-cycle stage")),
    (Dimension.SENIORITY.value, gettext_lazy("seniority")),
    (Dimension.PARTNER.value, gettext_lazy("partner")),
]
HAPPENINGS = [
    (Happening.REQUEST_CLOSED.value, gettext_lazy("a service request was closed")),
    (Happening.ORDER_DELIVERED.value, gettext_lazy("an order was delivered")),
    (Happening.MILESTONE_REACHED.value, gettext_lazy("a project reached a milestone")),
    (Happening.STAGE_ENTERED.value, gettext_lazy("a project entered a stage")),
    (Happening.OPPORTUNITY_CLOSED.value, gettext_lazy("a decision was won or lost")),
    (Happening.CONTRACT_ENDED.value, gettext_lazy("a contract was lost or cancelled")),
]
ROLES = list(BuyingRole.Role.choices)


def owners() -> QuerySet[User]:
    """Return the colleagues who may own a programme."""
    rows: QuerySet[User] = User.objects.filter(is_active=True, role__in=MANAGING)
    return rows.order_by("name", "email")


class NewProgrammeForm(forms.Form):
    """What a programme cannot begin without; the rest starts from what is usual for its kind."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Programme.Kind.choices)
    survey = forms.ModelChoiceField(label=gettext_lazy("Survey"), queryset=Survey.objects.none())
    partner = forms.ModelChoiceField(
        label=gettext_lazy("Partner"),
        queryset=Partner.objects.none(),
        required=False,
        help_text=gettext_lazy("Only for a programme that a partner sends."),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["survey"]).queryset = Survey.objects.visible_to(user).filter(archived=False)
        cast(Any, self.fields["partner"]).queryset = Partner.objects.visible_to(user)
        self.user = user

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if {"name", "kind", "survey"} <= cleaned.keys():
            row = Programme(
                kind=cleaned["kind"], partner=cleaned.get("partner"), name=cleaned["name"], owner=self.user
            )
            try:
                check_fits(row, STARTS_FROM[cleaned["kind"]])
            except PlanError as error:
                self.add_error("partner", str(error))
        return cleaned


def _many(label: Any, help_text: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, widget=forms.CheckboxSelectMultiple, help_text=help_text
    )


def _number(label: Any, *, low: int = 0, high: int | None = None, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=low, max_value=high, required=False, help_text=help_text)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))


class RestForm(forms.Form):
    """How long people are left alone."""

    contact_days = _number(gettext_lazy("A person is left alone for so many days"), high=1000)
    account_most = _number(gettext_lazy("Of one customer at most so many people"), low=1)
    account_days = _number(gettext_lazy("within so many days"), low=1, high=1000)
    decision_days = _number(
        gettext_lazy("About one decision a person is asked again only after so many days"), high=1000
    )
    yearly_contact = _number(gettext_lazy("A person at most so often a year"), low=1)
    yearly_account = _number(gettext_lazy("A customer's people together at most so often a year"), low=1)

    def rule(self) -> Rest:
        """Return the rule; an empty field asks for nothing."""
        return Rest.model_validate({name: self.cleaned_data[name] for name in self.fields})


class PlanForm(forms.Form):
    """A programme with its whole plan."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("What we want to know, and what we shall do about it."),
    )
    survey = forms.ModelChoiceField(label=gettext_lazy("Survey"), queryset=Survey.objects.none())
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Owner"),
        queryset=User.objects.none(),
        help_text=gettext_lazy("It reaches the customers its owner sees, and no others."),
    )
    anonymous = forms.BooleanField(label=gettext_lazy("Answers are anonymous"), required=False)
    several_responses = forms.BooleanField(
        label=gettext_lazy("A personal link may be answered more than once"), required=False
    )

    regions = _many(gettext_lazy("Regions"))
    divisions = _many(gettext_lazy("Divisions"))
    tiers = _many(gettext_lazy("Tiers"))
    life_cycles = _many(gettext_lazy("Life-cycle stages"))
    sectors = _many(gettext_lazy("Sectors"))
    accounts = forms.CharField(
        label=gettext_lazy("Single customers"),
        required=False,
        help_text=gettext_lazy("Their codes, with commas between; what lies below them belongs to them."),
    )
    roles = _many(gettext_lazy("Buying roles"))
    seniorities = _many(gettext_lazy("Seniority"))
    functions = _many(gettext_lazy("Functions"))
    needs_consent = forms.BooleanField(
        label=gettext_lazy("Only people who said that they may be written to"), required=False
    )

    how = forms.ChoiceField(label=gettext_lazy("Who is asked"), choices=HOW)
    size = _number(gettext_lazy("How many people to draw"), low=1)
    strata = _many(gettext_lazy("The frame is divided by"))
    allocation = forms.ChoiceField(
        label=gettext_lazy("Each part gives"),
        choices=[
            ("proportional", gettext_lazy("in proportion to its size")),
            ("equal", gettext_lazy("the same number")),
        ],
    )
    quotas = forms.CharField(
        label=gettext_lazy("Numbers for each part"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One a line, such as: buyer / benelux = 20"),
    )
    most_per_account = _number(gettext_lazy("At most so many people of one customer"), low=1)
    must_roles = _many(gettext_lazy("Everybody who is"))
    must_vetoes = forms.BooleanField(label=gettext_lazy("Everybody who can veto"), required=False)
    expected_response = _number(
        gettext_lazy("Expected to answer, in percent"),
        low=1,
        high=100,
        help_text=gettext_lazy("Once 30 were asked, what happened counts instead."),
    )
    margin = forms.FloatField(
        label=gettext_lazy("Wanted: the score to recommend within ± points"),
        required=False,
        min_value=0.1,
        max_value=99.9,
    )

    happening = forms.ChoiceField(label=gettext_lazy("It asks when"), choices=HAPPENINGS, required=False)
    delay_hours = _number(gettext_lazy("after so many hours"), high=24 * 90)
    within_days = _number(gettext_lazy("News older than so many days is no reason to ask"), low=1)
    most_people = _number(gettext_lazy("at most so many people an event"), low=1)
    stages = _many(gettext_lazy("Only these stages"))
    milestones = forms.CharField(
        label=gettext_lazy("Only milestones with these names"),
        required=False,
        help_text=gettext_lazy("With commas between; empty means all."),
    )
    outcomes = forms.MultipleChoiceField(
        label=gettext_lazy("Only decisions that were"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("won", gettext_lazy("won")), ("lost", gettext_lazy("lost"))],
    )

    every = forms.ChoiceField(label=gettext_lazy("A sample is drawn"), choices=EVERY, required=False)
    starts_on = _day(gettext_lazy("First on"))
    ends_on = _day(gettext_lazy("Last on"))
    open_days = _number(gettext_lazy("A link can be answered for so many days"), low=1)
    quota = _number(gettext_lazy("It stops asking after so many answers"), low=1)

    channels = _many(
        gettext_lazy("Ways of asking"),
        gettext_lazy("For each person the first that reaches them is taken, in this order."),
    )
    sender_name = forms.CharField(label=gettext_lazy("Sender"), required=False, max_length=120)
    reply_to = forms.EmailField(label=gettext_lazy("Replies go to"), required=False)
    first_question = forms.BooleanField(
        label=gettext_lazy("Show the first question in the message"), required=False
    )
    send_from = _number(gettext_lazy("Messages leave from hour"), high=22)
    send_until = _number(gettext_lazy("until hour, by the person's clock"), low=1, high=23)
    weekdays_only = forms.BooleanField(label=gettext_lazy("Only from Monday to Friday"), required=False)
    most_an_hour = _number(gettext_lazy("At most so many messages an hour"), low=1)
    reminders_most = _number(gettext_lazy("Reminders"), high=3)
    reminders_after = _number(gettext_lazy("each after so many days"), low=1, high=30)

    incentive_name = forms.CharField(label=gettext_lazy("Incentive"), required=False, max_length=120)
    incentive_value = forms.FloatField(label=gettext_lazy("Its value"), required=False, min_value=0)
    incentive_currency = forms.CharField(label=gettext_lazy("Currency"), required=False, max_length=3)
    incentive_given = forms.ChoiceField(
        label=gettext_lazy("is for"),
        required=False,
        choices=[
            ("answered", gettext_lazy("everybody who answers")),
            ("asked", gettext_lazy("everybody who is asked")),
        ],
    )

    touchpoint = forms.ChoiceField(label=gettext_lazy("Touchpoint"), required=False)
    stage = forms.ChoiceField(label=gettext_lazy("Stage"), required=False)
    product = forms.ChoiceField(label=gettext_lazy("Product"), required=False)
    web_share = _number(gettext_lazy("Of a page's visitors, ask so many percent"), low=1, high=100)
    web_origins = forms.CharField(
        label=gettext_lazy("Sites the snippet may be shown on"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One a line, such as https://shop.example"),
    )

    def __init__(self, programme: Programme, user: User, *args: Any, **kwargs: Any) -> None:
        self.programme = programme
        self.by_event = programme.kind in BY_EVENT
        plan = read_plan(programme.plan)
        kwargs.setdefault("initial", _initial(programme, plan))
        super().__init__(*args, **kwargs)
        self.before = plan
        self.languages = list(programme.survey.definition().languages)
        self._offer(user)
        self._add_words(plan)
        for name, field in RestForm.base_fields.items():
            self.fields[f"rest_{name}"] = field
            self.initial[f"rest_{name}"] = getattr(plan.rest, name)

    def _offer(self, user: User) -> None:
        fields: Any = self.fields
        fields["survey"].queryset = Survey.objects.visible_to(user).filter(archived=False)
        fields["owner"].queryset = owners()
        visible = Account.objects.visible_to(user)
        sectors = visible.exclude(sector="").order_by("sector").values_list("sector", flat=True).distinct()
        tables: Mapping[str, Any] = {
            "regions": Region.objects.in_use(),
            "divisions": Division.objects.in_use(),
            "functions": Function.objects.in_use(),
            "stages": Stage.objects.in_use(),
        }
        for name, rows in tables.items():
            fields[name].choices = [(row.key, row.name) for row in rows]
        fields["tiers"].choices = Account.Tier.choices
        fields["life_cycles"].choices = Account.LifeCycle.choices
        fields["seniorities"].choices = Contact.Seniority.choices
        fields["sectors"].choices = [(sector, sector) for sector in sectors]
        fields["roles"].choices = fields["must_roles"].choices = ROLES
        fields["strata"].choices = DIMENSIONS
        fields["channels"].choices = Invitation.Channel.choices
        for name, table in (("touchpoint", Touchpoint), ("stage", Stage), ("product", Product)):
            fields[name].choices = [("", "—"), *((row.key, row.name) for row in table.objects.in_use())]

    def _add_words(self, plan: Plan) -> None:
        """Add the words of the message for each language of the survey; empty ones are ours."""
        labels = {
            "subject": _("Subject"),
            "intro": _("Words before the question"),
            "reminder_subject": _("Subject of a reminder"),
            "reminder_intro": _("Words of a reminder"),
        }
        for language in self.languages:
            for name, label in labels.items():
                widget = forms.Textarea(attrs={"rows": 3, "lang": language}) if "intro" in name else None
                self.fields[f"{name}_{language}"] = forms.CharField(
                    label=f"{label} ({language})", required=False, max_length=2000, widget=widget
                )
                self.initial[f"{name}_{language}"] = getattr(plan.mail, name).get(language, "")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            self.plan = read_plan(self._document(cleaned))
            row = Programme(
                kind=self.programme.kind,
                partner_id=self.programme.partner_id,
                anonymous=cleaned["anonymous"],
            )
            check_fits(row, self.plan)
        except (PlanError, ValueError) as error:
            self.add_error(None, str(error))
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what belongs to the programme itself."""
        names = ("name", "purpose", "survey", "owner", "anonymous", "several_responses")
        return {name: self.cleaned_data[name] for name in names}

    def _document(self, told: Mapping[str, Any]) -> dict[str, Any]:
        before = self.before
        incentive = None
        if told["incentive_name"]:
            incentive = {
                "name": told["incentive_name"],
                "value": told["incentive_value"] or 0,
                "currency": (told["incentive_currency"] or "EUR").upper(),
                "given": told["incentive_given"] or "answered",
            }
        return {
            "population": {
                **{name: told[name] for name in ("regions", "divisions", "tiers", "life_cycles", "sectors")},
                **{name: told[name] for name in ("roles", "seniorities", "functions", "needs_consent")},
                "accounts": _listed(told["accounts"]),
                "partners": before.population.partners,
            },
            "sampling": {
                **{name: told[name] for name in ("how", "size", "strata", "allocation", "must_roles")},
                **{name: told[name] for name in ("most_per_account", "must_vetoes", "margin")},
                "quotas": _quotas(told["quotas"]),
                "expected_response": (told["expected_response"] or 30) / 100,
            },
            "channels": told["channels"],
            "mail": {
                **{
                    name: told[name]
                    for name in ("sender_name", "reply_to", "first_question", "weekdays_only")
                },
                **_given(told, "send_from", "send_until", "most_an_hour"),
                **{
                    name: {
                        language: told[f"{name}_{language}"]
                        for language in self.languages
                        if told[f"{name}_{language}"]
                    }
                    for name in ("subject", "intro", "reminder_subject", "reminder_intro")
                },
            },
            "schedule": {
                **_given(told, "every", "open_days"),
                **{name: told[name] for name in ("starts_on", "ends_on")},
                "hour": before.schedule.hour,
            },
            "reminders": {
                "most": told["reminders_most"] or 0,
                "after_days": told["reminders_after"] or before.reminders.after_days,
            },
            "rest": {name: told[f"rest_{name}"] for name in RestForm.base_fields},
            "quota": told["quota"],
            "event": self._event(told) if self.by_event else None,
            "incentive": incentive,
            **{name: told[name] for name in ("touchpoint", "stage", "product")},
            "web_share": (told["web_share"] or 10) / 100,
            "web_origins": [line.strip() for line in told["web_origins"].splitlines() if line.strip()],
        }

    def _event(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "happening": told["happening"],
            **_given(told, "delay_hours", "within_days", "most_people"),
            "stages": told["stages"],
            "milestones": _listed(told["milestones"]),
            "outcomes": told["outcomes"],
        }


def _given(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: told[name] for name in names if told[name] not in (None, "")}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _quotas(text: str) -> dict[str, int]:
    """Read quotas, one a line; raise PlanError naming the line that cannot be read."""
    found: dict[str, int] = {}
    for number, line in enumerate(filter(str.strip, text.splitlines()), start=1):
        name, equals, count = line.rpartition("=")
        if not equals or not count.strip().isdigit():
            raise PlanError(
                _("Numbers for each part, line %(number)d: write it as: buyer / benelux = 20")
                % {"number": number}
            )
        found[name.strip()] = int(count)
    return found


def _initial(programme: Programme, plan: Plan) -> dict[str, Any]:
    event, incentive = plan.event, plan.incentive
    told: dict[str, Any] = {
        **{name: getattr(programme, name) for name in ("name", "purpose", "anonymous", "several_responses")},
        "survey": programme.survey_id,
        "owner": programme.owner_id,
        **plan.population.model_dump(),
        "accounts": ", ".join(plan.population.accounts),
        **plan.sampling.model_dump(mode="json"),
        "quotas": "\n".join(f"{name} = {count}" for name, count in plan.sampling.quotas.items()),
        "expected_response": round(100 * plan.sampling.expected_response),
        **plan.schedule.model_dump(exclude={"hour"}),
        "channels": list(plan.channels),
        **plan.mail.model_dump(exclude={"subject", "intro", "reminder_subject", "reminder_intro"}),
        "reminders_most": plan.reminders.most,
        "reminders_after": plan.reminders.after_days,
        "quota": plan.quota,
        **{name: getattr(plan, name) for name in ("touchpoint", "stage", "product")},
        "web_share": round(100 * plan.web_share),
        "web_origins": "\n".join(plan.web_origins),
    }
    if event is not None:
        told |= event.model_dump(mode="json") | {"milestones": ", ".join(event.milestones)}
    if incentive is not None:
        told |= {f"incentive_{name}": value for name, value in incentive.model_dump().items()}
    return told


class SuppressForm(forms.Form):
    """An address nothing more shall be sent to."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    detail = forms.CharField(label=gettext_lazy("Why"), max_length=500, required=False)
