"""Forms of survey files: the file itself, and the responses that belong to it."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rapport.connectors.surveys.opening import MOST_BYTES
from rapport.kernel.environment import environment


class _Bounded(forms.Form):
    """A form with one file of bounded size."""

    file = forms.FileField()
    most = MOST_BYTES

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > self.most:
            raise forms.ValidationError(
                _("The file is larger than %(most)s MB. Split it into smaller ones.")
                % {"most": self.most // 1024**2}
            )
        return file


class SurveyFileForm(_Bounded):
    """Choose a survey file of another system."""

    file = forms.FileField(
        label=_("Survey file"),
        help_text=_(
            "Qualtrics (.qsf), LimeSurvey (.lss, .lsg, .lsq, .lsa), SurveyJS (.json), Triple-S (.sss), "
            "SPSS (.sav, .zsav, .por)."
        ),
    )


class ResponseFileForm(_Bounded):
    """Choose a file of responses, and say what it does not tell."""

    file = forms.FileField(
        label=_("Response file"),
        help_text=_("Qualtrics CSV, LimeSurvey .lsa or .lsr, results of SurveyJS, Triple-S data, or SPSS."),
    )
    when = forms.DateField(
        label=_("Day of responses that tell none"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    anonymous = forms.BooleanField(
        label=_("Record them without names"),
        required=False,
        help_text=_("They then count only together with enough others."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = environment().upload_megabytes * 1024**2

    def moment(self) -> datetime | None:
        """Return the day chosen as a moment, at noon so that it is the same day nearly everywhere."""
        day = self.cleaned_data["when"]
        return datetime.combine(day, time(12), UTC) if day else None
