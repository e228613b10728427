"""The action room's part of the programming interface."""

from ninja import Router

router = Router(tags=["action"])
