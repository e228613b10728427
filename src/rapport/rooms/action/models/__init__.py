"""The room's tables: rules, and the cases they raise with everything that happens to them."""

from rapport.rooms.action.models.case import Case, CaseCause, CaseEvent, CaseNote
from rapport.rooms.action.models.rule import Rule

__all__ = ["Case", "CaseCause", "CaseEvent", "CaseNote", "Rule"]
