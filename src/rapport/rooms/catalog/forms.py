"""What is filled in about a row of a reference table."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.forms import modelform_factory
from django.utils.translation import gettext_lazy as _

from rapport.rooms.catalog.models import Holiday, Metric, Reference
from rapport.rooms.catalog.selectors import is_used
from rapport.rooms.catalog.services import SCALE
from rapport.rooms.catalog.tables import ReferenceTable


class ReferenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Key, name and whatever else the table has; a key is asked for once, a scale until it is scored on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["key"]
        if isinstance(self.instance, Metric) and not self.instance._state.adding and is_used(self.instance):
            for name in SCALE:
                self.fields[name].disabled = True
        if "time_zone" in self.fields:
            zones = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
            self.fields["time_zone"] = forms.ChoiceField(
                label=_("Time zone"),
                choices=[(name, name.replace("_", " ")) for name in zones],
                initial="UTC",
            )


def reference_form(table: ReferenceTable) -> type[forms.ModelForm]:  # type: ignore[type-arg]
    """Return the form of a table."""
    model: type[Reference] = table.model
    return modelform_factory(model, form=ReferenceForm, fields=["key", "name", *table.columns])


class HolidayForm(forms.ModelForm):  # type: ignore[type-arg]
    """A day on which a region does not work."""

    class Meta:
        model = Holiday
        fields = ["on", "name"]
        widgets = {"on": forms.DateInput(attrs={"type": "date"})}
