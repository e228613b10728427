"""Forms of a workshop: the day and its scope, an item, and what is agreed."""

from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.kernel.models import User
from rapport.kernel.roles import PARTNER_ROLES, PERMISSIONS, Permission
from rapport.rooms.action.forms.improving import DAY, place_choices
from rapport.rooms.action.models import Improvement, Workshop, WorkshopItem
from rapport.rooms.action.selectors.colleagues import case_workers
from rapport.rooms.action.selectors.problems import PLACES
from rapport.rooms.action.services.improving import OPEN_STATES

SEEING = sorted(
    role for role, may in PERMISSIONS.items() if Permission.SEE_FIGURES in may and role not in PARTNER_ROLES
)


class WorkshopForm(forms.ModelForm):  # type: ignore[type-arg]
    """A workshop: when, about what, who comes."""

    class Meta:
        model = Workshop
        fields = ["title", "held_on", "metric", "days", "participants", "votes_each"]
        widgets = {"held_on": DAY, "participants": forms.SelectMultiple(attrs={"size": 8})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, role__in=SEEING).exclude(reach=User.Reach.CAPTURE)
        cast(Any, self.fields["participants"]).queryset = people.order_by("name")
        for name in ("days", "votes_each", "participants"):
            self.fields[name].required = False
        for place in PLACES:
            self.fields[place] = place_choices(place, self.instance.scope.get(place, []))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("days", "votes_each"):
            if cleaned.get(name) is None and name not in self.errors:
                cleaned[name] = getattr(self.instance, name)
        self.instance.scope = {place: cleaned[place] for place in PLACES if cleaned.get(place)}
        return cleaned

    @property
    def place_fields(self) -> list[Any]:
        """Return the fields that narrow its scope."""
        return [self[place] for place in PLACES if cast(Any, self.fields[place]).choices]


class ItemForm(forms.Form):
    """Something put to the vote."""

    text = forms.CharField(label=_("What else is put to the vote"), max_length=200)


class AgreedForm(forms.Form):
    """What was agreed: what changes, by whom, until when, for which item, in which improvement."""

    text = forms.CharField(label=_("What changes"), max_length=200)
    owner = forms.ModelChoiceField(label=_("By whom"), queryset=User.objects.none())
    due_on = forms.DateField(label=_("Until"), widget=DAY)
    item = forms.ModelChoiceField(
        label=_("For"),
        queryset=WorkshopItem.objects.none(),
        required=False,
        empty_label=_("nothing that was put to the vote"),
    )
    improvement = forms.ModelChoiceField(
        label=_("Improvement"),
        queryset=Improvement.objects.none(),
        required=False,
        empty_label=_("a new one"),
        to_field_name="code",
    )

    def __init__(self, *args: Any, workshop: Workshop, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = cast(Any, self.fields)
        fields["owner"].queryset = case_workers().exclude(role__in=PARTNER_ROLES).order_by("name")
        fields["item"].queryset = workshop.items.all()
        open_ones = Improvement.objects.visible_to(user).filter(state__in=OPEN_STATES)
        fields["improvement"].queryset = open_ones

    def clean_due_on(self) -> Any:
        """Refuse a day that has passed."""
        day = self.cleaned_data["due_on"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day has passed."))
        return day
