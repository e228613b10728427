"""The facts of a person, account and asking that conditions and texts may use."""

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Fact:
    """One thing known when somebody is asked; `label` is how a condition is read back."""

    key: str
    kind: Literal["text", "number", "yes_no"]
    label: str | Promise


KNOWN_FACTS = (
    Fact("contact.name", "text", _("the person's name")),
    Fact("contact.first_name", "text", _("the person's first name")),
    Fact("contact.title", "text", _("the person's job title")),
    Fact("contact.seniority", "text", _("the person's seniority")),
    Fact("contact.function", "text", _("the person's function")),
    Fact("contact.language", "text", _("the person's language")),
    Fact("contact.role", "text", _("the person's buying role")),
    Fact("contact.veto", "yes_no", _("the person can veto")),
    Fact("account.name", "text", _("the customer's name")),
    Fact("account.tier", "text", _("the customer's tier")),
    Fact("account.sector", "text", _("the customer's sector")),
    Fact("account.size", "text", _("the customer's size")),
    Fact("account.stage", "text", _("the customer's stage")),
    Fact("account.region", "text", _("the customer's region")),
    Fact("account.division", "text", _("the customer's division")),
    Fact("account.partner", "text", _("the customer's partner")),
    Fact("place.touchpoint", "text", _("the touchpoint")),
    Fact("place.stage", "text", _("the stage of the journey")),
    Fact("place.product", "text", _("the product")),
    Fact("place.region", "text", _("the region")),
    Fact("occasion", "text", _("what made us ask")),
    Fact("sender.name", "text", _("the sender's name")),
    Fact("us.name", "text", _("our company's name")),
    Fact("channel", "text", _("the way of asking")),
    Fact("language", "text", _("the language of the survey")),
)
FACTS: dict[str, Fact] = {fact.key: fact for fact in KNOWN_FACTS}
