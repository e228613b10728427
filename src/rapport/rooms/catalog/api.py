"""What other rooms may ask of the catalog."""

from rapport.rooms.catalog.selectors import names_of, working_calendar
from rapport.rooms.catalog.services import CatalogRefused, save_reference

__all__ = ["CatalogRefused", "names_of", "save_reference", "working_calendar"]
