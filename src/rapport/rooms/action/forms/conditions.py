"""The fields of conditions, shared by whatever asks something of feedback: rules and streams."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.rooms.action.conditions import (
    CONDITIONS,
    Condition,
    Names,
    OneOf,
    ScoreIs,
    load_names,
    store_all,
)
from rapport.rooms.catalog.models import Metric

FEW = 12
TESTS = [
    ("", gettext_lazy("any answer, with or without a score")),
    ("unhappy", gettext_lazy("is unhappy, on its own scale")),
    ("at_most", gettext_lazy("is at most")),
    ("at_least", gettext_lazy("is at least")),
]


class ConditionsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Conditions as fields, read from and written to what the instance stores."""

    score_metric = forms.ChoiceField(label=gettext_lazy("Score"), required=False)
    score_test = forms.ChoiceField(label=gettext_lazy("Test"), choices=TESTS, required=False)
    score_threshold = forms.FloatField(label=gettext_lazy("Number"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.conditions
        self.names = load_names()
        self._offer_scores()
        for kind in _choices_conditions():
            self.fields[kind.key] = _field(kind, self.names, stored.get(kind.key, []))
        if stored.get(ScoreIs.key):
            score = ScoreIs.read(stored[ScoreIs.key])
            self.initial.update(
                score_metric=score.metric, score_test=score.test, score_threshold=score.threshold
            )

    def _offer_scores(self) -> None:
        metrics = sorted(self.names.by_table["metric"].items(), key=lambda pair: pair[1])
        cast(Any, self.fields["score_metric"]).choices = [("", _("any score")), *metrics]

    @property
    def condition_fields(self) -> list[Any]:
        """Return the fields that narrow a rule to places and kinds, where there is something to choose."""
        kinds = (kind.key for kind in _choices_conditions())
        return [self[key] for key in kinds if key in self.fields and cast(Any, self.fields[key]).choices]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        self._check_score(cleaned)
        self.instance.conditions = store_all(self.conditions())
        return cleaned

    def _check_score(self, cleaned: Mapping[str, Any]) -> None:
        test, threshold = cleaned.get("score_test"), cleaned.get("score_threshold")
        if test in {"at_most", "at_least"} and threshold is None:
            self.add_error("score_threshold", _("Give the number the score is compared with."))
        metric = Metric.objects.filter(pk=cleaned.get("score_metric") or "").first()
        if metric and threshold is not None and not metric.scale_low <= threshold <= metric.scale_high:
            self.add_error(
                "score_threshold",
                _("%(metric)s runs from %(low)s to %(high)s.")
                % {"metric": metric, "low": f"{metric.scale_low:g}", "high": f"{metric.scale_high:g}"},
            )

    def conditions(self) -> list[Condition]:
        """Return the conditions as they stand in the form."""
        found: list[Condition] = []
        test = self.cleaned_data.get("score_test")
        if test:
            needs = test != "unhappy"
            threshold = self.cleaned_data.get("score_threshold") if needs else None
            if threshold is not None or not needs:
                found.append(ScoreIs(self.cleaned_data.get("score_metric") or "", test, threshold))
        for kind in _choices_conditions():
            keys = self.cleaned_data.get(kind.key, ())
            if keys:
                found.append(kind(keys=tuple(keys)))
        return found


def _choices_conditions() -> list[type[OneOf]]:
    return [kind for kind in CONDITIONS if issubclass(kind, OneOf)]


def _field(kind: type[OneOf], names: Names, stored: list[str]) -> forms.MultipleChoiceField:
    choices = sorted(names.by_table[kind.table].items(), key=lambda pair: pair[1])
    few = len(choices) <= FEW
    return forms.MultipleChoiceField(
        label=str(kind.label),
        choices=choices,
        required=False,
        initial=stored,
        widget=forms.CheckboxSelectMultiple() if few else forms.SelectMultiple(attrs={"size": 6}),
    )
