"""The style guide: every component and chart on one page, with fictional data."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.stats.estimate import Difference, Estimate
from rapport.ui.charts import (
    Annotation,
    Bar,
    Caption,
    Cell,
    Chart,
    Counts,
    Heading,
    Point,
    Site,
    Target,
    Villager,
    bars_with_whiskers,
    columns,
    heat_grid,
    line_with_band,
    people_dots,
    range_mark,
    spark,
    strip,
    village_map,
)
from rapport.ui.components import (
    Choice,
    Column,
    Figure,
    Filter,
    Row,
    Tab,
    Table,
    TimelineItem,
    filter_bar,
)

ROLES = {
    "initiator": gettext_lazy("Initiator"),
    "user": gettext_lazy("User"),
    "influencer": gettext_lazy("Influencer"),
    "decision": gettext_lazy("Decision-maker"),
    "approver": gettext_lazy("Approver"),
    "buyer": gettext_lazy("Buyer"),
    "gatekeeper": gettext_lazy("Gatekeeper"),
}
ICONS = [
    "home",
    "customers",
    "listen",
    "understand",
    "act",
    "design",
    "engage",
    "partners",
    "community",
    "govern",
    "search",
    "plus",
    "check",
    "x",
    "mic",
    "camera",
    "clock",
    "flag",
    "box",
    "note",
    "mail",
    "phone",
    "link",
    "print",
    "share",
    "people",
    "moon",
    "quote",
    "star",
    "euro",
    "eye",
    "case",
]
FEELINGS = [
    "happy",
    "safe",
    "valued",
    "interested",
    "calm",
    "hurried",
    "neglected",
    "disappointed",
    "frustrated",
]


class ExampleForm(forms.Form):
    """One field of every kind, two of them wrong."""

    account = forms.CharField(label=gettext_lazy("Account"), help_text=gettext_lazy("Name, site or number"))
    due = forms.DateField(label=gettext_lazy("Due"))
    tier = forms.ChoiceField(label=gettext_lazy("Tier"), choices=[("A", "A"), ("B", "B"), ("C", "C")])
    channel = forms.ChoiceField(
        label=gettext_lazy("Tell by"),
        choices=[("phone", gettext_lazy("Telephone")), ("mail", gettext_lazy("E-mail"))],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(label=gettext_lazy("Words"), widget=forms.Textarea, required=False)
    urgent = forms.BooleanField(label=gettext_lazy("Someone should act on this"), required=False)


def points(value: float, low: float, high: float, n: int) -> Estimate:
    """Return a score in points for the examples."""
    return Estimate(
        value=value, low=low, high=high, n=n, n_effective=n, method="adjusted Wald", unit="points"
    )


def share(value: float, low: float, high: float, n: int) -> Estimate:
    """Return a share for the examples."""
    return Estimate(value=value, low=low, high=high, n=n, n_effective=n, method="Wilson", unit="share")


def example_line() -> Chart:
    """Draw a score over eight quarters."""
    quarters = ["Q4 24", "Q1", "Q2", "Q3", "Q4 25", "Q1 26", "Q2 26", "Q3 26"]
    values = [(34, 268), (36, 301), (38, 322), (38, 340), (36, 355), (34, 371), (31, 388), (28, 412)]
    run = [Point(label, points(v, v - 9, v + 8, n)) for label, (v, n) in zip(quarters, values, strict=True)]
    return line_with_band(
        Caption(
            _("Sliding since the parts depot moved"),
            _("NPS by quarter, all roles and regions, with 95% range; n is answers"),
            _("Adjusted Wald range. Fictional data."),
        ),
        run,
        annotations=[Annotation("Q4 25", _("Parts depot moved"))],
        target=Target(40),
    )


def example_thin_line() -> Chart:
    """Draw a score whose evidence is thin, with one period hidden."""
    run = [
        Point("Q4 25", points(20, -12, 44, 19)),
        Point("Q1 26", points(13, -8, 33, 24)),
        Point("Q2 26", points(0, -60, 60, 3)),
        Point("Q3 26", points(-19, -62, 24, 7)),
    ]
    caption = Caption(
        _("Too few to say"), _("NPS by quarter at one customer, 95% range"), _("Fictional data.")
    )
    return line_with_band(caption, run, width=487, height=220)


def example_bars() -> Chart:
    """Draw reasons as bars."""
    bars = [
        Bar(_("Spare parts late"), share(0.26, 0.21, 0.31, 287), tone="accent"),
        Bar(_("Dates moved, not told"), share(0.18, 0.14, 0.23, 287)),
        Bar(_("Invoice wrong"), share(0.14, 0.10, 0.18, 287)),
        Bar(_("Portal sign-in"), share(0.12, 0.04, 0.29, 17)),
        Bar(_("Price"), share(0.4, 0.1, 0.8, 3)),
    ]
    caption = Caption(_("One reason in four is a late part"), _("Share of coded comments, 95% range"))
    return bars_with_whiskers(caption, bars)


def example_columns() -> Chart:
    """Draw counts by quarter."""
    items = [
        Counts("Q4 25", 62, 96, 197, 40),
        Counts("Q1 26", 71, 101, 199, 44),
        Counts("Q2 26", 82, 107, 199, 61),
        Counts("Q3 26", 91, 113, 208, 72),
        Counts("Q4 26", 1, 2, 1),
    ]
    return columns(Caption(_("More detractors each quarter"), _("People by answer, and the silent")), items)


def example_grid() -> Chart:
    """Draw role by region."""
    regions = [
        Heading("DACH", total=points(37, 23, 48, 134)),
        Heading("Nordics, Benelux", total=points(14, 0, 27, 143)),
        Heading("UK, Ireland", total=points(29, 10, 45, 77)),
    ]
    roles = [
        Heading(_("Users"), "user", points(27, 14, 40, 126)),
        Heading(_("Buyers"), "buyer", points(13, -8, 33, 52)),
        Heading(_("Approvers"), "approver", points(12, -19, 41, 21)),
    ]
    cells = [
        [Cell(points(34, 11, 55, 48)), Cell(points(10, -13, 33, 50)), Cell(points(36, 2, 62, 28))],
        [Cell(points(19, -14, 50, 21)), Cell(points(-12, -42, 20, 19)), Cell(points(17, -25, 55, 12))],
        [Cell(points(25, -28, 68, 8)), Cell(points(0, -45, 45, 9)), Cell(points(10, -60, 70, 4))],
    ]
    caption = Caption(
        _("Buyers in Nordics and Benelux fall below everyone else"),
        _("NPS by role and region, 95% range. Coloured where it excludes the overall 28; small figure is n"),
        _("Fictional data."),
    )
    return heat_grid(caption, roles, regions, cells, reference=28)


def example_village() -> Chart:
    """Draw the village of a fictional dairy."""
    sites = [Site("Zwolle", _("head office")), Site("Meppel", _("12 lines")), Site("Gent", _("7 lines"))]
    cast = [
        ("Marijke Dekker", "decision", "Zwolle", 16, 7, 0.86, True),
        ("Eva Hoekstra", "approver", "Zwolle", 14, None, 0, True),
        ("Annelies Peeters", "buyer", "Zwolle", 13, 6, 0.93, False),
        ("Ruud Smeets", "gatekeeper", "Zwolle", 5, None, 0, False),
        ("Joost Brandsma", "decision", "Meppel", 13, 3, 1, False),
        ("Pieter van Dam", "user", "Meppel", 9, 4, 0.93, False),
        ("Tom Wouters", "influencer", "Meppel", 8, 9, 0.68, False),
        ("Ilse Claes", "influencer", "Gent", 10, 8, 0.54, True),
        ("Bram De Smet", "initiator", "Gent", 7, 9, 0.79, False),
        ("Lotte Maes", "user", "Gent", 5, None, 0, False),
    ]
    people = [
        Villager(name, role, site, weight, score, fresh, veto, str(ROLES[role]), f"?person={index}")
        for index, (name, role, site, weight, score, fresh, veto) in enumerate(cast)
    ]
    return village_map(Caption(_("The person who can stop the renewal is silent")), sites, people)


@dataclass(frozen=True)
class Swatch:
    """One colour token."""

    name: str
    token: str
    use: str


def _swatches() -> list[Swatch]:
    return [
        Swatch(_("Paper"), "paper", _("Page")),
        Swatch(_("Surface"), "surface", _("Fields, overlays")),
        Swatch(_("Sunk"), "sunk", _("Rail, notices")),
        Swatch(_("Ink"), "ink", _("Text, rules, lines")),
        Swatch(_("Plum"), "accent", _("Do, or selected")),
        Swatch(_("Ochre"), "note", _("Thin, ageing, due")),
        Swatch(_("Detractor"), "det", _("Triangle down")),
        Swatch(_("Passive"), "pas", _("Square")),
        Swatch(_("Promoter"), "pro", _("Triangle up")),
    ]


def _timeline() -> list[TimelineItem]:
    at = datetime(2026, 9, 17, 10, 41, tzinfo=UTC)
    return [
        TimelineItem(
            at,
            _("Case"),
            _("Case 1187"),
            "act",
            text=_("cause found"),
            tag=_("due today"),
            tag_tone="caution",
        ),
        TimelineItem(
            at,
            _("Answer"),
            "Joost Brandsma",
            "m-det",
            "det",
            voice="Third time this year the seal kits came later than promised.",
            note=_("Tracking survey, Meppel"),
            score="3",
        ),
        TimelineItem(
            at, _("Contract"), _("Service contract"), "euro", text=_("extended one year"), note="€310,000"
        ),
    ]


def _table() -> Table:
    rows = [
        Row(["Veldhuis Dairy", "0.72", range_mark(share(0.61, 0.47, 0.74, 61), tone="det")], "?row=1"),
        Row(["Tarnhelm Chemicals", "0.43", range_mark(share(0.70, 0.55, 0.82, 61))], "?row=2"),
        Row(["Aurelia Foods", "0.22", range_mark(share(0.83, 0.71, 0.91, 12))], "?row=3"),
    ]
    heads = [Column(_("Account"), sort="name"), Column(_("€m at risk"), numeric=True, sort="risk")]
    return Table(
        _("Accounts at risk"), [*heads, Column(_("Chance of renewal"))], rows, [_("Three accounts"), "1.37"]
    )


def guide(request: HttpRequest) -> HttpResponse:
    """Show the style guide."""
    form = ExampleForm({"account": "Veldhuis Dairy", "due": "31 Sep", "tier": "A"})
    roles = Filter("role", _("Role"), [Choice(key, word) for key, word in ROLES.items()], multiple=True)
    regions = Filter("region", _("Region"), [Choice("north", "Nordics"), Choice("dach", "DACH")])
    context = {
        "swatches": _swatches(),
        "roles": [
            (key, mood)
            for key, mood in zip(ROLES, ["det", "pas", "pro", "pas", "silent", "det", "silent"], strict=True)
        ],
        "role_words": ROLES,
        "icons": ICONS,
        "feelings": FEELINGS,
        "firm": points(28, 20, 36, 412),
        "thin": points(13, -8, 33, 19),
        "few": points(10, -60, 70, 4),
        "real": Difference(value=-13, low=-20, high=-4, n_a=400, n_b=412, method="Wald"),
        "noise": Difference(value=-5, low=-12, high=3, n_a=400, n_b=412, method="Wald"),
        "figures": [
            Figure(
                _("Chance of renewal"),
                estimate=share(0.61, 0.47, 0.74, 61),
                mood="det",
                mood_text=_("−13 since June"),
            ),
            Figure(_("Revenue at risk"), "€0.72m", _("0.48–0.98 of €1.84m")),
            Figure(_("NPS, per person"), estimate=points(0, -26, 26, 9)),
            Figure(_("At one site"), estimate=points(10, -60, 70, 4)),
            Figure(_("Open cases"), "2", _("one due today at 14:00"), url="?"),
        ],
        "tabs": [
            Tab(_("Overview"), "?", current=True),
            Tab(_("Timeline"), "?tab=t"),
            Tab(_("People"), "?tab=p", 13),
        ],
        "bar": filter_bar(request, _("412 answers from 96 accounts"), [roles, regions]),
        "table": _table(),
        "page": Paginator(range(420), 20).get_page(request.GET.get("page")),
        "timeline": _timeline(),
        "form": form,
        "line": example_line(),
        "thin_line": example_thin_line(),
        "bars": example_bars(),
        "columns": example_columns(),
        "strip": strip(
            Caption(_("Half would recommend us"), _("Share of 412 people")), Counts(_("All"), 91, 113, 208)
        ),
        "grid": example_grid(),
        "village": example_village(),
        "spark": spark([79, 80, 80, 78, 74, None, 66, 61], 40, 100, _("Eight quarters, from 79 to 61")),
        "dots": people_dots(4, 5, 4),
    }
    return render(request, "ui/guide.html", context)
