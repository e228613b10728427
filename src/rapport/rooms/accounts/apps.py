"""The accounts room as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Loads the room."""

    name = "rapport.rooms.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
