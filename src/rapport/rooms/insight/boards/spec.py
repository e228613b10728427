"""What a tile may ask for: checked when it is saved, so that a tile kept is a tile that can be drawn."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, get_args

from django.http import QueryDict
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from rapport.rooms.signals.api import Filters, filter_keys, read_filters

Kind = Literal["figure", "trend", "breakdown", "grid", "mix", "views", "asked", "unhappy", "silent", "pivot"]
Dimension = Literal[
    "month", "quarter", "region", "role", "touchpoint", "stage", "product", "division", "partner",
    "tier", "sector", "kind", "source",
]  # fmt: skip
Against = Literal["", "before", "last_year", "group"]
Width = Literal[3, 4, 5, 6, 7, 8, 12]
KINDS: tuple[str, ...] = get_args(Kind)
DIMENSIONS: tuple[str, ...] = get_args(Dimension)
WIDTHS: tuple[int, ...] = get_args(Width)
MOST_DIMENSIONS = 3
_DIMENSIONS_OF: Mapping[str, tuple[int, int]] = {"breakdown": (1, 1), "grid": (2, 2), "pivot": (1, 3)}

Key = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[^\x00]*$")]
Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^\x00]*$")]
Where = Mapping[str, tuple[Value, ...]]


def _number(fewest: int, most: int) -> str:
    if most == 0:
        return "no dimension"
    return f"{fewest} dimension(s)" if fewest == most else f"{fewest} to {most} dimensions"


def _check(where: Where) -> None:
    known = filter_keys()
    for key, values in where.items():
        if key not in known:
            raise ValueError(f"There is no filter `{key}`. Known: {', '.join(sorted(known))}.")
        if any("\0" in value for value in values):
            raise ValueError(f"A value of `{key}` holds the character NUL.")


class TileRefused(Exception):
    """A tile asks for something that cannot be drawn; says which part and what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class Compare(BaseModel):
    """What a tile's figure is compared with: the stretch before, a year ago, or another group."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    against: Against = ""
    where: Where = Field(default_factory=dict)
    """Of `group`: what the other group is narrowed to, instead of the tile's own narrowing by these keys."""

    @model_validator(mode="after")
    def _whole(self) -> "Compare":
        if (self.against == "group") != bool(self.where):
            raise ValueError("A comparison with a group names it under `where`; no other comparison does.")
        _check(self.where)
        return self


class TileSpec(BaseModel):
    """One tile: a picture of a metric, narrowed further than the dashboard is, perhaps compared.

    `pivot` is a table by up to three dimensions; `breakdown` has one dimension and `grid` two. `where` holds
    filters under the keys of the address. Without `metric` a tile shows the one chosen in the address.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    title: Title = ""
    metric: Key = ""
    by: tuple[Dimension, ...] = ()
    where: Where = Field(default_factory=dict)
    compare: Compare = Compare()
    width: Width = 6

    @model_validator(mode="after")
    def _fits(self) -> "TileSpec":
        fewest, most = _DIMENSIONS_OF.get(self.kind, (0, 0))
        if not fewest <= len(self.by) <= most:
            raise ValueError(f"`{self.kind}` takes {_number(fewest, most)}, not {len(self.by)}.")
        if len(set(self.by)) != len(self.by):
            raise ValueError("Each dimension can be named once.")
        if {"month", "quarter"} <= set(self.by):
            raise ValueError("Choose month or quarter, not both.")
        _check(self.where)
        return self

    def kept(self) -> dict[str, Any]:
        """Return it as it is stored: plain JSON without what is left at its default."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"kind": self.kind}


def read_spec(data: Any) -> TileSpec:
    """Read a tile's spec from JSON or a form.

    Raises TileRefused, naming the part that does not fit.
    """
    if isinstance(data, TileSpec):
        return data
    try:
        return TileSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        raise TileRefused(field, message) from error


def kept_spec(data: Any) -> TileSpec | None:
    """Return a stored spec, or None when it was written by a version that knew more than this one."""
    try:
        return read_spec(data)
    except TileRefused:
        return None


def narrowed(base: Filters, where: Where, today: date) -> Filters:
    """Return filters narrowed further: what a tile names takes the place of what the address names."""
    if not where:
        return base
    query = QueryDict(mutable=True)
    for key, values in where.items():
        query.setlist(key, list(values))
    own = read_filters(query, today)
    changes = {
        name: getattr(own, name)
        for name in own.__dataclass_fields__
        if getattr(own, name) not in ((), "", None)
    }
    return base.changed(**changes)


def kind_name(kind: str) -> str:
    """Return what a kind of tile is called."""
    return {
        "figure": _("One figure"),
        "trend": _("By month"),
        "breakdown": _("Side by side"),
        "grid": _("Grid of two"),
        "mix": _("How many said what"),
        "views": _("People, customers, revenue"),
        "asked": _("Asked, shown, answered"),
        "unhappy": _("Who is unhappy"),
        "silent": _("Who is silent"),
        "pivot": _("Table"),
    }[kind]


def dimension_name(dimension: str) -> str:
    """Return what a dimension is called."""
    return {
        "month": _("Month"),
        "quarter": _("Quarter"),
        "region": _("Region"),
        "role": _("Role"),
        "touchpoint": _("Touchpoint"),
        "stage": _("Stage"),
        "product": _("Product"),
        "division": _("Division"),
        "partner": _("Partner"),
        "tier": _("Tier"),
        "sector": _("Segment"),
        "kind": _("Kind"),
        "source": _("Source"),
    }[dimension]
