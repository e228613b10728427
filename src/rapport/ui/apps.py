"""The Django application that carries templates, static files and template tags."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UiConfig(AppConfig):
    """Rapport's front end."""

    name = "rapport.ui"
    label = "ui"
    verbose_name = _("Front end")
