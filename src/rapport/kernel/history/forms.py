"""What administrators look for in the trail."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rapport.kernel.history.search import LAST_PAGE, Search
from rapport.kernel.history.sightings import kinds_seen
from rapport.kernel.history.trails import trails

SEEN, CHANGED = "seen", "changed"


class SearchForm(forms.Form):
    """The filters of the audit pages; they live in the address."""

    about = forms.CharField(
        label=_("About"), required=False, max_length=120, help_text=_("A code, or words of a name.")
    )
    by = forms.CharField(
        label=_("By"), required=False, max_length=120, help_text=_("A user's name or address.")
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    page = forms.IntegerField(required=False, min_value=1, max_value=LAST_PAGE, widget=forms.HiddenInput)

    def __init__(self, *args: Any, what: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind, kind) for kind in kinds_seen()]
        if what == CHANGED:
            kinds = [(kind, trail.name) for kind, trail in trails().items()]
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Everything")), *kinds]

    def search(self) -> Search:
        """Return what is looked for; what cannot be read does not narrow."""
        self.is_valid()
        data = {key: value for key, value in self.cleaned_data.items() if value}
        return Search(**data)
