"""The signals room's part of the programming interface."""

from ninja import Router

router = Router(tags=["signals"])
