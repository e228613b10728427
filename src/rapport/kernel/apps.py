"""The kernel as a Django app."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Loads what every room stands on."""

    name = "rapport.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"
