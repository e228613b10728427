"""The action room's part of the programming interface."""

from ninja import Router

from rapport.rooms.action.routes import cases, escalations, rules

router = Router(tags=["action"])
for part in (cases, rules, escalations):
    router.add_router("", part.router)
