"""The form of a stream: the conditions of rules, customers and words, where it goes and when."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.models import User
from rapport.kernel.roles import PARTNER_ROLES
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.conditions import AccountIn, Condition, Mentions, PartnerIn
from rapport.rooms.action.forms.conditions import ConditionsForm
from rapport.rooms.action.models import Stream
from rapport.rooms.action.services.streams import StreamRefused, check_where, may_stream

MOST = 50


class StreamForm(ConditionsForm):
    """A stream of one's own."""

    accounts = forms.CharField(
        label=gettext_lazy("Customers"),
        required=False,
        help_text=gettext_lazy("Their codes, like A1187, one on a line; everything below them is included."),
        widget=forms.Textarea(attrs={"rows": 2, "cols": 30}),
    )
    mentions = forms.CharField(
        label=gettext_lazy("Words or phrases"),
        required=False,
        help_text=gettext_lazy("One on a line. Any of them, as whole words, in the customer's own language."),
        widget=forms.Textarea(attrs={"rows": 2, "cols": 30}),
    )
    address = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy(
            "For Slack and Teams the one their incoming webhook has; for a program its own. "
            "It is kept encrypted and not shown again. Left empty: the one there is."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = Stream
        fields = ["name", "rhythm", "channel"]

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        stored = self.instance.conditions
        self.initial.setdefault("accounts", "\n".join(stored.get(AccountIn.key, [])))
        self.initial.setdefault("mentions", "\n".join(stored.get(Mentions.key, [])))
        if by.role in PARTNER_ROLES:
            # Who else sells for us is not theirs to read.
            del self.fields[PartnerIn.key]
        channels = [(key, label) for key, label in Stream.Channel.choices if may_stream(by, key)]
        self.fields["channel"].choices = channels  # type: ignore[attr-defined]
        for name in ("rhythm", "channel"):
            self.fields[name].required = False

    def clean_rhythm(self) -> str:
        """Take the usual one where a program says nothing."""
        return self.cleaned_data["rhythm"] or Stream.Rhythm.ONCE

    def clean_channel(self) -> str:
        """Take the usual one where a program says nothing."""
        return self.cleaned_data["channel"] or Stream.Channel.EMAIL

    def clean_accounts(self) -> list[str]:
        """Find the customers in the user's scope."""
        codes = list(dict.fromkeys(self.cleaned_data["accounts"].replace(",", " ").split()))
        self._refuse_many(codes)
        known = set(Account.objects.visible_to(self.by).filter(code__in=codes).values_list("code", flat=True))
        for code in codes:
            if code not in known:
                raise forms.ValidationError(_("There is no customer %(code)s.") % {"code": code})
        return codes

    def clean_mentions(self) -> list[str]:
        """Take each line as one phrase."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["mentions"].splitlines()]
        phrases = list(dict.fromkeys(filter(None, lines)))
        self._refuse_many(phrases)
        return phrases

    def _refuse_many(self, found: list[str]) -> None:
        if len(found) > MOST:
            raise forms.ValidationError(_("Name at most %(most)d.") % {"most": MOST})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        channel, address = cleaned.get("channel"), cleaned.get("address", "").strip()
        cleaned["address"] = address
        kept = self.instance.pk and self.initial.get("channel") == channel and self.instance.address_sealed
        if channel and channel != Stream.Channel.EMAIL and (address or not kept):
            try:
                check_where(channel, address)
            except StreamRefused as refused:
                self.add_error("address", str(refused))
        return cleaned

    def conditions(self) -> list[Condition]:
        """Return the conditions as they stand in the form."""
        found = super().conditions()
        if self.cleaned_data.get("accounts"):
            found.append(AccountIn(tuple(self.cleaned_data["accounts"])))
        if self.cleaned_data.get("mentions"):
            found.append(Mentions(tuple(self.cleaned_data["mentions"])))
        return found
