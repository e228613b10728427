"""Addresses of exports."""

from django.urls import path

from rapport.connectors.exports import views

app_name = "exports"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("<slug:name>/", views.choose, name="list"),
    path("<slug:name>/<slug:kind>/", views.download, name="download"),
]
