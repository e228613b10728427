"""Addresses of the respondent's pages, for servers that know nothing but Django."""

from django.urls import path

from rapport.rooms.listening.respond.web import look, respond

app_name = "respond"
urlpatterns = [
    path("look/<str:name>", look, name="look"),
    path("<str:secret>", respond, name="respond"),
]
