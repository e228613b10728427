"""The room's tables: rules, and the cases they raise with everything that happens to them."""

from rapport.rooms.action.models.case import Case, CaseCause, CaseEvent, CaseNote, CaseWatcher
from rapport.rooms.action.models.escalation import Escalation, EscalationCall, EscalationLevel
from rapport.rooms.action.models.rule import Absence, Responsibility, Rule, RuleTurn

__all__ = [
    "Absence",
    "Case",
    "CaseCause",
    "CaseEvent",
    "CaseNote",
    "CaseWatcher",
    "Escalation",
    "EscalationCall",
    "EscalationLevel",
    "Responsibility",
    "Rule",
    "RuleTurn",
]
