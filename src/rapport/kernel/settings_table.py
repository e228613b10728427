"""The table of settings for the handbook: `python -m rapport.kernel.settings_table`."""

import sys
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from rapport.kernel.environment import Environment


def settings_table() -> str:
    """Return every setting with what it is without being set, and what it is for, as Markdown."""
    lines = ["| setting | without it | what it is for |", "|---|---|---|"]
    for name, field in Environment.model_fields.items():
        alias = field.validation_alias
        variable = alias if isinstance(alias, str) else f"RAPPORT_{name.upper()}"
        lines.append(f"| `{variable}` | {_shown(field.default)} | {field.description} |")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value is PydanticUndefined or value == []:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    sys.stdout.write(settings_table() + "\n")
