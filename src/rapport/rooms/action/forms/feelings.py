"""What customers are to feel at a touchpoint."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from rapport.rooms.action.models import DesiredFeelings
from rapport.rooms.signals.api import FEELINGS


class DesiredFeelingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """The feelings a touchpoint is to leave behind."""

    feelings = forms.MultipleChoiceField(
        label=gettext_lazy("What customers are to feel here"),
        choices=list(FEELINGS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple(),
    )

    class Meta:
        model = DesiredFeelings
        fields = ["feelings"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["feelings"] = self.instance.feelings
