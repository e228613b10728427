"""The standard questions of the bank: asked in the same words on the same scale wherever they stand."""

from dataclasses import dataclass
from typing import Any

from rapport.rooms.listening.definition import Question
from rapport.rooms.listening.designing.edits import QUESTION

Words = tuple[str, str]


@dataclass(frozen=True)
class StandardQuestion:
    """A question every bank may have."""

    key: str
    name: str
    question: Question


def text(words: Words) -> dict[str, str]:
    """Return words in English and German."""
    return {"en": words[0], "de": words[1]}


def choices(*listed: tuple[str, str, str], other: bool = False, none: bool = False) -> list[dict[str, Any]]:
    """Return choices in both languages, with 'something else' and 'none of these' where asked."""
    found: list[dict[str, Any]] = [{"key": key, "text": text((en, de))} for key, en, de in listed]
    if other:
        found.append(
            {"key": "other", "text": text(("Something else", "Etwas anderes")), "open": True, "fixed": True}
        )
    if none:
        words = text(("None of these", "Nichts davon"))
        found.append({"key": "none", "text": words, "exclusive": True, "fixed": True})
    return found


_FIVE: dict[str, Any] = {
    "type": "csat",
    "low": 1,
    "high": 5,
    "low_label": text(("Very dissatisfied", "Sehr unzufrieden")),
    "high_label": text(("Very satisfied", "Sehr zufrieden")),
}
_SATISFIED = [
    ("1", "Very dissatisfied", "Sehr unzufrieden"),
    ("2", "Dissatisfied", "Unzufrieden"),
    ("3", "Neither", "Weder noch"),
    ("4", "Satisfied", "Zufrieden"),
    ("5", "Very satisfied", "Sehr zufrieden"),
]


def _numbered(listed: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [{"key": f"s{key}", "text": text((en, de)), "value": float(key)} for key, en, de in listed]


def _agree(low: Words, high: Words, highest: int) -> dict[str, Any]:
    return {"low": 1, "high": highest, "low_label": text(low), "high_label": text(high)}


# key, name among us, English, German, and what else the question has
_QUESTIONS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    (
        "recommend",
        "Likely to recommend",
        "How likely are you to recommend {us.name|us} to a colleague or business partner?",
        "Wie wahrscheinlich ist es, dass Sie {us.name|uns} Kollegen oder Geschäftspartnern empfehlen?",
        {
            "type": "nps",
            "metric": "nps",
            "required": True,
            "low_label": text(("Not at all likely", "Sehr unwahrscheinlich")),
            "high_label": text(("Extremely likely", "Sehr wahrscheinlich")),
        },
    ),
    (
        "recommend_why",
        "Reason for the recommendation",
        "What is the main reason for your answer?",
        "Was ist der wichtigste Grund für Ihre Antwort?",
        {"type": "long_text"},
    ),
    (
        "satisfied_overall",
        "Satisfaction overall",
        "Overall, how satisfied are you with working with {us.name|us}?",
        "Wie zufrieden sind Sie insgesamt mit der Zusammenarbeit mit {us.name|uns}?",
        {**_FIVE, "metric": "csat", "required": True},
    ),
    (
        "satisfied_event",
        "Satisfaction with what just happened",
        "How satisfied are you with how we handled this?",
        "Wie zufrieden sind Sie damit, wie wir das erledigt haben?",
        {**_FIVE, "metric": "csat", "required": True},
    ),
    (
        "effort",
        "Effort",
        "How much effort did you personally have to put in to get this done?",
        "Wie viel Aufwand hatten Sie persönlich, um das zu erledigen?",
        {
            "type": "effort",
            "metric": "ces",
            "required": True,
            **_agree(("Very little", "Sehr wenig"), ("Very much", "Sehr viel"), 7),
        },
    ),
    (
        "areas",
        "Satisfaction by area",
        "How satisfied are you with each of these?",
        "Wie zufrieden sind Sie mit den folgenden Bereichen?",
        {
            "type": "matrix",
            "columns": _numbered(_SATISFIED),
            "rows": choices(
                ("product", "Product quality and reliability", "Qualität und Zuverlässigkeit der Produkte"),
                ("delivery", "Keeping delivery dates", "Einhaltung von Lieferterminen"),
                ("service", "Technical service and support", "Technischer Service und Support"),
                ("contact", "Your personal contact", "Ihr persönlicher Ansprechpartner"),
                ("commercial", "Offers, contracts and invoices", "Angebote, Verträge und Rechnungen"),
                ("information", "Documentation and information", "Dokumentation und Information"),
            ),
        },
    ),
    (
        "improve_first",
        "What to improve first",
        "Which of these should we improve first?",
        "Was davon sollten wir zuerst verbessern?",
        {
            "type": "choices",
            "most": 3,
            "shuffle": True,
            "choices": choices(
                ("product", "Product quality and reliability", "Qualität und Zuverlässigkeit der Produkte"),
                ("delivery", "Keeping delivery dates", "Einhaltung von Lieferterminen"),
                ("service", "Technical service and support", "Technischer Service und Support"),
                ("contact", "Being easy to reach", "Gute Erreichbarkeit"),
                ("commercial", "Offers, contracts and invoices", "Angebote, Verträge und Rechnungen"),
                ("information", "Documentation and information", "Dokumentation und Information"),
                other=True,
                none=True,
            ),
        },
    ),
    (
        "buy_again",
        "Would buy again",
        "If you had to decide today, how likely would your company be to choose us again?",
        "Wenn Sie heute entscheiden müssten: Wie wahrscheinlich würde Ihr Unternehmen uns wieder wählen?",
        {"type": "rating", **_agree(("Certainly not", "Sicher nicht"), ("Certainly", "Ganz sicher"), 5)},
    ),
    (
        "expectations_met",
        "Expectations met",
        "Compared with what you expected of us, how did we do?",
        "Gemessen an Ihren Erwartungen: Wie waren wir?",
        {
            "type": "rating",
            **_agree(("Much worse", "Viel schlechter"), ("Much better", "Viel besser"), 5),
        },
    ),
    (
        "value_for_money",
        "Value for the money",
        "How do you rate what you get for what you pay?",
        "Wie bewerten Sie das Verhältnis von Preis und Leistung?",
        {"type": "rating", **_agree(("Poor", "Schlecht"), ("Excellent", "Ausgezeichnet"), 5)},
    ),
    (
        "priorities",
        "What matters most in a supplier",
        "What matters most to you when you choose a supplier? Put the three most important in order.",
        "Was ist Ihnen bei der Wahl eines Lieferanten am wichtigsten? Ordnen Sie die drei ersten.",
        {
            "type": "ranking",
            "most": 3,
            "shuffle": True,
            "choices": choices(
                ("reliability", "Reliability of the product", "Zuverlässigkeit des Produkts"),
                ("delivery", "Delivery on the day promised", "Lieferung am zugesagten Tag"),
                ("expertise", "Technical expertise", "Technische Kompetenz"),
                ("price", "Total cost", "Gesamtkosten"),
                ("people", "People who know us", "Menschen, die uns kennen"),
                ("innovation", "New ideas", "Neue Ideen"),
            ),
        },
    ),
    (
        "feeling",
        "How it felt",
        "How did it leave you feeling?",
        "Welches Gefühl blieb bei Ihnen zurück?",
        {"type": "emotions", "most": 3},
    ),
    (
        "own_words",
        "Anything else",
        "Is there anything else you want us to know?",
        "Gibt es noch etwas, das wir wissen sollten?",
        {"type": "long_text"},
    ),
    (
        "keep_doing",
        "What to keep",
        "What do we do well and should keep doing?",
        "Was machen wir gut und sollten wir beibehalten?",
        {"type": "long_text"},
    ),
    (
        "contact_me",
        "Wants to be contacted",
        "May we contact you about your answers?",
        "Dürfen wir Sie zu Ihren Antworten ansprechen?",
        {"type": "contact_request"},
    ),
    (
        "solved",
        "Was it solved",
        "Is the matter solved from your point of view?",
        "Ist die Sache aus Ihrer Sicht gelöst?",
        {
            "type": "choice",
            "required": True,
            "choices": choices(
                ("yes", "Yes, entirely", "Ja, vollständig"),
                ("partly", "Partly", "Teilweise"),
                ("no", "No", "Nein"),
            ),
        },
    ),
    (
        "open_matter",
        "What is still open",
        "What is still open?",
        "Was ist noch offen?",
        {"type": "long_text"},
    ),
    (
        "kept_informed",
        "Kept informed",
        "How well were you kept informed?",
        "Wie gut wurden Sie auf dem Laufenden gehalten?",
        {"type": "rating", **_agree(("Not at all", "Gar nicht"), ("Very well", "Sehr gut"), 5)},
    ),
    (
        "on_time",
        "On time",
        "Did it come when it was promised?",
        "Kam es zum zugesagten Zeitpunkt?",
        {
            "type": "choice",
            "choices": choices(
                ("early", "Earlier", "Früher"),
                ("on_time", "On time", "Pünktlich"),
                ("late_told", "Later, and we were told", "Später, und wir wussten Bescheid"),
                ("late_untold", "Later, and nobody told us", "Später, und niemand sagte Bescheid"),
            ),
        },
    ),
    (
        "change_noticed",
        "Noticed the change",
        "Have you noticed this change?",
        "Haben Sie diese Änderung bemerkt?",
        {
            "type": "choice",
            "required": True,
            "choices": choices(
                ("yes", "Yes", "Ja"),
                ("heard", "I only heard of it", "Ich habe nur davon gehört"),
                ("no", "No", "Nein"),
            ),
        },
    ),
    (
        "change_effect",
        "What the change did",
        "What has it done to your work with us?",
        "Wie hat sich das auf Ihre Arbeit mit uns ausgewirkt?",
        {
            "type": "rating",
            **_agree(("Much harder", "Viel schwerer"), ("Much easier", "Viel leichter"), 5),
        },
    ),
    (
        "milestone_confidence",
        "Confidence in the project",
        "How confident are you that the project will reach its goals?",
        "Wie zuversichtlich sind Sie, dass das Projekt seine Ziele erreicht?",
        {
            "type": "rating",
            "required": True,
            **_agree(("Not at all", "Gar nicht"), ("Entirely", "Voll und ganz"), 5),
        },
    ),
    (
        "milestone_areas",
        "Project by area",
        "How do you see these sides of the project?",
        "Wie beurteilen Sie diese Seiten des Projekts?",
        {
            "type": "matrix",
            "columns": _numbered(_SATISFIED),
            "rows": choices(
                ("schedule", "Schedule", "Zeitplan"),
                ("quality", "Quality of the work", "Qualität der Arbeit"),
                ("team", "Our project team", "Unser Projektteam"),
                ("communication", "Communication", "Kommunikation"),
                ("budget", "Budget", "Budget"),
            ),
        },
    ),
    (
        "milestone_risk",
        "Biggest risk of the project",
        "What worries you most about the next steps?",
        "Was macht Ihnen bei den nächsten Schritten am meisten Sorgen?",
        {"type": "long_text"},
    ),
    (
        "decision",
        "How the decision went",
        "How did your company decide?",
        "Wie hat sich Ihr Unternehmen entschieden?",
        {
            "type": "choice",
            "required": True,
            "choices": choices(
                ("us", "For us", "Für uns"),
                ("competitor", "For another supplier", "Für einen anderen Anbieter"),
                ("nobody", "Not to buy", "Gegen einen Kauf"),
                ("later", "To put it off", "Für einen Aufschub"),
            ),
        },
    ),
    (
        "decision_role",
        "Part in the decision",
        "What was your part in the decision?",
        "Welche Rolle hatten Sie bei der Entscheidung?",
        {
            "type": "choice",
            "choices": choices(
                ("initiator", "I started it", "Ich habe sie angestoßen"),
                ("user", "I will use it", "Ich werde es nutzen"),
                ("influencer", "I gave advice", "Ich habe beraten"),
                ("decision_maker", "I decided", "Ich habe entschieden"),
                ("approver", "I approved it", "Ich habe sie genehmigt"),
                ("buyer", "I handled the purchase", "Ich habe den Einkauf abgewickelt"),
                (
                    "gatekeeper",
                    "I steered contacts and information",
                    "Ich habe Kontakte und Informationen gesteuert",
                ),
            ),
        },
    ),
    (
        "decision_factors",
        "What decided it",
        "Share out 100 points: how much did each of these weigh in the decision?",
        "Verteilen Sie 100 Punkte: Wie stark zählten diese Punkte bei der Entscheidung?",
        {
            "type": "constant_sum",
            "total": 100,
            "choices": choices(
                ("fit", "Technical fit", "Technische Eignung"),
                ("price", "Price and terms", "Preis und Konditionen"),
                ("trust", "Trust in the people", "Vertrauen in die Menschen"),
                ("delivery", "Delivery time", "Lieferzeit"),
                ("references", "References", "Referenzen"),
                ("risk", "Risk of changing", "Risiko des Wechsels"),
            ),
        },
    ),
    (
        "competitor",
        "Who else was considered",
        "Who else did you consider?",
        "Wen haben Sie außerdem in Betracht gezogen?",
        {"type": "text"},
    ),
    (
        "exit_reasons",
        "Why they leave",
        "What made your company stop working with us?",
        "Warum hat Ihr Unternehmen die Zusammenarbeit beendet?",
        {
            "type": "choices",
            "required": True,
            "shuffle": True,
            "choices": choices(
                ("need_gone", "We no longer need it", "Wir brauchen es nicht mehr"),
                ("price", "Price or terms", "Preis oder Konditionen"),
                ("quality", "Quality or reliability", "Qualität oder Zuverlässigkeit"),
                ("service", "Service or support", "Service oder Support"),
                ("relationship", "The working relationship", "Die Zusammenarbeit"),
                ("better_offer", "A better offer elsewhere", "Ein besseres Angebot"),
                ("policy", "A decision of our group", "Eine Entscheidung unserer Gruppe"),
                other=True,
            ),
        },
    ),
    (
        "exit_main",
        "The main reason to leave",
        "Which of these weighed most?",
        "Was davon wog am schwersten?",
        {"type": "choice", "choices_from": {"question": "exit_reasons", "which": "chosen"}},
    ),
    (
        "come_back",
        "What would bring them back",
        "What would have to change for you to work with us again?",
        "Was müsste sich ändern, damit Sie wieder mit uns arbeiten?",
        {"type": "long_text"},
    ),
    (
        "partner_satisfied",
        "Satisfaction with the partner",
        "How satisfied are you with {sender.name|your partner}?",
        "Wie zufrieden sind Sie mit {sender.name|Ihrem Partner}?",
        {**_FIVE, "required": True},
    ),
    (
        "partner_areas",
        "The partner by area",
        "How satisfied are you with your partner in each of these?",
        "Wie zufrieden sind Sie mit Ihrem Partner in diesen Punkten?",
        {
            "type": "matrix",
            "columns": _numbered(_SATISFIED),
            "rows": choices(
                ("advice", "Advice before buying", "Beratung vor dem Kauf"),
                ("delivery", "Delivery and installation", "Lieferung und Inbetriebnahme"),
                ("service", "Service afterwards", "Service danach"),
                ("reach", "Being easy to reach", "Erreichbarkeit"),
            ),
        },
    ),
)
STANDARD: dict[str, StandardQuestion] = {
    key: StandardQuestion(
        key,
        name,
        QUESTION.validate_python({"key": key, "bank": key, "text": text((english, german)), **rest}),
    )
    for key, name, english, german, rest in _QUESTIONS
}
