"""Addresses of the action room."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.action.views import case, duty, escalations, follow_up, lists, rules

app_name = "action"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", lists.mine, name="mine"),
    path("team/", lists.team, name="team"),
    path("cases/", lists.every, name="all"),
    path("cases/<slug:code>/", case.show, name="case"),
    path("cases/<slug:code>/acknowledge/", case.acknowledged, name="acknowledge"),
    path("cases/<slug:code>/fix/", case.fixed, name="fix"),
    path("cases/<slug:code>/tell/", case.told, name="tell"),
    path("cases/<slug:code>/contact/", case.contacted, name="contact"),
    path("cases/<slug:code>/confirm/", case.confirmed, name="confirm"),
    path("cases/<slug:code>/snooze/", case.put_aside, name="snooze"),
    path("cases/<slug:code>/wake/", case.taken_up, name="wake"),
    path("cases/<slug:code>/watch/", case.watched, name="watch"),
    path("cases/<slug:code>/close/", case.closed, name="close"),
    path("cases/<slug:code>/reopen/", case.reopened, name="reopen"),
    path("cases/<slug:code>/reassign/", case.handed_on, name="reassign"),
    path("cases/<slug:code>/note/", case.noted, name="note"),
    path("cases/<slug:code>/escalate/", case.escalated, name="escalate"),
    path("escalations/", escalations.listed, name="escalations"),
    path("escalations/levels/", escalations.levels, name="levels"),
    path("escalations/levels/new/", escalations.new_level, name="new-level"),
    path("escalations/levels/<int:number>/", escalations.edit_level, name="level"),
    path("escalations/<slug:code>/", escalations.show, name="escalation"),
    path("escalations/<slug:code>/take/", escalations.take_on, name="take-on"),
    path("escalations/<slug:code>/end/", escalations.end, name="end-escalation"),
    path("follow-up/", follow_up.page, name="follow-up"),
    path("duty/", duty.duty, name="duty"),
    path("duty/away/<int:pk>/back/", duty.back, name="back"),
    path("duty/places/", duty.look_after, name="look-after"),
    path("duty/places/<int:pk>/remove/", duty.let_go, name="let-go"),
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", rules.new_rule, name="new-rule"),
    path("rules/<slug:code>/", rules.edit_rule, name="rule"),
    path("rules/<slug:code>/switch/", rules.switch, name="switch-rule"),
]
