"""Addresses of survey files."""

from django.urls import path

from rapport.connectors.surveys import views

app_name = "survey_files"
urlpatterns = [
    path("", views.files, name="list"),
    path("<uuid:pk>/", views.one, name="one"),
    path("<uuid:pk>/keep/", views.keep, name="keep"),
    path("<uuid:pk>/responses/", views.responses, name="responses"),
    path("export/<str:code>/", views.choose, name="choose"),
    path("export/<str:code>/<int:version>/<slug:what>/<slug:kind>/", views.download, name="download"),
]
