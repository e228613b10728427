"""Imports as a Django app."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """Loads the pages and jobs of imports."""

    name = "rapport.connectors.imports"
    label = "imports"
    default_auto_field = "django.db.models.BigAutoField"
