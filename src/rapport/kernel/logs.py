"""Logs as JSON lines, each with its request's id and no personal data."""

import logging
import logging.config
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import structlog

DEEPEST = 12
ADDRESS = re.compile(r"[^\s\"'<>(),;:=?&/\[\]]+@[^\s\"'<>(),;:=?&/\[\]]+")
Entry = dict[str, Any]


def logging_settings(level: str) -> dict[str, Any]:
    """Set up structlog and the standard library to print one JSON object a line on standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    settings: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                # Of a library's message only the fixed words: what is filled in may name people.
                "use_get_message": False,
                "foreign_pre_chain": [*shared, keep_status],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    name_errors,
                    leave_out_addresses,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "json"}},
        "root": {"handlers": ["out"], "level": level.upper()},
        "loggers": {
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "ERROR"},
            "procrastinate": {"level": "WARNING"},
            "pgtrigger": {"level": "WARNING"},
        },
    }
    logging.config.dictConfig(settings)
    return settings


def keep_status(logger: Any, method: str, entry: Entry) -> Entry:
    """Keep the status of a failed request, the one value a library adds that names nobody."""
    status = getattr(entry.get("_record"), "status_code", None)
    if status is not None:
        entry["event"], entry["status"] = "request failed", status
    return entry


def name_errors(logger: Any, method: str, entry: Entry) -> Entry:
    """Replace an exception by its kind and where it came from; its message may quote anything."""
    found = entry.pop("exc_info", None)
    error = _error(found)
    if error is not None:
        entry["error"] = " from ".join(type(cause).__qualname__ for cause in _causes(error))
        entry["where"] = where(error)
    return entry


def _error(found: Any) -> BaseException | None:
    if isinstance(found, BaseException):
        return found
    if isinstance(found, tuple) and len(found) == 3:
        error: BaseException | None = found[1]
        return error
    return sys.exc_info()[1] if found else None


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in causes:
        causes.append(current)
        current = current.__cause__
    return causes


def where(error: BaseException) -> list[str]:
    """Return the last calls an error came through: file, line and function, no values."""
    frames = traceback.extract_tb(error.__traceback__)[-DEEPEST:]
    return [f"{_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    parts = Path(filename).parts
    for root in ("site-packages", "rapport"):
        if root in parts:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(root) :])
    return parts[-1] if parts else filename


def leave_out_addresses(logger: Any, method: str, entry: Entry) -> Entry:
    """Take mail addresses out of whatever is still there."""
    return {
        key: ADDRESS.sub("[address]", value) if isinstance(value, str) else value
        for key, value in entry.items()
    }
