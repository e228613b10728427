"""What other rooms may ask of insight: figures of what they may see, and a place on the home page."""

from rapport.rooms.insight.panels import HomePanel, register_home_panel
from rapport.rooms.insight.selectors.answers import answer_columns, answer_rows
from rapport.rooms.insight.selectors.counting import base_of, cube, measures, tally
from rapport.rooms.insight.selectors.drivers import Study, StudyRefused, study
from rapport.rooms.insight.selectors.explorer import ExplorerRefused, explore
from rapport.rooms.insight.selectors.reading_studies import answers_asked, asked_of
from rapport.rooms.insight.tallies import Measure, Tally, difference

__all__ = [
    "ExplorerRefused",
    "HomePanel",
    "Measure",
    "Study",
    "StudyRefused",
    "Tally",
    "answer_columns",
    "answer_rows",
    "answers_asked",
    "asked_of",
    "base_of",
    "cube",
    "difference",
    "explore",
    "measures",
    "register_home_panel",
    "study",
    "tally",
]
