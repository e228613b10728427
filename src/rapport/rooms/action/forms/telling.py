"""Forms of telling customers: the letter, its template, the answer, a promise, what is published."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import LetterTemplate, Promise, Publication
from rapport.rooms.action.selectors.colleagues import case_workers
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.services.telling import check_letter

DAY = forms.DateInput(attrs={"type": "date"})


class WordsInLanguagesForm(forms.Form):
    """What changed, in our own language and in those of the people who are written to."""

    def __init__(self, *args: Any, languages: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(settings.LANGUAGES)
        house = settings.LANGUAGE_CODE
        for language in dict.fromkeys([house, *languages]):
            self.fields[f"words_{language}"] = forms.CharField(
                label=_("What changed, in %(language)s") % {"language": names[language]},
                required=language == house,
                help_text="" if language == house else _("Left empty: they get our own language."),
                widget=forms.Textarea(attrs={"rows": 4, "cols": 60, "lang": language}),
            )

    def words(self) -> dict[str, str]:
        """Return the words by language."""
        return {name.removeprefix("words_"): text for name, text in self.cleaned_data.items()}


class LetterForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words around every letter, in one language."""

    class Meta:
        model = LetterTemplate
        fields = ["subject", "body"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].widget = forms.Textarea(attrs={"rows": 12, "cols": 70})

    def clean_body(self) -> str:
        """Refuse a letter that cannot be filled in or answered."""
        body: str = self.cleaned_data["body"]
        try:
            check_letter(body)
        except StepRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return body


class AnswerForm(forms.Form):
    """Is it fixed for you?"""

    fixed = forms.ChoiceField(
        label=gettext_lazy("Is it fixed for you?"),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))],
        widget=forms.RadioSelect(),
    )
    words = forms.CharField(
        label=gettext_lazy("What would you like to add?"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
    )


class PromiseForm(forms.ModelForm):  # type: ignore[type-arg]
    """A promise to a customer."""

    class Meta:
        model = Promise
        fields = ["words", "owner", "due_on"]

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].widget = DAY
        workers = case_workers().order_by("name")
        if by.role.startswith("partner_"):
            workers = workers.filter(pk=by.pk)
        cast(Any, self.fields["owner"]).queryset = workers
        self.initial.setdefault("owner", by.pk)


class NewPromiseForm(PromiseForm):
    """A promise, with the customer it is made to."""

    account = forms.CharField(
        label=gettext_lazy("Customer"), help_text=gettext_lazy("Its code, like A1187."), max_length=24
    )
    field_order = ("account", "words", "owner", "due_on")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, by=by, **kwargs)
        self.by = by

    def clean_account(self) -> Account:
        """Find the customer in the user's scope."""
        code = self.cleaned_data["account"].strip()
        found = Account.objects.visible_to(self.by).filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("There is no customer %(code)s.") % {"code": code})
        return found


class PublicationForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the public reads."""

    class Meta:
        model = Publication
        fields = ["you_said", "we_did", "region"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("you_said", "we_did"):
            self.fields[name].widget = forms.Textarea(attrs={"rows": 3, "cols": 60})
