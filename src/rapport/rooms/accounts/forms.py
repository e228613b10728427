"""The forms of the accounts room: customers, people, roles, dealings."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rapport.kernel.models import User
from rapport.kernel.roles import PERMISSIONS, Permission
from rapport.rooms.accounts.dealings import Kind
from rapport.rooms.accounts.models import Account, BuyingRole, Contact, Milestone, Opportunity
from rapport.rooms.accounts.selectors.lookup import find_account
from rapport.rooms.accounts.services import accounts, contacts, roles
from rapport.rooms.accounts.services.accounts import INHERITED
from rapport.rooms.accounts.services.dealings import editable_fields

CODE = re.compile(r"\b(A\d+)\)?\s*$")


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """The browser's own calendar and clock."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class AccountField(forms.CharField):
    """A customer by code or name; the browser offers what it finds while one types."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=240, **options)
        self.user: User | None = None

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Let the field ask for names to offer."""
        offers = {
            "list": "accounts-offered",
            "autocomplete": "off",
            "hx-get": reverse_lazy("accounts:offered"),
        }
        live = {"hx-trigger": "input changed delay:200ms", "hx-target": "#accounts-offered"}
        return {**super().widget_attrs(widget), **offers, **live}

    def prepare_value(self, value: Any) -> Any:
        """Write a customer as its name with its code."""
        if isinstance(value, int):
            value = Account.objects.filter(pk=value).first()
        return f"{value.name} ({value.code})" if isinstance(value, Account) else value

    def clean(self, value: Any) -> Any:
        """Return the customer meant, if the user may see it."""
        text = super().clean(value)
        if not text:
            return None
        code = CODE.search(text)
        found = find_account(code.group(1) if code else text)
        seen = Account.objects.visible_to(self.user) if self.user else Account.objects.none()
        if found is None or not seen.filter(pk=found.pk).exists():
            raise forms.ValidationError(_("No customer of that name or code is within your reach."))
        return found


class ExternalIdsField(forms.CharField):
    """Ids in other systems, one a line, written `system: id`."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """Write pairs as lines."""
        return value if isinstance(value, str) or value is None else "\n".join(f"{a}: {b}" for a, b in value)

    def clean(self, value: Any) -> list[tuple[str, str]]:
        """Return the pairs."""
        lines = [line.strip() for line in str(super().clean(value) or "").splitlines()]
        return [self._pair(line) for line in lines if line]

    def _pair(self, line: str) -> tuple[str, str]:
        system, colon, named = line.partition(":")
        if not (colon and system.strip() and named.strip()):
            said = gettext("“%(line)s” names no system. Write it as in “crm: 0042”.") % {"line": line}
            raise forms.ValidationError(said)
        return system.strip(), named.strip()


def _users() -> "QuerySet[User]":
    able = [role for role, held in PERMISSIONS.items() if Permission.SEE_CUSTOMERS in held]
    able_users: QuerySet[User] = User.objects.filter(is_active=True, role__in=able)
    return able_users


def _without_retired(form: "forms.ModelForm[Any]", instance: Any) -> None:
    """Offer only reference rows in use, and the one that is chosen already."""
    for name, field in form.fields.items():
        rows = getattr(field, "queryset", None)
        if rows is not None and hasattr(rows.model, "retired"):
            now = getattr(instance, f"{name}_id", None)
            field.queryset = rows.filter(retired=False) | rows.filter(pk=now)  # type: ignore[attr-defined]


class ValuesForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form whose values go to a service; the service saves, and its complaints come back by field."""

    service_fields: Sequence[str] = ()

    def _post_clean(self) -> None:
        """Leave the instance alone: the service puts the values on it."""

    @property
    def values(self) -> dict[str, Any]:
        """Return what the service may set."""
        return {name: self.cleaned_data[name] for name in self.service_fields if name in self.cleaned_data}

    def complain(self, errors: dict[str, list[str]]) -> None:
        """Show a service's complaints at their fields."""
        for name, texts in errors.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


class AccountForm(ValuesForm):
    """A customer."""

    service_fields = accounts.EDITABLE
    parent = AccountField(label=_("Belongs to"), required=False)
    external_ids = ExternalIdsField(
        label=_("Ids in other systems"), required=False, help_text=_("One a line, as in “crm: 0042”.")
    )
    below = forms.MultipleChoiceField(
        label=_("Also for everything below"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What is chosen here is also given to every part of this customer."),
    )

    class Meta:
        model = Account
        fields = accounts.EDITABLE
        labels = {"name": _("Name")}

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        parent = self.fields["parent"]
        assert isinstance(parent, AccountField)
        parent.user = user
        parent.help_text = _("Leave region, team, owner, partner and division empty to take them from there.")
        self.fields["owner"].queryset = _users()  # type: ignore[attr-defined]
        _without_retired(self, self.instance)
        below = self.fields["below"]
        assert isinstance(below, forms.MultipleChoiceField)
        below.choices = [(name, self.fields[name].label) for name in INHERITED]
        if not (self.instance.pk and self.instance.children.exists()):
            del self.fields["below"]

    def clean_currency(self) -> str:
        """Write currencies in capitals."""
        return _currency(self.cleaned_data["currency"])

    def clean_domain(self) -> str:
        """Take the bare domain of whatever address was given."""
        text = str(self.cleaned_data["domain"]).strip().lower()
        return re.sub(r"^(https?://)?(www\.)?", "", text).partition("/")[0]


def _currency(text: str | None) -> str:
    code = (text or "").strip().upper()
    if code and not re.fullmatch(r"[A-Z]{3}", code):
        raise forms.ValidationError(_("Write a currency with three letters, as in EUR."))
    return code


class ContactForm(ValuesForm):
    """A person at a customer."""

    service_fields = contacts.EDITABLE
    account = AccountField(label=_("Customer"))
    external_ids = ExternalIdsField(
        label=_("Ids in other systems"), required=False, help_text=_("One a line, as in “crm: 0042”.")
    )

    class Meta:
        model = Contact
        fields = [name for name in contacts.EDITABLE if name != "consent_at"]
        widgets = {"left_on": DayInput()}

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["account"]
        assert isinstance(field, AccountField)
        field.user = user
        _without_retired(self, self.instance)
        self.fields["street"].help_text = _("Only where it is not the customer's own address.")


class RoleForm(ValuesForm):
    """A part a person plays in a decision to buy."""

    service_fields = roles.EDITABLE

    class Meta:
        model = BuyingRole
        fields = roles.EDITABLE
        widgets = {
            "valid_from": DayInput(),
            "valid_to": DayInput(),
            "expectations": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, account: Account, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        decision = self.fields["decision"]
        assert isinstance(decision, forms.ModelChoiceField)
        around = Account.objects.visible_to(user).filter(path__under=account.path.split(".")[0])
        choices = Opportunity.objects.filter(account__in=around, outcome=Opportunity.Outcome.OPEN)
        decision.queryset = choices | Opportunity.objects.filter(pk=self.instance.decision_id)
        decision.empty_label = gettext("The standing relationship")
        decision.help_text = gettext(
            "Leave it at the standing relationship unless the part is for one purchase."
        )
        self.fields["weight"].help_text = _(
            "How much this voice counts; all voices of a village add up to about 100."
        )


class MilestoneForm(ValuesForm):
    """A point a project is to reach."""

    service_fields = ("name", "due_on", "reached_on")

    class Meta:
        model = Milestone
        fields = ("name", "due_on", "reached_on")
        widgets = {"due_on": DayInput(), "reached_on": DayInput()}


class DealingForm(ValuesForm):
    """What every kind of dealing shares."""

    def __init__(self, *args: Any, account: Account, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        _without_retired(self, self.instance)
        contact = self.fields.get("contact")
        if isinstance(contact, forms.ModelChoiceField):
            around = Contact.objects.visible_to(user).filter(account__path__under=account.path.split(".")[0])
            now = Contact.objects.visible_to(user).filter(pk=self.instance.contact_id or 0)
            contact.queryset = around.filter(merged_into=None) | now

    def clean_currency(self) -> str:
        """Write currencies in capitals."""
        return _currency(self.cleaned_data.get("currency"))


def dealing_form(kind: Kind) -> type[DealingForm]:
    """Return the form of a kind of dealing."""
    names = [name for name in editable_fields(kind) if name not in {"source", "external_id"}]
    names += ["source", "external_id"]
    widgets: dict[str, forms.Widget] = {}
    for name in names:
        internal = kind.model._meta.get_field(name).get_internal_type()
        if internal == "DateField":
            widgets[name] = DayInput()
        if internal == "DateTimeField":
            widgets[name] = MomentInput()
    meta = type("Meta", (), {"model": kind.model, "fields": names, "widgets": widgets})
    attributes: dict[str, Any] = {"Meta": meta, "service_fields": names, "__module__": __name__}
    made: type[DealingForm] = type(f"{kind.model.__name__}Form", (DealingForm,), attributes)
    return made
