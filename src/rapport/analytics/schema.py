"""What a fact is made of: one row a score, everything a small number, and the names one may ask by."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

VERSION: Final = 1
"""Facts of another version are made anew."""

PROMOTER_FROM: Final = 9
DETRACTOR_TO: Final = 6

CODED: Final = ("region", "role", "touchpoint", "product", "partner", "kind", "source", "block")
"""Columns whose keys stand as small numbers; 0 is none. `block` is 0 for whoever has a name."""

_WIDTHS: Final[Mapping[str, pa.DataType]] = {"source": pa.int32(), "block": pa.int32()}

_RAW: list["pa.Field[Any]"] = [
    pa.field("metric", pa.string()),
    pa.field("score", pa.int64()),
    pa.field("account", pa.int64()),
    pa.field("contact", pa.int64()),
    pa.field("day", pa.int32()),
    pa.field("value", pa.float64()),
    pa.field("low", pa.float64()),
    pa.field("high", pa.float64()),
    *(pa.field(name, pa.string()) for name in CODED),
]
RAW: Final = pa.schema(_RAW)
"""Scores as a ledger hands them over: days since 1970, account and contact 0 where unknown, keys as text."""

_FACTS: list["pa.Field[Any]"] = [
    pa.field("metric", pa.string()),
    pa.field("score", pa.int64()),
    pa.field("account", pa.int64()),
    pa.field("contact", pa.int64()),
    pa.field("day", pa.int32()),
    pa.field("month", pa.int16()),
    pa.field("value", pa.float64()),
    pa.field("low", pa.float64()),
    pa.field("high", pa.float64()),
    pa.field("sign", pa.int8()),
    *(pa.field(name, _WIDTHS.get(name, pa.int16())) for name in CODED),
]
FACTS: Final = pa.schema(_FACTS)
"""Facts as they lie on disk: `month` counts from January 1970, `sign` is +1 for 9 and 10 and -1 up to 6."""

_CODES: list["pa.Field[Any]"] = [
    pa.field("dimension", pa.string()),
    pa.field("code", pa.int32()),
    pa.field("key", pa.string()),
]
CODES: Final = pa.schema(_CODES)

PLACES: Final = ("region", "role", "touchpoint", "product", "partner", "kind", "source")
TIMES: Final = ("month", "quarter", "year")
ATTRIBUTES: Final = ("account", "tier", "sector", "life_cycle", "team", "country")
"""What accounts are today; everything else is as it was when it was said."""

BY: Final = (*PLACES, *TIMES, *ATTRIBUTES)
"""What figures can be split by."""

WHERE: Final = (*PLACES, *ATTRIBUTES, "since", "until", "band", "named")
"""What figures can be narrowed by."""

WHOLE_BLOCK: Final = frozenset({"since", "until", "kind", "source", "region"})
"""Narrowings that take an anonymous block whole or leave it; any other leaves all of them out."""

STATISTICS: Final = ("net", "top_two_box", "mean", "happy", "unhappy")
NOT_GIVEN: Final = "none"


class QueryRefused(ValueError):
    """A question cannot be answered as it was put; `field` names the part and the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
