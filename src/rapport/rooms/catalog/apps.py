"""The catalog room as a Django app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Loads the room."""

    name = "rapport.rooms.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"
