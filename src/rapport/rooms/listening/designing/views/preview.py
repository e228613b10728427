"""A survey as a contact would meet it: on a phone and a desk, in any language."""

from typing import Any

from csp.decorators import csp_replace, csp_update
from django.contrib import messages
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.environment import environment
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import BuyingRole, Contact
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.definition.reading import first_incomplete, read_page
from rapport.rooms.listening.definition.walking import walk
from rapport.rooms.listening.designing.naming import language_name
from rapport.rooms.listening.models import Survey, SurveyVersion
from rapport.rooms.listening.respond.pages import Farewell, View, page_html, thanks_html
from rapport.rooms.listening.services.inviting import create_invitation

MOST_FOUND = 12
Params = dict[str, str]


def facts_of(contact: Contact | None, user: User, language: str) -> dict[str, Any]:
    """Return what texts and conditions may use about a contact, as known now."""
    common = {
        "sender.name": str(user),
        "us.name": environment().company,
        "language": language,
        "channel": "link",
    }
    if contact is None:
        return common
    account = contact.account
    role = BuyingRole.objects.filter(contact=contact).order_by("-veto", "-weight").first()
    return common | {
        "contact.name": contact.name,
        "contact.first_name": contact.name.split(" ")[0],
        "contact.title": contact.title,
        "contact.seniority": contact.seniority,
        "contact.function": contact.function_id or "",
        "contact.language": contact.language,
        "contact.role": role.role if role else "",
        "contact.veto": bool(role and role.veto),
        "account.name": account.name,
        "account.tier": account.tier,
        "account.sector": account.sector,
        "account.size": str(account.employees or ""),
        "account.stage": account.life_cycle,
        "account.region": account.region_id or "",
        "account.division": account.division_id or "",
        "account.partner": account.partner_id or "",
    }


def _asked(request: UserRequest, definition: Definition) -> Params:
    told = request.GET
    language = told.get("language", "")
    return {
        "contact": told.get("contact", ""),
        "language": language if language in definition.languages else definition.language,
    }


def _contact(params: Params, user: User) -> Contact | None:
    if not params["contact"]:
        return None
    return get_visible(Contact, user, code=params["contact"])


@permit(Permission.MANAGE_SURVEYS)
@require_safe
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]
def preview(request: UserRequest, code: str) -> HttpResponse:
    """Show the draft on a phone and on a desk, side by side, and offer a test of what is published."""
    survey = get_visible(Survey, request.user, code=code)
    definition = survey.definition()
    params = _asked(request, definition)
    contact = _contact(params, request.user)
    wanted = request.GET.get("q", "").strip()
    people: list[Contact] = []
    if wanted:
        found = Contact.objects.visible_to(request.user).filter(name__icontains=wanted)
        people = list(found.select_related("account").order_by("name")[:MOST_FOUND])
    draft_url = reverse("surveys:preview_draft", args=[code])
    start = urlencode({**params, "again": "yes"})
    latest = survey.versions.filter(state=SurveyVersion.State.PUBLISHED).order_by("-number").first()
    context = {
        "survey": survey,
        "languages": [(one, language_name(one), one == params["language"]) for one in definition.languages],
        "contact": contact,
        "params": params,
        "wanted": wanted,
        "people": [(one, f"?{urlencode({**params, 'contact': one.code})}") for one in people],
        "phone_url": f"{draft_url}?{start}&on=phone",
        "desk_url": f"{draft_url}?{start}&on=desk",
        "width": request.GET.get("width", "both"),
        "latest": latest,
    }
    return render(request, "surveys/preview.html", context)


@permit(Permission.MANAGE_SURVEYS)
@require_http_methods(["GET", "HEAD", "POST"])
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": ["'self'"]})  # type: ignore[arg-type]
def preview_draft(request: UserRequest, code: str) -> HttpResponse:
    """Walk through the draft as respondents would; answers live only as long as the preview does."""
    survey = get_visible(Survey, request.user, code=code)
    definition = survey.definition()
    params = _asked(request, definition)
    facts = facts_of(_contact(params, request.user), request.user, params["language"])
    trial = _Trial(request, survey, definition, params, facts)
    return HttpResponse(trial.answer())


class _Trial:
    """One walk through a draft: what was answered so far is kept in the session."""

    def __init__(
        self,
        request: UserRequest,
        survey: Survey,
        definition: Definition,
        params: Params,
        facts: dict[str, Any],
    ) -> None:
        self._request, self._definition, self._params, self._facts = request, definition, params, facts
        self._name = f"preview:{survey.code}:{request.GET.get('on', '')}"
        fresh = request.method != "POST" and "again" in request.GET
        self._answers: dict[str, Any] = {} if fresh else dict(request.session.get(self._name, {}))
        self._language = params["language"]
        self._action = f"{request.path}?{urlencode({**params, 'on': request.GET.get('on', '')})}"

    def answer(self) -> str:
        """Return the page that comes next."""
        if self._request.method != "POST":
            return self._page(self._request.GET.get("page", ""))
        go = self._request.POST.get("_go", "next")
        if go.startswith("lang:") and go[5:] in self._definition.languages:
            self._language = go[5:]
        return self._go_on(go)

    def _way(self) -> Any:
        return walk(self._definition, self._answers, self._facts, "preview")

    def _go_on(self, go: str) -> str:
        key = self._request.POST.get("_page", "")
        step = self._way().step(key)
        problems: dict[str, str] = {}
        if step is not None:
            form = {name: self._request.POST.getlist(name) for name in self._request.POST}
            read = read_page(
                step, form, language=self._language, default=self._definition.language, kept=self._answers
            )
            self._keep(read.answers)
            problems = read.problems if go == "next" else {}
            if problems:
                return self._page(key, problems, read.given)
        way = self._way()
        if go == "back":
            before = way.before(key)
            return self._page(before.key if before else "")
        if go.startswith("lang:"):
            return self._page(key)
        after = way.after(key)
        if after is not None:
            return self._page(after.key)
        lacking = first_incomplete(way)
        return self._page(lacking.key) if lacking else self._thanks(way)

    def _keep(self, answers: dict[str, Any]) -> None:
        kept = {**self._answers, **answers}
        self._answers = {name: value for name, value in kept.items() if value is not None}
        self._request.session[self._name] = self._answers

    def _page(self, key: str, problems: Any = None, typed: Any = None) -> str:
        way = self._way()
        step = way.step(key) or (way.steps[0] if way.steps else None)
        view = View(
            self._definition,
            way,
            step,
            self._language,
            self._answers,
            self._action,
            hidden={"csrfmiddlewaretoken": get_token(self._request)},
            problems=problems or {},
            typed=typed or {},
            notices=(_("Preview of the draft: nothing is kept."),),
        )
        return page_html(view)

    def _thanks(self, way: Any) -> str:
        self._request.session.pop(self._name, None)
        return thanks_html(Farewell(self._definition, way.known, self._language, self._action))


@permit(Permission.MANAGE_SURVEYS)
@require_POST
def test_link(request: UserRequest, code: str) -> HttpResponse:
    """Open the published version as a contact; answers are kept as a test and never become a signal."""
    survey = get_visible(Survey, request.user, code=code)
    version = survey.versions.filter(state=SurveyVersion.State.PUBLISHED).order_by("-number").first()
    if version is None:
        messages.error(request, _("Nothing is published yet. The preview above shows the draft."))
        return redirect("surveys:preview", code=code)
    told = request.POST
    languages = version.definition().languages
    language = told.get("language", "") if told.get("language") in languages else ""
    contact = get_visible(Contact, request.user, code=told["contact"]) if told.get("contact") else None
    facts = facts_of(contact, request.user, language or version.definition().language)
    _made, link = create_invitation(
        version,
        programme=None,
        channel="link",
        now=timezone.now(),
        contact=contact,
        language=language,
        facts=facts,
    )
    return redirect(link)
