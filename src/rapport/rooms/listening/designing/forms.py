"""What is filled in about a question: the fields its type has, and its choices row by row."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from rapport.rooms.catalog.models import Metric
from rapport.rooms.listening.definition import Definition, Question
from rapport.rooms.listening.definition.texts import words
from rapport.rooms.listening.designing.edits import LISTS, QUESTION, free_key
from rapport.rooms.listening.designing.naming import FIELDS, TYPES
from rapport.rooms.signals.api import FEELINGS

FAMILIES = (
    ("csat", "effort", "rating"),
    ("choice", "choices", "ranking", "constant_sum"),
    ("text", "long_text"),
)
SCALES = ("nps", "csat", "effort", "rating")
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml")
MOST_PICTURE = 60_000
KINDS = (
    ("image/jpeg", "JPEG"),
    ("image/png", "PNG"),
    ("application/pdf", "PDF"),
    ("text/plain", gettext_lazy("Plain text")),
    ("text/csv", "CSV"),
)
TEXTS = ("text", "help", "message", "low_label", "high_label", "unit")
BLANK_ROWS = 3


def picture_of(upload: Any, most: int = MOST_PICTURE) -> str:
    """Return an uploaded picture as an address that holds it; raise ValidationError when it will not do."""
    if upload.size > most:
        raise forms.ValidationError(
            _("The picture has %(size)d kB; at most %(most)d kB, so that phones load it quickly.")
            % {"size": -(-upload.size // 1000), "most": most // 1000}
        )
    body = upload.read()
    kind = _kind_of(body)
    if not kind:
        raise forms.ValidationError(_("This is no PNG, JPEG, WebP, GIF or SVG picture."))
    return f"data:{kind};base64,{base64.b64encode(body).decode()}"


def _kind_of(body: bytes) -> str:
    """Tell a picture by how it begins, not by what it is called."""
    marks = {b"\x89PNG\r\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
    for mark, kind in marks.items():
        if body.startswith(mark):
            return kind
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return "image/svg+xml" if b"<svg" in body[:500].lower() else ""


class QuestionForm(forms.Form):
    """One question in one language; only the fields its type has."""

    text = forms.CharField(
        label=gettext_lazy("Question"), widget=forms.Textarea(attrs={"rows": 2, "cols": 30}), max_length=2000
    )

    def __init__(
        self, question: Question, definition: Definition, language: str, data: Any, files: Any
    ) -> None:
        super().__init__(data, files)
        self.question, self.definition, self.language = question, definition, language
        self.told = question.model_dump(mode="json")
        for name, field in self._fields_of(question).items():
            self.fields[name] = field
        self.initial = self._initial()
        self.lists = (
            _posted_lists(question, data)
            if data is not None
            else _stored_lists(question, language, definition)
        )
        rtl = language.partition("-")[0] in {"ar", "fa", "he", "ur"}
        for name in TEXTS:
            if name in self.fields:
                self.fields[name].widget.attrs |= {"lang": language, "dir": "rtl" if rtl else "ltr"}

    def _fields_of(self, question: Question) -> dict[str, forms.Field]:
        names = type(question).model_fields
        found: dict[str, forms.Field] = {}
        family = next((one for one in FAMILIES if question.type in one), ())
        if family:
            found["type"] = _choice(FIELDS["type"], [(one, TYPES[one]) for one in family])
        found["help"] = _words(_("Help below it"), 2)
        found |= _scale_fields(question) if question.type in SCALES else {}
        for name in ("fewest", "most", "decimals", "most_megabytes"):
            if name in names:
                found[name] = forms.IntegerField(
                    label=FIELDS[name], required=name in ("decimals", "most_megabytes"), min_value=0
                )
        if question.type in ("text", "long_text"):
            found["most"].label = _("Most characters")
            found["most"].required = True
        if "total" in names:
            found["total"] = forms.FloatField(label=FIELDS["total"])
        if question.type == "number":
            found["low"] = forms.FloatField(label=FIELDS["low"], required=False)
            found["high"] = forms.FloatField(label=FIELDS["high"], required=False)
            found["unit"] = _words(FIELDS["unit"], 0)
        for name in ("earliest", "latest"):
            if name in names:
                widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
                found[name] = forms.DateField(label=FIELDS[name], required=False, widget=widget)
        if question.type == "choice":
            options = [("list", _("A list")), ("drop_down", _("A drop-down"))]
            found["style"] = _choice(FIELDS["style"], options)
        if "pattern" in names:
            found["pattern"] = forms.CharField(
                label=FIELDS["pattern"],
                required=False,
                help_text=_("A regular expression the whole answer must fit, such as [A-Z]{2}[0-9]{4}."),
            )
        if "offered" in names:
            found["offered"] = _several(FIELDS["offered"], [(k, str(v)) for k, v in FEELINGS.items()])
            found["offered"].help_text = _("All, when none is ticked.")
        if "kinds" in names:
            found["kinds"] = _several(FIELDS["kinds"], KINDS, required=True)
        for name in ("multiple", "shuffle", "allow_unknown", "required"):
            if name in names:
                found[name] = forms.BooleanField(label=FIELDS[name], required=False)
        found |= self._carried_fields(question)
        if "message" in names:
            found["message"] = _words(FIELDS["message"], 0)
        if "metric" in names and question.type in (*SCALES, "number"):
            found["metric"] = _choice(FIELDS["metric"], _metrics(question), required=False)
            found["metric"].help_text = _("The figure this answer counts towards.")
        found["picture"] = forms.FileField(label=FIELDS["picture"], required=False)
        found["picture"].widget.attrs["accept"] = ",".join(PICTURES)
        if question.picture:
            found["no_picture"] = forms.BooleanField(label=_("Remove the picture"), required=False)
        found["key"] = forms.RegexField(
            r"^[A-Za-z][A-Za-z0-9_]{0,59}$",
            label=_("Key in this survey"),
            help_text=_("Letters, digits and _. Conditions and texts follow when it changes."),
            error_messages={"invalid": _("Use letters, digits and _ only, beginning with a letter.")},
        )
        return found

    def _carried_fields(self, question: Question) -> dict[str, forms.Field]:
        name = "choices_from" if hasattr(question, "choices_from") else "rows_from"
        if not hasattr(question, name):
            return {}
        default = self.definition.language
        earlier = [
            (one.key, _short(words(one.text, self.language, default), one.key))
            for one in self._on_earlier_pages(question)
            if any(hasattr(one, field) for field in LISTS)
        ]
        if not earlier and getattr(question, name) is None:
            return {}
        which = [("chosen", _("those that were chosen")), ("unchosen", _("those that were not"))]
        return {
            "carried": _choice(FIELDS[name], [("", _("none")), *earlier], required=False),
            "which": _choice(_("Carry over"), which, required=False),
        }

    def _on_earlier_pages(self, question: Question) -> Iterator[Question]:
        for page in self.definition.pages:
            if any(one.key == question.key for one in page.questions):
                return
            yield from page.questions

    def _initial(self) -> dict[str, Any]:
        told = dict(self.told)
        for name in TEXTS:
            if name in told:
                told[name] = told[name].get(self.language, "")
        carried = told.get("choices_from") or told.get("rows_from")
        if carried:
            told |= {"carried": carried["question"], "which": carried["which"]}
        told.pop("picture", None)
        return told

    def clean_picture(self) -> str:
        """Take the uploaded picture in, or keep the one there is."""
        upload = self.cleaned_data.get("picture")
        return picture_of(upload) if upload else str(self.told.get("picture", ""))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name, rows in self.lists.items():
            for message in _row_problems(name, rows):
                self.add_error(None, message)
            self.lists[name] = [self._with_picture(name, place, row) for place, row in enumerate(rows, 1)]
        if not self.errors:
            self._check(cleaned)
        return cleaned

    def _with_picture(self, name: str, place: int, row: "Row") -> "Row":
        """Take in the picture uploaded beside a choice; tell which line it was when it will not do."""
        upload = self.files.get(f"{name}-{row.index}-picture")
        if upload is None:
            return row
        try:
            return replace(row, picture=picture_of(upload))
        except forms.ValidationError as wrong:
            what = {"what": str(FIELDS[name]), "n": place, "why": " ".join(wrong.messages)}
            self.add_error(None, _("%(what)s, line %(n)d: %(why)s") % what)
            return row

    def _check(self, cleaned: Mapping[str, Any]) -> None:
        try:
            self.result = QUESTION.validate_python(self._document(cleaned))
        except ValidationError as error:
            for one in error.errors()[:6]:
                place = ".".join(str(step) for step in one["loc"][1:])
                self.add_error(None, f"{FIELDS.get(place, place)}: {one['msg']}.")

    def _document(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        told = dict(self.told)
        if cleaned.get("type"):
            told = _of_type(told, cleaned["type"])
        fields = QUESTION.validate_python(told)
        for name in type(fields).model_fields:
            if name in TEXTS and name in cleaned:
                told[name] = _in_language(self.told.get(name, {}), self.language, cleaned[name])
            elif name in cleaned and name not in ("choices_from", "rows_from", "type"):
                told[name] = _stored(name, cleaned[name])
        for name in ("choices_from", "rows_from"):
            if name in told and "carried" in cleaned:
                source = cleaned["carried"]
                which = cleaned.get("which") or "chosen"
                told[name] = {"question": source, "which": which} if source else None
        for name, rows in self.lists.items():
            told[name] = _documents(rows, self.told.get(name, []), self.language)
        if cleaned.get("no_picture"):
            told["picture"] = ""
        return told


def _words(label: Any, rows: int) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "cols": 30}) if rows else forms.TextInput()
    return forms.CharField(label=label, required=False, max_length=2000, widget=widget)


def _choice(label: Any, options: Iterable[tuple[str, Any]], *, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=list(options), required=required)


def _several(
    label: Any, options: Iterable[tuple[str, Any]], *, required: bool = False
) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=list(options), required=required, widget=forms.CheckboxSelectMultiple()
    )


def _scale_fields(question: Any) -> dict[str, forms.Field]:
    looks = [("numbers", _("Numbers")), ("stars", _("Stars")), ("smileys", _("Smileys"))]
    found: dict[str, forms.Field] = {}
    if question.type != "nps":
        found["low"] = forms.IntegerField(label=FIELDS["low"], min_value=-100, max_value=100)
        found["high"] = forms.IntegerField(label=FIELDS["high"], min_value=-100, max_value=100)
        found["style"] = _choice(FIELDS["style"], looks)
    found["low_label"] = _words(FIELDS["low_label"], 0)
    found["high_label"] = _words(FIELDS["high_label"], 0)
    return found


def _metrics(question: Any) -> list[tuple[str, str]]:
    rows = Metric.objects.filter(retired=False)
    rows = rows.filter(kind="nps") if question.type == "nps" else rows.exclude(kind="nps")
    offered = [(row.key, f"{row.name} ({row.scale_low:g}\u2013{row.scale_high:g})") for row in rows]
    known = {key for key, _name in offered}
    own = [(question.metric, question.metric)] if question.metric and question.metric not in known else []
    return [("", _("none")), *offered, *own]


def _short(said: str, key: str, most: int = 60) -> str:
    return (said if len(said) <= most else f"{said[: most - 1]}\u2026") or key


def _in_language(before: Mapping[str, str], language: str, said: str) -> dict[str, str]:
    kept = {name: words for name, words in before.items() if name != language}
    return {**kept, language: said} if said.strip() else kept


def _stored(name: str, value: Any) -> Any:
    if name in ("earliest", "latest"):
        return value.isoformat() if value else ""
    return value


def _of_type(told: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a question as another type of its family; what that type does not have is left out."""
    blank = blank_question(kind, str(told["key"]))
    known = type(blank).model_fields
    return {name: value for name, value in told.items() if name in known} | {"type": kind}


# -- Choices, rows and columns ------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One choice, row or column as it stands in the form."""

    index: str
    key: str
    text: str
    original: str = ""
    """The words in the default language, where another one is edited."""
    value: str = ""
    exclusive: bool = False
    open: bool = False
    fixed: bool = False
    condition: bool = False
    stored: str = ""
    """The key it was kept under."""
    picture: str = ""
    """Its own picture: as it is kept, or as it was just uploaded."""


def _stored_lists(question: Question, language: str, definition: Definition) -> dict[str, list[Row]]:
    found = {}
    for name in LISTS:
        if hasattr(question, name):
            found[name] = [
                Row(
                    str(at),
                    choice.key,
                    choice.text.get(language, ""),
                    "" if language == definition.language else words(choice.text, definition.language, ""),
                    "" if choice.value is None else f"{choice.value:g}",
                    choice.exclusive,
                    choice.open,
                    choice.fixed,
                    choice.show_if is not None,
                    choice.key,
                    choice.picture,
                )
                for at, choice in enumerate(getattr(question, name))
            ]
    return found


def _posted_lists(question: Question, data: QueryDict) -> dict[str, list[Row]]:
    """Read the rows in the order in which they stand on the page, moved and removed as asked."""
    found = {}
    for name in LISTS:
        if not hasattr(question, name):
            continue
        pictures = {choice.key: choice.picture for choice in getattr(question, name)}
        rows = [_posted_row(name, index, data, pictures) for index in data.getlist(name)]
        rows = [row for row in rows if row.text or row.key or row.stored]
        found[name] = _moved(rows, data.get("shift", ""), name)
    return found


def _posted_row(name: str, index: str, data: QueryDict, pictures: Mapping[str, str]) -> Row:
    def one(field: str) -> str:
        return data.get(f"{name}-{index}-{field}", "").strip()

    return Row(
        index,
        one("key"),
        one("text"),
        one("original"),
        one("value"),
        bool(one("exclusive")),
        bool(one("open")),
        bool(one("fixed")),
        bool(one("condition")),
        one("stored"),
        "" if one("no_picture") else pictures.get(one("stored"), ""),
    )


def _moved(rows: list[Row], shift: str, name: str) -> list[Row]:
    """Move or remove the row a button was pressed beside: `choices:2:up`."""
    field, _sep, rest = shift.partition(":")
    index, _sep, way = rest.partition(":")
    at = next((place for place, row in enumerate(rows) if row.index == index), -1)
    if field != name or at < 0:
        return rows
    row = rows.pop(at)
    if way in ("up", "down"):
        rows.insert(max(0, at + (-1 if way == "up" else 1)), row)
    return rows


def _row_problems(name: str, rows: list[Row]) -> list[str]:
    told = []
    what = str(FIELDS[name])
    for place, row in enumerate(rows, start=1):
        if not row.text and not row.original:
            told.append(_("%(what)s, line %(n)d: write what it says.") % {"what": what, "n": place})
        if row.value and not _is_number(row.value):
            told.append(
                _("%(what)s, line %(n)d: %(value)s is no number.")
                % {"what": what, "n": place, "value": row.value}
            )
    keys = [row.key for row in rows if row.key]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    return told + [
        _("%(what)s: the key %(key)s is there twice.") % {"what": what, "key": key} for key in twice
    ]


def _is_number(value: str) -> bool:
    try:
        float(value.replace(",", "."))
    except ValueError:
        return False
    return True


def _documents(rows: list[Row], before: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """Return the rows as the document keeps them; words in other languages and conditions stay."""
    old = {choice["key"]: choice for choice in before}
    taken = {row.key for row in rows if row.key}
    found = []
    for row in rows:
        was = old.get(row.stored, {"text": {}})
        key = row.key or free_key(row.text or row.original, taken)
        taken.add(key)
        found.append(
            {
                **was,
                "key": key,
                "text": _in_language(was["text"], language, row.text),
                "value": float(row.value.replace(",", ".")) if row.value else None,
                "exclusive": row.exclusive,
                "open": row.open,
                "fixed": row.fixed,
                "picture": row.picture,
            }
        )
    return found


# -- New questions ------------------------------------------------------------

_BLANK: dict[str, dict[str, Any]] = {
    "nps": {"low": 0, "high": 10},
    "csat": {"low": 1, "high": 5},
    "effort": {"low": 1, "high": 7},
    "rating": {"low": 1, "high": 5},
    "matrix": {"rows": [], "columns": []},
}


def blank_question(kind: str, key: str) -> Question:
    """Return a question of a type with nothing written yet."""
    return QUESTION.validate_python({"type": kind, "key": key, "text": {}, **_BLANK.get(kind, {})})
