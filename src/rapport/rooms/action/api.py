"""What other rooms may ask about cases."""

from rapport.rooms.action.selectors.lists import my_cases, team_cases
from rapport.rooms.action.selectors.reading import CaseRow, rows_of, with_causes
from rapport.rooms.action.services.opening import open_case
from rapport.rooms.action.services.steps import StepRefused

__all__ = ["CaseRow", "StepRefused", "my_cases", "open_case", "rows_of", "team_cases", "with_causes"]
