"""Addresses of the action room."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.action.views import case, lists, rules

app_name = "action"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", lists.mine, name="mine"),
    path("team/", lists.team, name="team"),
    path("cases/", lists.every, name="all"),
    path("cases/<slug:code>/", case.show, name="case"),
    path("cases/<slug:code>/acknowledge/", case.acknowledged, name="acknowledge"),
    path("cases/<slug:code>/fix/", case.fixed, name="fix"),
    path("cases/<slug:code>/tell/", case.told, name="tell"),
    path("cases/<slug:code>/close/", case.closed, name="close"),
    path("cases/<slug:code>/reopen/", case.reopened, name="reopen"),
    path("cases/<slug:code>/reassign/", case.handed_on, name="reassign"),
    path("cases/<slug:code>/note/", case.noted, name="note"),
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", rules.new_rule, name="new-rule"),
    path("rules/<slug:code>/", rules.edit_rule, name="rule"),
    path("rules/<slug:code>/switch/", rules.switch, name="switch-rule"),
]
