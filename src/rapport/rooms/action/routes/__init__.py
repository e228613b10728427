"""The action room's part of the programming interface."""

from ninja import Router

from rapport.rooms.action.routes import (
    cases,
    complaints,
    escalations,
    feelings,
    improvements,
    playbooks,
    promoters,
    replies,
    rules,
    streams,
    telling,
    workshops,
)

router = Router(tags=["action"])
for part in (
    cases,
    rules,
    escalations,
    improvements,
    telling,
    playbooks,
    streams,
    replies,
    workshops,
    promoters,
    feelings,
    complaints,
):
    router.add_router("", part.router)
