"""Tags and filters that draw the components; readme.md of this app shows how each is used."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest
from django.template import Context, Library
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rapport.stats.estimate import HIDDEN_BELOW
from rapport.ui import formats
from rapport.ui.charts import Chart
from rapport.ui.components import (
    Figure,
    FilterBar,
    PaletteGroup,
    Tab,
    Table,
    TimelineItem,
    query_with,
    sort_state,
)
from rapport.ui.estimates import SCALES, DifferenceLike, EstimateLike, Reading, read
from rapport.ui.shell import Shell, shell_for

register = Library()
NOTHING = mark_safe("")


def _request(context: Context) -> HttpRequest | None:
    found: HttpRequest | None = context.get("request")
    return found


@register.simple_tag(takes_context=True)
def shell(context: Context) -> Shell:
    """Return the frame of this page, also where no context processor has run."""
    found: Shell | None = context.get("shell")
    return found or shell_for(_request(context))


# -- Glyphs and people ---------------------------------------------------------


def icon_id(name: str) -> str:
    """Return the sprite's id: names without a family belong to the interface."""
    return name if name[:2] in ("i-", "m-", "r-", "e-") else f"i-{name}"


@register.simple_tag
def icon(name: str, label: str = "", solid: bool = False) -> SafeString:
    """Draw a glyph: hidden from screen readers unless it has a label."""
    css = "i solid" if solid else "i"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="#{}"/></svg>', css, label, icon_id(name)
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="#{}"/></svg>', css, icon_id(name))


def mood_word(mood: str) -> str:
    """Return the word for a mood."""
    words = {"det": _("Detractor"), "pas": _("Passive"), "pro": _("Promoter"), "silent": _("Silent")}
    return words.get(mood, "")


@register.filter
def mood_of(score: float | Decimal | None) -> str:
    """Return the mood of a 0 to 10 recommendation; nobody's answer is silence."""
    if score is None:
        return "silent"
    return "det" if score <= 6 else "pas" if score <= 8 else "pro"


@register.simple_tag
def mood(name: str, text: object = "") -> SafeString:
    """Draw sentiment: shape, word, colour; with a text such as a score the word is for screen readers."""
    if name not in ("det", "pas", "pro"):
        return format_html('<span class="mute">{}</span>', text or mood_word(name))
    word = (
        format_html('<span class="sr">{} </span>{}', mood_word(name), text) if text != "" else mood_word(name)
    )
    return format_html('<span class="mood {}">{}{}</span>', name, icon(f"m-{name}"), word)


def role_word(role: str) -> str:
    """Return the word for a buying role."""
    words = {
        "initiator": _("Initiator"),
        "user": _("User"),
        "influencer": _("Influencer"),
        "decision": _("Decision-maker"),
        "approver": _("Approver"),
        "buyer": _("Buyer"),
        "gatekeeper": _("Gatekeeper"),
    }
    return words.get(role_key(role), "")


def role_key(role: str) -> str:
    """Return the glyph's name for a role's key."""
    return "decision" if role in ("decision_maker", "decision-maker", "decider") else role


@register.simple_tag
def node(role: str = "", mood: str = "silent", veto: bool = False) -> SafeString:
    """Draw a person: role glyph inside, mood as fill, hollow when silent, a V for a veto."""
    words = [role_word(role), mood_word(mood).lower(), _("can veto") if veto else ""]
    glyph = icon(f"r-{role_key(role)}") if role_word(role) else icon("i-people")
    return format_html(
        '<span class="node" data-mood="{}"{} role="img" aria-label="{}">{}</span>',
        mood or "silent",
        mark_safe(" data-veto") if veto else "",
        ", ".join(word for word in words if word),
        glyph,
    )


@register.filter
def initials(name: str) -> str:
    """Return up to two initials of a name."""
    parts = [part for part in name.replace("@", " ").split() if part[0].isalnum()]
    letters = [parts[0][0], parts[-1][0]] if len(parts) > 1 else [part[0] for part in parts]
    return "".join(letters).upper() or "?"


@register.simple_tag
def avatar(name: str, small: bool = False) -> SafeString:
    """Draw a colleague: always initials."""
    css = "avatar small" if small else "avatar"
    return format_html('<span class="{}" role="img" aria-label="{}">{}</span>', css, name, initials(name))


@register.inclusion_tag("ui/components/who.html")
def who(
    name: str,
    role: str = "",
    mood: str = "silent",
    veto: bool = False,
    score: object = "",
    note: object = "",
    quote: str = "",
    language: str = "",
    url: str = "",
    end: object = "",
) -> dict[str, object]:
    """Draw a customer's person with role, mood, note and their words."""
    return {
        "name": name,
        "node": node(role, mood, veto),
        "mood": mood,
        "score": score,
        "note": note,
        "quote": quote,
        "language": language,
        "url": url,
        "end": end,
    }


# -- Estimates -----------------------------------------------------------------


def suppressed(reason: str) -> SafeString:
    """Draw a hidden value with its reason."""
    return format_html('<span class="suppressed">{}</span>', reason)


def range_picture(reading: Reading, tone: str = "") -> SafeString:
    """Draw the box-and-line picture of a range."""
    return format_html(
        '<span class="range {} lo-{} at-{} hi-{}" role="img" aria-label="{}"></span>',
        tone,
        reading.low_at,
        reading.at,
        reading.high_at,
        reading.sentence,
    )


@register.simple_tag
def estimate(
    value: EstimateLike | None,
    scale: str = "",
    picture: bool = False,
    base: bool = True,
    tone: str = "",
    hidden_below: int = HIDDEN_BELOW,
) -> SafeString:
    """Draw an estimate: value, range and n together, or why it is hidden."""
    if value is None:
        return suppressed(_("no figure"))
    reading = read(value, scale, hidden_below)
    if reading.hidden:
        return suppressed(reading.hidden)
    figure = format_html(
        '<span class="est" title="{}"><b>{}</b><span class="ci">{}</span></span>',
        reading.method,
        reading.value,
        reading.range,
    )
    parts = [figure]
    if picture:
        parts.append(range_picture(reading, tone))
    if base and reading.base:
        parts.append(format_html('<span class="n">{}</span>', reading.base))
    return SafeString(" ".join(parts))


@register.simple_tag
def range_mark(
    value: EstimateLike, scale: str = "", tone: str = "", hidden_below: int = HIDDEN_BELOW
) -> SafeString:
    """Draw only the picture of a range, for a table whose next cell says it."""
    reading = read(value, scale, hidden_below)
    return suppressed(reading.hidden) if reading.hidden else range_picture(reading, tone)


@register.simple_tag
def change(value: DifferenceLike | None, scale: str = "change", rising_is_good: bool = True) -> SafeString:
    """Draw a change: shape and colour only when its range excludes zero, otherwise grey and "noise"."""
    if value is None or value.value is None or value.low is None or value.high is None:
        return suppressed((value.reason if value else "") or _("no figure"))
    shown = SCALES[scale]
    said, span = shown.text(value.value), shown.range_text(value.low, value.high)
    if value.low <= 0 <= value.high:
        noise = format_html('<span class="n">{}</span>', _("noise"))
        return format_html('<span class="change flat" title="{}">{} {}</span>', span, said, noise)
    tone = "pro" if (value.value > 0) == rising_is_good else "det"
    shape = icon("m-pro" if value.value > 0 else "m-det")
    return format_html('<span class="mood {}" title="{}">{}{}</span>', tone, span, shape, said)


@register.simple_tag
def meter(share: float, label: str) -> SafeString:
    """Draw a share from 0 to 1 as a small bar."""
    at = round(100 * min(1.0, max(0.0, share)))
    return format_html('<span class="meter at-{}" role="img" aria-label="{}"></span>', at, label)


@register.inclusion_tag("ui/components/figures.html")
def figures(items: Sequence[Figure]) -> dict[str, object]:
    """Draw the row of key figures under the headline."""
    pairs = [(f, read(f.estimate, f.scale, f.hidden_below) if f.estimate else None) for f in items]
    return {"figures": pairs}


# -- Words on a tint, choices --------------------------------------------------


@register.simple_tag
def tag(text: object, tone: str = "", glyph: str = "") -> SafeString:
    """Draw a word with a tint: det, pro, caution, accent, line or plain."""
    mark = icon(glyph, solid=glyph.startswith("m-")) if glyph else NOTHING
    return format_html('<span class="tag {}">{}{}</span>', tone, mark, text)


@register.simple_tag
def chip(text: object, url: str, current: bool = False, glyph: str = "") -> SafeString:
    """Draw a choice that is a link."""
    mark = icon("check" if current and not glyph else glyph) if current or glyph else NOTHING
    state = mark_safe(' aria-current="true"') if current else NOTHING
    return format_html('<a class="chip" href="{}"{}>{}{}</a>', url, state, mark, text)


@register.inclusion_tag("ui/components/filters.html")
def filters(bar: FilterBar) -> dict[str, object]:
    """Draw the filters of a page; every chip is a link."""
    return {"bar": bar}


@register.inclusion_tag("ui/components/tabs.html")
def tabs(items: Sequence[Tab], label: str = "") -> dict[str, object]:
    """Draw the parts of a page."""
    return {"tabs": items, "label": label or _("Parts of this page")}


# -- Tables and pages ----------------------------------------------------------


@register.simple_tag(takes_context=True)
def sort_header(
    context: Context, key: str, label: object, numeric: bool = False, default: str = "", param: str = "sort"
) -> SafeString:
    """Draw a column's heading as a link that sorts by it; a second click turns the order round."""
    request = _request(context)
    css = mark_safe(' class="num"') if numeric else NOTHING
    if request is None:
        return format_html('<th scope="col"{}>{}</th>', css, label)
    current, descending = sort_state(request, default, param)
    here = current == key
    first = f"-{key}" if numeric else key
    other = (key if descending else f"-{key}") if here else first
    order, arrow = ("descending", "▾") if descending else ("ascending", "▴")
    state = format_html(' aria-sort="{}"', order) if here else NOTHING
    mark = format_html(' <span aria-hidden="true">{}</span>', arrow) if here else NOTHING
    url = query_with(request, {param: other})
    return format_html('<th scope="col"{}{}><a href="{}">{}{}</a></th>', css, state, url, label, mark)


@register.inclusion_tag("ui/components/table.html", takes_context=True)
def table(context: Context, data: Table, default_sort: str = "") -> dict[str, object]:
    """Draw a plain table from data."""
    heads = [
        sort_header(context, column.sort, column.label, column.numeric, default_sort)
        if column.sort
        else format_html(
            '<th scope="col"{}>{}</th>',
            mark_safe(' class="num"') if column.numeric else NOTHING,
            column.label,
        )
        for column in data.columns
    ]
    css = ["num" if column.numeric else "" for column in data.columns]
    rows = [(row, list(zip(row.cells, css, strict=False))) for row in data.rows]
    return {"table": data, "heads": heads, "rows": rows, "total": list(zip(data.total, css, strict=False))}


@register.inclusion_tag("ui/components/pages.html", takes_context=True)
def pagination(context: Context, page: "Page[Any]", param: str = "page") -> dict[str, object]:
    """Draw links to the other pages of a list; the page number lives in the URL."""
    request = _request(context)
    paginator = page.paginator

    def url(number: int) -> str:
        return query_with(request, {param: str(number)}) if request else f"?{param}={number}"

    shown = [
        (n, url(n) if isinstance(n, int) else "")
        for n in paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    ]
    return {
        "page": page,
        "numbers": shown,
        "previous": url(page.previous_page_number()) if page.has_previous() else "",
        "next": url(page.next_page_number()) if page.has_next() else "",
    }


@register.inclusion_tag("ui/components/keyset.html", takes_context=True)
def keyset(context: Context, newer: str = "", older: str = "", label: str = "") -> dict[str, object]:
    """Draw links to the next stretch of a long list (?before=, ?after=); pass the cursors."""
    request = _request(context)

    def url(key: str, cursor: str) -> str:
        return query_with(request, {key: cursor}) if request and cursor else ""

    return {"newer": url("before", newer), "older": url("after", older), "label": label}


# -- Blocks --------------------------------------------------------------------


@register.simple_block_tag
def section(content: str, title: str, span: int = 0, base: object = "", anchor: str = "") -> SafeString:
    """Draw a section: a rule, a heading, its base at the end of the line, then the content."""
    return format_html(
        '<section class="section{}"{}><header><h2>{}</h2>{}</header>{}</section>',
        f" span-{span}" if span else "",
        format_html(' id="{}"', anchor) if anchor else NOTHING,
        title,
        format_html('<span class="n end">{}</span>', base) if base else NOTHING,
        content,
    )


@register.simple_block_tag
def notice(content: str, tone: str = "", glyph: str = "", url: str = "", action: str = "") -> SafeString:
    """Draw a notice: caution, det, pro or plain; with one link at its end. A det notice is an alert."""
    glyph = glyph or {"caution": "clock", "det": "case", "pro": "check"}.get(tone, "note")
    return format_html(
        '<div class="notice {}"{}>{}<span>{}</span>{}</div>',
        tone,
        mark_safe(' role="alert"') if tone == "det" else NOTHING,
        icon(glyph),
        content,
        format_html('<a class="btn" href="{}">{}</a>', url, action) if url else NOTHING,
    )


@register.simple_block_tag
def empty(content: str, title: str, url: str = "", action: str = "") -> SafeString:
    """Draw an empty state: what was looked at, what was not found, and the next step."""
    return format_html(
        '<div class="empty"><h2>{}</h2><p>{}</p>{}</div>',
        title,
        content,
        format_html('<a class="btn" href="{}">{}</a>', url, action) if url else NOTHING,
    )


@register.simple_block_tag
def quote(
    content: str, mood: str = "", footer: object = "", language: str = "", big: bool = False
) -> SafeString:
    """Draw a customer's words exactly as said."""
    return format_html(
        '<div class="quote {}{}"><blockquote{}>{}</blockquote>{}</div>',
        mood,
        " big" if big else "",
        format_html(' lang="{}"', language) if language else NOTHING,
        content.strip(),
        format_html("<footer>{}</footer>", footer) if footer else NOTHING,
    )


@register.inclusion_tag("ui/components/timeline.html")
def timeline(items: Sequence[TimelineItem]) -> dict[str, object]:
    """Draw many kinds of things on one line of time, newest first."""
    return {"items": items}


@register.inclusion_tag("ui/components/confirm.html", takes_context=True)
def confirm_dialog(
    context: Context,
    name: str,
    title: str,
    text: object,
    action: str,
    url: str,
    danger: bool = False,
    fields: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Draw a dialog with a plain form; open it by any link or button with data-dialog="the id"."""
    return {
        "name": name,
        "title": title,
        "text": text,
        "action": action,
        "url": url,
        "danger": danger,
        "fields": fields or {},
        "csrf_token": context.get("csrf_token", ""),
    }


@register.inclusion_tag("ui/palette_results.html")
def palette_groups(groups: Sequence[PaletteGroup]) -> dict[str, object]:
    """Draw results as the palette's options."""
    return {"groups": groups}


@register.inclusion_tag("ui/components/chart.html")
def chart(data: Chart) -> dict[str, object]:
    """Draw a chart with its finding, its measure, its note, and the table behind it."""
    return {"chart": data, "label": data.caption.title or data.summary}


# -- Formatting ----------------------------------------------------------------


@register.filter(name="number")
def number_filter(value: formats.Number | None, decimals: int = 0) -> str:
    """Write a number; nothing stays a dash."""
    return formats.EN_DASH if value is None else formats.number(value, decimals)


@register.filter
def signed(value: formats.Number | None, decimals: int = 0) -> str:
    """Write a number with its sign."""
    return formats.EN_DASH if value is None else formats.number(value, decimals, sign=True)


@register.filter
def percent(value: formats.Number | None, decimals: int = 0) -> str:
    """Write a share from 0 to 1 as a percentage."""
    return formats.EN_DASH if value is None else formats.number(float(value) * 100, decimals) + "%"


@register.filter
def money(value: formats.Number | None, currency: str = "EUR") -> str:
    """Write an amount in full."""
    return formats.EN_DASH if value is None else formats.money(value, currency)


@register.filter
def money_short(value: formats.Number | None, currency: str = "EUR") -> str:
    """Write an amount where room is short: €0.72m."""
    return formats.EN_DASH if value is None else formats.money(value, currency, compact=True)


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a day: 17 Sep, with the year when it is not this one."""
    return "" if value is None else formats.day(value)


@register.filter
def full_day(value: date | datetime | None) -> str:
    """Write a day with its year."""
    return "" if value is None else formats.full_day(value)


@register.filter
def weekday(value: date | datetime | None) -> str:
    """Write a day with its weekday."""
    return "" if value is None else formats.weekday(value)


@register.filter
def clock(value: datetime | time | None) -> str:
    """Write a time of day."""
    return "" if value is None else formats.clock(value)


@register.filter
def moment(value: datetime | None) -> str:
    """Write a day and its time: 17 Sep 14:00."""
    return "" if value is None else f"{formats.day(value)} {formats.clock(value)}"
