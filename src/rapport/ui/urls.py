"""Addresses of the interface itself."""

from django.urls import URLPattern

app_name = "ui"
urlpatterns: list[URLPattern] = []
