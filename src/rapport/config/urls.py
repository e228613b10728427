"""Every address of Rapport; each room brings its own."""

from django.urls import URLPattern, URLResolver, include, path

from rapport.config.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("sign-in/", include("rapport.kernel.sign_in_urls")),
    path("", include("rapport.kernel.urls")),
    path("ui/", include("rapport.ui.urls")),
    path("customers/", include("rapport.rooms.accounts.urls")),
    path("catalog/", include("rapport.rooms.catalog.urls")),
    path("listen/surveys/", include("rapport.rooms.listening.designing.urls")),
    path("listen/", include("rapport.rooms.signals.urls")),
    path("listen/programmes/", include("rapport.rooms.listening.programmes.urls")),
    path("ask/", include("rapport.rooms.listening.channels.urls")),
    path("r/", include("rapport.rooms.listening.respond.urls")),
    path("act/", include("rapport.rooms.action.urls")),
    path("", include("rapport.rooms.insight.urls")),
    path("imports/", include("rapport.connectors.imports.urls")),
    path("exports/", include("rapport.connectors.exports.urls")),
    path("survey-files/", include("rapport.connectors.surveys.urls")),
]
handler400 = "rapport.ui.errors.bad_request"
handler403 = "rapport.ui.errors.forbidden"
handler404 = "rapport.ui.errors.not_found"
handler500 = "rapport.ui.errors.server_error"
