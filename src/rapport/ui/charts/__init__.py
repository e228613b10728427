"""The one chart layer: measures become accessible SVG with their ranges, hidden where too few answered."""

from rapport.ui.charts.bars import Bar, bars_with_whiskers
from rapport.ui.charts.chart import Caption, Chart, ChartTable
from rapport.ui.charts.counts import Counts, columns, strip
from rapport.ui.charts.fishbone import Bone, Cause, fishbone
from rapport.ui.charts.grid import Cell, Heading, heat_grid
from rapport.ui.charts.lines import Annotation, Point, Target, line_with_band
from rapport.ui.charts.matters import Matter, importance_map
from rapport.ui.charts.privacy import hidden_cells
from rapport.ui.charts.small import people_dots, range_mark, spark
from rapport.ui.charts.village import Site, Villager, village_map

__all__ = [
    "Annotation",
    "Bar",
    "Bone",
    "Caption",
    "Cause",
    "Cell",
    "Chart",
    "ChartTable",
    "Counts",
    "Heading",
    "Matter",
    "Point",
    "Site",
    "Target",
    "Villager",
    "bars_with_whiskers",
    "columns",
    "fishbone",
    "heat_grid",
    "hidden_cells",
    "importance_map",
    "line_with_band",
    "people_dots",
    "range_mark",
    "spark",
    "strip",
    "village_map",
]
