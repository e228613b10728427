"""Addresses of the kernel: probes and metrics, users and audit, jobs and mail."""

from django.urls import URLPattern, URLResolver

app_name = "kernel"
urlpatterns: list[URLPattern | URLResolver] = []
