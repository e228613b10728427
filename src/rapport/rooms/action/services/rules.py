"""Writing rules; every change makes a new version, and the old ones are kept."""

from datetime import datetime

from django.db import transaction

from rapport.rooms.action.models import Rule

WORDING = (
    "conditions",
    "due_hours",
    "remind_hours",
    "contact_hours",
    "confirm_hours",
    "joins_days",
    "assign_to",
    "assignee_id",
    "colleagues",
    "fallback_id",
    "playbook_id",
    "as_complaint",
)


def save_rule(rule: Rule, *, now: datetime) -> Rule:
    """Write a new rule, or a changed one as its next version."""
    with transaction.atomic():
        if rule.pk:
            before = Rule.objects.select_for_update().get(pk=rule.pk)
            changed = any(getattr(before, name) != getattr(rule, name) for name in WORDING)
            rule.version = before.version + changed
        rule.updated_at = now
        rule.save()
    return rule


def switch_rule(rule: Rule, *, active: bool) -> None:
    """Switch a rule on or off; cases it raised stay as they are."""
    Rule.objects.filter(pk=rule.pk).update(active=active)
    rule.active = active
