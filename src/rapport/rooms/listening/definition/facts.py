"""The facts of a person, account and asking that conditions and texts may use."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Fact:
    """One thing known when somebody is asked; `label` is how a condition is read back."""

    key: str
    kind: Literal["text", "number", "yes_no"]
    label: str


KNOWN_FACTS = (
    Fact("contact.name", "text", "the person's name"),
    Fact("contact.first_name", "text", "the person's first name"),
    Fact("contact.title", "text", "the person's job title"),
    Fact("contact.seniority", "text", "the person's seniority"),
    Fact("contact.function", "text", "the person's function"),
    Fact("contact.language", "text", "the person's language"),
    Fact("contact.role", "text", "the person's buying role"),
    Fact("contact.veto", "yes_no", "the person can veto"),
    Fact("account.name", "text", "the customer's name"),
    Fact("account.tier", "text", "the customer's tier"),
    Fact("account.sector", "text", "the customer's sector"),
    Fact("account.size", "text", "the customer's size"),
    Fact("account.stage", "text", "the customer's stage"),
    Fact("account.region", "text", "the customer's region"),
    Fact("account.division", "text", "the customer's division"),
    Fact("account.partner", "text", "the customer's partner"),
    Fact("place.touchpoint", "text", "the touchpoint"),
    Fact("place.stage", "text", "the stage of the journey"),
    Fact("place.product", "text", "the product"),
    Fact("place.region", "text", "the region"),
    Fact("occasion", "text", "what made us ask"),
    Fact("sender.name", "text", "the sender's name"),
    Fact("us.name", "text", "our company's name"),
    Fact("channel", "text", "the way of asking"),
    Fact("language", "text", "the language of the survey"),
)
FACTS: dict[str, Fact] = {fact.key: fact for fact in KNOWN_FACTS}
