"""Promoters: who they are, what they are asked, what they agreed to, and the page their link leads to."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.audit import note_sighting
from rapport.kernel.environment import environment
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import Contact
from rapport.rooms.action.forms.promoters import (
    AskForm,
    AskingLimitsForm,
    ConsentForm,
    PromoterLetterForm,
    UseForm,
)
from rapport.rooms.action.models import Ask, AskingLimits, AskKind, PromoterLetter
from rapport.rooms.action.selectors import promoters as reading
from rapport.rooms.action.services import promoters as writing
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.services.telling import digest_of
from rapport.rooms.action.views.lists import tabs_of
from rapport.rooms.catalog.models import Product, Region
from rapport.ui.components import Choice, Figure, Filter, chosen_values, filter_bar

MOST = 200


@dataclass(frozen=True)
class Offer:
    """A letter as the person would read it, or why it cannot be sent."""

    kind: str
    label: str
    subject: str
    text: str
    language: str
    refused: str


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def listed(request: UserRequest) -> HttpResponse:
    """Show who recommends us and what came of asking them."""
    now = timezone.now()
    offered = [_products(), _regions(), _languages()]
    wanted = _wanted(request, offered)
    people = reading.promoters(request.user, wanted, now=now, limit=MOST)
    figures = reading.promoter_figures(request.user, now=now)
    summary = ngettext("%(count)d promoter", "%(count)d promoters", people.total) % {"count": people.total}
    context = {
        "rows": people.rows,
        "left_off": people.total - len(people.rows),
        "found": figures,
        "figures": _figures(figures),
        "headline": _headline(people.total),
        "bar": filter_bar(request, summary, offered),
        "tabs": tabs_of(request, "promoters"),
        "may_manage": request.user.may(Permission.MANAGE_RULES),
    }
    return render(request, "action/promoters.html", context)


def _headline(count: int) -> str:
    if not count:
        return _("Nobody recommended us in the last year")
    text = ngettext("%(count)d person would recommend us", "%(count)d people would recommend us", count)
    return text % {"count": count}


def _figures(found: reading.PromoterFigures) -> list[Figure]:
    base = _("%(answered)d of %(asked)d have answered") % {
        "answered": found.total.answered,
        "asked": found.total.asked,
    }
    return [
        Figure(_("Thanked"), str(found.thanked), _("letters in the last year")),
        Figure(_("Asked"), str(found.total.asked), base),
        Figure(
            _("Agreed"),
            note=_("of those who answered"),
            estimate=found.total.agreed,
            scale="share",
            hidden_below=1,
        ),
        Figure(_("Used"), str(found.total.used), _("of what was agreed to in the last year")),
    ]


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def register(request: UserRequest) -> HttpResponse:
    """Show what people agreed to and still holds; what is narrowed lives in the address."""
    now = timezone.now()
    kinds = [Choice(str(key), label) for key, label in AskKind.choices if key != AskKind.THANKS]
    offered = [Filter("kind", _("For what"), kinds), _products(), _regions(), _languages()]
    rows = reading.references(request.user, _wanted(request, offered), now=now)
    summary = ngettext("%(count)d in force", "%(count)d in force", len(rows)) % {"count": len(rows)}
    context = {
        "rows": rows[:MOST],
        "left_off": max(0, len(rows) - MOST),
        "bar": filter_bar(request, summary, offered),
        "tabs": tabs_of(request, "promoters"),
    }
    return render(request, "action/references.html", context)


def _products() -> Filter:
    rows = Product.objects.filter(retired=False)
    return Filter("product", _("Product"), [Choice(row.key, row.name) for row in rows])


def _regions() -> Filter:
    rows = Region.objects.filter(retired=False)
    return Filter("region", _("Region"), [Choice(row.key, row.name) for row in rows])


def _languages() -> Filter:
    return Filter("language", _("Language"), [Choice(key, name) for key, name in settings.LANGUAGES])


def _wanted(request: UserRequest, offered: list[Filter]) -> reading.PromoterFilters:
    chosen = {one.key: next(iter(chosen_values(request, one)), "") for one in offered}
    return reading.PromoterFilters(**chosen)


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def person(request: UserRequest, code: str) -> HttpResponse:
    """Show one promoter: what they said, what they were written, and the letters that could be sent."""
    now = timezone.now()
    contact = _contact(request, code)
    note_sighting(request, request.user, kind="contact", code=contact.code, label=contact.name, now=now)
    signal = reading.promoting_signal(contact, request.user, now=now)
    asks = list(Ask.objects.filter(contact=contact).select_related("product", "sent_by"))
    mails = reading.mail_states(asks)
    product = _product(request)
    may_work = request.user.may(Permission.WORK_CASES)
    said = list(signal.comments.all()) if signal else []
    context = {
        "contact": contact,
        "signal": signal,
        "said": said,
        "asks": [(ask, mails.get(ask.pk, "")) for ask in asks],
        "offers": _offers(contact, said[0].text if said else "", product) if signal and may_work else [],
        "product": product,
        "form": AskForm(initial={"product": product.pk if product else None}),
        "may_work": may_work,
        "today": timezone.localdate(),
    }
    return render(request, "action/promoter.html", context)


def _contact(request: UserRequest, code: str) -> Contact:
    found: Contact = get_visible(Contact, request.user, code=code)
    return found


def _product(request: UserRequest) -> Product | None:
    return Product.objects.filter(key=request.GET.get("product", ""), retired=False).first()


def _offers(contact: Contact, said: str, product: Product | None) -> list[Offer]:
    now = timezone.now()
    offers = []
    for kind, label in AskKind.choices:
        row = writing.letter_for(contact, kind)
        refused = writing.why_not(contact, kind, now=now)
        refused = refused or ("" if row else _("no letter for this is approved yet"))
        subject, text = writing.filled(row, contact, said, product) if row else ("", "")
        language = row.language if row else ""
        offers.append(Offer(str(kind), str(label), subject, text, language, refused))
    return offers


@permit(Permission.WORK_CASES)
@require_POST
def send(request: UserRequest, code: str) -> HttpResponse:
    """Send one letter to a promoter."""
    contact, now = _contact(request, code), timezone.now()
    kind, form = request.POST.get("kind", ""), AskForm(request.POST)
    if kind not in AskKind.values or not form.is_valid():
        messages.error(request, _("Choose what to write about."))
        return redirect("action:promoter", code=code)
    try:
        writing.write_to(
            contact,
            kind,
            signal=reading.promoting_signal(contact, request.user, now=now),
            product=form.cleaned_data["product"],
            by=request.user,
            now=now,
        )
    except StepRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Sent."))
    return redirect("action:promoter", code=code)


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def agreed(request: UserRequest, code: str) -> HttpResponse:
    """Show what one person agreed to, how it was used, and what came of it."""
    return _agreed(request, get_visible(Ask, request.user, code=code))


def _agreed(request: UserRequest, ask: Ask, form: UseForm | None = None) -> HttpResponse:
    wanted = Ask.objects.filter(pk=ask.pk)
    seen = {one.pk for one in _opportunities(request, ask)}
    labels = dict(Ask.Allowed.choices)
    history: Any = ask
    may_work = request.user.may(Permission.WORK_CASES)
    context = {
        "ask": ask,
        "allowed": [labels[key] for key in ask.allowed if key in labels],
        "holds": wanted.in_force(timezone.localdate()).exists(),
        "uses": [
            (use, use.opportunity_id in seen) for use in ask.uses.select_related("opportunity", "noted_by")
        ],
        "form": form or UseForm(user=request.user),
        "may_work": may_work and bool(ask.agreed),
        "before": list(history.events.exclude(answered_at=None).order_by("-pgh_created_at")[1:20]),
    }
    return render(request, "action/ask.html", context)


def _opportunities(request: UserRequest, ask: Ask) -> list[Any]:
    return list(reading.visible_opportunities(request.user, [ask]))


@permit(Permission.WORK_CASES)
@require_POST
def use(request: UserRequest, code: str) -> HttpResponse:
    """Write down that a reference was used, or which opportunity came of a referral."""
    ask = get_visible(Ask, request.user, code=code)
    form = UseForm(request.POST, user=request.user)
    if form.is_valid():
        data = form.cleaned_data
        try:
            writing.note_use(
                ask,
                opportunity=data["opportunity"],
                used_on=data["used_on"],
                words=data["words"],
                by=request.user,
                now=timezone.now(),
            )
        except StepRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Written down."))
            return redirect("action:ask", code=code)
    return _agreed(request, ask, form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def asked(request: HttpRequest, token: str) -> HttpResponse:
    """Ask a promoter; looking changes nothing, sending the form answers, and the same link takes it back."""
    ask = Ask.objects.filter(digest=digest_of(token)).select_related("contact", "product").first()
    if ask is None:
        raise Http404
    with translation.override(ask.language):
        form = ConsentForm(request.POST if request.method == "POST" else None, initial=_given(ask))
        done = ""
        if request.method == "POST" and "withdraw" in request.POST:
            ask, done, form = _take_back(ask), "withdrawn", ConsentForm(initial=_given(ask))
        elif request.method == "POST" and form.is_valid():
            ask = writing.record_answer(ask, form.answer(), now=timezone.now())
            done = "answered"
        labels = dict(Ask.Allowed.choices)
        context = {
            "ask": ask,
            "allowed": [labels[key] for key in ask.allowed if key in labels],
            "form": form,
            "done": done,
            "company": environment().company,
        }
        return render(request, "action/asked.html", context)


def _take_back(ask: Ask) -> Ask:
    try:
        return writing.withdraw(ask, now=timezone.now())
    except StepRefused:
        # Taken back in another window meanwhile: what the page then says is true all the same.
        ask.refresh_from_db()
        return ask


def _given(ask: Ask) -> dict[str, Any]:
    if ask.agreed is None:
        return {}
    agreed = bool(ask.agreed) and ask.withdrawn_at is None
    return {
        "agreed": "yes" if agreed else "no",
        "allowed": ask.allowed,
        "until": ask.until.isoformat() if ask.until else "",
        "words": ask.words,
    }


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: UserRequest) -> HttpResponse:
    """Show and set how often promoters are written to, and list the letters."""
    form = AskingLimitsForm(
        request.POST if request.method == "POST" else None, instance=AskingLimits.current()
    )
    if request.method == "POST" and form.is_valid():
        form.instance.pk = 1
        form.save()
        messages.success(request, _("Kept."))
        return redirect("action:asking-limits")
    known = {(row.kind, row.language): row for row in PromoterLetter.objects.select_related("approved_by")}
    letters = [
        (label, [(kind, key, name, known.get((str(kind), key))) for key, name in settings.LANGUAGES])
        for kind, label in AskKind.choices
    ]
    context = {"form": form, "letters": letters, "tabs": tabs_of(request, "promoters")}
    return render(request, "action/asking_limits.html", context)


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: UserRequest, kind: str, language: str) -> HttpResponse:
    """Write a letter's words; "approve" makes them usable."""
    if language not in dict(settings.LANGUAGES) or kind not in AskKind.values:
        raise Http404
    row = PromoterLetter.objects.filter(kind=kind, language=language).first()
    row = row or PromoterLetter(kind=kind, language=language)
    initial: dict[str, Any] = {} if row.pk else writing.proposed(kind, language)
    form = PromoterLetterForm(
        request.POST if request.method == "POST" else None, instance=row, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        form.instance.approved_at = form.instance.approved_by = None
        saved = form.save()
        if "approve" in request.POST:
            writing.approve_letter(saved, by=request.user, now=timezone.now())
        messages.success(
            request, _("Approved.") if saved.approved_at else _("Kept. It is used once approved.")
        )
        return redirect("action:asking-limits")
    context = {
        "form": form,
        "kind": AskKind(kind).label,
        "language": dict(settings.LANGUAGES)[language],
        "code": language,
    }
    return render(request, "action/promoter_letter.html", context)
