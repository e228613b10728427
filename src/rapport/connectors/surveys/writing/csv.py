"""Responses as one table: a column for each answer, choices by their keys, formulas made inert."""

from collections.abc import Iterable, Iterator

from rapport.connectors.files import write_table
from rapport.connectors.surveys.writing.responses import ABOUT, Given
from rapport.connectors.surveys.writing.variables import variables_of
from rapport.rooms.listening.definition import Definition


def write_csv(definition: Definition, given: Iterable[Given]) -> Iterator[bytes]:
    """Yield the file piece by piece; memory stays flat however many responses there are."""
    variables = variables_of(definition)

    def rows() -> Iterator[list[object]]:
        for one in given:
            values: list[object] = list(one.about())
            for variable in variables:
                value = variable.value(one.answers)
                if variable.kind == "single" and value is not None:
                    value = next(key for code, key, _words in variable.codes if code == value)
                values.append(value)
            yield values

    return write_table("csv", [*ABOUT, *(variable.name for variable in variables)], rows())
