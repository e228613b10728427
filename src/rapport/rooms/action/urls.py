"""Addresses of the action room."""

from django.urls import URLPattern, URLResolver

app_name = "action"
urlpatterns: list[URLPattern | URLResolver] = []
