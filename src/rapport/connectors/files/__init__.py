"""Files in and out: CSV, Excel, Parquet, JSON Lines, and mappings from columns to fields. Knows no Django."""

from rapport.connectors.files.mapping import (
    Mapping,
    MappingRefused,
    Source,
    check_mapping,
    dump_mapping,
    load_mapping,
    parse_mapping,
)
from rapport.connectors.files.opening import open_table
from rapport.connectors.files.suggesting import suggest_mapping
from rapport.connectors.files.tables import Batch, Column, FileOptions, FileRefused, Format, Problem, Table
from rapport.connectors.files.targets import Field, Group, Target
from rapport.connectors.files.writing import FILE_KINDS, format_called, write_table

__all__ = [
    "FILE_KINDS",
    "Batch",
    "Column",
    "Field",
    "FileOptions",
    "FileRefused",
    "Format",
    "Group",
    "Mapping",
    "MappingRefused",
    "Problem",
    "Source",
    "Table",
    "Target",
    "check_mapping",
    "dump_mapping",
    "format_called",
    "load_mapping",
    "open_table",
    "parse_mapping",
    "suggest_mapping",
    "write_table",
]
