"""Forms of writing to promoters: the letters, the limits, the answer, the use of a reference."""

from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Opportunity
from rapport.rooms.action.models import Ask, AskingLimits, PromoterLetter
from rapport.rooms.action.services.promoters import Answer, check_words
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.catalog.models import Product

MOST_OFFERED = 200


class PromoterLetterForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words of a letter to promoters, in one language."""

    class Meta:
        model = PromoterLetter
        fields = ["subject", "body"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].widget = forms.Textarea(attrs={"rows": 12, "cols": 70})
        self.fields["body"].help_text = _(
            "{name}, {said}, {product} and {company} are filled in; {link} leads to the page where people "
            "answer."
        )

    def clean_body(self) -> str:
        """Refuse a letter that cannot be filled in or answered."""
        body: str = self.cleaned_data["body"]
        try:
            check_words(self.instance.kind, body)
        except StepRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return body


class AskingLimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """How often promoters are written to."""

    class Meta:
        model = AskingLimits
        fields = ["a_contact", "an_account", "rest_days"]


class AskForm(forms.Form):
    """What a promoter is written to about."""

    product = forms.ModelChoiceField(
        label=gettext_lazy("About which product"),
        queryset=Product.objects.filter(retired=False),
        required=False,
    )


class ConsentForm(forms.Form):
    """What somebody lets us do, or that they would rather not."""

    agreed = forms.ChoiceField(
        label=gettext_lazy("May we?"),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No, rather not"))],
        widget=forms.RadioSelect(),
    )
    allowed = forms.MultipleChoiceField(
        label=gettext_lazy("If yes: what you let us do"),
        choices=Ask.Allowed.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(),
    )
    until = forms.DateField(
        label=gettext_lazy("Until when"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Left empty: until you take it back."),
    )
    words = forms.CharField(
        label=gettext_lazy("What would you like to add?"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("agreed") == "yes":
            if not cleaned.get("allowed"):
                self.add_error("allowed", _("Choose what we may do."))
            if cleaned.get("until") and cleaned["until"] < timezone.localdate():
                self.add_error("until", _("The last day lies in the past."))
        return cleaned

    def answer(self) -> Answer:
        """Return what was answered."""
        data = self.cleaned_data
        return Answer(data["agreed"] == "yes", tuple(data["allowed"]), data["words"], data["until"])


class UseForm(forms.Form):
    """What a reference was used for, or which opportunity came of a referral."""

    words = forms.CharField(label=gettext_lazy("For what"), max_length=300)
    used_on = forms.DateField(
        label=gettext_lazy("On"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    opportunity = forms.ModelChoiceField(
        label=gettext_lazy("For which opportunity"), queryset=Opportunity.objects.none(), required=False
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("used_on", timezone.localdate())
        offered = cast(Any, self.fields["opportunity"])
        offered.queryset = Opportunity.objects.visible_to(user).select_related("account")
        offered.label_from_instance = lambda one: f"{one.account}: {one}"
