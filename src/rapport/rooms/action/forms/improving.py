"""Forms of an improvement."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import Improvement, RootCause
from rapport.rooms.action.selectors.colleagues import case_workers
from rapport.rooms.action.selectors.problems import PLACES
from rapport.rooms.catalog.models import Partner, Product, Region, Touchpoint

TABLES: dict[str, Any] = {
    "touchpoint": Touchpoint,
    "product": Product,
    "region": Region,
    "partner": Partner,
}
LABELS = {
    "touchpoint": _("Touchpoint"),
    "product": _("Product"),
    "region": _("Region"),
    "partner": _("Served by partner"),
    "tier": _("Tier of the customer"),
}
DAY = forms.DateInput(attrs={"type": "date"})


class ImprovementForm(forms.ModelForm):  # type: ignore[type-arg]
    """A problem of many customers: what it is, where it shows, and whose it is."""

    class Meta:
        model = Improvement
        fields = ["title", "problem", "metric", "function", "owner"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["problem"].widget = forms.Textarea(attrs={"rows": 3, "cols": 60})
        cast(Any, self.fields["owner"]).queryset = case_workers().exclude(role__startswith="partner_")
        for place in PLACES:
            self.fields[place] = place_choices(place)

    def places(self) -> dict[str, list[str]]:
        """Return the places chosen."""
        return {place: self.cleaned_data[place] for place in PLACES if self.cleaned_data.get(place)}

    @property
    def place_fields(self) -> list[Any]:
        """Return the fields that narrow where it shows."""
        return [self[place] for place in PLACES if cast(Any, self.fields[place]).choices]


def place_choices(place: str, chosen: Sequence[str] = ()) -> forms.MultipleChoiceField:
    """Return the field that narrows something to places of one kind."""
    offered = _offered(place)
    return forms.MultipleChoiceField(
        label=LABELS[place],
        choices=offered,
        required=False,
        initial=list(chosen),
        widget=forms.CheckboxSelectMultiple() if len(offered) <= 12 else forms.SelectMultiple(),
    )


def _offered(place: str) -> list[tuple[str, str]]:
    if place == "tier":
        return [(str(key), str(label)) for key, label in Account.Tier.choices]
    return list(TABLES[place].objects.in_use().values_list("pk", "name"))


class WhyForm(forms.Form):
    """The next of the five whys."""

    answer = forms.CharField(label=_("Because"), max_length=200)
    evidence = forms.CharField(label=_("How we know"), max_length=200, required=False)
    signal = forms.ChoiceField(label=_("What a customer said"), required=False)

    def __init__(self, *args: Any, signals: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["signal"]).choices = [("", "–"), *signal_choices(signals)]


class CauseForm(forms.Form):
    """A cause on the fishbone."""

    family = forms.CharField(label=_("Family"), max_length=60, help_text=_("Planning, order desk, carrier…"))
    text = forms.CharField(label=_("Cause"), max_length=120)
    standing = forms.ChoiceField(label=_("Standing"), choices=RootCause.Standing.choices)
    evidence = forms.CharField(label=_("How we know"), max_length=200, required=False)
    signal = forms.ChoiceField(label=_("What a customer said"), required=False)

    def __init__(self, *args: Any, signals: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["signal"]).choices = [("", "–"), *signal_choices(signals)]


def signal_choices(signals: Any) -> list[tuple[str, str]]:
    """Offer signals by their first words."""
    found = []
    for signal in signals:
        words = next((comment.text for comment in signal.comments.all()), "")
        found.append((str(signal.pk), f"{signal.account or ''}: {words}"[:90]))
    return found


class ActionForm(forms.Form):
    """A corrective action."""

    text = forms.CharField(label=_("What is changed"), max_length=200)
    owner = forms.ModelChoiceField(label=_("By whom"), queryset=User.objects.none())
    due_on = forms.DateField(label=_("Until"), widget=DAY)
    cost = forms.DecimalField(label=_("Cost"), required=False, min_value=0, max_digits=14, decimal_places=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["owner"]).queryset = case_workers().exclude(role__startswith="partner_")


class ShipForm(forms.Form):
    """From when the change is in force, and what it is to do."""

    on = forms.DateField(label=_("In force since"), widget=DAY)
    since = forms.DateField(
        label=_("The trouble began"), required=False, widget=DAY, help_text=_("Empty: two years before.")
    )
    expected = forms.FloatField(
        label=_("Unhappy answers expected afterwards, in percent"), min_value=0, max_value=99
    )


class DropForm(forms.Form):
    """Why it is given up."""

    why = forms.CharField(label=_("Why it is given up"), widget=forms.Textarea(attrs={"rows": 2, "cols": 60}))
