"""Templates of surveys, one for each kind of programme, made of the standard questions of the bank."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.designing.standard import STANDARD, Words, text

Condition = dict[str, Any]


@dataclass(frozen=True)
class StarterPage:
    """A page of a template: bank keys in order, and what the survey changes of them."""

    title: Words
    questions: tuple[str, ...]
    show_if: Condition | None = None
    ends_when: Condition | None = None


@dataclass(frozen=True)
class Starter:
    """A survey to start from."""

    key: str
    """The kind of programme it is meant for."""
    name: str | Promise
    told: str | Promise
    title: Words
    welcome: Words
    pages: tuple[StarterPage, ...]
    shown_if: Mapping[str, Condition] = field(default_factory=dict)
    """Conditions of single questions, by key."""
    thanks: Words = (
        "Thank you. A person reads every answer, and we will tell you what we change because of it.",
        "Vielen Dank. Jede Antwort liest ein Mensch, und wir sagen Ihnen, was wir daraufhin ändern.",
    )

    def definition(self) -> Definition:
        """Return the template as a survey in English and German."""
        pages = [self._page(number, page) for number, page in enumerate(self.pages, start=1)]
        return Definition.model_validate(
            {
                "title": text(self.title),
                "welcome": text(self.welcome),
                "language": "en",
                "languages": ("en", "de"),
                "pages": pages,
                "thanks": {"text": text(self.thanks), "show_done": True},
            }
        )

    def _page(self, number: int, page: StarterPage) -> dict[str, Any]:
        branches = [{"when": page.ends_when, "to": "end"}] if page.ends_when else []
        return {
            "key": f"page{number}",
            "title": text(page.title),
            "questions": [self._question(key) for key in page.questions],
            "show_if": page.show_if,
            "branches": branches,
        }

    def _question(self, key: str) -> dict[str, Any]:
        told = STANDARD[key].question.model_dump(mode="json")
        return told | {"show_if": self.shown_if.get(key)}

    @property
    def questions(self) -> int:
        """Return how many questions it asks."""
        return sum(len(page.questions) for page in self.pages)


def when(key: str, operator: str, value: Any) -> Condition:
    """Return a condition on one answer."""
    return {"type": "part", "subject": {"kind": "answer", "key": key}, "operator": operator, "value": value}


_CLOSING = StarterPage(("Before you go", "Zum Schluss"), ("own_words", "contact_me"))

STARTERS: dict[str, Starter] = {
    starter.key: starter
    for starter in (
        Starter(
            "periodic",
            _("Periodic deep-dive"),
            _("The whole relationship, once or twice a year, asked of everybody who has a say."),
            ("Working with us", "Die Zusammenarbeit mit uns"),
            (
                "About six minutes. Your answers decide what we work on next year.",
                "Etwa sechs Minuten. Ihre Antworten entscheiden, woran wir im nächsten Jahr arbeiten.",
            ),
            (
                StarterPage(("Overall", "Insgesamt"), ("recommend", "recommend_why", "satisfied_overall")),
                StarterPage(("In detail", "Im Einzelnen"), ("areas", "expectations_met", "value_for_money")),
                StarterPage(
                    ("Looking ahead", "Der Blick nach vorn"), ("priorities", "improve_first", "buy_again")
                ),
                StarterPage(("In your words", "In Ihren Worten"), ("keep_doing", "own_words", "contact_me")),
            ),
        ),
        Starter(
            "event",
            _("After an event"),
            _("A request closed, an order delivered: one page within hours, one more if it went wrong."),
            ("How did it go?", "Wie ist es gelaufen?"),
            (
                "Less than a minute, about what just happened.",
                "Weniger als eine Minute, zu dem, was gerade geschehen ist.",
            ),
            (
                StarterPage(
                    ("What happened", "Was geschehen ist"),
                    ("satisfied_event", "effort", "solved", "open_matter"),
                ),
                StarterPage(
                    ("What went wrong", "Was schiefging"),
                    ("kept_informed", "feeling", "own_words", "contact_me"),
                    show_if={
                        "type": "any",
                        "of": [
                            when("satisfied_event", "at_most", 3),
                            when("effort", "at_least", 5),
                            when("solved", "one_of", ["partly", "no"]),
                        ],
                    },
                ),
            ),
            shown_if={"open_matter": when("solved", "one_of", ["partly", "no"])},
        ),
        Starter(
            "tracking",
            _("Tracking"),
            _("Three short questions for a random sample every week or month: it shows a turn early."),
            ("A short question", "Eine kurze Frage"),
            (
                "Half a minute. We ask few people, at random.",
                "Eine halbe Minute. Wir fragen wenige, zufällig ausgewählt.",
            ),
            (StarterPage(("How it is going", "Wie es läuft"), ("recommend", "recommend_why", "contact_me")),),
        ),
        Starter(
            "pulse",
            _("Pulse after a change"),
            _("Did people notice what changed, and did it help? For the weeks after a change."),
            ("What changed for you", "Was sich für Sie geändert hat"),
            (
                "We changed something. One minute: did it help you?",
                "Wir haben etwas geändert. Eine Minute: Hat es Ihnen geholfen?",
            ),
            (
                StarterPage(
                    ("Noticed?", "Bemerkt?"),
                    ("change_noticed",),
                    ends_when=when("change_noticed", "is", "no"),
                ),
                StarterPage(
                    ("What it did", "Was es bewirkt hat"), ("change_effect", "satisfied_overall", "feeling")
                ),
                _CLOSING,
            ),
        ),
        Starter(
            "check_in",
            _("Milestone check-in"),
            _("While a project runs: confidence, what worries people, and the way to whoever owns it."),
            ("How is the project going?", "Wie läuft das Projekt?"),
            (
                "Two minutes at this milestone. Whoever leads the project reads it today.",
                "Zwei Minuten an diesem Meilenstein. Die Projektleitung liest es noch heute.",
            ),
            (
                StarterPage(
                    ("At this milestone", "An diesem Meilenstein"),
                    ("milestone_confidence", "milestone_areas"),
                ),
                StarterPage(("Next", "Die nächsten Schritte"), ("milestone_risk", "feeling", "contact_me")),
            ),
        ),
        Starter(
            "win_loss",
            _("Win or loss"),
            _("What decided an opportunity, asked of each person who had a part in it, won or lost."),
            ("Your decision", "Ihre Entscheidung"),
            (
                "Four minutes. We ask whoever chose us and whoever did not, and sell nothing here.",
                "Vier Minuten. Wir fragen alle, ob gewonnen oder verloren, und verkaufen hier nichts.",
            ),
            (
                StarterPage(
                    ("The decision", "Die Entscheidung"), ("decision", "decision_role", "competitor")
                ),
                StarterPage(("What weighed", "Was zählte"), ("decision_factors", "expectations_met")),
                StarterPage(("In your words", "In Ihren Worten"), ("keep_doing", "come_back", "contact_me")),
            ),
            shown_if={
                "competitor": when("decision", "is_not", "nobody"),
                "come_back": when("decision", "is_not", "us"),
            },
        ),
        Starter(
            "exit",
            _("Exit"),
            _("When a customer leaves: why, what weighed most, and what would bring them back."),
            ("Before we part", "Bevor wir auseinandergehen"),
            (
                "Two minutes. We will not try to change your mind.",
                "Zwei Minuten. Wir versuchen nicht, Sie umzustimmen.",
            ),
            (
                StarterPage(("Why", "Warum"), ("exit_reasons",)),
                StarterPage(
                    ("What weighed most", "Was am schwersten wog"),
                    ("exit_main", "recommend", "recommend_why"),
                ),
                StarterPage(("Looking back", "Rückblick"), ("keep_doing", "come_back", "contact_me")),
            ),
        ),
        Starter(
            "partner",
            _("Sent by a partner"),
            _("A dealer or reseller asks its customers; both see the results."),
            ("Your partner and us", "Ihr Partner und wir"),
            (
                "{sender.name|Your partner} asks, and shares your answers with {us.name|the manufacturer}.",
                "{sender.name|Ihr Partner} fragt Sie und teilt Ihre Antworten mit {us.name|dem Hersteller}.",
            ),
            (
                StarterPage(("Your partner", "Ihr Partner"), ("partner_satisfied", "partner_areas")),
                StarterPage(("The product", "Das Produkt"), ("recommend", "recommend_why", "improve_first")),
                _CLOSING,
            ),
        ),
    )
}
