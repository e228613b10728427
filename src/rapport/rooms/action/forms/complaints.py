"""Forms of the complaint track, of its times, and of letters for one purpose."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.action.models import Complaint, ComplaintCategory, LetterText, Remedy, Severity
from rapport.rooms.action.selectors.colleagues import case_workers
from rapport.rooms.action.services.complaints import Receipt
from rapport.rooms.action.services.letters import check_words
from rapport.rooms.action.services.steps import StepRefused

MOMENT = "%Y-%m-%dT%H:%M"


def _moment(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    return forms.DateTimeField(label=label, widget=widget)


def _words(label: Any, rows: int = 3, *, required: bool = True) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "cols": 60})
    return forms.CharField(label=label, widget=widget, required=required)


class _Timed(forms.Form):
    """A form with a moment that is now unless something else is typed."""

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.initial.setdefault("at", timezone.localtime(now))

    def clean_at(self) -> datetime:
        """Take a time within the current minute as now: the field knows no seconds."""
        at: datetime = self.cleaned_data["at"]
        return self.now if 0 <= (self.now - at).total_seconds() < 60 else at


class RegisterForm(_Timed):
    """How a complaint reached us, and what it is."""

    how = forms.ChoiceField(label=gettext_lazy("How it reached us"), choices=Complaint.Way.choices)
    at = _moment(gettext_lazy("When"))
    category = forms.ModelChoiceField(
        label=gettext_lazy("What it is about"), queryset=ComplaintCategory.objects.none(), required=False
    )
    severity = forms.ChoiceField(label=gettext_lazy("How serious it is"), choices=Severity.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["category"]).queryset = ComplaintCategory.objects.filter(active=True)
        self.initial.setdefault("severity", Severity.SERIOUS)

    def receipt(self) -> Receipt:
        """Return what was typed."""
        data = self.cleaned_data
        return Receipt(data["how"], data["at"], data["severity"], data["category"])


class ReceiveForm(RegisterForm):
    """A complaint as it reaches a colleague, with who complains."""

    account = forms.CharField(
        label=gettext_lazy("Customer"), help_text=gettext_lazy("Its code, like A1187."), max_length=24
    )
    contact = forms.CharField(
        label=gettext_lazy("Who complains"),
        help_text=gettext_lazy("The person's code or e-mail address; empty when nobody is named."),
        max_length=200,
        required=False,
    )
    words = _words(gettext_lazy("In their words"), 5)
    owner = forms.ModelChoiceField(label=gettext_lazy("Who looks after it"), queryset=User.objects.none())
    field_order = ("account", "contact", "words", "how", "at", "category", "severity", "owner")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        workers = case_workers().order_by("name")
        if by.role.startswith("partner_"):
            workers = workers.filter(pk=by.pk)
        cast(Any, self.fields["owner"]).queryset = workers
        self.initial.setdefault("owner", by.pk)

    def clean_account(self) -> Account:
        """Find the customer in the user's scope."""
        code = self.cleaned_data["account"].strip()
        found = Account.objects.visible_to(self.by).filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("There is no customer %(code)s.") % {"code": code})
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        typed, account = str(cleaned.get("contact") or "").strip(), cleaned.get("account")
        cleaned["contact"] = None
        if typed and account:
            people = Contact.objects.visible_to(self.by).filter(
                account__in=Account.objects.subtree_of(account)
            )
            cleaned["contact"] = (
                people.filter(code=typed).first() or people.filter(email__iexact=typed).first()
            )
            if cleaned["contact"] is None:
                words = _("There is no %(typed)s at this customer.") % {"typed": typed}
                self.add_error("contact", words)
        return cleaned


class ReceiptForm(_Timed):
    """The receipt, confirmed another way than by the letter."""

    how = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[pair for pair in Complaint.Way.choices if pair[0] not in ("feedback", "outside")],
    )
    at = _moment(gettext_lazy("When"))
    words = _words(gettext_lazy("What the customer was told"))


class FindingForm(forms.Form):
    """What was found out."""

    words = _words(gettext_lazy("What was found out"))


class DecisionForm(forms.Form):
    """The decision, with its reasons."""

    root_cause = _words(gettext_lazy("What caused it"), 2, required=False)
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"), choices=Complaint.Decision.choices, widget=forms.RadioSelect()
    )
    reasons = _words(gettext_lazy("Why it was decided so"))


class RemedyForm(forms.Form):
    """What the customer is given."""

    kind = forms.ChoiceField(label=gettext_lazy("Remedy"), choices=Remedy.Kind.choices)
    words = forms.CharField(label=gettext_lazy("What the customer was given"), max_length=300)
    cost = forms.DecimalField(
        label=gettext_lazy("What it costs us"), required=False, min_value=0, max_digits=14, decimal_places=2
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"), required=False, max_length=3, help_text=gettext_lazy("Like EUR.")
    )


class ReferForm(forms.Form):
    """To whom the customer took it."""

    to = forms.CharField(
        label=gettext_lazy("To whom"),
        help_text=gettext_lazy("An ombudsman, a trade body, a court, the press."),
        max_length=120,
    )
    words = _words(gettext_lazy("What became of it there"), 2, required=False)


class TermForm(forms.Form):
    """The times of one severity."""

    severity = forms.ChoiceField(choices=Severity.choices, widget=forms.HiddenInput())
    acknowledge_hours = forms.IntegerField(
        label=gettext_lazy("Receipt confirmed within, in working hours"), min_value=1, max_value=1000
    )
    resolve_hours = forms.IntegerField(
        label=gettext_lazy("Customer told the decision within, in working hours"), min_value=1, max_value=5000
    )


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]
    """A category."""

    class Meta:
        model = ComplaintCategory
        fields = ["name"]


class LetterTextForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words of a letter for one purpose, in one language."""

    class Meta:
        model = LetterText
        fields = ["subject", "body"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].widget = forms.Textarea(attrs={"rows": 12, "cols": 70})

    def clean_body(self) -> str:
        """Refuse a letter that cannot be filled in."""
        body: str = self.cleaned_data["body"]
        try:
            check_words(self.instance.purpose, body)
        except StepRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return body
