"""A survey that was published, a programme that asks it, and people enough to draw from."""

from datetime import UTC, datetime
from typing import Any

from rapport.rooms.accounts.models import Account, BuyingRole, Contact
from rapport.rooms.listening.models import Programme, Survey, SurveyVersion
from rapport.rooms.listening.programmes.plan import Plan, stored

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)  # a Tuesday
DOCUMENT: dict[str, Any] = {
    "title": {"en": "How are we doing?", "nl": "Hoe doen we het?"},
    "language": "en",
    "languages": ["en", "nl"],
    "theme": {"name": "Halden Flow", "color": "#12566B"},
    "pages": [
        {
            "key": "first",
            "questions": [
                {
                    "key": "nps",
                    "type": "nps",
                    "metric": "nps",
                    "text": {
                        "en": "How likely are you to recommend us?",
                        "nl": "Hoe waarschijnlijk is het dat u ons aanbeveelt?",
                    },
                    "low_label": {"en": "Not at all"},
                    "high_label": {"en": "Very"},
                }
            ],
        },
        {
            "key": "second",
            "questions": [{"key": "why", "type": "long_text", "text": {"en": "Why?", "nl": "Waarom?"}}],
        },
    ],
}


def published(name: str = "Relationship") -> SurveyVersion:
    survey = Survey.objects.create(name=name, draft=DOCUMENT)
    return SurveyVersion.objects.create(survey=survey, number=1, document=DOCUMENT)


def programme(owner: Any, kind: str = "periodic", plan: Plan | None = None, **more: Any) -> Programme:
    survey = more.pop("survey", None) or published().survey
    told = {"name": "Relationship 2026", "state": "running", "plan": stored(plan or Plan()), **more}
    return Programme.objects.create(kind=kind, survey=survey, owner=owner, **told)


def people(account: Account, roles: dict[str, int], **more: Any) -> list[Contact]:
    """Settle as many people in each role at a customer."""
    made = []
    for role, count in roles.items():
        for number in range(count):
            name = f"{role} {number} of {account.name}"
            email = f"{role}{number}.{account.pk}@customer.example"
            contact = Contact.objects.create(account=account, name=name, email=email, **more)
            BuyingRole.objects.create(contact=contact, role=role, weight=5)
            made.append(contact)
    return made
