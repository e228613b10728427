"""Answers the palette: options for the open palette, a page of results for a browser without scripts."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rapport.ui.components import PaletteGroup


def answer_palette(request: HttpRequest, query: str, groups: Sequence[PaletteGroup]) -> HttpResponse:
    """Render what a search found; call it from the view named with `navigation.set_search`."""
    shown = [group for group in groups if group.results]
    context = {"query": query, "groups": shown}
    if request.headers.get("X-Palette"):
        return render(request, "ui/palette_results.html", context)
    return render(request, "ui/search.html", context)
