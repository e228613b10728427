"""What a request to a link does: show where the person is, keep what was posted, lead on, thank at the end.

Looking changes nothing. Each page posted is merged into what is stored now, under the condition that nobody
else has written meanwhile; if somebody has, it is merged again. So no order of steps back, second devices and
double posts can lose an answer or make a second response.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.utils import timezone

from rapport.kernel.environment import environment
from rapport.rooms.listening.definition import (
    Definition,
    FileQuestion,
    Known,
    ReadPage,
    Scale,
    SingleChoice,
    Step,
    Upload,
    Way,
    first_incomplete,
    missing_on,
    names_in,
    quotas_met,
    reached_quota,
    read_page,
    say,
    step_as_asked,
    tell,
    walk,
)
from rapport.rooms.listening.done import done_for
from rapport.rooms.listening.links import PREFIX, hash_of, new_secret
from rapport.rooms.listening.respond.limits import FILES, GUESSES, OPENINGS, network_of
from rapport.rooms.listening.respond.pages import (
    Farewell,
    View,
    message_html,
    page_html,
    page_written_before,
    thanks_html,
)
from rapport.rooms.listening.respond.sealing import seal, unseal
from rapport.rooms.listening.respond.store import (
    Asking,
    Kept,
    NewBallot,
    Save,
    definition_for,
    find_asking,
    quota_fills,
    upload_names,
)
from rapport.rooms.listening.respond.uploads import keep_upload
from rapport.rooms.listening.respond.writer import NotKept, write
from rapport.rooms.signals.models import new_id

TRIES = 8
SOONEST = timedelta(seconds=1)
"""How soon after it was shown the first page of an open link may be posted; scripts are quicker."""
LATEST = timedelta(hours=24)
_BEGUN = frozenset({"drawn", "sent", "opened", "bounced"})


@dataclass(frozen=True)
class Request:
    """What was asked of a link, however it reached us."""

    method: str
    secret: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    languages: str = ""
    """The Accept-Language header."""

    def posted(self, name: str) -> str:
        """Return one value of the form."""
        values = self.form.get(name, ())
        return values[-1] if values else ""

    def asked(self, name: str) -> str:
        """Return one value of the address."""
        values = self.query.get(name, ())
        return values[-1] if values else ""


@dataclass(frozen=True)
class Reply:
    """What is answered: a page, or where to go."""

    status: int
    html: str = ""
    location: str = ""


@dataclass(frozen=True)
class Going:
    """A respondent on the way: what they are asked, what is kept, and who they are to the shuffles."""

    asking: Asking
    definition: Definition
    number: int
    kept: Kept | None
    answers: dict[str, Any]
    seed: str
    secret: str
    """Of the address everything goes to: the personal link, or the response's own."""
    response_hash: bytes | None = None
    token: str = ""
    """Lets somebody begin by an open link; empty once begun."""

    def walk(self, answers: Mapping[str, Any] | None = None) -> Way:
        """Return the way with what is kept, or with other answers."""
        given = self.answers if answers is None else answers
        return walk(self.definition, given, self.facts(), self.seed)

    def facts(self) -> dict[str, Any]:
        """Return what is known when asked, and who we are."""
        return {"us.name": environment().company, **self.asking.facts}

    def path(self, **query: str) -> str:
        """Return an address of this response."""
        said = "&".join(f"{name}={value}" for name, value in query.items() if value)
        return f"{PREFIX}{self.secret}" + (f"?{said}" if said else "")


def answer(request: Request, now: datetime | None = None) -> Reply:
    """Answer one request; GET and HEAD change nothing."""
    moment = now or timezone.now()
    network = network_of(request.address)
    if not GUESSES.allows(network):
        return _message(429, "many_title", "many", request)
    asking = find_asking(request.secret)
    if asking is None:
        GUESSES.take(network)
        return _message(404, "unknown_title", "unknown_link", request)
    if request.method != "POST":
        return _show(request, asking, moment)
    for attempt in range(TRIES):
        reply = _post(request, asking, moment, network, attempt)
        if reply is not None:
            return reply
        # Somebody wrote meanwhile: read again what is kept now, and merge into that.
        asking = find_asking(request.secret) or asking
    raise NotKept


def _message(
    status: int, title: str, text: str, request: Request, definition: Definition | None = None
) -> Reply:
    language = _preferred(request.languages, definition.languages if definition else ("en", "de"))
    return Reply(status, message_html(title, text, language or "en", definition))


# -- where somebody stands


def _going(request: Request, asking: Asking, now: datetime, attempt: int = 0) -> Going | None:
    """Return the respondent on the way; None when their response was sent and no other is wanted."""
    definition = definition_for(asking)
    if asking.open_link and not asking.by_response:
        return _beginning(request, asking, definition, now, attempt)
    kept = asking.response
    number = kept.number if kept else 1
    if kept is not None and kept.state != "open":
        if not asking.several or asking.by_response:
            return None
        kept, number = None, number + 1
    seed = asking.secret_hash.hex() if asking.by_response else f"{asking.invitation_id}:{number}"
    answers = unseal(kept.answers, asking.secret) if kept else {}
    own = asking.secret_hash if asking.by_response else None
    return Going(asking, definition, number, kept, answers, seed, asking.secret, own)


def _beginning(
    request: Request, asking: Asking, definition: Definition, now: datetime, attempt: int
) -> Going | None:
    """Return somebody who comes by an open link: perhaps with the response begun by this very form."""
    token = request.posted("_me")
    secret = _secret_in(token, asking.invitation_id)
    if not secret:
        token = token_to_begin(asking.invitation_id, now)
        secret = token.partition(".")[0]
    begun = find_asking(secret) if request.method == "POST" else None
    if begun is not None and begun.response is not None:
        return _going(request, begun, now)
    hashed = hash_of(secret)
    # The number only has to be free; the hash has enough digits for another try.
    at = 4 * (attempt % 8)
    number = int.from_bytes(hashed[at : at + 4], "big") % (2**31 - 1) + 1
    return Going(asking, definition, number, None, {}, hashed.hex(), secret, hashed, token)


def token_to_begin(invitation: UUID, now: datetime) -> str:
    """Make what lets somebody begin a response of their own by an open link, from a second after now."""
    return _token(new_secret(), invitation, now)


def _token(secret: str, invitation: UUID, now: datetime) -> str:
    at = str(int(now.timestamp()))
    return f"{secret}.{at}.{_mac(secret, at, invitation)}"


def _mac(secret: str, at: str, invitation: UUID) -> str:
    key = f"listening.begin\0{settings.SECRET_KEY}".encode()
    return hmac.new(key, f"{secret}.{at}.{invitation}".encode(), hashlib.sha256).hexdigest()[:32]


def _secret_in(token: str, invitation: UUID) -> str:
    """Return the secret in a token that we made for this link, else nothing."""
    secret, at, mac = (*token.split("."), "", "", "")[:3]
    made = _mac(secret, at, invitation)
    return secret if secret and hmac.compare_digest(mac.encode(), made.encode()) else ""


def _ended(asking: Asking, now: datetime) -> str:
    """Return why no answer is taken any more; nothing while it is."""
    if asking.expires_at is not None and asking.expires_at <= now:
        return "expired"
    closed = asking.version_state != "published" or asking.programme_state == "ended"
    return "closed" if closed or asking.state == "withdrawn" else ""


def _language(request: Request, going: Going) -> str:
    languages = going.definition.languages
    kept = going.kept.language if going.kept else ""
    for wish in (request.asked("lang"), request.posted("_lang"), kept, going.asking.language):
        found = _match(wish, languages)
        if found:
            return found
    return _preferred(request.languages, languages) or going.definition.language


def _match(wish: str, languages: Sequence[str]) -> str:
    if not wish:
        return ""
    if wish in languages:
        return wish
    first = wish.partition("-")[0].lower()
    return next((one for one in languages if one.partition("-")[0] == first), "")


def _preferred(header: str, languages: Sequence[str]) -> str:
    wishes = []
    for place, part in enumerate(header.split(",")[:20]):
        name, _, quality = part.strip().partition(";q=")
        try:
            wishes.append((-float(quality or 1), place, name))
        except ValueError:
            continue
    return next((found for _q, _p, name in sorted(wishes) if (found := _match(name, languages))), "")


# -- looking


def _show(request: Request, asking: Asking, now: datetime) -> Reply:
    going = _going(request, asking, now)
    if going is None or (request.asked("sent") and asking.response and asking.response.state != "open"):
        return _thanks(request, asking)
    ended = _ended(asking, now)
    if ended:
        return _message(410, f"{ended}_title", ended, request, going.definition)
    language = _language(request, going)
    if going.kept is None and not request.query and not asking.is_test and not asking.anonymous:
        key, hidden = _cache_key(asking), _hidden(going, language)
        written = page_written_before(key, language, _action(going), hidden)
        if written is not None:
            return Reply(200, written)
    way = going.walk()
    step = _wanted(way, request.asked("page"), going.kept)
    problems = {}
    if step is not None and request.asked("missing"):
        problems = missing_on(step, way, language, going.definition.language)
    typed = {} if going.kept else _preselected(step, request.query)
    return Reply(200, page_html(_view(going, way, step, language, going.answers, problems, typed)))


def _wanted(way: Way, page: str, kept: Kept | None) -> Step | None:
    """Return the page asked for, else the one reached; never one beyond a page that is not finished."""
    if not way.steps:
        return None
    unfinished = first_incomplete(way)
    limit = way.position(unfinished.key) if unfinished else len(way.steps) - 1
    place = way.position(page or (kept.page if kept else ""))
    return way.steps[min(max(place, 0), limit)]


def _preselected(step: Step | None, query: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Return answers given in the address, such as a score clicked in an e-mail: chosen, not kept."""
    kinds = (Scale, SingleChoice)
    shown = [one for one in step.questions if isinstance(one.question, kinds)] if step else []
    return {one.key: list(query[one.key]) for one in shown if query.get(one.key)}


def _view(
    going: Going,
    way: Way,
    step: Step | None,
    language: str,
    answers: Mapping[str, Any],
    problems: Mapping[str, str],
    typed: Mapping[str, Sequence[str]],
    notices: Sequence[str] = (),
) -> View:
    asking = going.asking
    said = list(notices)
    if asking.is_test:
        said.append(tell("test", language))
    elif asking.anonymous:
        said.append(tell("anonymous", language))
    files = [one.key for one in step.questions if isinstance(one.question, FileQuestion)] if step else []
    ids = {key: str(answers[key]) for key in files if answers.get(key)}
    names = upload_names(asking.invitation_id, list(ids.values())) if ids else {}
    return View(
        definition=going.definition,
        way=way,
        step=step,
        language=language,
        answers=answers,
        action=_action(going),
        hidden=_hidden(going, language),
        problems=problems,
        typed=typed,
        file_names={key: names[held] for key, held in ids.items() if held in names},
        notices=said,
        cache_key=_cache_key(asking),
    )


def _cache_key(asking: Asking) -> object:
    return connection.settings_dict["NAME"], asking.version_id, asking.anonymous


def _action(going: Going) -> str:
    return PREFIX + (going.asking.secret if going.token else going.secret)


def _hidden(going: Going, language: str) -> dict[str, str]:
    hidden = {"_lang": language}
    if going.asking.several:
        hidden["_n"] = str(going.number)
    if going.token:
        hidden["_me"] = going.token
    return hidden


def _thanks(request: Request, asking: Asking) -> Reply:
    definition = definition_for(asking)
    kept = asking.response
    assert kept is not None
    language = _match(request.asked("lang") or kept.language or asking.language, definition.languages)
    language = language or definition.language
    known = _known_at_the_end(asking, definition, kept)
    screened = ""
    if kept.state == "screened":
        quota = next((one for one in definition.quotas if one.key == kept.page), None)
        own = say(quota.message, known, language, definition.language) if quota else ""
        screened = own or tell("screened", language)
    may_talk = definition.thanks.offer_contact and not asking.anonymous and asking.contact_id is not None
    farewell = Farewell(
        definition=definition,
        known=known,
        language=language,
        action=PREFIX + asking.secret,
        offer_contact=may_talk and not screened,
        contact_asked=bool(kept.answers.get("_contact")),
        screened=screened,
        done=done_for(asking.account_id, language) if definition.thanks.show_done else (),
    )
    return Reply(200, thanks_html(farewell, _cache_key(asking)))


def _known_at_the_end(asking: Asking, definition: Definition, kept: Kept) -> Known:
    """Return what the thanks may mention; the way is only walked again when they mention something."""
    texts = [
        *definition.thanks.text.values(),
        *(said for one in definition.quotas for said in one.message.values()),
    ]
    if not any(names_in(said) for said in texts):
        return Known({})
    seed = asking.secret_hash.hex() if asking.by_response else f"{asking.invitation_id}:{kept.number}"
    return walk(definition, kept.answers, {"us.name": environment().company, **asking.facts}, seed).known


# -- posting


def _post(request: Request, asking: Asking, now: datetime, network: str, attempt: int) -> Reply | None:
    """Keep what was posted and say where to go; None when somebody else wrote first."""
    if request.posted("_go") == "contact":
        return _ask_for_contact(asking)
    going = _going(request, asking, now, attempt)
    if going is None:
        return Reply(303, location=f"{PREFIX}{_own_secret(request, asking)}")
    stale = request.posted("_n")
    if asking.several and stale and stale != str(going.number):
        return Reply(303, location=going.path(sent="1"))
    ended = _ended(asking, now)
    if ended:
        return _message(410, f"{ended}_title", ended, request, going.definition)
    refused = _held_back(request, going, now, network)
    if not refused and attempt == 0 and not all(FILES.take(network) for file in request.files):
        refused = _message(429, "many_title", "many", request, going.definition)
    return refused or _keep_page(request, going, now)


def _own_secret(request: Request, asking: Asking) -> str:
    """Return the secret of the response a form began by an open link belongs to."""
    begun = _secret_in(request.posted("_me"), asking.invitation_id) if asking.open_link else ""
    return begun or asking.secret


def _ask_for_contact(asking: Asking) -> Reply:
    from rapport.rooms.listening.services.passing_on import ask_for_contact

    kept = asking.response
    if kept is not None and kept.state == "sent" and definition_for(asking).thanks.offer_contact:
        ask_for_contact(kept.id)
    return Reply(303, location=f"{PREFIX}{asking.secret}?sent=1")


def _held_back(request: Request, going: Going, now: datetime, network: str) -> Reply | None:
    """Return why somebody cannot begin by an open link just now; None when they can."""
    if not going.token:
        return None
    posted = request.posted("_me")
    began = datetime.fromtimestamp(int(posted.split(".")[1]), UTC) if going.token == posted else None
    notice = ""
    if began is None or now - began > LATEST:
        notice = "stale"
        fresh = new_secret()
        going = replace(going, token=_token(fresh, going.asking.invitation_id, now), secret=fresh)
    elif now - began < SOONEST:
        notice = "early"
    elif not OPENINGS.take(f"{network} {going.asking.invitation_id}"):
        return _message(429, "many_title", "many", request, going.definition)
    if not notice:
        return None
    language = _language(request, going)
    way = going.walk()
    step = way.step(request.posted("_page")) or _wanted(way, "", None)
    view = _view(going, way, step, language, {}, {}, request.form, [tell(notice, language)])
    return Reply(422, page_html(view))


def _keep_page(request: Request, going: Going, now: datetime) -> Reply | None:
    definition, page = going.definition, request.posted("_page")
    language = _language(request, going)
    go = request.posted("_go") or "next"
    asked = request.posted("_asked").split()
    posted = step_as_asked(definition, page, asked, going.answers, going.facts(), going.seed)
    read = _read(request, going, posted, language)
    merged = _merged(going.answers, read.answers)
    way = going.walk(merged)
    step = way.step(page)
    if go.startswith("lang:"):
        wanted = _match(go[5:], definition.languages) or language
        return _save(going, merged, page, wanted, now) and _to(going, page=page, lang=wanted)
    if go == "back":
        before = way.before(page) if step else None
        reached = before.key if before else page
        return _save(going, merged, reached, language, now) and _to(going, page=reached)
    problems = {key: said for key, said in read.problems.items() if step and _shows(step, key)}
    if problems and step is not None:
        if not _save(going, merged, page, language, now):
            return None
        done = replace(going, token="")
        view = _view(done, way, step, language, merged, problems, _typed(request, step, asked))
        return Reply(422, page_html(view))
    return _onward(going, merged, way, page, asked, language, now)


def _read(request: Request, going: Going, step: Step | None, language: str) -> ReadPage:
    if step is None:
        return ReadPage({}, {}, {})
    uploads: dict[str, Upload] = {}
    for shown in step.questions:
        file = request.files.get(shown.key)
        if isinstance(shown.question, FileQuestion) and file is not None:
            uploads[shown.key] = keep_upload(file, shown.question, going.asking.invitation_id)
    return read_page(
        step,
        request.form,
        language=language,
        default=going.definition.language,
        uploads=uploads,
        kept=going.answers,
    )


def _merged(kept: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**kept, **read}
    return {key: value for key, value in merged.items() if value is not None}


def _shows(step: Step, key: str) -> bool:
    return any(shown.key == key for shown in step.questions)


def _typed(request: Request, step: Step, asked: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return what was typed into the questions that were asked, to be shown again."""
    return {
        name: values
        for name, values in request.form.items()
        if name.partition(".")[0] in asked and not name.startswith("_")
    }


def _onward(
    going: Going,
    merged: dict[str, Any],
    way: Way,
    page: str,
    asked: Sequence[str],
    language: str,
    now: datetime,
) -> Reply | None:
    """Lead on: to questions come up on the same page, to the next page, to what is missing, or to the end."""
    step = way.step(page)
    if step is not None and any(shown.key not in asked for shown in step.questions):
        return _save(going, merged, page, language, now) and _to(going, page=page)
    if going.definition.quotas:
        full = reached_quota(going.definition, way, quota_fills(going.asking.version_id))
        if full is not None:
            return _send(going, merged, way, language, now, screened_by=full.key)
    following = way.after(page) if step is not None else _wanted(way, "", going.kept)
    if following is not None:
        return _save(going, merged, following.key, language, now) and _to(going, page=following.key)
    unfinished = first_incomplete(way)
    if unfinished is not None:
        saved = _save(going, merged, unfinished.key, language, now)
        return saved and _to(going, page=unfinished.key, missing="1")
    return _send(going, merged, way, language, now)


def _to(going: Going, **query: str) -> Reply:
    return Reply(303, location=going.path(**query))


def _save(going: Going, answers: dict[str, Any], page: str, language: str, now: datetime) -> Any:
    """Keep answers under way; None when somebody else wrote first."""
    asking = going.asking
    kept = seal(answers, going.secret) if asking.anonymous else answers
    progress = "started" if asking.state in _BEGUN and not asking.open_link else ""
    return write(_row(going, "open", kept, page, language, now, progress)) or None


def _row(
    going: Going, state: str, answers: dict[str, Any], page: str, language: str, now: datetime, progress: str
) -> Save:
    moment = _coarse(now) if going.asking.anonymous else now
    # A time-ordered id would tell when an anonymous answer was begun.
    fresh = uuid4() if going.asking.anonymous else new_id()
    return Save(
        id=going.kept.id if going.kept else fresh,
        invitation_id=going.asking.invitation_id,
        number=going.number,
        state=state,
        language=language,
        answers=answers,
        page=page,
        revision=going.kept.revision if going.kept else 0,
        test=going.asking.is_test,
        secret_hash=going.response_hash,
        started_at=moment,
        saved_at=moment,
        sent_at=None if state == "open" else moment,
        progress=progress,
    )


def _coarse(now: datetime) -> datetime:
    """Return the month's first instant: when an anonymous answer came must not tell whose it is."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _send(
    going: Going,
    merged: dict[str, Any],
    way: Way,
    language: str,
    now: datetime,
    screened_by: str = "",
) -> Reply | None:
    """Send the response: only answers on the way are part of it."""
    asking = going.asking
    answers = dict(way.answers)
    state = "screened" if screened_by else "sent"
    progress = "" if asking.open_link or asking.state == "answered" else "answered"
    row = _row(going, state, {} if asking.anonymous else answers, screened_by, language, now, progress)
    if state == "sent":
        row = _with_consequences(going, row, way, answers, language)
    if not write(row):
        return None
    return Reply(303, location=going.path(sent="1" if asking.several else "", lang=""))


def _with_consequences(going: Going, row: Save, way: Way, answers: dict[str, Any], language: str) -> Save:
    asking, definition = going.asking, going.definition
    sizes = {quota.key: quota.most for quota in definition.quotas}
    quotas = tuple((asking.version_id, key, sizes[key]) for key in quotas_met(definition, way))
    ballot = None
    if asking.anonymous and asking.programme_id is not None:
        ballot = NewBallot(uuid4(), asking.version_id, asking.programme_id, asking.region, language, answers)
    settles = not asking.is_test and not asking.anonymous
    return replace(
        row,
        quotas=() if asking.is_test else quotas,
        ballot=ballot,
        settles=settles,
        settled_at=row.sent_at if ballot else None,
    )
