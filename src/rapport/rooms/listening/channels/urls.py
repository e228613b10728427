"""Addresses the world outside comes to: unsubscribing, reports of bounces, the web snippet."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.listening.channels.unsubscribing import unsubscribe

app_name = "channels"
urlpatterns: list[URLPattern | URLResolver] = [
    path("stop/<str:secret>/", unsubscribe, name="unsubscribe"),
]
