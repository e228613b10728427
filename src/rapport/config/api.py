"""The programming interface under /api/v1: the rooms' routers and one sign-in."""

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from rapport.connectors.surveys.routes import router as survey_files_router
from rapport.kernel.api_access import SIGN_IN, path_of_nul
from rapport.rooms.accounts.routes import router as accounts_router
from rapport.rooms.action.routes import router as action_router
from rapport.rooms.catalog.routes import router as catalog_router
from rapport.rooms.insight.routes import router as insight_router
from rapport.rooms.listening.designing.routes import router as surveys_router
from rapport.rooms.listening.programmes.routes import router as programmes_router
from rapport.rooms.signals.routes import router as signals_router

api = NinjaAPI(
    title="Rapport",
    version="1",
    description="Accounts, feedback, figures and cases of one Rapport.",
    auth=SIGN_IN,
    urls_namespace="api",
)
api.add_router("", accounts_router)
api.add_router("", catalog_router)
api.add_router("", signals_router)
api.add_router("", surveys_router)
api.add_router("", programmes_router)
api.add_router("", insight_router)
api.add_router("", action_router)
api.add_router("", survey_files_router)


@api.exception_handler(DataError)
def refuse_what_no_text_can_hold(request: HttpRequest, error: DataError) -> HttpResponse:
    """Name the text with a NUL that came as far as the database; any other error is ours."""
    field = path_of_nul(request.body)
    if field is None:
        raise error
    words = "A text here holds the character NUL (\\u0000); leave it out and send again."
    return api.create_response(request, {"field": field, "message": words}, status=422)
