"""The reference tables by the names they have in addresses."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rapport.rooms.catalog.models import (
    Division,
    Function,
    Metric,
    Partner,
    Product,
    Reference,
    Region,
    Stage,
    Touchpoint,
)


@dataclass(frozen=True)
class ReferenceTable:
    """One table: its name in addresses, what it is called, and what its rows tell beside key and name."""

    name: str
    model: type[Reference]
    title: str | Promise
    told: str | Promise
    columns: tuple[str, ...] = ()

    @property
    def one(self) -> str:
        """Return what a single row is called."""
        return str(self.model._meta.verbose_name)

    def rows_for(self, user: Any) -> list[Any]:
        """Return the rows a user may see with what their columns need, in order."""
        links = [name for name in self.columns if self.model._meta.get_field(name).is_relation]
        manager: Any = self.model._default_manager
        found = manager.visible_to(user)
        return list(found.select_related(*links) if links else found)

    @property
    def heads(self) -> list[str]:
        """Return what the columns are called."""
        fields: list[Any] = [self.model._meta.get_field(name) for name in self.columns]
        return [str(field.verbose_name) for field in fields]


TABLES: dict[str, ReferenceTable] = {
    table.name: table
    for table in (
        ReferenceTable(
            "regions",
            Region,
            _("Regions"),
            _("Parts of the world that are managed together, with their time zone and holidays."),
            ("time_zone",),
        ),
        ReferenceTable("divisions", Division, _("Divisions"), _("Our own divisions.")),
        ReferenceTable("functions", Function, _("Functions"), _("What people at customers do for a living.")),
        ReferenceTable(
            "products", Product, _("Products"), _("What we sell, or families of it."), ("division",)
        ),
        ReferenceTable("stages", Stage, _("Stages"), _("Stretches of the customer's journey, in order.")),
        ReferenceTable(
            "touchpoints", Touchpoint, _("Touchpoints"), _("Places where customers meet us."), ("stage",)
        ),
        ReferenceTable(
            "metrics",
            Metric,
            _("Metrics"),
            _("What is scored, and on which scale."),
            ("kind", "scale_low", "scale_high", "higher_is_better"),
        ),
        ReferenceTable(
            "partners",
            Partner,
            _("Partners"),
            _("Dealers and resellers who serve customers for us."),
            ("region",),
        ),
    )
}
