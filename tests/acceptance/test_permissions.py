"""X1: one table over all addresses and everybody: who comes in, who must sign in, who finds no page."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from rapport.kernel.models import User
from rapport.kernel.roles import PERMISSIONS, Permission, Role
from tests.acceptance.doors import DOORS, EVERYBODY, NOBODY, PROGRAM, SIGN_IN, SIGNED_IN, Door
from tests.acceptance.places import Objects, build, own

# Who sees Veldhuis, who sees Kestrel; both are seen by those who see everything.
SEES_EVERYTHING = {"administrator", "cx_manager", "analyst", "service_lead", "marketer", "executive"}
SEES_OURS = {"account_manager", "champion"}
SEES_THEIRS = {"partner_administrator", "partner_user"}
# Partners' people work on cases, but the days on which we plan are ours.
PLANNED_BY_OURS = {
    *(("act/workshops/new/", method) for method in ("GET", "POST")),
    ("api/v1/workshops", "POST"),
}
CAST = [*Role.values, "stranger", "respondent"]
LET_IN = {200, 201, 202, 204, 301, 302, 303, 400, 409, 415, 422}


def routes() -> Iterator[tuple[str, str]]:
    """Walk every route; operations of the programming interface come with their methods."""
    yield from _walk(get_resolver(), "")


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            yield from ((route, method) for method in _methods(pattern))


def _methods(pattern: URLPattern) -> list[str]:
    operations = getattr(getattr(pattern.callback, "__self__", None), "operations", None)
    if operations is None:
        closure = getattr(pattern.callback, "__closure__", None) or ()
        views = [cell.cell_contents for cell in closure if hasattr(cell.cell_contents, "operations")]
        operations = views[0].operations if views else []
    return sorted({method for operation in operations for method in operation.methods}) or ["page"]


def test_every_route_stands_in_the_table() -> None:
    pages = {door.route for door in DOORS if not door.is_api}
    operations = {(door.route, door.method) for door in DOORS if door.is_api}
    missing = []
    for route, method in routes():
        if route.startswith("sign-in/") or route == "api/v1/docs":
            continue
        if method == "page":
            known = route in pages or any(route == found for found, _method in operations)
        else:
            known = (route, method) in operations
        if not known:
            missing.append(f"{method} {route}")
    assert not missing, "Add these to tests/acceptance/doors.py"


def test_no_line_of_the_table_is_of_the_past() -> None:
    known = {route for route, _method in routes()}
    assert [door.route for door in DOORS if door.route not in known] == []


def test_the_table_and_the_pages_ask_for_the_same_permission() -> None:
    asked = {}
    for pattern, route in _patterns(get_resolver(), ""):
        if hasattr(pattern.callback, "permissions"):
            asked[route] = set(pattern.callback.permissions)
    for door in DOORS:
        if not door.is_api and door.route in asked:
            told = set() if door.needs in (SIGNED_IN, EVERYBODY) else set(door.needs)  # type: ignore[arg-type]
            assert asked[door.route] == told, door.route
    ungated = [d.route for d in DOORS if not d.is_api and d.needs != EVERYBODY and d.route not in asked]
    assert set(ungated) == {"metrics", "ask/events/<slug:service>/", "act/inbound/<slug:service>/"}


def _patterns(resolver: URLResolver, prefix: str) -> Iterator[tuple[Any, str]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, route)
        else:
            yield pattern, route


@pytest.mark.parametrize("who", CAST)
def test_everybody_comes_through_exactly_the_doors_that_are_theirs(
    who: str, cast: Callable[[str], User], world: Any
) -> None:
    ours, theirs = build(world, cast)
    client = Client(raise_request_exception=False, REMOTE_ADDR="203.0.113.9")
    mine: Objects = {}
    if who in Role.values:
        client.force_login(cast(who))
        mine = own(cast(who))
    others = own(cast("administrator" if who != "administrator" else "analyst"))
    wrong = []
    for door in DOORS:
        if door.needs == SIGN_IN:
            continue
        for inside, objects in (("ours", {**ours, **mine}), ("theirs", {**theirs, **others})):
            if inside == "theirs" and not door.has_object:
                continue
            expected = _expected(door, who, inside)
            got = _knock(client, door, {**others, **objects})
            if not _fits(got, expected):
                wrong.append(f"{door.method} {door.at} ({inside}): {got.status_code}, expected {expected}")
    assert not wrong, "\n".join(wrong)


def _knock(client: Client, door: Door, objects: Objects) -> HttpResponse:
    """Try a door and leave everything as it was."""
    address = door.at.format(**objects)
    with transaction.atomic():
        answer = _send(client, door, address, objects)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    found: HttpResponse = answer
    return found


def _send(client: Client, door: Door, address: str, objects: Objects) -> Any:
    if door.method in ("GET", "DELETE"):
        return client.generic(door.method, address)
    if door.route.endswith("/attachments") or door.route.startswith("api/v1/survey-files"):
        return client.post(address, {"file": SimpleUploadedFile("a.txt", b"words", "text/plain")})
    body = _filled(door.body, objects)
    if door.is_api:
        return client.generic(door.method, address, json.dumps(body).encode(), "application/json")
    return client.post(address, body)


def _filled(body: Any, objects: Objects) -> Any:
    """Put the objects' names where the body has them in braces."""
    if isinstance(body, list):
        return [_filled(one, objects) for one in body]
    return {key: value.format(**objects) if isinstance(value, str) else value for key, value in body.items()}


def _expected(door: Door, who: str, inside: str) -> str:
    if door.needs == EVERYBODY:
        return "in"
    if door.needs in (NOBODY, PROGRAM):
        return "no page"
    if who not in Role.values:
        return "sign in"
    if door.needs != SIGNED_IN and not _may(who, door.needs):  # type: ignore[arg-type]
        return "no page"
    if (door.route, door.method) in PLANNED_BY_OURS and who in SEES_THEIRS:
        return "no page"
    if door.beyond and not _may(who, door.beyond):
        return "no page"
    return "in" if not door.has_object or _reaches(door, who, inside) else "no page"


def _may(who: str, needs: tuple[Permission, ...]) -> bool:
    return any(need in PERMISSIONS[Role(who)] for need in needs)


def _reaches(door: Door, who: str, inside: str) -> bool:
    """Say whether the object of an address lies in somebody's scope."""
    if "{playbook}" in door.at or any(
        name in door.at for name in ("{rule}", "{holiday}", "{mapping}", "{place}", "{publication}")
    ):
        return True
    if "{survey}" in str(door.body):
        return True
    if "{survey}" in door.at:
        return who not in SEES_THEIRS
    if ("{programme}" in door.at and "{interview}" not in door.at) or "{suppressed}" in door.at:
        # What colleagues plan is no secret among them; a partner's people see what their partner sends.
        return not who.startswith("partner_") or inside == "theirs"
    if "{improvement}" in door.at:
        # What we change is ours to know; a case named along with it has to be in reach as well.
        with_case = "{case}" in str(door.body)
        return who not in SEES_THEIRS and (not with_case or inside == "ours" or who in SEES_EVERYTHING)
    if "{workshop}" in door.at:
        return _may(who, (Permission.MANAGE_RULES,))
    if "{absence}" in door.at:
        return inside == "ours" or _may(who, (Permission.MANAGE_RULES,))
    if any(
        name in door.at for name in ("{token}", "{board}", "{own_signal}", "{stream}", "{message}", "{reply}")
    ):
        return inside == "ours"
    if "{rival_survey}" in door.at:
        return not who.startswith("partner_")
    if "{run}" in door.at or "{survey_file}" in door.at:
        return inside == "ours" or who == "administrator"
    if "{user}" in door.at:
        return who == "administrator" or inside == "ours"
    if who in SEES_EVERYTHING:
        return True
    return who in (SEES_OURS if inside == "ours" else SEES_THEIRS)


def _fits(answer: HttpResponse, expected: str) -> bool:
    to_sign_in = answer.status_code == 302 and "/sign-in/login/" in answer.headers["Location"]
    if expected == "sign in":
        return to_sign_in or answer.status_code in (401, 403)
    if expected == "no page":
        return answer.status_code == 404
    return answer.status_code in LET_IN and not to_sign_in
