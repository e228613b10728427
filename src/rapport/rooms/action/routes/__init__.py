"""The action room's part of the programming interface."""

from ninja import Router

from rapport.rooms.action.routes import cases, escalations, improvements, playbooks, rules, streams, telling

router = Router(tags=["action"])
for part in (cases, rules, escalations, improvements, telling, playbooks, streams):
    router.add_router("", part.router)
