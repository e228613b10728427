"""What people fill in: a talk, a correction, a match."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from rapport.rooms.catalog.models import Product, Touchpoint
from rapport.rooms.signals.emotions import FEELINGS
from rapport.rooms.signals.models import Signal
from rapport.rooms.signals.services.capture import Talk
from rapport.rooms.signals.services.files import MOST, read_upload
from rapport.rooms.signals.services.record import NewAttachment, SignalRefused

TONES = (
    (1, "frustrated", _("Angry")),
    (2, "disappointed", _("Unhappy")),
    (3, "calm", _("Neutral")),
    (4, "happy", _("Content")),
    (5, "valued", _("Delighted")),
)
KINDS = (
    (Signal.Kind.REMARK, _("Remark")),
    (Signal.Kind.INTERVIEW, _("Interview")),
    (Signal.Kind.CHECK_IN, _("Check-in")),
    (Signal.Kind.COMPLAINT, _("Complaint")),
)


class SeveralFiles(forms.FileField):
    """Pictures, sounds and documents, at most a handful."""

    def clean(self, data: Any, initial: Any = None) -> list[NewAttachment]:
        """Return the uploads as attachments."""
        uploads = [item for item in (data or []) if item]
        if len(uploads) > MOST:
            raise forms.ValidationError(
                _("At most %(count)d files come with one talk."), params={"count": MOST}
            )
        try:
            return [read_upload(item) for item in uploads]
        except SignalRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


class ManyFilesInput(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name)


def _language_choices() -> Iterable[tuple[str, str | Promise]]:
    from rapport.rooms.signals.selectors.choices import LANGUAGES

    yield "", _("Not said")
    for key in LANGUAGES:
        yield key, get_language_info(key)["name_local"]


class CaptureForm(forms.Form):
    """What a customer just said."""

    reference = forms.CharField(max_length=64, widget=forms.HiddenInput, required=False)
    account = forms.CharField(max_length=24, required=False, widget=forms.HiddenInput)
    account_name = forms.CharField(
        label=_("Which customer?"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    contact = forms.CharField(max_length=24, required=False, widget=forms.HiddenInput)
    person = forms.CharField(
        label=_("Who said it?"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Name or e-mail address"),
    )
    kind = forms.ChoiceField(label=_("What kind of talk?"), choices=KINDS, initial=Signal.Kind.REMARK)
    words = forms.CharField(
        label=_("What was said?"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "voice"}),
    )
    tone = forms.TypedChoiceField(
        label=_("How did they sound?"),
        choices=[(value, label) for value, _icon, label in TONES],
        coerce=int,
        empty_value=None,
        required=False,
    )
    score = forms.TypedChoiceField(
        label=_("Did they say how likely they are to recommend us?"),
        choices=[("", _("They did not say")), *((number, str(number)) for number in range(11))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    feelings = forms.MultipleChoiceField(
        label=_("What did they feel?"), choices=list(FEELINGS.items()), required=False
    )
    touchpoint = forms.ChoiceField(label=_("About"), required=False)
    product = forms.ChoiceField(label=_("Product"), required=False)
    language = forms.ChoiceField(label=_("In which language?"), choices=_language_choices, required=False)
    occurred_at = forms.DateTimeField(
        label=_("When?"),
        required=False,
        help_text=_("Left empty: just now"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    uploads = SeveralFiles(
        label=_("Picture or voice"),
        required=False,
        widget=ManyFilesInput(attrs={"accept": "image/*,audio/*,application/pdf", "multiple": True}),
    )
    anonymous = forms.BooleanField(label=_("They want to stay anonymous"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("reference", uuid4().hex)
        self._offer("touchpoint", Touchpoint)
        self._offer("product", Product)

    def _offer(self, name: str, table: Any) -> None:
        rows = table.objects.filter(retired=False).values_list("key", "name")
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Not said")), *rows]

    def clean(self) -> dict[str, Any]:
        """A talk needs a customer and something said."""
        data = super().clean() or {}
        anonymous = data.get("anonymous")
        if not (anonymous or data.get("account") or data.get("account_name") or data.get("contact")):
            self.add_error("account_name", _("Name the customer, as well as you know it."))
        said = data.get("words") or data.get("tone") or data.get("score") is not None or data.get("feelings")
        if not (said or (data.get("uploads") and not anonymous)) and "uploads" not in self.errors:
            self.add_error("words", _("Write a few words, or choose how they sounded."))
        return data

    def talk(self, now: datetime) -> Talk:
        """Return what was filled in."""
        data = self.cleaned_data
        return Talk(
            reference=data["reference"] or uuid4().hex,
            kind=data["kind"],
            occurred_at=data["occurred_at"] or now,
            account=data["account"] or data["account_name"].strip(),
            contact=data["contact"] or data["person"].strip(),
            words=data["words"].strip(),
            language=data["language"],
            tone=data["tone"],
            score=data["score"],
            feelings=tuple(data["feelings"]),
            touchpoint=data["touchpoint"] or None,
            product=data["product"] or None,
            anonymous=data["anonymous"],
            files=tuple(data["uploads"]),
        )


class CorrectionForm(forms.Form):
    """What was recorded wrongly, put right."""

    score_fields: tuple[str, ...] = ()
    comment_fields: tuple[str, ...] = ()

    account_name = forms.CharField(
        label=_("Customer"), max_length=300, required=False, help_text=_("Name or code, such as A12")
    )
    person = forms.CharField(
        label=_("Person"), max_length=300, required=False, help_text=_("Name, e-mail address or code")
    )
    occurred_at = forms.DateTimeField(
        label=_("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M:%S"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    touchpoint = forms.ChoiceField(label=_("Touchpoint"), required=False)
    product = forms.ChoiceField(label=_("Product"), required=False)

    def __init__(self, signal: Signal, data: Any = None) -> None:
        initial = {
            "account_name": signal.account.code if signal.account else signal.account_hint,
            "person": signal.contact.code if signal.contact else signal.contact_hint,
            "occurred_at": timezone.localtime(signal.occurred_at),
            "touchpoint": signal.touchpoint_id or "",
            "product": signal.product_id or "",
        }
        super().__init__(data, initial=initial)
        self.signal = signal
        for name, table in (("touchpoint", Touchpoint), ("product", Product)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("Not said")), *table.objects.values_list("key", "name")]
        self._add_scores()
        self._add_comments()

    def _add_scores(self) -> None:
        self.scores = list(self.signal.scores.select_related("metric"))
        for score in self.scores:
            self.fields[f"score_{score.metric_id}"] = forms.FloatField(
                label=score.metric.name,
                required=False,
                initial=score.value,
                min_value=score.scale_low,
                max_value=score.scale_high,
                help_text=_("%(low)g to %(high)g; empty takes it away")
                % {"low": score.scale_low, "high": score.scale_high},
            )

    def _add_comments(self) -> None:
        self.comments = list(self.signal.comments.all())
        for place, comment in enumerate(self.comments):
            self.fields[f"comment_{place}"] = forms.CharField(
                label=_("Words"),
                required=False,
                initial=comment.text,
                max_length=20_000,
                widget=forms.Textarea(attrs={"rows": 4, "class": "voice"}),
            )


class MatchForm(forms.Form):
    """Which account a name on the matching list stands for."""

    hint = forms.CharField(max_length=300, widget=forms.HiddenInput, strip=False)
    account = forms.CharField(max_length=300)
    make_people = forms.BooleanField(required=False)
