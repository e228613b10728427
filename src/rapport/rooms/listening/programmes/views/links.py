"""Open links and QR codes of a programme."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.catalog.models import Product, Region, Stage, Touchpoint
from rapport.rooms.listening.channels.codes import add_open_link, qr_png, qr_svg
from rapport.rooms.listening.models import Invitation, Programme
from rapport.rooms.listening.programmes.views.one import head, load
from rapport.rooms.listening.sampling.draws import CannotDraw
from rapport.rooms.listening.services.inviting import link_of

OPEN_CHANNELS = [
    ("link", gettext_lazy("Open link")),
    ("qr", gettext_lazy("QR code")),
    ("web", gettext_lazy("Web snippet")),
]


class LinkForm(forms.Form):
    """Where an open link hangs."""

    label = forms.CharField(
        label=gettext_lazy("Where it hangs"),
        max_length=200,
        help_text=gettext_lazy("Such as: stand at the fair, pump room 2, order page."),
    )
    channel = forms.ChoiceField(label=gettext_lazy("Kind"), choices=OPEN_CHANNELS)
    touchpoint = forms.ChoiceField(label=gettext_lazy("Touchpoint"), required=False)
    stage = forms.ChoiceField(label=gettext_lazy("Stage"), required=False)
    product = forms.ChoiceField(label=gettext_lazy("Product"), required=False)
    region = forms.ChoiceField(label=gettext_lazy("Region"), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        tables = {"touchpoint": Touchpoint, "stage": Stage, "product": Product, "region": Region}
        for name, table in tables.items():
            offered = [("", "—"), *((row.key, row.name) for row in table.objects.in_use())]
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    def place(self) -> dict[str, str]:
        """Return what is recorded with each answer."""
        return {name: self.cleaned_data[name] for name in ("touchpoint", "stage", "product", "region")}


@permit(Permission.MANAGE_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
def links(request: UserRequest, code: str) -> HttpResponse:
    """List a programme's open links; a post adds one."""
    row = load(request, code)
    form = LinkForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            add_open_link(
                row, label=told["label"], channel=told["channel"], place=form.place(), now=timezone.now()
            )
        except CannotDraw as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The link is made."))
            return redirect("programmes:links", row.code)
    context = head(request, row, "links") | {"form": form, "rows": _rows(row), "host": request.get_host()}
    return render(request, "listening/programmes/links.html", context)


def _rows(row: Programme) -> list[tuple[Invitation, str, int]]:
    found = row.invitations.filter(open_link=True).exclude(state="withdrawn").order_by("label", "created_at")
    return [
        (one, link_of(one), one.responses.filter(test=False).exclude(state="open").count()) for one in found
    ]


def _link(request: UserRequest, code: str, pk: str) -> Invitation:
    row = load(request, code)
    return get_visible(Invitation, request.user, pk=pk, programme=row, open_link=True)


@permit(Permission.MANAGE_PROGRAMMES)
@require_safe
def code_image(request: UserRequest, code: str, pk: str, kind: str) -> HttpResponse:
    """Return a link's QR code, to be printed."""
    row = _link(request, code, pk)
    body: str | bytes = qr_svg(row) if kind == "svg" else qr_png(row)
    answer = HttpResponse(body, content_type="image/svg+xml" if kind == "svg" else "image/png")
    answer["Content-Disposition"] = f'inline; filename="{row.pk}.{kind}"'
    return answer


@permit(Permission.MANAGE_PROGRAMMES)
@require_POST
def withdraw(request: UserRequest, code: str, pk: str) -> HttpResponse:
    """Take an open link back."""
    row = _link(request, code, pk)
    row.state = Invitation.State.WITHDRAWN
    row.save(update_fields=["state"])
    messages.success(request, _("The link takes no more answers."))
    return redirect("programmes:links", code)
