"""Reading single values: dates, numbers, money, words; a failure says what is wrong and how to mend it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rapidfuzz import fuzz, process

from rapport.connectors.files.tables import DateOrder, Kind, shown
from rapport.connectors.files.vocabulary import countries, currencies, currency_signs, languages, months


class ValueProblem(ValueError):
    """A value that cannot be read as what its field asks for."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


class Money(NamedTuple):
    """An amount, and its currency when the file says it."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The conventions a file follows when it writes numbers and dates."""

    decimal: Literal["", ".", ","] = "."
    date_order: DateOrder = ""
    date_format: str = ""
    """A strptime pattern, for files that follow no usual form."""
    time_zone: str = "UTC"
    missing: tuple[str, ...] = ()
    currency: str = ""
    factor: Decimal = Decimal(1)
    """What numbers and amounts are multiplied by, where a file writes thousands or millions."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a field accepts beyond its kind."""

    choices: Mapping[str, str] = field(default_factory=dict)
    """Key to label; both are understood, in any case."""
    max_length: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None


Parse = Callable[[object], object]
NO_LIMITS = Limits()

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PLAIN_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_SPACES = dict.fromkeys(map(ord, "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE} '’_"), None)
_LARGEST = Decimal(10) ** 18


class ColumnParser:
    """Reads the values of one column, batch after batch; values seen before are not read again."""

    _REMEMBERED = 50_000

    def __init__(self, kind: Kind, reading: Reading, limits: Limits = NO_LIMITS) -> None:
        self.kind = kind
        self._limits = limits
        self._missing = frozenset(("", *reading.missing))
        self._parse = parser(kind, reading, limits)
        self._known: dict[str, object] = {}

    def read(self, values: Sequence[object]) -> tuple[list[object], list[tuple[int, ValueProblem]]]:
        """Return the parsed values (None where empty or wrong) and the problems by position."""
        if self.kind == "text" and (quick := self._plain_texts(values)) is not None:
            return quick, []
        parsed: list[object] = []
        problems: list[tuple[int, ValueProblem]] = []
        known = self._known
        if len(known) > self._REMEMBERED:
            known.clear()
        for position, value in enumerate(values):
            if value is None:
                parsed.append(None)
                continue
            if type(value) is str:
                outcome = known.get(value)
                if outcome is None:
                    outcome = known[value] = self._read_one(value)
            else:
                outcome = self._read_one(value)
            if isinstance(outcome, ValueProblem):
                problems.append((position, outcome))
                outcome = None
            parsed.append(outcome)
        return parsed, problems

    def _read_one(self, value: object) -> object:
        try:
            if isinstance(value, str):
                value = storable(value).strip()
                if value in self._missing:
                    return None
            return self._parse(value)
        except ValueProblem as problem:
            return problem

    def _plain_texts(self, values: Sequence[object]) -> list[object] | None:
        """Read a batch of harmless strings in one go; None when one of them needs a closer look."""
        limit = self._limits.max_length
        try:
            together = "\x01".join(values)  # type: ignore[arg-type]
        except TypeError:
            return None
        if _UNSTORABLE.search(together) or (together.startswith("'") or "\x01'" in together):
            return None
        missing = self._missing
        stripped = [value.strip() for value in together.split("\x01")] if values else []
        if len(stripped) != len(values) or (limit and any(len(text) > limit for text in stripped)):
            return None
        return [None if text in missing else text for text in stripped]


def parser(kind: Kind, reading: Reading, limits: Limits = NO_LIMITS) -> Parse:
    """Return the function that reads one non-empty value of this kind; it raises ValueProblem."""
    parses: dict[str, Parse] = {
        "text": lambda v: _text(v, limits.max_length),
        "integer": lambda v: _integer(_within(_scaled(v, reading), limits)),
        "number": lambda v: _within(_scaled(v, reading), limits),
        "money": lambda v: _money_within(_scaled_money(v, reading), limits),
        "boolean": boolean,
        "date": lambda v: as_date(v, reading),
        "datetime": lambda v: as_datetime(v, reading),
        "email": email,
        "phone": lambda v: _phone(v, limits.max_length),
        "url": lambda v: _url(v, limits.max_length),
        "language": lambda v: _known_word(v, languages(), "language", "en, de or French"),
        "country": lambda v: _known_word(v, countries(), "country", "DE, Germany or Deutschland"),
        "currency": lambda v: _known_word(v, currencies(), "currency", "EUR or US dollar"),
        "choice": _choice_parser(limits.choices),
    }
    return parses[kind]


def storable(text: str) -> str:
    """Return the text, unless it holds bytes that no text can hold."""
    found = _UNSTORABLE.search(text)
    if found is None:
        return text
    if found.group() == "\x00":
        raise ValueProblem(
            "The value holds a NUL byte, which is not text.", "Export the file again, or remove the NUL byte."
        )
    raise ValueProblem(
        "The value holds bytes that do not belong to the file's encoding.",
        "Save the file as UTF-8, or choose the encoding it was written in.",
    )


# ------------------------------------------------------------------ text and words


def as_text(value: object) -> str:
    """Write any native value as the text a person would have typed."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value)


def _text(value: object, max_length: int) -> str:
    text = storable(as_text(value))
    if text[:1] == "'" and text[1:2] and text[1:2] in "=+-@\t\r":
        # An export made the formula inert; the apostrophe is not part of what was written.
        text = text[1:]
    if max_length and len(text) > max_length:
        raise ValueProblem(
            f"The text has {len(text):,} characters; this field takes {max_length:,}.",
            "Shorten it, or map the column to a field for longer text.",
        )
    return text


_EMAIL = re.compile(r"[^@\s<>()\[\],;:\"]+@[^@\s<>()\[\],;:\"]+\.[^@\s<>()\[\],;:\".]{2,}")


def email(value: object) -> str:
    """Read an e-mail address, also when written as 'Name <address>' or as a mailto link."""
    text = as_text(value)
    if "<" in text and text.endswith(">"):
        text = text[text.rindex("<") + 1 : -1]
    text = text.removeprefix("mailto:").strip().lower()
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise ValueProblem("This is not an e-mail address.", "Write one address such as name@example.com.")
    return text


def _phone(value: object, max_length: int) -> str:
    text = _text(value, max_length)
    if sum(c.isdigit() for c in text) < 3:
        raise ValueProblem("This is not a telephone number.", "Write digits, such as +49 30 123456.")
    return text


def _url(value: object, max_length: int) -> str:
    text = _text(value, max_length)
    if any(c.isspace() for c in text) or "." not in text:
        raise ValueProblem("This is not a web address.", "Write it as https://example.com.")
    if "://" not in text:
        return f"https://{text}"
    if not text.lower().startswith(("http://", "https://")):
        raise ValueProblem("Only web addresses are taken here.", "Write it as https://example.com.")
    return text


_TRUE = frozenset(
    (
        *(
            "true",
            "t",
            "yes",
            "y",
            "1",
            "on",
            "x",
            "ja",
            "j",
            "oui",
            "o",
            "si",
            "s",
            "sí",
            "vrai",
            "wahr",
            "sim",
        ),
        *("verdadeiro", "vero", "verdadero", "tak", "igen", "waar", "да", "はい", "是"),
    )
)
_FALSE = frozenset(
    (
        *("false", "f", "no", "n", "0", "off", "nein", "non", "nee", "faux", "falsch", "não", "nao", "falso"),
        *("nie", "nem", "onwaar", "нет", "いいえ", "否"),
    )
)


def boolean(value: object) -> bool:
    """Read yes and no as people and programs write them, in the usual languages."""
    if isinstance(value, bool):
        return value
    word = as_text(value).casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueProblem("This is neither yes nor no.", "Write yes or no, true or false, 1 or 0.")


def _known_word(value: object, words: Mapping[str, str], name: str, example: str) -> str:
    text = " ".join(as_text(value).split())
    folded = text.casefold()
    for form in (folded, folded.replace("_", "-").split("-")[0] if name == "language" else folded):
        if form in words:
            return words[form]
    raise ValueProblem(f"This {name} is not known.", _nearest(text, words.keys(), f"Write it as {example}."))


def _choice_parser(choices: Mapping[str, str]) -> Parse:
    words = {label.casefold(): key for key, label in choices.items()}
    words |= {key.casefold(): key for key in choices}
    words |= {word.replace("_", " ").replace("-", " "): key for word, key in list(words.items())}

    def parse(value: object) -> str:
        text = as_text(value)
        folded = text.casefold()
        key = words.get(folded) or words.get(folded.replace("_", " ").replace("-", " "))
        if key is None:
            listed = ", ".join(list(choices)[:20])
            raise ValueProblem(
                "This is not one of the values the field takes.",
                _nearest(text, words.keys(), f"Use one of: {listed}; or add it to the mapping's value list."),
            )
        return key

    return parse


def _nearest(text: str, words: Iterable[str], otherwise: str) -> str:
    found = process.extractOne(text.casefold(), list(words), scorer=fuzz.ratio, score_cutoff=75)
    return f"Is '{found[0]}' meant? {otherwise}" if found else otherwise


# ------------------------------------------------------------------ numbers and money


def number(value: object, decimal: str = ".") -> Decimal:
    """Read a number with either decimal sign, grouped thousands, a trailing % or brackets for minus."""
    if isinstance(value, bool):
        raise ValueProblem("This is yes or no, not a number.", "Map another column, or write a number.")
    if isinstance(value, int | Decimal):
        return _finite(Decimal(value), value)
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet shows: 0.1 + 0.2 is 0.3.
        return _finite(Decimal(format(value, ".15g")), value)
    if not isinstance(value, str):
        raise ValueProblem("This is not a number.", "Write digits only, such as 1200.50.")
    text = value.strip()
    if decimal != "," and _PLAIN_NUMBER.fullmatch(text):
        return _finite(Decimal(text), value)
    return _finite(_written_number(text, decimal or "."), value)


def _written_number(text: str, decimal: str) -> Decimal:
    bare = text.translate(_SPACES).replace("\N{MINUS SIGN}", "-").removesuffix("%")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if bare.endswith("-") and bare[:1].isdigit():
        bare = f"-{bare[:-1]}"
    group = "," if decimal == "." else "."
    whole, point, fraction = bare.partition(decimal)
    if group in whole:
        if not re.fullmatch(
            rf"[-+]?\d{{1,3}}(?:{re.escape(group)}\d{{2,3}})*{re.escape(group)}\d{{3}}", whole
        ):
            raise ValueProblem(
                "This is not a number as the file writes numbers.",
                f"The decimal sign is set to '{decimal}'; choose the other one, or write plain digits.",
            )
        whole = whole.replace(group, "")
    plain = f"{whole}.{fraction}" if point else whole
    if not _PLAIN_NUMBER.fullmatch(plain):
        raise ValueProblem("This is not a number.", f"Write digits only, such as 1200{decimal}50.")
    return Decimal(plain)


def _finite(result: Decimal, value: object) -> Decimal:
    try:
        fits = result.is_finite() and abs(result) < _LARGEST
    except InvalidOperation:
        fits = False
    if not fits:
        raise ValueProblem(f"{shown(value, 40)} is too large or is no number.", "Write a number below 10^18.")
    return result


def _scaled(value: object, reading: Reading) -> Decimal:
    result = number(value, reading.decimal)
    return result if reading.factor == 1 else _finite(result * reading.factor, value)


def _within(result: Decimal, limits: Limits) -> Decimal:
    low, high = limits.minimum, limits.maximum
    if (low is not None and result < low) or (high is not None and result > high):
        between = (
            f"{low} to {high}"
            if None not in (low, high)
            else f"{low} or more"
            if high is None
            else f"up to {high}"
        )
        raise ValueProblem(f"{result:f} is outside what the field takes: {between}.", "Correct the number.")
    return result


def _scaled_money(value: object, reading: Reading) -> Money:
    found = money(value, reading)
    if reading.factor == 1:
        return found
    return Money(_finite(found.amount * reading.factor, value), found.currency)


def _money_within(result: Money, limits: Limits) -> Money:
    _within(result.amount, limits)
    return result


def _integer(result: Decimal) -> int:
    if result != result.to_integral_value():
        raise ValueProblem(f"{result:f} is not a whole number.", "Round it, or map another column.")
    return int(result)


_SIGNS = re.compile(
    r"^(?P<sign>[-+(\N{MINUS SIGN}]*)\s*(?P<word>[^\d\s.,()+-]{1,4})?\s*(?P<amount>[-+\d.,'’\s]*\d[)%\d.,-]*)"
    r"\s*(?P<after>[^\d\s.,()+-]{1,4})?(?P<close>\))?$"
)


def money(value: object, reading: Reading) -> Money:
    """Read an amount with its currency before or after: € 1.200,50, USD 12, 1,200 EUR."""
    if not isinstance(value, str):
        return Money(number(value), reading.currency)
    text = value.replace("\N{NO-BREAK SPACE}", " ").strip()
    if _PLAIN_NUMBER.fullmatch(text) and reading.decimal != ",":
        return Money(_finite(Decimal(text), value), reading.currency)
    parts = _SIGNS.fullmatch(text)
    if parts is None:
        raise ValueProblem("This is not an amount of money.", "Write it as 1200.50 or EUR 1200.50.")
    word = parts["word"] or parts["after"] or ""
    currency = reading.currency
    if word:
        found = currency_signs().get(word.casefold())
        if found is None:
            raise ValueProblem(f"The currency '{word}' is not known.", "Write a currency code such as EUR.")
        currency = found
    bare = f"{parts['sign']}{parts['amount']}{parts['close'] or ''}"
    return Money(number(bare, reading.decimal), currency)


# ------------------------------------------------------------------ dates and times

_NUMERIC_DATE = re.compile(r"(\d{1,4})([./\-])(\d{1,2})\2(\d{1,4})(?:[T,\s]+(.+))?")
_NAMED_DATE = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?(?:(?P<d1>\d{1,2})(?:st|nd|rd|th|\.)?[\s\-]*(?:de\s+)?(?P<m1>[^\W\d]{3,})\.?|(?P<m2>[^\W\d]{3,})\.?\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?)"
    r"[\s,\-]+(?:de\s+)?(?P<y>\d{4}|\d{2})(?:[T,\s]+(?P<time>\d.+))?"
)
_TIME = re.compile(
    r"(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?\s*([aApP])?\.?(?:[mM]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_HOW_TO_WRITE_DATES = "Write it as 2026-05-31, or choose the order of day and month."
_EXCEL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets know no zone


def as_date(value: object, reading: Reading) -> date:
    """Read a calendar day; a time of day beside it is dropped."""
    if type(value) is date:
        return value
    return _moment(value, reading).date()


def as_datetime(value: object, reading: Reading) -> datetime:
    """Read a point in time and return it in UTC; without a zone it is local to the reading's zone."""
    moment = _moment(value, reading)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(reading.time_zone))
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


def zone(name: str) -> tzinfo:
    """Return a time zone by its name; raise ValueProblem when there is none."""
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueProblem(f"The time zone '{name}' is not known.", "Write it as Europe/Berlin.") from error


def _moment(value: object, reading: Reading) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _spreadsheet_day(value)
    if not isinstance(value, str):
        raise ValueProblem("This is not a date.", _HOW_TO_WRITE_DATES)
    text = value.strip()
    if reading.date_format:
        return _by_format(text, reading.date_format)
    moment = _iso(text) or _numeric(text, reading.date_order) or _named(text)
    if moment is None:
        raise ValueProblem("This is not a date.", _HOW_TO_WRITE_DATES)
    if moment.year < 1000:
        raise ValueProblem(f"The year {moment.year} cannot be right.", "Write the year with four digits.")
    return moment


def _spreadsheet_day(value: int | float | Decimal) -> datetime:
    days = float(value)
    if not 1 <= days < 2_958_466:
        raise ValueProblem("This number is not a date.", _HOW_TO_WRITE_DATES)
    if 19_000_101 <= days <= 99_991_231 and days == int(days) and (moment := _iso(str(int(days)))):
        return moment
    return _EXCEL_ZERO + timedelta(seconds=round(days * 86_400))


def _by_format(text: str, pattern: str) -> datetime:
    try:
        return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is added by the caller
    except ValueError:
        raise ValueProblem(
            f"This date does not follow the format {pattern}.",
            "Correct the date or the mapping's date format.",
        ) from None


def _iso(text: str) -> datetime | None:
    if not text[:4].isdigit():
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _numeric(text: str, order: DateOrder) -> datetime | None:
    found = _NUMERIC_DATE.fullmatch(text)
    if found is None:
        return None
    first, second, third = found[1], found[3], found[4]
    if len(first) >= 3 or order == "ymd":
        year, month, day = first, second, third
    elif order == "mdy":
        month, day, year = first, second, third
    else:
        day, month, year = first, second, third
    return _build(_year(year), int(month), int(day), found[5], order)


def _named(text: str) -> datetime | None:
    found = _NAMED_DATE.fullmatch(text)
    if found is None:
        return None
    month = months().get((found["m1"] or found["m2"]).casefold())
    if month is None:
        return None
    return _build(_year(found["y"]), month, int(found["d1"] or found["d2"]), found["time"], "")


def _year(text: str) -> int:
    year = int(text)
    if len(text) <= 2:
        return year + (2000 if year < 69 else 1900)
    return year


def _build(year: int, month: int, day: int, clock: str | None, order: DateOrder) -> datetime:
    if month > 12 and day <= 12 and order in ("dmy", "mdy", ""):
        said = {"mdy": "month", "dmy": "day"}.get(order, "day")
        raise ValueProblem(
            f"There is no month {month}; dates are read {said} first.",
            "Choose the other order of day and month, or write 2026-05-31.",
        )
    hour, minute, second, micro, tz = _clock(clock) if clock else (0, 0, 0, 0, None)
    try:
        return datetime(year, month, day, hour, minute, second, micro, tzinfo=tz)
    except ValueError:
        raise ValueProblem("There is no such day or time.", _HOW_TO_WRITE_DATES) from None


def _clock(text: str) -> tuple[int, int, int, int, tzinfo | None]:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueProblem("The time of day cannot be read.", "Write it as 2026-05-31 14:05.")
    hour = int(found[1])
    half = (found[5] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    micro = int((found[4] or "0").ljust(6, "0")[:6])
    return hour, int(found[2]), int(found[3] or 0), micro, _offset(found[6])


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in ("Z", "UTC", "GMT"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes >= 24 * 60:
        raise ValueProblem("The time zone cannot be right.", "Write it as +02:00.")
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
