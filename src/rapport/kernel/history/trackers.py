"""Which changes of a tracked table are kept: all of them."""

from typing import Any

import pghistory


class EveryChange(tuple[Any, ...]):
    """Trackers for inserts, updates and deletes, made anew for each table.

    pghistory copies the default trackers deeply; a copied operation no longer equals pgtrigger's own, and
    triggers for whole statements cannot be made from it.
    """

    def __new__(cls) -> "EveryChange":
        return super().__new__(
            cls, (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> "EveryChange":
        return EveryChange()
