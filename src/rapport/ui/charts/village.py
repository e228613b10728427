"""The village map: who has a say, at which site, how they feel, how fresh that is, and who is silent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from rapport.ui.charts import legend
from rapport.ui.charts.canvas import Canvas, shortened, text_width
from rapport.ui.charts.chart import Caption, Chart, ChartTable, LegendItem, Text, sentence
from rapport.ui.formats import number

WIDTH = 794.0
TOP = 34.0
LANE = 92.0
LARGEST = 20.2
SMALLEST = 7.0
MOST_PEOPLE = 80
NAME_ROOM = 124.0
BANDS = (("det", 86.0, 366.0), ("pas", 366.0, 494.0), ("pro", 494.0, 606.0))
SCORE_AT = {0: 106, 1: 146, 2: 186, 3: 226, 4: 266, 5: 306, 6: 346, 7: 398, 8: 462, 9: 522, 10: 578}
SILENT_FROM = 650.0
SILENT_AT = (SILENT_FROM, 742.0)
LEFT = 88.0


@dataclass(frozen=True)
class Villager:
    """One person with a say. No score means silence; `freshness` is what is left of the knowledge, 0 to 1."""

    name: str
    role: str
    site: str
    weight: float
    score: float | None = None
    freshness: float = 1.0
    veto: bool = False
    role_word: str = ""
    url: str = ""

    @property
    def mood(self) -> str:
        """Return the band this person stands in."""
        if self.score is None:
            return "silent"
        return "det" if self.score <= 6 else "pas" if self.score <= 8 else "pro"


@dataclass(frozen=True)
class Site:
    """One row of the map."""

    name: str
    note: str = ""


@dataclass
class _Lane:
    """A line of people that do not touch: circles above, names below or beside."""

    circles: list[tuple[float, float]] = field(default_factory=list)
    names: list[tuple[float, float]] = field(default_factory=list)

    def take(self, circle: tuple[float, float], name: tuple[float, float] | None) -> bool:
        """Reserve room when it is free; a name beside its circle is part of the circle's room."""
        if _touches(self.circles, circle) or (name and _touches(self.names, name)):
            return False
        self.circles.append(circle)
        if name:
            self.names.append(name)
        return True


def _touches(taken: Sequence[tuple[float, float]], wanted: tuple[float, float]) -> bool:
    return any(wanted[0] < end and start < wanted[1] for start, end in taken)


@dataclass(frozen=True)
class _Place:
    """A person with a place in a row and a side for the name."""

    person: Villager
    x: float
    lane: int
    radius: float
    side: str = "below"


def score_x(score: float) -> float:
    """Return where a score from 0 to 10 stands; scores between two marks stand between them."""
    kept = min(10.0, max(0.0, score))
    below = math.floor(kept)
    above = min(10, below + 1)
    return SCORE_AT[below] + (SCORE_AT[above] - SCORE_AT[below]) * (kept - below)


def radius(weight: float, heaviest: float) -> float:
    """Return a person's size: the area, not the width, stands for the weight."""
    if heaviest <= 0:
        return SMALLEST
    return max(SMALLEST, LARGEST * math.sqrt(max(0.0, weight) / heaviest))


def _name_width(person: Villager) -> float:
    name = text_width(shortened(person.name, NAME_ROOM, strong=True), strong=True)
    return max(name, text_width(shortened(person.role_word, NAME_ROOM, 11), 11))


def _sides(
    person: Villager, x: float, size: float
) -> list[tuple[str, tuple[float, float], tuple[float, float] | None]]:
    """Return where the name could stand, best first, with the room circle and name would take."""
    room, wide = size + 6, _name_width(person)
    middle = min(WIDTH - wide / 2, max(LEFT + wide / 2, x))
    below = ("below", (x - room, x + room), (middle - wide / 2 - 3, middle + wide / 2 + 3))
    if person.score is None:
        return [below]
    sides: list[tuple[str, tuple[float, float], tuple[float, float] | None]] = [below]
    if x - room - 4 - wide >= LEFT:
        sides.append(("left", (x - room - 4 - wide, x + room), None))
    if x + room + 4 + wide <= SILENT_FROM - 40:
        sides.append(("right", (x - room, x + room + 4 + wide), None))
    return sides


def _places(people: Sequence[Villager], heaviest: float) -> tuple[list[_Place], int]:
    """Put the people of one site into as few lanes as hold them without touching."""
    lanes: list[_Lane] = []
    places = [
        _place(lanes, person, radius(person.weight, heaviest))
        for person in sorted(people, key=lambda p: (-p.weight, p.name))
    ]
    return places, max(1, len(lanes))


def _place(lanes: list[_Lane], person: Villager, size: float) -> _Place:
    spots = SILENT_AT if person.score is None else (score_x(person.score),)
    for index in range(len(lanes) + 1):
        if index == len(lanes):
            lanes.append(_Lane())
        for x in spots:
            for side, circle, name in _sides(person, x, size):
                if lanes[index].take(circle, name):
                    return _Place(person, x, index, size, side)
    raise AssertionError("An empty lane has room for anybody.")


def _draw_head(canvas: Canvas, foot: float, people: Sequence[Villager], silent_note: str) -> None:
    for mood, start, end in BANDS:
        canvas.rect(start, TOP, end - start, foot - TOP, f"f-{mood}-soft zone")
    canvas.text(92, 14, _("Detractor 0 to 6"), "t-det")
    canvas.text(430, 14, _("Passive 7, 8"), "t-strong t-mid")
    canvas.text(602, 14, _("Promoter 9, 10"), "t-pro t-end")
    silent_weight = sum(person.weight for person in people if person.score is None)
    share = {"silent": number(silent_weight), "all": number(sum(person.weight for person in people))}
    canvas.text(618, 14, _("Silent, %(silent)s of %(all)s weight") % share, "t-strong")
    for score, x in SCORE_AT.items():
        canvas.text(x, 29, score, "t-mute t-mid")
    canvas.text(618, 29, silent_note, "t-mute")


def _draw_person(canvas: Canvas, place: _Place, y: float) -> None:
    person, x, size = place.person, place.x, place.radius
    label = _person_words(person)
    if person.url:
        canvas.open_link(person.url, label)
    else:
        canvas.open("g")
        canvas.title(label)
    if person.score is None:
        canvas.circle(x, y, size, "silent")
    else:
        legend.ring(canvas, x, y, size + 4, person.freshness)
        canvas.circle(x, y, size, f"f-{person.mood}")
    glyph = min(20.0, size * 1.15)
    canvas.glyph(x, y, glyph, f"r-{person.role}", "glyph hollow" if person.score is None else "glyph")
    if person.veto:
        left, top = x + size * 0.53 - 3, y - size - 12
        legend.shield(canvas, left, top)
    _draw_name(canvas, place, y)
    canvas.close()


def _draw_name(canvas: Canvas, place: _Place, y: float) -> None:
    person, gap = place.person, place.radius + 9
    name = shortened(person.name, NAME_ROOM, strong=True)
    role = shortened(person.role_word, NAME_ROOM, 11)
    half = _name_width(person) / 2
    x, top, css = {
        "below": (min(WIDTH - half, max(LEFT + half, place.x)), y + 41, " t-mid"),
        "left": (place.x - gap, y + 1, " t-end"),
        "right": (place.x + gap, y + 1, ""),
    }[place.side]
    canvas.text(x, top, name, f"t-strong{css}")
    canvas.text(x, top + 13, role, f"t-mute{css}")


def _person_words(person: Villager) -> str:
    words = [person.site] if person.url and text_width(person.name, strong=True) <= NAME_ROOM else []
    words = words or [person.name, person.role_word, person.site]
    if person.score is None:
        words.append(_("silent"))
    else:
        words.append(_("scored %(score)s") % {"score": _score(person.score)})
    if person.veto:
        words.append(_("can veto"))
    return ", ".join(word for word in words if word)


def _score(score: float) -> str:
    return number(score, 0 if score == int(score) else 1)


def village_map(
    caption: Caption,
    sites: Sequence[Site],
    people: Sequence[Villager],
    most: int = MOST_PEOPLE,
    silent_note: Text = "",
) -> Chart:
    """Draw the village; beyond `most` people the lightest are only in the table."""
    known = {site.name for site in sites}
    rows = [*sites, *_unlisted(people, known)]
    drawn = sorted(people, key=lambda p: (-p.weight, p.name))[:most]
    heaviest = max((person.weight for person in drawn), default=0.0)
    placed = [_places([p for p in drawn if p.site == site.name], heaviest) for site in rows]
    height = TOP + sum(12 + LANE * lanes for _people, lanes in placed)
    canvas = Canvas(WIDTH, height)
    _draw_head(canvas, height, people, str(silent_note or _("12 months or longer, or never")))
    canvas.line(0, TOP, WIDTH, TOP, "grid-line")
    y = TOP
    for site, (places, lanes) in zip(rows, placed, strict=True):
        tall = 12 + LANE * lanes
        canvas.text(0, y + tall / 2 - 2, shortened(site.name, 84, strong=True), "t-strong")
        canvas.text(0, y + tall / 2 + 13, shortened(site.note, 84, 11), "t-mute")
        for place in places:
            _draw_person(canvas, place, y + 40 + LANE * place.lane)
        y += tall
        canvas.line(0, y, WIDTH, y, "grid-line")
    summary = sentence(caption, _said(people, len(rows)))
    return Chart(caption, canvas.svg(summary), summary, _table(people), WIDTH, _legend(people))


def _unlisted(people: Sequence[Villager], known: set[str]) -> list[Site]:
    others = dict.fromkeys(person.site for person in people if person.site not in known)
    return [Site(name) for name in others]


def _said(people: Sequence[Villager], sites: int) -> str:
    moods = [person.mood for person in people]
    vetoes = [p.name for p in people if p.veto and p.score is None]
    said = _(
        "%(people)d people at %(sites)d sites: %(det)d detractors, %(pas)d passives, %(pro)d promoters, "
        "%(silent)d silent."
    )
    text = said % {
        "people": len(people),
        "sites": sites,
        "det": moods.count("det"),
        "pas": moods.count("pas"),
        "pro": moods.count("pro"),
        "silent": moods.count("silent"),
    }
    if vetoes:
        text += " " + _("Silent and able to veto: %(names)s.") % {"names": ", ".join(vetoes)}
    return text


def _table(people: Sequence[Villager]) -> ChartTable:
    columns = [_("Person"), _("Role"), _("Site"), _("Score"), _("Weight"), _("Knowledge left"), _("Veto")]
    rows = [
        [
            person.name,
            person.role_word,
            person.site,
            _("silent") if person.score is None else _score(person.score),
            number(person.weight),
            "" if person.score is None else number(100 * person.freshness) + "%",
            _("yes") if person.veto else "",
        ]
        for person in sorted(people, key=lambda p: (-p.weight, p.name))
    ]
    return ChartTable(columns, rows)


def _legend(people: Sequence[Villager]) -> list[LegendItem]:
    roles = dict.fromkeys((person.role, person.role_word) for person in people if person.role_word)
    items = [legend.role(key, word) for key, word in roles]
    items += [legend.weight(), legend.freshness(), legend.silent()]
    if any(person.veto for person in people):
        items.append(legend.veto())
    return items
