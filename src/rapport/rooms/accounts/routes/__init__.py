"""The accounts room's part of the programming interface."""

from ninja import Router

from rapport.rooms.accounts.routes import accounts, contacts, dealings

router = Router(tags=["accounts"])
router.add_router("", accounts.router)
router.add_router("", contacts.router)
router.add_router("", dealings.router)

__all__ = ["router"]
