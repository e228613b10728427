"""Addresses the world outside comes to: unsubscribing, a mail service's reports, the web snippet."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.listening.channels.service_events import events
from rapport.rooms.listening.channels.unsubscribing import unsubscribe
from rapport.rooms.listening.channels.web import begin, send, snippet

app_name = "channels"
urlpatterns: list[URLPattern | URLResolver] = [
    path("stop/<str:secret>/", unsubscribe, name="unsubscribe"),
    path("events/<slug:service>/", events, name="events"),
    path("snippet/<uuid:pk>.js", snippet, name="snippet"),
    path("snippet/<uuid:pk>/begin", begin, name="snippet-begin"),
    path("snippet/<uuid:pk>/send", send, name="snippet-send"),
]
