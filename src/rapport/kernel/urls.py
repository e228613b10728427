"""Addresses of the kernel: probes and metrics, users and audit, jobs and mail."""

from django.urls import URLPattern, URLResolver, path, register_converter
from django.urls.converters import StringConverter

from rapport.kernel import probes
from rapport.kernel.history import views as history
from rapport.kernel.jobs.views import jobs
from rapport.kernel.mail.views import mail
from rapport.kernel.people import views as people

app_name = "kernel"


class SeenOrChanged(StringConverter):
    """Which half of the trail."""

    regex = "seen|changed"


register_converter(SeenOrChanged, "half")
urlpatterns: list[URLPattern | URLResolver] = [
    path("live", probes.live, name="live"),
    path("started", probes.started, name="started"),
    path("ready", probes.ready, name="ready"),
    path("metrics", probes.metrics, name="metrics"),
    path("admin/", people.index, name="admin"),
    path("admin/users/", people.users, name="users"),
    path("admin/users/add/", people.add, name="add_user"),
    path("admin/users/<int:pk>/", people.edit, name="user"),
    path("admin/users/<int:pk>/link/", people.new_link, name="new_link"),
    path("admin/users/<int:pk>/switch/", people.switch, name="switch_user"),
    path("admin/users/<int:pk>/factors/", people.remove_factors, name="remove_factors"),
    path("admin/teams/", people.teams, name="teams"),
    path("admin/teams/add/", people.team, name="add_team"),
    path("admin/teams/<slug:key>/", people.team, name="team"),
    path("admin/teams/<slug:key>/remove/", people.remove_team, name="remove_team"),
    path("admin/audit/", history.seen, name="seen"),
    path("admin/audit/changes/", history.changed, name="changed"),
    path("admin/audit/<half:what>.csv", history.export, name="export_audit"),
    path("admin/jobs/", jobs, name="jobs"),
    path("admin/mail/", mail, name="mail"),
    path("profile/", people.profile, name="profile"),
    path("profile/tokens/", people.tokens, name="tokens"),
    path("profile/tokens/<int:pk>/revoke/", people.revoke, name="revoke_token"),
]
