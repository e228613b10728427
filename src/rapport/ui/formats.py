"""How numbers, money, dates and times are written: true minus, en dash, 17 Sep, 14:00, €0.72m."""

from datetime import date, datetime, time
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format

MINUS = "\N{MINUS SIGN}"
EN_DASH = "\N{EN DASH}"
NO_BREAK = "\N{NO-BREAK SPACE}"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}

Number = int | float | Decimal


def number(value: Number, decimals: int = 0, sign: bool = False) -> str:
    """Write a number with grouped thousands and a true minus; `sign` writes a plus as well."""
    text = number_format(f"{abs(value):.{decimals}f}", decimals, use_l10n=True, force_grouping=True)
    if not any(digit in text for digit in "123456789"):
        return text
    if value < 0:
        return MINUS + text
    return "+" + text if sign else text


def interval(low: Number, high: Number, decimals: int = 0, sign: bool = False) -> str:
    """Write a range: an en dash between positives, "to" as soon as a sign is involved."""
    first, last = number(low, decimals, sign), number(high, decimals, sign)
    joint = " to " if sign or low < 0 or high < 0 else EN_DASH
    return f"{first}{joint}{last}"


def money(amount: Number, currency: str = "EUR", compact: bool = False) -> str:
    """Write an amount: €310,000, or €0.31m where room is short."""
    size = abs(float(amount))
    mark = SYMBOLS.get(currency, currency + NO_BREAK)
    lead = MINUS if amount < 0 else ""
    if compact and size >= 1_000_000_000:
        return f"{lead}{mark}{number(size / 1e9, 2)}bn"
    if compact and size >= 100_000:
        return f"{lead}{mark}{number(size / 1e6, 2)}m"
    return f"{lead}{mark}{number(size)}"


def _local(value: date | datetime) -> date:
    """Return the reader's calendar day of a moment."""
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


def day(value: date | datetime, today: date | None = None) -> str:
    """Write a day as 17 Sep, with the year when it is not this year."""
    on = _local(value)
    this_year = (today or timezone.localdate()).year
    return date_format(on, "j M" if on.year == this_year else "j M Y")


def full_day(value: date | datetime) -> str:
    """Write a day with its year: 31 Mar 2027."""
    return date_format(_local(value), "j M Y")


def weekday(value: date | datetime, today: date | None = None) -> str:
    """Write a day with its weekday: Thu 17 Sep."""
    on = _local(value)
    return f"{date_format(on, 'D')} {day(on, today)}"


def clock(value: datetime | time) -> str:
    """Write a time of day on the 24-hour clock: 14:00."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return f"{value:%H:%M}"
