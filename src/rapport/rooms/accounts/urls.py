"""Addresses of the accounts room."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.accounts.views import account, duplicates, edit, lists, person

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", lists.account_list, name="list"),
    path("search/", lists.search, name="search"),
    path("offered/", lists.offered, name="offered"),
    path("new/", edit.add_account, name="add"),
    path("people/", lists.people_list, name="people"),
    path("people/new/", edit.add_person, name="add_person"),
    path("people/<str:code>/", person.person, name="person"),
    path("people/<str:code>/edit/", edit.edit_person, name="edit_person"),
    path("people/<str:code>/roles/new/", edit.add_role, name="add_role"),
    path("people/<str:code>/roles/<int:pk>/", edit.edit_role, name="edit_role"),
    path("people/<str:code>/roles/<int:pk>/confirm/", edit.role_confirmed, name="confirm_role"),
    path("people/<str:code>/roles/<int:pk>/end/", edit.role_ended, name="end_role"),
    path("people/<str:code>/<slug:tab>/", person.person, name="person_tab"),
    path("duplicates/", duplicates.duplicates, name="duplicates"),
    path("duplicates/look/", duplicates.look_again, name="look_for_duplicates"),
    path("duplicates/<int:pk>/aside/", duplicates.put_aside, name="put_aside"),
    path("duplicates/<int:pk>/undo/", duplicates.merge_undone, name="undo_merge"),
    path("duplicates/<str:kind>/<str:kept>/<str:merged>/", duplicates.merge, name="merge"),
    path("<str:code>/", account.account, name="account"),
    path("<str:code>/edit/", edit.edit_account, name="edit"),
    path("<str:code>/<slug:tab>/", account.account, name="tab"),
    path("<str:code>/<slug:kind>/new/", edit.add_dealing_page, name="add_dealing"),
    path("<str:code>/<slug:kind>/<int:pk>/", edit.dealing, name="dealing"),
    path("<str:code>/<slug:kind>/<int:pk>/remove/", edit.dealing_removed, name="remove_dealing"),
    path("<str:code>/projects/<int:project>/milestones/new/", edit.milestone, name="add_milestone"),
    path("<str:code>/projects/<int:project>/milestones/<int:pk>/", edit.milestone, name="edit_milestone"),
    path(
        "<str:code>/projects/<int:project>/milestones/<int:pk>/remove/",
        edit.milestone_removed,
        name="remove_milestone",
    ),
]
