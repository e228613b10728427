"""Forms of the room: a rule, and each step of a case."""

from datetime import datetime
from typing import Any, ClassVar, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.models import Grant, User
from rapport.kernel.roles import PARTNER_ROLES, PERMISSIONS, Permission
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.forms.conditions import ConditionsForm
from rapport.rooms.action.models import (
    Absence,
    Case,
    Escalation,
    EscalationLevel,
    Playbook,
    PlaybookStep,
    Responsibility,
    Rule,
)
from rapport.rooms.action.selectors.colleagues import case_workers, possible_owners


class RuleForm(ConditionsForm):
    """A rule in the parts it is made of; the conditions bring their own fields."""

    turns = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Colleagues in turn"), queryset=User.objects.none(), required=False
    )

    class Meta:
        model = Rule
        fields = [
            "name",
            "due_hours",
            "remind_hours",
            "contact_hours",
            "confirm_hours",
            "joins_days",
            "assign_to",
            "assignee",
            "fallback",
            "playbook",
            "as_complaint",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workers = case_workers().order_by("name")
        for name in ("assignee", "fallback"):
            cast(Any, self.fields[name]).queryset = workers
        cast(Any, self.fields["turns"]).queryset = workers
        self.initial.setdefault("turns", self.instance.colleagues)
        for name in ("remind_hours", "contact_hours", "confirm_hours", "joins_days"):
            # Left out by a form or a program that does not know it: the house's own default.
            self.fields[name].required = False
        self.fields["due_hours"].widget.attrs["min"] = 1

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("remind_hours", "contact_hours", "confirm_hours", "joins_days"):
            if cleaned.get(name) is None and name not in self.errors:
                cleaned[name] = getattr(self.instance, name)
        due, before = cleaned.get("due_hours"), cleaned.get("remind_hours")
        if due is not None and due < 1:
            self.add_error("due_hours", _("Give at least one working hour."))
        elif due is not None and before is not None and before >= due:
            self.add_error("remind_hours", _("The reminder must come before the case is due."))
        if cleaned.get("assign_to") == Rule.AssignTo.USER and not cleaned.get("assignee"):
            self.add_error("assignee", _("Name the colleague who gets these cases."))
        turns = [user.pk for user in cleaned.get("turns") or ()]
        if cleaned.get("assign_to") == Rule.AssignTo.TURN and not turns:
            self.add_error("turns", _("Name the colleagues who get these cases in turn."))
        self.instance.colleagues = turns
        return cleaned


class WordsForm(forms.Form):
    """Words that a step needs."""

    words = forms.CharField(widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))

    def __init__(self, *args: Any, label: Any = "", hint: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = label
        self.fields["words"].help_text = hint


class FixForm(WordsForm):
    """What was done for this customer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label=_("What was done for this customer"), **kwargs)


class CloseForm(WordsForm):
    """How it ended."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label=_("How it ended"), **kwargs)


class ReopenForm(WordsForm):
    """Why it is opened again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label=_("Why it is opened again"), **kwargs)


class NoteForm(WordsForm):
    """A note."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label=_("Add a note"), **kwargs)
        self.fields["words"].widget.attrs["rows"] = 2


class ContactForm(forms.Form):
    """How, when and in which words a colleague first spoke to the customer."""

    how = forms.ChoiceField(
        label=gettext_lazy("How"), choices=[pair for pair in Case.ToldHow.choices if pair[0] != "nobody"]
    )
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    words = forms.CharField(
        label=gettext_lazy("What the customer said"), widget=forms.Textarea(attrs={"rows": 3, "cols": 60})
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.initial.setdefault("at", timezone.localtime(now))

    def clean_at(self) -> datetime:
        """Take a time within the current minute as now: the field knows no seconds."""
        at: datetime = self.cleaned_data["at"]
        return self.now if 0 <= (self.now - at).total_seconds() < 60 else at


class ConfirmForm(forms.Form):
    """What the customer answered when asked whether it is fixed."""

    fixed = forms.ChoiceField(
        label=gettext_lazy("Is it fixed for the customer?"),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No: open the case again"))],
        widget=forms.RadioSelect(),
    )
    words = forms.CharField(
        label=gettext_lazy("In their words"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
    )


class SnoozeForm(forms.Form):
    """Until when, and why."""

    until = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    words = forms.CharField(label=gettext_lazy("Why"), widget=forms.Textarea(attrs={"rows": 2, "cols": 60}))


class SummaryForm(forms.ModelForm):  # type: ignore[type-arg]
    """The one page about an escalation that is over."""

    class Meta:
        model = Escalation
        fields = ["what_happened", "what_we_did", "what_changes"]
        widgets: ClassVar[dict[str, Any]] = {
            name: forms.Textarea(attrs={"rows": 4, "cols": 60}) for name in fields
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = True

    def _post_clean(self) -> None:
        """Leave the row to the service that ends it."""


class LevelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A level of escalation."""

    tiers = forms.MultipleChoiceField(
        label=gettext_lazy("By itself only for customers of these tiers"),
        choices=Account.Tier.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(),
        help_text=gettext_lazy("None chosen: for all."),
    )

    class Meta:
        model = EscalationLevel
        fields = [
            "number",
            "name",
            "responder",
            "acknowledge_minutes",
            "after_hours",
            "tiers",
            "words",
            "on_list",
            "active",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seeing = [role for role, may in PERMISSIONS.items() if Permission.SEE_CUSTOMERS in may]
        people = User.objects.filter(is_active=True, role__in=seeing).exclude(reach=User.Reach.CAPTURE)
        people = people.exclude(role__in=sorted(PARTNER_ROLES))
        cast(Any, self.fields["responder"]).queryset = people.order_by("name")
        self.fields["acknowledge_minutes"].widget.attrs["min"] = 5

    def clean_acknowledge_minutes(self) -> int:
        """Refuse less than anybody can do."""
        minutes: int = self.cleaned_data["acknowledge_minutes"]
        if minutes < 5:
            raise forms.ValidationError(_("Give at least five minutes to answer."))
        return minutes


class PlaybookForm(forms.ModelForm):  # type: ignore[type-arg]
    """A playbook."""

    class Meta:
        model = Playbook
        fields = ["name", "situation"]


class PlaybookStepForm(forms.ModelForm):  # type: ignore[type-arg]
    """A step of a playbook."""

    class Meta:
        model = PlaybookStep
        fields = ["text", "colleague", "hours"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["colleague"]).queryset = case_workers().order_by("name")


class ResponsibilityForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who looks after a place."""

    class Meta:
        model = Responsibility
        fields = ["touchpoint", "product", "region", "colleague"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["colleague"]).queryset = case_workers().order_by("name")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        places = {name: cleaned.get(name) for name in ("touchpoint", "product", "region")}
        if not any(places.values()):
            raise forms.ValidationError(_("Choose a touchpoint, a product or a region."))
        if Responsibility.objects.filter(**places).exists():
            raise forms.ValidationError(_("Somebody looks after this already; take that line away first."))
        return cleaned


class AbsenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """When a colleague is away, and who stands in."""

    class Meta:
        model = Absence
        fields = ["user", "starts_on", "ends_on", "stand_in"]
        widgets: ClassVar[dict[str, Any]] = {
            "starts_on": forms.DateInput(attrs={"type": "date"}),
            "ends_on": forms.DateInput(attrs={"type": "date"}),
        }

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workers = case_workers().order_by("name")
        if by.role in PARTNER_ROLES:
            own = Grant.objects.filter(kind=Grant.Kind.PARTNER, key__in=sorted(by.scope.partners))
            workers = workers.filter(pk__in=own.values("user"))
        theirs = workers if by.may(Permission.MANAGE_RULES) else workers.filter(pk=by.pk)
        cast(Any, self.fields["user"]).queryset = theirs
        cast(Any, self.fields["stand_in"]).queryset = workers
        self.initial.setdefault("user", by.pk)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day cannot come before the first."))
        if cleaned.get("user") and cleaned.get("user") == cleaned.get("stand_in"):
            self.add_error("stand_in", _("Somebody else has to stand in."))
        return cleaned


class TellForm(forms.Form):
    """How, when and in which words the customer was told."""

    how = forms.ChoiceField(label=gettext_lazy("How"), choices=Case.ToldHow.choices)
    told_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    words = forms.CharField(
        label=gettext_lazy("What was said"), widget=forms.Textarea(attrs={"rows": 4, "cols": 60})
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.initial.setdefault("told_at", timezone.localtime(now))

    def clean_told_at(self) -> datetime:
        """Take a time within the current minute as now: the field knows no seconds."""
        told: datetime = self.cleaned_data["told_at"]
        return self.now if 0 <= (self.now - told).total_seconds() < 60 else told


class ReassignForm(forms.Form):
    """Who gets it, and why."""

    to = forms.ModelChoiceField(label=gettext_lazy("Colleague"), queryset=User.objects.none())
    words = forms.CharField(label=gettext_lazy("Why"), widget=forms.Textarea(attrs={"rows": 2, "cols": 60}))

    def __init__(self, *args: Any, case: Case, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = possible_owners(case, user)
        cast(Any, self.fields["to"]).queryset = owners.exclude(pk=case.owner_id) if case.owner_id else owners
