"""Addresses of the catalog room."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.catalog import views

app_name = "catalog"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.index, name="index"),
    path("<slug:table>/", views.rows, name="table"),
    path("<slug:table>/add/", views.add, name="add"),
    path("<slug:table>/row/<slug:key>/", views.edit, name="edit"),
    path("<slug:table>/row/<slug:key>/act/", views.act, name="act"),
    path("regions/row/<slug:key>/holidays/add/", views.add_holiday, name="add_holiday"),
    path("regions/row/<slug:key>/holidays/<int:pk>/remove/", views.remove_holiday, name="remove_holiday"),
]
