"""Finding out how a file is written: encoding, delimiter, header, decimal sign, and what its columns hold."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Literal, NamedTuple

from charset_normalizer import from_bytes

from rapport.connectors.files.tables import MISSING_WORDS, Column, DateOrder, Kind, shown
from rapport.connectors.files.values import Reading, ValueProblem, as_text, parser

_CHUNK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What real exports are written in; naming them keeps short samples from being read as something exotic.
_LIKELY = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "shift_jis",
    "gb18030",
    "big5",
    "euc_kr",
    "euc_jp",
]


class Encoding(NamedTuple):
    """The encoding found, and a remark when it is a guess."""

    name: str
    remark: str = ""


def mark_bad_bytes(error: UnicodeError) -> tuple[str, int]:
    """Decode what cannot be decoded to lone surrogates, so that the value that holds it is found later."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udc80" * max(1, error.end - error.start), error.end


codecs.register_error("rapport-mark", mark_bad_bytes)


def detect_encoding(stream: BinaryIO) -> Encoding:
    """Read the whole stream once and say how its text is encoded."""
    start = stream.read(_CHUNK)
    for bom, name in _BOMS:
        if start.startswith(bom):
            return Encoding(name)
    if (wide := _wide_without_bom(start)) is not None:
        return Encoding(wide, f"The file has no mark of its encoding; it is read as {wide}.")
    return _narrow(start, iter(lambda: stream.read(_CHUNK), b""))


def _wide_without_bom(start: bytes) -> str | None:
    even, odd = start[0:4000:2].count(0), start[1:4000:2].count(0)
    half = max(1, min(len(start), 4000) // 2)
    if odd > 0.6 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _narrow(start: bytes, rest: Iterator[bytes]) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")("rapport-mark")
    good = bad = 0
    telling: list[bytes] = []
    chunk: bytes | None = start
    while chunk is not None:
        if not chunk.isascii():
            text = decoder.decode(chunk)
            marks = text.count("\udc80")
            bad += marks
            good += sum(1 for c in text if c > "\x7f") - marks if marks or not good else 0
            if marks and sum(map(len, telling)) < 64_000:
                telling.extend(line for line in chunk.splitlines() if not line.isascii())
        chunk = next(rest, None)
    if not bad:
        return Encoding("utf-8")
    if good > 10 * bad:
        return Encoding(
            "utf-8", f"The file is UTF-8 but for {bad:,} bytes; the rows that hold them are reported."
        )
    return _guess(b"\n".join(telling)[:64_000])


def _guess(sample: bytes) -> Encoding:
    best = from_bytes(sample, cp_isolation=_LIKELY, steps=5, chunk_size=2_000).best()
    name = "cp1252"
    if best is not None and not _reads_as_western(sample):
        name = best.encoding
    return Encoding(
        name, f"The encoding is not marked; the text looks like {name}. Check letters with accents."
    )


def _reads_as_western(sample: bytes) -> bool:
    """Tell whether the bytes beyond ASCII stand as accented Latin letters do: alone, inside words."""
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    beyond = [c for c in text if c > "\x7f"]
    latin = sum(c in "äöüßÄÖÜéèêëàâáãåæçíìîïñóòôõøúùûýÿœÉÈÀÂÁÃÅÆÇÍÑÓÔÕØÚ€£§°–—’‘“”„…®©™«»º" for c in beyond)
    runs = len(re.findall(r"[^\x00-\x7f]{3,}", text))
    return latin >= 0.9 * len(beyond) and runs * 8 <= len(beyond)


# ------------------------------------------------------------------ shape of delimited text


def detect_delimiter(lines: Sequence[str], quote: str = '"') -> str:
    """Return the sign that splits most lines into the same number of cells."""
    best, best_score = ",", 0.0
    for delimiter in (",", ";", "\t", "|"):
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter, quotechar=quote) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        score = count / len(widths) * (1 - 1 / width) if width > 1 else 0.0
        if score > best_score + 0.02:
            best, best_score = delimiter, score
    return best


def find_header(rows: Sequence[Sequence[object]]) -> int:
    """Return the position of the header among the first rows, or -1 when the data starts at once.

    Titles and empty rows above the header are passed over: they fill fewer cells than the table is wide.
    """
    filled = [sum(_is_filled(cell) for cell in row) for row in rows]
    if not any(filled):
        return -1
    usual = max(Counter(n for n in filled if n).items(), key=lambda item: (item[1] * item[0], item[0]))[0]
    for position, row in enumerate(rows[:20]):
        if filled[position] < max(1, (usual + 1) // 2):
            continue
        return position if _looks_like_header(row) else -1
    return -1


def _is_filled(cell: object) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _looks_like_header(row: Sequence[object]) -> bool:
    words = [as_text(cell) for cell in row if _is_filled(cell)]
    data = sum(1 for word in words if _DATA.fullmatch(word) and not _YEAR.fullmatch(word))
    return data == 0 and any(not _YEAR.fullmatch(word) for word in words)


_YEAR = re.compile(r"(?:19|20)\d\d")
_DATA = re.compile(
    r"[-+]?[\d.,' ]*\d%?|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}.*|[^@\s]+@[^@\s]+\.\w+|true|false|null|\?",
    re.IGNORECASE,
)

# ------------------------------------------------------------------ what the values look like


def detect_missing(samples: Sequence[Sequence[object]]) -> tuple[str, ...]:
    """Return the usual words for 'nothing' that these columns use."""
    used = {value for values in samples for value in values if isinstance(value, str)}
    stripped = {value.strip() for value in used if len(value) < 20}
    return tuple(word for word in MISSING_WORDS if word in stripped)


class Decimals(NamedTuple):
    """The decimal sign, and a remark when the file leaves it open or contradicts itself."""

    sign: Literal[".", ","]
    remark: str = ""


_DOT = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+\.\d+|\d+\.(?:\d{1,2}|\d{4,}))")
_COMMA = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+,\d+|\d+,(?:\d{1,2}|\d{4,})|\d{1,3}(?:\.\d{3}){2,})")
_OPEN = re.compile(r"[-+]?\d{1,3}[.,]\d{3}")


def detect_decimal(samples: Sequence[Sequence[object]], delimiter: str = ",") -> Decimals:
    """Say whether the numbers have a decimal point or a decimal comma."""
    dot = comma = undecided = 0
    for values in samples:
        for value in values[:500]:
            if not isinstance(value, str) or not value or value[-1:] not in "0123456789":
                continue
            text = value.strip().translate({ord("€"): None, ord("$"): None, ord(" "): None, 0xA0: None})
            dot += bool(_DOT.fullmatch(text))
            comma += bool(_COMMA.fullmatch(text))
            undecided += bool(_OPEN.fullmatch(text))
    if comma > dot:
        return Decimals(",", "Some numbers have a decimal point, most a comma." if dot * 10 > comma else "")
    if not dot and undecided and delimiter == ";":
        return Decimals(
            ",", "Numbers such as 1.234 are read as thousands; choose the point if they are decimals."
        )
    if not dot and undecided:
        return Decimals(
            ".", "Numbers such as 1,234 are read with a decimal point; choose the comma if that is wrong."
        )
    return Decimals(".", "Some numbers have a decimal comma, most a point." if comma * 10 > dot > 0 else "")


_SLASHED = re.compile(r"(\d{1,2})[./\-](\d{1,2})[./\-](\d{4}|\d{2})(?!\d)")


def detect_date_order(values: Sequence[object]) -> tuple[DateOrder, str]:
    """Say whether day or month comes first, and what the values leave open."""
    day_first = month_first = both = 0
    example = ""
    for value in values:
        found = _SLASHED.match(value.strip()) if isinstance(value, str) else None
        if found is None:
            continue
        first, second = int(found[1]), int(found[2])
        if first > 12 >= second:
            day_first += 1
        elif second > 12 >= first:
            month_first += 1
        elif max(first, second) <= 12:
            both += 1
            if first != second:
                example = example or found[0]
    if day_first and month_first:
        order: DateOrder = "dmy" if day_first >= month_first else "mdy"
        return order, "Some dates have the day first, others the month; those that do not fit are reported."
    if day_first or month_first:
        return ("dmy" if day_first else "mdy"), ""
    if both:
        return "", f"{example or 'Each date'} can be read day first or month first."
    return "", ""


_PROBE_ORDER: tuple[Kind, ...] = (
    "integer",
    "number",
    "date",
    "datetime",
    "boolean",
    "email",
    "url",
    "money",
    "country",
)


def profile(
    names: Sequence[str], samples: Sequence[Sequence[object]], reading: Reading
) -> tuple[Column, ...]:
    """Describe each column from a sample of its values."""
    return tuple(_describe(name, values, reading) for name, values in zip(names, samples, strict=True))


def _describe(name: str, values: Sequence[object], reading: Reading) -> Column:
    present = [
        v for v in values if _is_filled(v) and not (isinstance(v, str) and v.strip() in reading.missing)
    ]
    distinct = list(
        dict.fromkeys(v.strip() if isinstance(v, str) else v for v in present if not isinstance(v, list))
    )
    order, ambiguous = detect_date_order(distinct)
    settled = Reading(reading.decimal, order or reading.date_order, "", reading.time_zone, reading.missing)
    kind = _kind(distinct[:300], settled)
    if kind not in ("date", "datetime"):
        order, ambiguous = "", ""
    return Column(
        name=name,
        kind=kind,
        samples=tuple(shown(v if isinstance(v, str) else as_text(v), 120) for v in distinct[:5]),
        filled=len(present) / len(values) if values else 0.0,
        distinct=len(distinct),
        date_order=order,
        ambiguous=ambiguous,
    )


def _kind(values: Sequence[object], reading: Reading) -> Kind:
    if not values:
        return "text"
    for kind in _PROBE_ORDER:
        if kind == "boolean" and all(as_text(v) in ("0", "1") for v in values):
            continue
        if _nearly_all_read(values, parser(kind, reading), kind):
            return _finer(kind, values)
    return "text"


def _finer(kind: Kind, values: Sequence[object]) -> Kind:
    if kind == "integer" and any(isinstance(v, str) and re.fullmatch(r"0\d+", v) for v in values):
        return "text"
    if kind == "date" and any(re.search(r"\d{1,2}:\d{2}", as_text(v)) for v in values):
        return "datetime"
    return kind


def _reads(value: object, parse: Callable[[object], object]) -> bool:
    try:
        parse(value)
    except ValueProblem:
        return False
    return True


def _is_slashed(value: object) -> bool:
    """Tell whether this is a date with either order of day and month."""
    found = _SLASHED.fullmatch(value.strip()) if isinstance(value, str) else None
    return (
        found is not None
        and min(int(found[1]), int(found[2])) <= 12
        and max(int(found[1]), int(found[2])) <= 31
    )


def _nearly_all_read(values: Sequence[object], parse: Callable[[object], object], kind: Kind) -> bool:
    """Tell whether at most one value in twenty is not of this kind; stop at the first one too many."""
    misses = 0
    for value in values:
        misses += not _is_of(kind, value, parse)
        if misses * 20 > len(values):
            return False
    return True


def _is_of(kind: Kind, value: object, parse: Callable[[object], object]) -> bool:
    if kind in ("date", "datetime"):
        return not isinstance(value, int | float) and (_reads(value, parse) or _is_slashed(value))
    if kind == "url" and "/" not in as_text(value) and not as_text(value).startswith("www."):
        return False
    return _reads(value, parse)
