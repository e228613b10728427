"""Who gets a case: the account's owner or a named colleague, if they can see it, otherwise the fallback."""

from collections.abc import Iterable

from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import Rule


class Owners:
    """Finds owners for the cases of one batch, asking once for each colleague."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts = {account.pk for account in accounts}
        self._within: dict[int, frozenset[int]] = {}

    def choose(self, rule: Rule, account: Account | None) -> User | None:
        """Return who gets the case; nobody when even the fallback has left."""
        wanted = rule.assignee if rule.assign_to == Rule.AssignTo.USER else account and account.owner
        if wanted and self._can_take(wanted, account):
            return wanted
        return rule.fallback if can_work(rule.fallback) else None

    def _can_take(self, user: User, account: Account | None) -> bool:
        if not can_work(user):
            return False
        return account is None or account.pk in self._seen_by(user)

    def _seen_by(self, user: User) -> frozenset[int]:
        if user.pk not in self._within:
            seen = Account.objects.visible_to(user).filter(pk__in=self._accounts)
            self._within[user.pk] = frozenset(seen.values_list("pk", flat=True))
        return self._within[user.pk]


def can_work(user: User) -> bool:
    """Say whether a colleague is still here and works on cases."""
    return user.may(Permission.WORK_CASES)
