"""Every address of Rapport: who may come through, and with which object it is tried.

A new route needs a line here, or `test_permissions.py` fails. A line names the route as the resolver spells
it, the method, the permission asked for (any one of several), and the address to try, with the names of the
objects of `places.py` in braces. An address with an object is tried inside and outside everybody's scope.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from rapport.kernel.roles import Permission
from rapport.rooms.listening.respond.look import look_of

SEE, EDIT, CAPTURE = Permission.SEE_CUSTOMERS, Permission.EDIT_CUSTOMERS, Permission.CAPTURE
WORK, RULES, FIGURES = Permission.WORK_CASES, Permission.MANAGE_RULES, Permission.SEE_FIGURES
IMPORT, EXPORT, CATALOG = Permission.IMPORT, Permission.EXPORT, Permission.EDIT_CATALOG
ASK = Permission.MANAGE_PROGRAMMES
ADMIN, PEOPLE = Permission.ADMINISTER, Permission.MANAGE_PEOPLE
SURVEYS = Permission.MANAGE_SURVEYS


@dataclass(frozen=True)
class Gate:
    """A rule that is no permission."""

    name: str


EVERYBODY, SIGNED_IN, NOBODY, PROGRAM = Gate("everybody"), Gate("signed in"), Gate("nobody"), Gate("token")
# The sign-in package's own pages: it redirects and refuses in ways of its own, tried in tests/kernel/people.
SIGN_IN = Gate("sign-in")


@dataclass(frozen=True)
class Door:
    """One route and method."""

    route: str
    needs: tuple[Permission, ...] | Gate
    method: str = "GET"
    address: str = ""
    body: Any = field(default_factory=dict)
    beyond: tuple[Permission, ...] = ()
    """For an object of somebody else a further permission is needed; without it there is no such object."""

    @property
    def at(self) -> str:
        """Return the address to try."""
        return "/" + (self.address or self.route)

    @property
    def has_object(self) -> bool:
        """Say whether the address names an object that lies in or out of scope."""
        return "{" in self.at

    @property
    def is_api(self) -> bool:
        """Say whether programs come through here."""
        return self.route.startswith("api/")


# Whatever any operation asks for, so that none is refused for what it was sent before it asks who sends.
BODY = {
    "name": "A name",
    "account": "{account}",
    "system": "crm",
    "value": "1",
    "role": "influencer",
    "starts_on": "2026-03-02",
    "ordered_on": "2026-03-02",
    "product": "seal-kit",
    "opened_at": "2026-03-02T10:00:00Z",
    "measure": "hours",
    "words": "Some words",
    "to": "cx_manager@halden.example",
    "how": "telephone",
    "fixed": True,
    "until": "2026-03-02T10:00:00Z",
    "kind": "survey",
    "source": "crm",
    "external_reference": "r1",
    "occurred_at": "2026-03-02T10:00:00Z",
}


def page(
    route: str,
    *needs: Permission,
    at: str = "",
    post: bool = False,
    both: bool = False,
    sent: dict[str, Any] | None = None,
) -> list[Door]:
    """A page, an action that is sent, or both at one address."""
    methods = ["GET", "POST"] if both else ["POST"] if post else ["GET"]
    return [Door(route, needs or SIGNED_IN, method, at, sent or {}) for method in methods]


def api(
    method: str, route: str, *needs: Permission, at: str = "", tells: str = "", body: Any = None
) -> list[Door]:
    """An operation for programs; `tells` names what of `BODY` it asks for."""
    place = f"api/v1/{route}"
    told = body if body is not None else {name: BODY[name] for name in tells.split()}
    return [Door(place, needs or SIGNED_IN, method, f"api/v1/{at}" if at else place, told)]


DEALINGS = {
    "contracts": "starts_on",
    "orders": "ordered_on",
    "opportunities": "",
    "products": "product",
    "requests": "opened_at",
    "projects": "name",
    "usage": "measure starts_on value",
}


def dealing(kind: str, tells: str) -> list[Door]:
    """The four operations every kind of dealing has."""
    return [
        *api("GET", f"accounts/<code>/{kind}", SEE, at=f"accounts/{{account}}/{kind}"),
        *api("POST", f"accounts/<code>/{kind}", EDIT, at=f"accounts/{{account}}/{kind}", tells=tells),
        *api("GET", f"{kind}/<int:dealing_id>", SEE, at=f"{kind}/{{{kind}}}"),
        *api("PATCH", f"{kind}/<int:dealing_id>", EDIT, at=f"{kind}/{{{kind}}}"),
    ]


CUSTOMER, PERSON = "customers/<str:code>/", "customers/people/<str:code>/"
A, P = "customers/{account}/", "customers/people/{contact}/"
PROJECT = f"{CUSTOMER}projects/<int:project>/milestones/"
PROJECT_AT = f"{A}projects/{{projects}}/milestones/"
STEPS = {
    "acknowledge": "",
    "wake": "",
    "reassign": "words to",
    "tell": "words how",
    "contact": "words how",
    "confirm": "fixed",
    "snooze": "words until",
}
CASE, SIGNAL = "act/cases/<slug:code>/", "listen/feedback/<uuid:pk>/"
C, S = "act/cases/{case}/", "listen/feedback/{signal}/"
BOARD, B = "understand/boards/<slug:board>/", "understand/boards/{board}/"
SURVEY, V = "listen/surveys/<slug:code>/", "listen/surveys/{survey}/"

DRAFT = {"draft_number": 1, "definition": {"title": {"en": "Words"}}}
BANKED = {
    "name": "Visits",
    "question": {"type": "number", "key": "visits", "text": {"en": "How many visits?"}},
}

PROGRAMME, PROGRAMME_API = "listen/programmes/<slug:code>/", "programmes/<str:code>"
G, G_API = "listen/programmes/{programme}/", "programmes/{programme}"

PROGRAMMES: list[Door] = [
    *page("listen/programmes/", FIGURES),
    *page("listen/programmes/new/", ASK, both=True),
    *page("listen/programmes/rest/", ASK, both=True),
    *page("listen/programmes/suppressed/", ASK, both=True),
    *page(
        "listen/programmes/suppressed/<int:pk>/lift/",
        ASK,
        at="listen/programmes/suppressed/{suppressed}/lift/",
        post=True,
    ),
    *page(PROGRAMME, FIGURES, at=G),
    *page(f"{PROGRAMME}plan/", ASK, at=f"{G}plan/", both=True),
    *page(f"{PROGRAMME}draws/", FIGURES, at=f"{G}draws/"),
    *page(f"{PROGRAMME}draws/new/", ASK, at=f"{G}draws/new/", post=True),
    *page(f"{PROGRAMME}draws/<int:pk>/", FIGURES, at=f"{G}draws/{{draw}}/"),
    *page(f"{PROGRAMME}people/", FIGURES, at=f"{G}people/"),
    *page(f"{PROGRAMME}links/", ASK, at=f"{G}links/", both=True),
    *page(f"{PROGRAMME}links/<uuid:pk>/withdraw/", ASK, at=f"{G}links/{{open_link}}/withdraw/", post=True),
    *page(f"{PROGRAMME}links/<uuid:pk>/<str:kind>/", ASK, at=f"{G}links/{{open_link}}/svg/"),
    *page(f"{PROGRAMME}interviews/", SEE, at=f"{G}interviews/"),
    *page(f"{PROGRAMME}interviews/<uuid:pk>/", SEE, at=f"{G}interviews/{{interview}}/", both=True),
    *page(f"{PROGRAMME}paper/", ASK, at=f"{G}paper/", both=True),
    *page(f"{PROGRAMME}paper/<slug:language>.pdf", ASK, at=f"{G}paper/en.pdf"),
    *page("listen/programmes/messages/", ASK),
    *page(
        "listen/programmes/messages/",
        ASK,
        at="listen/programmes/messages/?of={short_message}",
        post=True,
        sent={"message": "{short_message}", "decision": "drop"},
    ),
    *page(f"{PROGRAMME}rewards/", ASK, at=f"{G}rewards/", both=True),
    *page(f"{PROGRAMME}turn/<slug:what>/", ASK, at=f"{G}turn/pause/", post=True),
    *(Door("ask/stop/<str:secret>/", EVERYBODY, method, "ask/stop/{secret}/") for method in ("GET", "POST")),
    *(Door("r/<str:secret>", EVERYBODY, method, "r/{secret}") for method in ("GET", "POST")),
    Door("r/look/<str:name>", EVERYBODY, "GET", f"r/look/{look_of('')}"),
    # Without a mail service in use and its secret there is no such page; tried with both in the room.
    *(
        Door("ask/events/<slug:service>/", PROGRAM, method, "ask/events/postmark/")
        for method in ("GET", "POST")
    ),
    Door("ask/snippet/<uuid:pk>.js", EVERYBODY, "GET", "ask/snippet/{open_link}.js"),
    Door("ask/snippet/<uuid:pk>/begin", EVERYBODY, "GET", "ask/snippet/{open_link}/begin"),
    Door("ask/snippet/<uuid:pk>/send", EVERYBODY, "POST", "ask/snippet/{open_link}/send"),
    *api("GET", "programmes", FIGURES),
    *api("POST", "programmes", ASK, body={"name": "A name", "kind": "periodic", "survey": "{survey}"}),
    *api("GET", PROGRAMME_API, FIGURES, at=G_API),
    *api("PATCH", PROGRAMME_API, ASK, at=G_API),
    *(
        door
        for verb in ("start", "pause", "end")
        for door in api("POST", f"{PROGRAMME_API}/{verb}", ASK, at=f"{G_API}/{verb}")
    ),
    *api("GET", f"{PROGRAMME_API}/progress", FIGURES, at=f"{G_API}/progress"),
    *api("GET", f"{PROGRAMME_API}/expected", ASK, at=f"{G_API}/expected"),
    *api("GET", f"{PROGRAMME_API}/draws", FIGURES, at=f"{G_API}/draws"),
    *api("POST", f"{PROGRAMME_API}/draws", ASK, at=f"{G_API}/draws"),
    *api("GET", "rest-rule", ASK),
    *api("PUT", "rest-rule", ASK),
    *api("GET", "suppressions", ASK),
    *api("POST", "suppressions", ASK, body={"email": "a@b.example"}),
    *api("DELETE", "suppressions/<int:pk>", ASK, at="suppressions/{suppressed}"),
    *api("POST", "bounces", ASK),
    *api("GET", f"{PROGRAMME_API}/rewards", ASK, at=f"{G_API}/rewards"),
    *api("POST", "rewards/<int:pk>/given", ASK, at="rewards/{reward}/given"),
    *api("GET", "short-messages", ASK),
    *api(
        "POST",
        "short-messages/<int:pk>/decision",
        ASK,
        at="short-messages/{short_message}/decision",
        body={"decision": "drop"},
    ),
]
SUMMARY = {"what_happened": "Late", "what_we_did": "Rang", "what_changes": "One owner"}

LEAD = "cx_manager@halden.example"
PROBLEM = {"title": "Dates", "problem": "They move", "owner": LEAD}
STEPS_OF_IMPROVEMENT: dict[str, dict[str, Any]] = {
    "whys": {"answer": "Nobody owns it"},
    "causes": {"family": "Desk", "text": "By hand"},
    "actions": {"text": "One owner", "owner": LEAD, "due_on": "2026-03-02"},
    "ship": {"on": "2026-03-02", "expected_share": 0.1},
    "rethink": {},
    "drop": {"why": "Elsewhere"},
    "cases": {"case": "{case}"},
}

RECEIVED = {"account": "{account}", "words": "Late again", "how": "telephone"}
COMPLAINT_STEPS: dict[str, dict[str, Any]] = {
    "receipt": {"how": "telephone", "words": "It reached us"},
    "findings": {"words": "Nobody owns the date"},
    "decision": {"decision": "upheld", "reasons": "It was late"},
    "remedies": {"kind": "apology", "words": "Said sorry"},
    "referral": {"to": "A court"},
}
LETTER_TEXT = {"subject": "a", "body": "{{code}}"}
COMPLAINTS: list[Door] = [
    *page("act/complaints/", SEE),
    *page("act/complaints/register.csv", EXPORT),
    *page("act/complaints/new/", WORK, both=True),
    *page("act/complaints/year/", FIGURES),
    *page("act/complaints/terms/", RULES, both=True),
    *page(
        "act/complaints/categories/<int:pk>/switch/",
        RULES,
        at="act/complaints/categories/{complaint_category}/switch/",
        post=True,
    ),
    *page(f"{CASE}complaint/<slug:name>/", WORK, at=f"{C}complaint/finding/", post=True),
    *page("act/letters/<slug:purpose>/<slug:language>/", RULES, at="act/letters/receipt/en/", both=True),
    *api("GET", "complaints", SEE),
    *api("POST", "complaints", WORK, at="complaints?for={account}", body=RECEIVED),
    *api("GET", "complaints/year/<year>", FIGURES, at="complaints/year/2026"),
    *api("GET", "cases/<code>/complaint", SEE, at="cases/{case}/complaint"),
    *api("POST", "cases/<code>/complaint", WORK, at="cases/{case}/complaint", tells="how"),
    *(
        door
        for step, body in COMPLAINT_STEPS.items()
        for door in api(
            "POST",
            f"cases/<code>/complaint/{step}",
            WORK,
            at=f"cases/{{case}}/complaint/{step}",
            body=body,
        )
    ),
    *api("GET", "complaint-terms", RULES),
    *api(
        "PUT",
        "complaint-terms",
        RULES,
        body={"severity": "minor", "acknowledge_hours": 8, "resolve_hours": 40},
    ),
    *api("GET", "letter-texts", RULES),
    *api("PUT", "letter-texts/<purpose>/<language>", RULES, at="letter-texts/receipt/en", body=LETTER_TEXT),
]

STREAM, F = "act/streams/<slug:code>/", "act/streams/{stream}/"
STREAMS: list[Door] = [
    *page("act/streams/", SEE),
    *page("act/streams/new/", SEE, both=True),
    *page(STREAM, SEE, at=F, both=True),
    *(
        door
        for step in ("switch", "trial", "secret", "remove")
        for door in page(f"{STREAM}{step}/", SEE, at=f"{F}{step}/", post=True)
    ),
    *page(
        "act/streams/messages/<uuid:pk>/again/", SEE, at="act/streams/messages/{message}/again/", post=True
    ),
    *page("act/replies/<int:pk>/", WORK, at="act/replies/{reply}/", both=True),
    *api("GET", "replies", WORK),
    *api("POST", "replies/<int:pk>", WORK, at="replies/{reply}", body={"mine": False}),
    # As the mail service's reports: without a service in use and its secret there is no such page.
    *(
        Door("act/inbound/<slug:service>/", PROGRAM, method, "act/inbound/postmark/")
        for method in ("GET", "POST")
    ),
    *api("GET", "streams", SEE),
    *api("POST", "streams", SEE, body={"name": "Mine"}),
    *api("GET", "streams/<code>", SEE, at="streams/{stream}"),
    *api("PUT", "streams/<code>", SEE, at="streams/{stream}", body={"name": "Mine"}),
    *api("DELETE", "streams/<code>", SEE, at="streams/{stream}"),
    *api("POST", "streams/<code>/flow", SEE, at="streams/{stream}/flow", body={"flow": False}),
    *api("POST", "streams/<code>/trial", SEE, at="streams/{stream}/trial"),
    *api("POST", "streams/<code>/secret", SEE, at="streams/{stream}/secret"),
    *api("GET", "streams/<code>/messages", SEE, at="streams/{stream}/messages"),
    *api("POST", "streams/messages/<uuidstr:pk>/again", SEE, at="streams/messages/{message}/again"),
]

WORKSHOP, K = "act/workshops/<slug:code>/", "act/workshops/{workshop}/"
WORKSHOP_API, K_API = "workshops/<code>", "workshops/{workshop}"
WORKSHOPS: list[Door] = [
    *page("act/workshops/", FIGURES),
    *page("act/workshops/new/", WORK, both=True),
    *page(WORKSHOP, FIGURES, at=K),
    *page(f"{WORKSHOP}edit/", WORK, at=f"{K}edit/", both=True),
    *page(f"{WORKSHOP}pack/", FIGURES, at=f"{K}pack/"),
    *page(f"{WORKSHOP}pack.<slug:kind>", FIGURES, at=f"{K}pack.pdf"),
    *page(f"{WORKSHOP}vote/", FIGURES, at=f"{K}vote/", both=True),
    *page(f"{WORKSHOP}follow-up/", FIGURES, at=f"{K}follow-up/"),
    *(
        door
        for step in ("make-pack", "items", "voting", "agree")
        for door in page(f"{WORKSHOP}{step}/", WORK, at=f"{K}{step}/", post=True)
    ),
    *page(f"{WORKSHOP}items/<int:pk>/remove/", WORK, at=f"{K}items/{{workshop_item}}/remove/", post=True),
    *api("GET", "workshops", FIGURES),
    *api("POST", "workshops", WORK, body={"title": "Dates", "held_on": "2026-03-02"}),
    *api("GET", WORKSHOP_API, FIGURES, at=K_API),
    *api("GET", f"{WORKSHOP_API}/pack", FIGURES, at=f"{K_API}/pack"),
    *api("POST", f"{WORKSHOP_API}/pack", WORK, at=f"{K_API}/pack"),
    *api("GET", f"{WORKSHOP_API}/pack/<kind>", FIGURES, at=f"{K_API}/pack/pdf"),
    *api("POST", f"{WORKSHOP_API}/items", WORK, at=f"{K_API}/items", body={"text": "Who rings"}),
    *api("DELETE", f"{WORKSHOP_API}/items/<int:pk>", WORK, at=f"{K_API}/items/{{workshop_item}}"),
    *api("POST", f"{WORKSHOP_API}/voting", WORK, at=f"{K_API}/voting", body={"open": True}),
    *api("PUT", f"{WORKSHOP_API}/vote", FIGURES, at=f"{K_API}/vote", body={"dots": {}}),
    *api("GET", f"{WORKSHOP_API}/follow-up", FIGURES, at=f"{K_API}/follow-up"),
    *api(
        "POST",
        f"{WORKSHOP_API}/actions",
        WORK,
        at=f"{K_API}/actions",
        body={"text": "One desk", "owner": LEAD, "due_on": "2099-03-02"},
    ),
]

DOORS: list[Door] = [
    *PROGRAMMES,
    *STREAMS,
    *WORKSHOPS,
    *COMPLAINTS,
    # kernel
    *(Door(probe, EVERYBODY) for probe in ("live", "started", "ready")),
    Door("metrics", PROGRAM),
    *page("admin/", ADMIN),
    *page("admin/users/", ADMIN, PEOPLE),
    *page("admin/users/add/", ADMIN, PEOPLE, both=True),
    *page("admin/users/<int:pk>/", ADMIN, PEOPLE, at="admin/users/{user}/", both=True),
    *(
        door
        for action in ("link", "switch", "factors")
        for door in page(
            f"admin/users/<int:pk>/{action}/", ADMIN, PEOPLE, at=f"admin/users/{{user}}/{action}/", post=True
        )
    ),
    *page("admin/teams/", ADMIN),
    *page("admin/teams/add/", ADMIN, both=True),
    *page("admin/teams/<slug:key>/", ADMIN, at="admin/teams/benelux-team/", both=True),
    *page("admin/teams/<slug:key>/remove/", ADMIN, at="admin/teams/benelux-team/remove/", post=True),
    *page("admin/audit/", ADMIN),
    *page("admin/audit/changes/", ADMIN),
    *page("admin/audit/<half:what>.csv", ADMIN, at="admin/audit/changed.csv"),
    *page("admin/jobs/", ADMIN, both=True),
    *page("admin/mail/", ADMIN, both=True, sent={"mail": "{mail}", "decision": "drop"}),
    *page("profile/", both=True),
    *page("profile/tokens/", both=True),
    *page("profile/tokens/<int:pk>/revoke/", at="profile/tokens/{token}/revoke/", post=True),
    Door("ui/guide/", EVERYBODY),
    # catalog
    *page("catalog/", SEE),
    *page("catalog/<slug:table>/", SEE, at="catalog/regions/"),
    *page("catalog/<slug:table>/add/", CATALOG, at="catalog/regions/add/", both=True),
    *page("catalog/<slug:table>/row/<slug:key>/", CATALOG, at="catalog/regions/row/benelux/", both=True),
    *page(
        "catalog/<slug:table>/row/<slug:key>/act/",
        CATALOG,
        at="catalog/regions/row/benelux/act/",
        post=True,
        sent={"act": "up"},
    ),
    *page(
        "catalog/regions/row/<slug:key>/holidays/add/",
        CATALOG,
        at="catalog/regions/row/benelux/holidays/add/",
        post=True,
    ),
    *page(
        "catalog/regions/row/<slug:key>/holidays/<int:pk>/remove/",
        CATALOG,
        at="catalog/regions/row/benelux/holidays/{holiday}/remove/",
        post=True,
    ),
    *api("GET", "catalog/<table>", SEE, at="catalog/regions"),
    *api("GET", "catalog/<table>/<key>", SEE, at="catalog/regions/benelux"),
    *api("PUT", "catalog/<table>/<key>", CATALOG, at="catalog/regions/benelux", body={"name": "Benelux"}),
    # accounts
    *page("customers/", SEE),
    *page("customers/search/", SEE, at="customers/search/?q=a"),
    *page("customers/offered/", SEE, at="customers/offered/?q=a"),
    *page("customers/new/", EDIT, both=True),
    *page("customers/people/", SEE),
    *page("customers/people/new/", EDIT, both=True),
    *page(PERSON, SEE, at=P),
    *page(f"{PERSON}edit/", EDIT, at=f"{P}edit/", both=True),
    *page(f"{PERSON}roles/new/", EDIT, at=f"{P}roles/new/", both=True),
    *page(f"{PERSON}roles/<int:pk>/", EDIT, at=f"{P}roles/{{role}}/", both=True),
    *page(f"{PERSON}roles/<int:pk>/confirm/", EDIT, at=f"{P}roles/{{role}}/confirm/", post=True),
    *page(f"{PERSON}roles/<int:pk>/end/", EDIT, at=f"{P}roles/{{role}}/end/", post=True),
    *page(f"{PERSON}<slug:tab>/", SEE, at=f"{P}answers/"),
    *page("customers/duplicates/", EDIT),
    *page("customers/duplicates/look/", EDIT, post=True),
    *page(
        "customers/duplicates/<int:pk>/aside/", EDIT, at="customers/duplicates/{candidate}/aside/", post=True
    ),
    *page("customers/duplicates/<int:pk>/undo/", EDIT, at="customers/duplicates/{merge}/undo/", post=True),
    *page(
        "customers/duplicates/<str:kind>/<str:kept>/<str:merged>/",
        EDIT,
        at="customers/duplicates/customers/{account}/{other}/",
        both=True,
    ),
    *page(CUSTOMER, SEE, at=A),
    *page(f"{CUSTOMER}edit/", EDIT, at=f"{A}edit/", both=True),
    *page(f"{CUSTOMER}<slug:tab>/", SEE, at=f"{A}answers/"),
    *page(f"{CUSTOMER}<slug:kind>/new/", EDIT, at=f"{A}contracts/new/", both=True),
    *page(f"{CUSTOMER}<slug:kind>/<int:pk>/", SEE, at=f"{A}contracts/{{contracts}}/"),
    *page(
        f"{CUSTOMER}<slug:kind>/<int:pk>/remove/", EDIT, at=f"{A}contracts/{{contracts}}/remove/", post=True
    ),
    *page(f"{PROJECT}new/", EDIT, at=f"{PROJECT_AT}new/", both=True),
    *page(f"{PROJECT}<int:pk>/", EDIT, at=f"{PROJECT_AT}{{milestone}}/", both=True),
    *page(f"{PROJECT}<int:pk>/remove/", EDIT, at=f"{PROJECT_AT}{{milestone}}/remove/", post=True),
    *api("GET", "accounts", SEE),
    *api("POST", "accounts", EDIT, tells="name"),
    *api("GET", "accounts/<code>", SEE, at="accounts/{account}"),
    *api("PATCH", "accounts/<code>", EDIT, at="accounts/{account}"),
    *api(
        "POST",
        "accounts/<code>/external-ids",
        EDIT,
        at="accounts/{account}/external-ids",
        tells="system value",
    ),
    *api(
        "DELETE",
        "accounts/<code>/external-ids",
        EDIT,
        at="accounts/{account}/external-ids?system=crm&value=1",
    ),
    *api("GET", "contacts", SEE),
    *api("POST", "contacts", EDIT, tells="account name"),
    *api("GET", "contacts/<code>", SEE, at="contacts/{contact}"),
    *api("PATCH", "contacts/<code>", EDIT, at="contacts/{contact}"),
    *api(
        "POST",
        "contacts/<code>/external-ids",
        EDIT,
        at="contacts/{contact}/external-ids",
        tells="system value",
    ),
    *api(
        "DELETE",
        "contacts/<code>/external-ids",
        EDIT,
        at="contacts/{contact}/external-ids?system=crm&value=1",
    ),
    *api("GET", "contacts/<code>/roles", SEE, at="contacts/{contact}/roles"),
    *api("POST", "contacts/<code>/roles", EDIT, at="contacts/{contact}/roles", tells="role"),
    *api("PATCH", "roles/<role_id>", EDIT, at="roles/{role}"),
    *api("POST", "roles/<role_id>/confirm", EDIT, at="roles/{role}/confirm"),
    *api("POST", "roles/<role_id>/end", EDIT, at="roles/{role}/end"),
    *(door for kind, tells in DEALINGS.items() for door in dealing(kind, tells)),
    *api("GET", "projects/<int:project_id>/milestones", SEE, at="projects/{projects}/milestones"),
    *api(
        "PUT", "projects/<int:project_id>/milestones", EDIT, at="projects/{projects}/milestones", tells="name"
    ),
    # listening: surveys
    *page("listen/surveys/", FIGURES, SURVEYS),
    *page("listen/surveys/new/", SURVEYS, both=True),
    *page("listen/surveys/bank/", FIGURES, SURVEYS),
    *page("listen/surveys/bank/standard/", SURVEYS, post=True),
    *page("listen/surveys/bank/<slug:key>/", FIGURES, SURVEYS, at="listen/surveys/bank/effort/"),
    *page(
        "listen/surveys/bank/<slug:key>/retire/", SURVEYS, at="listen/surveys/bank/effort/retire/", post=True
    ),
    *page("listen/surveys/color/<slug:value>.css", FIGURES, SURVEYS, at="listen/surveys/color/1D4E3A.css"),
    *page(SURVEY, FIGURES, SURVEYS, at=V),
    *page(f"{SURVEY}change/<slug:what>/", SURVEYS, at=f"{V}change/add-page/", post=True),
    *page(f"{SURVEY}versions/", FIGURES, SURVEYS, at=f"{V}versions/"),
    *page(f"{SURVEY}compare/", FIGURES, SURVEYS, at=f"{V}compare/"),
    *page(f"{SURVEY}languages/", FIGURES, SURVEYS, at=f"{V}languages/"),
    *page(f"{SURVEY}theme/", SURVEYS, at=f"{V}theme/", both=True),
    *(
        door
        for act in ("publish", "close", "duplicate", "archive", "rename")
        for door in page(f"{SURVEY}{act}/", SURVEYS, at=f"{V}{act}/", post=True)
    ),
    *page(f"{SURVEY}preview/", SURVEYS, at=f"{V}preview/"),
    *page(f"{SURVEY}preview/draft/", SURVEYS, at=f"{V}preview/draft/", both=True),
    *page(f"{SURVEY}preview/test/", SURVEYS, at=f"{V}preview/test/", post=True),
    *api("GET", "surveys", FIGURES, SURVEYS),
    *api("POST", "surveys", SURVEYS, tells="name"),
    *api("GET", "survey-templates", FIGURES, SURVEYS),
    *api("GET", "surveys/<code>", FIGURES, SURVEYS, at="surveys/{survey}"),
    *api("PATCH", "surveys/<code>", SURVEYS, at="surveys/{survey}"),
    *api("PUT", "surveys/<code>/draft", SURVEYS, at="surveys/{survey}/draft", body=DRAFT),
    *api("GET", "surveys/<code>/check", FIGURES, SURVEYS, at="surveys/{survey}/check"),
    *api("POST", "surveys/<code>/publish", SURVEYS, at="surveys/{survey}/publish", body={"draft_number": 1}),
    *api("GET", "surveys/<code>/versions/<number>", FIGURES, SURVEYS, at="surveys/{survey}/versions/1"),
    *api("POST", "surveys/<code>/close", SURVEYS, at="surveys/{survey}/close"),
    *api("POST", "surveys/<code>/duplicate", SURVEYS, at="surveys/{survey}/duplicate"),
    *api("GET", "surveys/<code>/compare", FIGURES, SURVEYS, at="surveys/{survey}/compare?old=1"),
    *api("GET", "question-bank", FIGURES, SURVEYS),
    *api("PUT", "question-bank/<key>", SURVEYS, at="question-bank/visits", body=BANKED),
    # signals
    *page("listen/", SEE),
    *page("listen/capture/", CAPTURE, both=True),
    *page("listen/capture/customers/", CAPTURE, at="listen/capture/customers/?q=a"),
    *page("listen/capture/people/", CAPTURE, at="listen/capture/people/?q=a"),
    *page("listen/matching/", EDIT, both=True),
    *page(SIGNAL, SEE, at=S),
    *(
        replace(door, beyond=(EDIT,))
        for door in [
            *page(f"{SIGNAL}correct/", CAPTURE, at=f"{S}correct/", both=True),
            *api("POST", "signals/<uuidstr:pk>/correction", CAPTURE, at="signals/{signal}/correction"),
        ]
    ),
    *page(f"{SIGNAL}files/<int:number>/", SEE, at=f"{S}files/{{file}}/"),
    *api("GET", "signals", SEE),
    *api("POST", "signals", CAPTURE, tells="kind source external_reference occurred_at"),
    *api("POST", "signals/batch", CAPTURE, body=[]),
    *api("GET", "signals/<uuidstr:pk>", SEE, at="signals/{signal}"),
    *api("POST", "signals/<uuidstr:pk>/attachments", CAPTURE, at="signals/{own_signal}/attachments"),
    # insight
    *page(""),
    *page("understand/", FIGURES),
    *page("understand/boards/", FIGURES),
    *page(BOARD, FIGURES, at=B),
    *page(f"{BOARD}tiles/<int:number>/", FIGURES, at=f"{B}tiles/1/"),
    *page(f"{BOARD}tiles/<int:number>/picture/", FIGURES, at=f"{B}tiles/1/picture/"),
    *page(f"{BOARD}tiles/<int:number>/table/", FIGURES, at=f"{B}tiles/1/table/"),
    *page(f"{BOARD}copy/", FIGURES, at=f"{B}copy/", post=True),
    *page(f"{BOARD}arrange/", FIGURES, at=f"{B}arrange/"),
    *page(f"{BOARD}arrange/", FIGURES, at=f"{B}arrange/", post=True, sent={"do": "settings", "name": "Mine"}),
    *page(f"{BOARD}mail/", FIGURES, at=f"{B}mail/", post=True, sent={"every": "week"}),
    *page(f"{BOARD}delete/", FIGURES, at=f"{B}delete/", post=True),
    *api("GET", "dashboards", FIGURES),
    *api("POST", "dashboards", FIGURES, tells="name"),
    *api("GET", "dashboards/<key>", FIGURES, at="dashboards/{board}"),
    *api("GET", "dashboards/<key>/figures", FIGURES, at="dashboards/{board}/figures"),
    *api("PATCH", "dashboards/<key>", FIGURES, at="dashboards/{board}", tells="name"),
    *api("POST", "dashboards/<key>/tiles", FIGURES, at="dashboards/{board}/tiles", body={"kind": "figure"}),
    *api("DELETE", "dashboards/<key>", FIGURES, at="dashboards/{board}"),
    *api("GET", "figures/<metric>", FIGURES, at="figures/nps"),
    *api("GET", "query", FIGURES, at="query?measure=nps&by=region"),
    *page("understand/drivers/", FIGURES),
    *page("understand/drivers/<slug:key>.svg", FIGURES, at="understand/drivers/map.svg"),
    *page("understand/explore/", FIGURES),
    *page("understand/explore/<int:number>.svg", FIGURES, at="understand/explore/1.svg"),
    *page("understand/explore/save/", FIGURES, post=True),
    *api("GET", "explore", FIGURES),
    *api("GET", "drivers", FIGURES),
    *api("GET", "drivers/answers", EXPORT),
    # action
    *page("act/", SEE),
    *page("act/team/", SEE),
    *page("act/cases/", SEE),
    *page(CASE, SEE, at=C),
    *(
        door
        for step in (
            *("acknowledge", "contact", "fix", "tell", "confirm", "close", "reopen"),
            *("reassign", "note", "snooze", "wake", "escalate"),
        )
        for door in page(f"{CASE}{step}/", WORK, at=f"{C}{step}/", post=True)
    ),
    *page(f"{CASE}watch/", SEE, at=f"{C}watch/", post=True),
    *page("act/escalations/", SEE),
    *page("act/escalations/levels/", RULES),
    *page("act/escalations/levels/new/", RULES, both=True),
    *page("act/escalations/levels/<int:number>/", RULES, at="act/escalations/levels/1/", both=True),
    *page("act/escalations/<slug:code>/", SEE, at="act/escalations/{escalation}/"),
    *page("act/escalations/<slug:code>/take/", SEE, at="act/escalations/{escalation}/take/", post=True),
    *page("act/escalations/<slug:code>/end/", SEE, at="act/escalations/{escalation}/end/", post=True),
    *page("act/improvements/", FIGURES),
    *page("act/improvements/new/", WORK, both=True),
    *page("act/improvements/<slug:code>/", FIGURES, at="act/improvements/{improvement}/"),
    *(
        door
        for step in ("why", "unwhy", "cause", "action", "ship", "rethink", "drop")
        for door in page(
            f"act/improvements/<slug:code>/{step}/",
            WORK,
            at=f"act/improvements/{{improvement}}/{step}/",
            post=True,
        )
    ),
    *page(
        "act/improvements/<slug:code>/action/<int:pk>/done/",
        WORK,
        at="act/improvements/{improvement}/action/{action}/done/",
        post=True,
    ),
    *page(
        "act/improvements/<slug:code>/link/",
        WORK,
        at="act/improvements/{improvement}/link/",
        post=True,
        sent={"case": "{case}"},
    ),
    *page(f"{CASE}tell-all/", WORK, at=f"{C}tell-all/", both=True),
    *page(f"{CASE}promise/", WORK, at=f"{C}promise/", post=True),
    *page(
        "act/improvements/<slug:code>/tell-all/",
        WORK,
        at="act/improvements/{improvement}/tell-all/",
        both=True,
    ),
    *page(
        "act/improvements/<slug:code>/publish/",
        RULES,
        at="act/improvements/{improvement}/publish/",
        post=True,
    ),
    *page("act/published/<int:pk>/withdraw/", RULES, at="act/published/{publication}/withdraw/", post=True),
    *page("act/letters/", RULES),
    *page("act/letters/<slug:language>/", RULES, at="act/letters/en/", both=True),
    *page("act/told/<slug:code>/", WORK, at="act/told/{telling}/"),
    *page("act/told/<slug:code>/send/", WORK, at="act/told/{telling}/send/", post=True),
    *page("act/told/<slug:code>/drop/", WORK, at="act/told/{telling}/drop/", post=True),
    Door("act/answer/<str:token>/", EVERYBODY, address="act/answer/a-token/"),
    Door("act/said-and-done/", EVERYBODY),
    Door("act/said-and-done/<slug:region>/", EVERYBODY, address="act/said-and-done/benelux/"),
    *page("act/promises/", WORK, both=True),
    *page("act/promises/<int:pk>/settle/", WORK, at="act/promises/{promise}/settle/", post=True),
    *page("act/promoters/", SEE),
    *page("act/promoters/limits/", RULES, both=True),
    *page(
        "act/promoters/letters/<slug:kind>/<slug:language>/",
        RULES,
        at="act/promoters/letters/quote/en/",
        both=True,
    ),
    *page("act/promoters/<slug:code>/", SEE, at="act/promoters/{contact}/"),
    *page("act/promoters/<slug:code>/send/", WORK, at="act/promoters/{contact}/send/", post=True),
    *page("act/references/", SEE),
    *page("act/references/<slug:code>/", SEE, at="act/references/{ask}/"),
    *page("act/references/<slug:code>/use/", WORK, at="act/references/{ask}/use/", post=True),
    Door("act/asked/<str:token>/", EVERYBODY, address="act/asked/an-ask/"),
    *page("act/feelings/", FIGURES),
    *page("act/feelings/<slug:key>/", RULES, at="act/feelings/delivery/", both=True),
    *page("act/playbooks/", RULES, both=True),
    *page("act/playbooks/<int:pk>/", RULES, at="act/playbooks/{playbook}/", both=True),
    *page("act/playbooks/<int:pk>/switch/", RULES, at="act/playbooks/{playbook}/switch/", post=True),
    *page(
        "act/playbooks/<int:pk>/steps/<int:step>/remove/",
        RULES,
        at="act/playbooks/{playbook}/steps/{step}/remove/",
        post=True,
    ),
    *page(f"{CASE}play/", WORK, at=f"{C}play/", post=True, sent={"playbook": "{playbook}"}),
    *page(f"{CASE}tasks/<int:pk>/", WORK, at=f"{C}tasks/{{task}}/", post=True),
    *page("act/follow-up/", FIGURES),
    *page("act/duty/", WORK, both=True),
    *page("act/duty/away/<int:pk>/back/", WORK, at="act/duty/away/{absence}/back/", post=True),
    *page("act/duty/places/", RULES, post=True),
    *page("act/duty/places/<int:pk>/remove/", RULES, at="act/duty/places/{place}/remove/", post=True),
    *page("act/rules/", RULES),
    *page("act/rules/new/", RULES, both=True),
    *page("act/rules/<slug:code>/", RULES, at="act/rules/{rule}/", both=True),
    *page("act/rules/<slug:code>/switch/", RULES, at="act/rules/{rule}/switch/", post=True),
    *api("GET", "cases", SEE),
    *api("GET", "cases/<code>", SEE, at="cases/{case}"),
    *(
        door
        for step in (
            *("acknowledge", "contact", "fix", "notes", "reassign", "tell", "confirm", "close", "reopen"),
            *("snooze", "wake", "escalate"),
        )
        for door in api(
            "POST", f"cases/<code>/{step}", WORK, at=f"cases/{{case}}/{step}", tells=STEPS.get(step, "words")
        )
    ),
    *api("GET", "escalations", SEE),
    *api("GET", "escalations/<code>", SEE, at="escalations/{escalation}"),
    *api("POST", "escalations/<code>/acknowledge", SEE, at="escalations/{escalation}/acknowledge"),
    *api("POST", "escalations/<code>/end", SEE, at="escalations/{escalation}/end", body=SUMMARY),
    *api("GET", "escalation-levels", RULES),
    *api("GET", "cases/<code>/raised-by", WORK, at="cases/{case}/raised-by"),
    *api("POST", "cases/<code>/tellings", WORK, at="cases/{case}/tellings", body={"words": {}}),
    *api("GET", "improvements/<code>/raised-by", WORK, at="improvements/{improvement}/raised-by"),
    *api(
        "POST",
        "improvements/<code>/tellings",
        WORK,
        at="improvements/{improvement}/tellings",
        body={"words": {}},
    ),
    *api("GET", "tellings/<code>", WORK, at="tellings/{telling}"),
    *api("POST", "tellings/<code>/send", WORK, at="tellings/{telling}/send"),
    *api("POST", "tellings/<code>/drop", WORK, at="tellings/{telling}/drop"),
    *api("GET", "letters", RULES),
    *api("PUT", "letters/<language>", RULES, at="letters/nl", body={"subject": "a", "body": "{{link}}"}),
    *api("GET", "promises", WORK),
    *api(
        "POST",
        "promises",
        WORK,
        at="promises?for={account}",
        body={"account": "{account}", "words": "Rings", "owner": LEAD, "due_on": "2026-03-02"},
    ),
    *api(
        "POST",
        "promises/<int:pk>/settle",
        WORK,
        at="promises/{promise}/settle",
        body={"kept": True},
    ),
    *api(
        "POST",
        "improvements/<code>/publications",
        RULES,
        at="improvements/{improvement}/publications",
        body={"you_said": "Late", "we_did": "One owner"},
    ),
    *api("POST", "publications/<int:pk>/withdraw", RULES, at="publications/{publication}/withdraw"),
    *api("GET", "promoters", SEE),
    *api("POST", "promoters/<code>/asks", WORK, at="promoters/{contact}/asks", body={"kind": "thanks"}),
    *api("GET", "asks/<code>", SEE, at="asks/{ask}"),
    *api("POST", "asks/<code>/uses", WORK, at="asks/{ask}/uses", tells="words"),
    *api("GET", "references", SEE),
    *api("GET", "promoter-figures", SEE),
    *api("GET", "asking-limits", WORK),
    *api("PUT", "asking-limits", RULES),
    *api("GET", "promoter-letters", RULES),
    *api(
        "PUT",
        "promoter-letters/<kind>/<language>",
        RULES,
        at="promoter-letters/quote/nl",
        body={"subject": "a", "body": "{{link}}"},
    ),
    *api("GET", "feelings", FIGURES),
    *api("PUT", "feelings/<key>", RULES, at="feelings/delivery", body={"feelings": ["safe"]}),
    *api("GET", "playbooks", WORK),
    *api("POST", "playbooks", RULES, body={"name": "A book"}),
    *api("GET", "playbooks/<int:pk>/works", RULES, at="playbooks/{playbook}/works"),
    *api("GET", "cases/<code>/tasks", SEE, at="cases/{case}/tasks"),
    *api("POST", "cases/<code>/tasks", WORK, at="cases/{case}/tasks", body={"playbook": "{playbook}"}),
    *api("POST", "cases/<code>/tasks/<int:pk>", WORK, at="cases/{case}/tasks/{task}"),
    *api("GET", "improvements", FIGURES),
    *api("POST", "improvements", WORK, body=PROBLEM),
    *api("GET", "improvements/<code>", FIGURES, at="improvements/{improvement}"),
    *(
        door
        for step, body in STEPS_OF_IMPROVEMENT.items()
        for door in api(
            "POST",
            f"improvements/<code>/{step}",
            WORK,
            at=f"improvements/{{improvement}}/{step}",
            body=body,
        )
    ),
    *api(
        "POST",
        "improvements/<code>/actions/<int:pk>/done",
        WORK,
        at="improvements/{improvement}/actions/{action}/done",
    ),
    *api(
        "PUT",
        "escalation-levels",
        RULES,
        body={"number": 2, "name": "Level", "responder": "cx_manager@halden.example"},
    ),
    *api("POST", "cases/<code>/watch", SEE, at="cases/{case}/watch", body={"watch": True}),
    *api("GET", "rules", RULES),
    *api("POST", "rules", RULES, body={"name": "A rule", "fallback": "cx_manager@halden.example"}),
    *api("GET", "rules/<code>/dry-run", RULES, at="rules/{rule}/dry-run"),
    *api("POST", "rules/<code>/switch", RULES, at="rules/{rule}/switch", body={"active": True}),
    *api("GET", "follow-up", FIGURES),
    *api("GET", "responsibilities", RULES),
    *api(
        "POST",
        "responsibilities",
        RULES,
        body={"region": "nordics", "colleague": "cx_manager@halden.example"},
    ),
    *api("DELETE", "responsibilities/<int:pk>", RULES, at="responsibilities/{place}"),
    *api("GET", "absences", WORK),
    *api("POST", "absences", WORK, body={"starts_on": "2026-03-02", "ends_on": "2026-03-03"}),
    *api("DELETE", "absences/<int:pk>", WORK, at="absences/{absence}"),
    # connectors
    *page("imports/", IMPORT, both=True),
    *page("imports/<uuid:pk>/", IMPORT, at="imports/{run}/", both=True),
    *page("imports/<uuid:pk>/progress/", IMPORT, at="imports/{run}/progress/"),
    *page("imports/<uuid:pk>/again/", IMPORT, at="imports/{run}/again/", post=True),
    *page("imports/<uuid:pk>/problems.csv", IMPORT, at="imports/{run}/problems.csv"),
    *page("imports/<uuid:pk>/mapping.toml", IMPORT, at="imports/{run}/mapping.toml"),
    *page("imports/<uuid:pk>/save-mapping/", IMPORT, at="imports/{run}/save-mapping/", post=True),
    *page("imports/mappings/<int:pk>/forget/", IMPORT, at="imports/mappings/{mapping}/forget/", post=True),
    *page("exports/", EXPORT),
    *page("exports/<slug:name>/", EXPORT, at="exports/accounts/"),
    *page("exports/<slug:name>/<slug:kind>/", EXPORT, at="exports/accounts/csv/"),
    *page("survey-files/", IMPORT, both=True),
    *page("survey-files/<uuid:pk>/", IMPORT, at="survey-files/{survey_file}/"),
    *page("survey-files/<uuid:pk>/keep/", IMPORT, at="survey-files/{survey_file}/keep/", post=True),
    *page("survey-files/<uuid:pk>/responses/", IMPORT, at="survey-files/{survey_file}/responses/", post=True),
    *page("survey-files/export/<str:code>/", EXPORT, at="survey-files/export/{rival_survey}/"),
    *page(
        "survey-files/export/<str:code>/<int:version>/<slug:what>/<slug:kind>/",
        EXPORT,
        at="survey-files/export/{rival_survey}/0/questions/surveyjs/",
    ),
    *api("POST", "survey-files/check", IMPORT),
    *api("POST", "survey-files", IMPORT),
    *api("POST", "survey-files/<uuidstr:pk>/responses", IMPORT, at="survey-files/{survey_file}/responses"),
    *api("GET", "survey-files/<uuidstr:pk>/responses", IMPORT, at="survey-files/{survey_file}/responses"),
    *api(
        "GET",
        "survey-files/export/<code>/<int:version>/<what>/<kind>",
        EXPORT,
        at="survey-files/export/{rival_survey}/0/questions/surveyjs",
    ),
    # the description of the programming interface
    Door("api/v1/openapi.json", EVERYBODY),
    Door("api/v1/", NOBODY),
]
