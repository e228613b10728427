"""Forms of imports: the upload, how the file is read, and what is to happen."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rapport.connectors.files import FILE_KINDS, FileOptions, Mapping
from rapport.connectors.imports.models import SavedMapping
from rapport.connectors.imports.targets import TARGETS
from rapport.kernel.environment import environment

_MEGABYTE = 1024**2

# What may make a programme ask.
NEWS = frozenset({"contracts", "orders", "opportunities", "service_requests", "projects"})


class UploadForm(forms.Form):
    """Choose a file and say what it holds."""

    file = forms.FileField(
        label=_("File"), help_text=_("CSV, Excel (.xlsx), Parquet or JSON Lines; .gz is fine.")
    )
    target = forms.ChoiceField(label=_("What it holds"))
    saved = forms.ModelChoiceField(
        SavedMapping.objects.none(),
        label=_("Saved mapping"),
        required=False,
        empty_label=_("None: suggest one"),
        help_text=_("A saved mapping says by itself what the file holds."),
    )

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["target"].choices = [(t.name, t.label) for t in TARGETS.values()]  # type: ignore[attr-defined]
        self.fields["saved"].queryset = SavedMapping.objects.visible_to(user)  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        most = environment().upload_megabytes
        if file.size > most * _MEGABYTE:
            raise forms.ValidationError(
                _("The file is larger than %(most)s MB. Split it, or use the rapport import command.")
                % {"most": most}
            )
        return file


class FileForm(forms.Form):
    """How the file is written, as found out; every line can be corrected."""

    format = forms.ChoiceField(
        label=_("Format"), choices=[(kind, about.label) for kind, about in FILE_KINDS.items()], required=False
    )
    encoding = forms.CharField(label=_("Encoding"), required=False, max_length=30)
    delimiter = forms.ChoiceField(
        label=_("Delimiter"),
        choices=[(",", _("comma")), (";", _("semicolon")), ("\t", _("tab")), ("|", _("upright bar"))],
        required=False,
    )
    sheet = forms.CharField(label=_("Sheet"), required=False, max_length=100)
    header_row = forms.IntegerField(
        label=_("Header in row"), min_value=0, max_value=1000, help_text=_("0: no header")
    )
    decimal = forms.ChoiceField(label=_("Decimals"), choices=[(".", "1,234.5"), (",", "1.234,5")])
    date_order = forms.ChoiceField(
        label=_("Dates"),
        choices=[
            ("", _("year first, or in words")),
            ("dmy", _("day first, 31/12")),
            ("mdy", _("month first, 12/31")),
        ],
        required=False,
    )
    missing = forms.CharField(
        label=_("Read as empty"), required=False, help_text=_("Words parted by blanks: NULL ?")
    )

    def __init__(self, *args: Any, options: FileOptions, sheets: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        if options.format != "csv":
            for name in ("encoding", "delimiter"):
                del self.fields[name]
        if sheets:
            self.fields["sheet"] = forms.ChoiceField(
                label=_("Sheet"), choices=[(name, name) for name in sheets]
            )
        else:
            del self.fields["sheet"]
        if options.format in ("parquet", "jsonl"):
            del self.fields["header_row"]

    def changes(self) -> dict[str, Any]:
        """Return what the person set, as options of the file."""
        data = dict(self.cleaned_data)
        data["missing"] = tuple(data.pop("missing", "").split())
        return data


class SettingsForm(forms.Form):
    """What is to happen with the rows."""

    source = forms.CharField(
        label=_("Source system"),
        max_length=60,
        help_text=_("Ids in the file are those of this system, such as crm."),
    )
    on_error = forms.ChoiceField(
        label=_("Wrong rows"),
        choices=[("report", _("go to a report; the rest lands")), ("abort", _("keep the whole file out"))],
    )
    repeated = forms.ChoiceField(
        label=_("Named twice in the file"),
        choices=[("last", _("the last row counts")), ("first", _("the first row counts"))],
    )
    empty = forms.ChoiceField(
        label=_("Empty cells"),
        choices=[("keep", _("leave what is there")), ("clear", _("empty what is there"))],
    )
    time_zone = forms.CharField(label=_("Time zone of the file"), max_length=60)
    currency = forms.CharField(label=_("Currency of bare amounts"), max_length=3, required=False)
    live = forms.BooleanField(
        label=_("This feedback is fresh: it may open cases"),
        required=False,
        help_text=_("Leave off for old feedback."),
    )

    def __init__(self, *args: Any, mapping: Mapping, **options: Any) -> None:
        names = ("source", "on_error", "repeated", "empty", "time_zone", "currency", "live")
        options.setdefault("initial", {name: getattr(mapping, name) for name in names})
        super().__init__(*args, **options)
        if mapping.target == "signals":
            for name in ("repeated", "empty"):
                del self.fields[name]
        elif mapping.target in NEWS:
            self.fields["live"].label = _("This is news: programmes may ask about it")
            self.fields["live"].help_text = _("Leave off for history.")
        else:
            del self.fields["live"]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()
