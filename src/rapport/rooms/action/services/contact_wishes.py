"""Who asked in a survey to be called or written to gets a case of their own, so that somebody does."""

from datetime import datetime

from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.action.models import Case
from rapport.rooms.action.services.due import Allowed, due_times, load_holidays
from rapport.rooms.action.services.opening import Cause, Opening, write_openings
from rapport.rooms.action.services.owners import Owners
from rapport.rooms.listening.api import ContactWanted

WITHIN = Allowed(told=8, remind=2)


def answer_wish(wish: ContactWanted, *, now: datetime) -> Case:
    """Open a case for the account's owner, or for whoever asked when nobody else is here.

    In the caller's transaction: the answer and its case are there together or not at all.
    """
    account = Account.objects.select_related("owner").get(pk=wish.account_id) if wish.account_id else None
    contact = Contact.objects.get(pk=wish.contact_id) if wish.contact_id else None
    asker = User.objects.get(pk=wish.asked_by_id)
    owner = _owner(account, asker, now)
    region = account.region_id if account else None
    holidays = load_holidays([region], since=now.date())
    who = contact.name if contact else account.name if account else _("Somebody who answered")
    said = _("Asked in a survey to be called or written to.")
    opening = Opening(
        title=_("%(who)s asks to be contacted") % {"who": who},
        account=account,
        contact=contact,
        region=region,
        partner=account.partner_id if account else None,
        owner=owner,
        due=due_times(now=now, allowed=WITHIN, owner=owner, region=region, holidays=holidays),
        allowed=WITHIN,
        causes=(Cause(wish.signal_id, None, said),) if wish.signal_id else (),
        words=said,
    )
    return write_openings([opening], now=now)[0]


def _owner(account: Account | None, asker: User, now: datetime) -> User:
    if account and account.owner:
        return Owners([account], now=now).stand_in_for(account.owner, account) or asker
    return asker
