"""Addresses of the surveys and the question bank."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.listening.designing.views import designer, lists, looks, preview, versions

app_name = "surveys"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", lists.surveys, name="list"),
    path("new/", lists.new_survey, name="new"),
    path("bank/", lists.bank, name="bank"),
    path("bank/standard/", lists.add_standard, name="add_standard"),
    path("bank/<slug:key>/", lists.bank_question, name="bank_question"),
    path("bank/<slug:key>/retire/", lists.retire, name="retire"),
    path("color/<slug:value>.css", looks.color, name="color"),
    path("<slug:code>/", designer.designer, name="designer"),
    path("<slug:code>/change/<slug:what>/", designer.change, name="change"),
    path("<slug:code>/languages/", looks.languages, name="languages"),
    path("<slug:code>/theme/", looks.theme, name="theme"),
    path("<slug:code>/versions/", versions.versions, name="versions"),
    path("<slug:code>/compare/", versions.compared, name="compare"),
    path("<slug:code>/publish/", versions.published, name="publish"),
    path("<slug:code>/close/", versions.closed, name="close"),
    path("<slug:code>/duplicate/", versions.copied, name="duplicate"),
    path("<slug:code>/archive/", versions.put_away, name="archive"),
    path("<slug:code>/rename/", versions.renamed, name="rename"),
    path("<slug:code>/preview/", preview.preview, name="preview"),
    path("<slug:code>/preview/draft/", preview.preview_draft, name="preview_draft"),
    path("<slug:code>/preview/test/", preview.test_link, name="test_link"),
]
