"""Addresses of the insight room."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.insight.views.dashboard import dashboard
from rapport.rooms.insight.views.home import home

app_name = "insight"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("understand/", dashboard, name="dashboard"),
]
