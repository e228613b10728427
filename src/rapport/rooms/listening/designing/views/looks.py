"""Languages side by side, and the supplier's look."""

import re
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.listening.definition import Definition, Theme
from rapport.rooms.listening.definition.checking import LEAST_CONTRAST, contrast_with_white, nearest_readable
from rapport.rooms.listening.definition.messages import direction, is_spoken
from rapport.rooms.listening.designing import edits
from rapport.rooms.listening.designing.edits import EditRefused
from rapport.rooms.listening.designing.forms import PICTURES, picture_of
from rapport.rooms.listening.designing.naming import language_name, offered_languages
from rapport.rooms.listening.designing.services import DraftMoved, edit_draft
from rapport.rooms.listening.designing.texts import missing_in, texts_of, with_words
from rapport.rooms.listening.models import Survey

MOST_LOGO = 15_000
USUAL = "#1D4E3A"


# -- Languages ----------------------------------------------------------------


@permit(Permission.SEE_FIGURES, Permission.MANAGE_SURVEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def languages(request: UserRequest, code: str) -> HttpResponse:
    """Show two languages side by side; save what was written, add a language or drop one."""
    survey = get_visible(Survey, request.user, code=code)
    manages = request.user.may(Permission.MANAGE_SURVEYS)
    if request.method == "POST":
        if not manages:
            raise Http404
        return _save_languages(request, survey)
    return _show_languages(request, survey, manages)


def _show_languages(
    request: UserRequest, survey: Survey, manages: bool, typed: dict[str, str] | None = None
) -> HttpResponse:
    definition = survey.definition()
    places = texts_of(definition)
    others = [one for one in definition.languages if one != definition.language]
    to = request.POST.get("to") or request.GET.get("to") or ""
    to = to if to in definition.languages else (others[0] if others else definition.language)
    only = request.GET.get("only") == "missing"
    if typed is not None:
        places = [replace(one, said={**one.said, to: typed.get(one.path, "")}) for one in places]
    rows = [
        (place, place.said.get(definition.language, ""), place.said.get(to, ""))
        for place in places
        if not only or not place.said.get(to, "").strip()
    ]
    context: dict[str, Any] = {
        "survey": survey,
        "definition": definition,
        "to": to,
        "to_name": language_name(to),
        "to_direction": direction(to),
        "from_name": language_name(definition.language),
        "from_direction": direction(definition.language),
        "own": to == definition.language,
        "rows": rows,
        "only": only,
        "total": len(places),
        "columns": [
            (one, language_name(one), missing_in(places, one), is_spoken(one), direction(one) == "rtl")
            for one in definition.languages
        ],
        "missing": missing_in(places, to),
        "offered": [pair for pair in offered_languages() if pair[0] not in definition.languages],
        "manages": manages and not survey.archived,
    }
    return render(request, "surveys/languages.html", context)


def _save_languages(request: UserRequest, survey: Survey) -> HttpResponse:
    act, to = request.POST.get("act", "save"), request.POST.get("to", "")
    said = {name[2:]: str(words) for name, words in request.POST.items() if name.startswith("t:")}
    number = request.POST.get("draft_number", "")
    try:
        change = _language_change(act, to, request.POST.get("language", "").strip(), said)
        edit_draft(survey, int(number) if number.isdecimal() else 0, change)
    except (EditRefused, DraftMoved) as refusal:
        messages.error(request, str(refusal))
        if act == "save":
            survey.refresh_from_db()
            return _show_languages(request, survey, True, said)
    else:
        if act == "save":
            messages.success(request, _("%(language)s is saved.") % {"language": language_name(to)})
    to = request.POST.get("language", "") if act == "add" else "" if act == "remove" else to
    return redirect(f"{request.path}?to={to}" if to else request.path)


def _language_change(act: str, to: str, other: str, said: dict[str, str]) -> edits.Change:
    if act == "add":
        return edits.add_language(other)
    if act == "remove":
        return edits.remove_language(to)
    if act == "first":
        return edits.make_default_language(to)
    if act == "save":
        return lambda definition: _written(definition, to, said)
    raise Http404


def _written(definition: Definition, language: str, said: dict[str, str]) -> Definition:
    if language not in definition.languages:
        raise EditRefused(_("The survey is not offered in %(language)s.") % {"language": language})
    return with_words(definition, language, said)


# -- Theme --------------------------------------------------------------------


class ThemeForm(forms.Form):
    """The supplier's name, logo and colour."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=80)
    color = forms.RegexField(
        r"^#[0-9A-Fa-f]{6}$",
        label=gettext_lazy("Colour"),
        required=False,
        widget=forms.TextInput(attrs={"placeholder": USUAL}),
        help_text=gettext_lazy("Written as #RRGGBB. White words stand on it: at least 4.5:1."),
        error_messages={"invalid": gettext_lazy("Write the colour as #RRGGBB, such as #1D4E3A.")},
    )
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("PNG, JPEG, WebP, GIF or SVG, at most 15 kB."),
        widget=forms.FileInput(attrs={"accept": ",".join(PICTURES)}),
    )
    no_logo = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)

    def clean_color(self) -> str:
        """Refuse a colour white words cannot be read on."""
        color = str(self.cleaned_data["color"])
        ratio = contrast_with_white(color) if color else LEAST_CONTRAST
        if ratio is not None and ratio < LEAST_CONTRAST:
            raise forms.ValidationError(
                _("White on %(color)s has a contrast of %(ratio).1f:1; it needs 4.5:1.")
                % {"color": color, "ratio": ratio}
            )
        return color

    def clean_logo(self) -> str:
        """Take the uploaded logo in."""
        upload = self.cleaned_data.get("logo")
        return picture_of(upload, MOST_LOGO) if upload else ""


@permit(Permission.MANAGE_SURVEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def theme(request: UserRequest, code: str) -> HttpResponse:
    """Show or change how a survey looks; of a colour that is too pale the nearest that passes is offered."""
    survey = get_visible(Survey, request.user, code=code)
    current = survey.definition().theme
    told = {"name": current.name, "color": current.color}
    data = request.POST.copy() if request.method == "POST" else None
    if data is not None and data.get("take"):
        data["color"] = str(data["take"])
    form = ThemeForm(data, request.FILES or None, initial=told)
    if data is not None and form.is_valid():
        number = data.get("draft_number", "")
        logo = "" if form.cleaned_data["no_logo"] else form.cleaned_data["logo"] or current.logo
        chosen = Theme(name=form.cleaned_data["name"], color=form.cleaned_data["color"], logo=logo)
        try:
            edit_draft(survey, int(number) if number.isdecimal() else 0, edits.change_theme(chosen))
        except (EditRefused, DraftMoved) as refusal:
            form.add_error(None, str(refusal))
            survey.refresh_from_db()
        else:
            messages.success(request, _("The look is saved."))
            return redirect("surveys:theme", code=survey.code)
    asked = str((data or told).get("color") or "")
    ratio = contrast_with_white(asked) if asked else contrast_with_white(USUAL)
    context = {
        "survey": survey,
        "form": form,
        "theme": current,
        "asked": asked or USUAL,
        "ratio": ratio,
        "swatches": _swatches(asked or USUAL, ratio),
        "nearest": nearest_readable(asked) if ratio is not None and ratio < LEAST_CONTRAST else "",
    }
    return render(request, "surveys/theme.html", context)


def _swatches(asked: str, ratio: float | None) -> list[tuple[str, str]]:
    """Return the colour with how well white reads on it, and the nearest that passes when it does not."""
    if ratio is None:
        return []
    found = [(asked, _("%(ratio).1f:1") % {"ratio": ratio})]
    if ratio < LEAST_CONTRAST:
        nearest = nearest_readable(asked)
        told = _("nearest that passes, %(ratio).1f:1") % {"ratio": contrast_with_white(nearest) or 0}
        found.append((nearest, told))
    return found


@permit(Permission.SEE_FIGURES, Permission.MANAGE_SURVEYS)
@require_safe
@cache_control(private=True, max_age=86400)
def color(request: UserRequest, value: str) -> HttpResponse:
    """Return the one rule that puts a survey's colour on its page in the designer."""
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", value):
        raise Http404
    safe = nearest_readable(f"#{value}")
    return HttpResponse(f".as-asked {{ --supplier: {safe}; }}\n", content_type="text/css")
