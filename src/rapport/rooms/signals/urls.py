"""Addresses of the signals room."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.signals.views.capture import capture_page, find_customer, find_people
from rapport.rooms.signals.views.feedback import feedback_list
from rapport.rooms.signals.views.matching import matching_list
from rapport.rooms.signals.views.one import attachment, correct_page, signal_page

app_name = "signals"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", feedback_list, name="list"),
    path("capture/", capture_page, name="capture"),
    path("capture/customers/", find_customer, name="find_customer"),
    path("capture/people/", find_people, name="find_people"),
    path("matching/", matching_list, name="matching"),
    path("feedback/<uuid:pk>/", signal_page, name="detail"),
    path("feedback/<uuid:pk>/correct/", correct_page, name="correct"),
    path("feedback/<uuid:pk>/files/<int:number>/", attachment, name="attachment"),
]
