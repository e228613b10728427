"""What administrators and users fill in about people."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.validators import validate_slug
from django.utils.translation import gettext_lazy as _

from rapport.kernel.models import Grant, Team, User
from rapport.kernel.people.reach import GrantKey, grantable_by
from rapport.kernel.roles import PARTNER_ROLES, Role

THEMES = [("", _("As the device is set")), ("light", _("Light")), ("dark", _("Dark"))]


def time_zones() -> list[tuple[str, str]]:
    """Return the zones people live in, by name."""
    return [
        (name, name.replace("_", " "))
        for name in sorted(available_timezones())
        if "/" in name or name == "UTC"
    ]


class UserForm(forms.Form):
    """Who somebody is and how far they see; a partner's administrator is offered only their own partner."""

    email = forms.EmailField(label=_("E-mail address"), help_text=_("Signs in with it."))
    name = forms.CharField(label=_("Name"), max_length=120)
    role = forms.ChoiceField(label=_("Role"))
    reach = forms.ChoiceField(label=_("Sees"))
    regions = forms.MultipleChoiceField(
        label=_("Regions"), required=False, widget=forms.CheckboxSelectMultiple
    )
    teams = forms.MultipleChoiceField(label=_("Teams"), required=False, widget=forms.CheckboxSelectMultiple)
    partners = forms.MultipleChoiceField(
        label=_("Partners"), required=False, widget=forms.CheckboxSelectMultiple
    )

    kinds = {"regions": Grant.Kind.REGION, "teams": Grant.Kind.TEAM, "partners": Grant.Kind.PARTNER}

    def __init__(self, *args: Any, editor: User, person: User | None = None, **kwargs: Any) -> None:
        if person is not None:
            kwargs["initial"] = self._about(person)
        super().__init__(*args, **kwargs)
        everything = editor.role == Role.ADMINISTRATOR
        self._choose("role", [c for c in Role.choices if everything or Role(c[0]) in PARTNER_ROLES])
        self._choose("reach", [c for c in User.Reach.choices if everything or c[0] == User.Reach.GRANTED])
        for name, kind in self.kinds.items():
            choices = grantable_by(editor, kind)
            if choices:
                self._choose(name, choices)
            else:
                del self.fields[name]

    def _choose(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _about(self, person: User) -> dict[str, Any]:
        held: dict[str, list[str]] = {kind: [] for kind in Grant.Kind.values}
        for kind, key in person.grants.values_list("kind", "key"):
            held[kind].append(key)
        own = {field: getattr(person, field) for field in ("email", "name", "role", "reach")}
        return {**own, **{name: held[kind] for name, kind in self.kinds.items()}}

    @property
    def grants(self) -> list[GrantKey]:
        """Return what was ticked."""
        return [
            GrantKey(kind, key)
            for name, kind in self.kinds.items()
            for key in self.cleaned_data.get(name, [])
        ]


class NewUserForm(UserForm):
    """A new user, and whether to tell them."""

    send = forms.BooleanField(
        label=_("Send the link to set a password by e-mail"), required=False, initial=True
    )


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    """A team's key and name."""

    class Meta:
        model = Team
        fields = ["key", "name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["key"]

    def clean_key(self) -> str:
        """Keys are written small, so that two never differ by case alone."""
        key = str(self.cleaned_data["key"]).lower()
        validate_slug(key)
        return key


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """How a user likes Rapport."""

    class Meta:
        model = User
        fields = ["name", "language", "time_zone", "theme", "shortcuts"]

    language = forms.ChoiceField(label=_("Language"))
    time_zone = forms.ChoiceField(label=_("Time zone"))
    theme = forms.ChoiceField(label=_("Light or dark"), choices=THEMES, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("language", settings.LANGUAGES), ("time_zone", time_zones())):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


class TokenForm(forms.Form):
    """A new token for a program."""

    name = forms.CharField(
        label=_("What it is for"),
        max_length=120,
        help_text=_("For example: CRM import on the office server."),
    )
    days = forms.TypedChoiceField(
        label=_("Works for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("A year")), (0, _("Until it is revoked"))],
        initial=90,
    )
