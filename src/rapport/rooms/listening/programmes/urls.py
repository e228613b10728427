"""Addresses of the programmes."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.listening.programmes.views import asking, links, lists, one, owed

app_name = "programmes"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", lists.programmes, name="list"),
    path("new/", lists.new_programme, name="new"),
    path("rest/", lists.rest, name="rest"),
    path("suppressed/", lists.suppressed, name="suppressed"),
    path("suppressed/<int:pk>/lift/", lists.lift_suppression, name="lift"),
    path("messages/", owed.short_messages, name="messages"),
    path("<slug:code>/", one.show, name="show"),
    path("<slug:code>/plan/", one.plan, name="plan"),
    path("<slug:code>/draws/", one.draws, name="draws"),
    path("<slug:code>/draws/new/", one.draw_now, name="draw-now"),
    path("<slug:code>/draws/<int:pk>/", one.one_draw, name="draw"),
    path("<slug:code>/people/", one.people, name="people"),
    path("<slug:code>/interviews/", asking.interviews, name="interviews"),
    path("<slug:code>/interviews/<uuid:pk>/", asking.interview, name="interview"),
    path("<slug:code>/paper/", asking.paper, name="paper"),
    path("<slug:code>/paper/<slug:language>.pdf", asking.sheet, name="sheet"),
    path("<slug:code>/links/", links.links, name="links"),
    path("<slug:code>/links/<uuid:pk>/withdraw/", links.withdraw, name="withdraw-link"),
    path("<slug:code>/links/<uuid:pk>/<str:kind>/", links.code_image, name="code"),
    path("<slug:code>/rewards/", owed.rewards, name="rewards"),
    path("<slug:code>/turn/<slug:what>/", one.turn, name="turn"),
]
