"""What other rooms may ask of insight: figures of what they may see, and a place on the home page."""

from rapport.rooms.insight.panels import HomePanel, register_home_panel
from rapport.rooms.insight.selectors.counting import base_of, cube, measures, tally
from rapport.rooms.insight.tallies import Measure, Tally, difference

__all__ = [
    "HomePanel",
    "Measure",
    "Tally",
    "base_of",
    "cube",
    "difference",
    "measures",
    "register_home_panel",
    "tally",
]
