"""Addresses of imports."""

from django.urls import path

from rapport.connectors.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.imports, name="list"),
    path("<uuid:pk>/", views.one, name="one"),
    path("<uuid:pk>/progress/", views.progress, name="progress"),
    path("<uuid:pk>/again/", views.again, name="again"),
    path("<uuid:pk>/problems.csv", views.problems, name="problems"),
    path("<uuid:pk>/mapping.toml", views.mapping_file, name="mapping"),
    path("<uuid:pk>/save-mapping/", views.save_mapping, name="save_mapping"),
    path("mappings/<int:pk>/forget/", views.forget_mapping, name="forget_mapping"),
]
