"""Addresses of the interface itself."""

from django.urls import URLPattern, path

from rapport.ui.guide import guide

app_name = "ui"
urlpatterns: list[URLPattern] = [path("guide/", guide, name="guide")]
