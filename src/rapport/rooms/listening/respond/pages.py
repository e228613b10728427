"""Whole pages of a survey as HTML: a page of questions, the thanks, and what is said when there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape

from rapport.rooms.listening.definition import (
    Answers,
    Definition,
    FileQuestion,
    Known,
    Shown,
    Step,
    Way,
    as_form,
    direction,
    names_in,
    tell,
    walk,
    words,
)
from rapport.rooms.listening.definition.walking import is_same_for_all
from rapport.rooms.listening.respond.look import look_of
from rapport.rooms.listening.respond.questions import Asked, Words, language_name, question_html

LOOKS = "/r/look/"


@dataclass(frozen=True)
class View:
    """All that a page of questions shows."""

    definition: Definition
    way: Way
    step: Step | None
    """None when there is nothing to answer: then the page only offers to send."""
    language: str
    answers: Answers
    """Everything kept, also what does not count at the moment."""
    action: str
    """The address the form is sent to."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What was posted or given in the address, shown instead of what is kept."""
    file_names: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()
    cache_key: object = None
    """Names the definition, so that what is the same for everybody is written once."""


def page_html(view: View) -> str:
    """Return a page of questions; one that looks the same for everybody is written once."""
    if view.cache_key is not None and _is_plain(view):
        written = _written_once((view.cache_key, view.language, view.step.key if view.step else ""), view)
        return written.replace(_ACTION, escape(view.action)).replace(_HIDDEN, _hidden(view.hidden))
    return _page(view)


_ACTION, _HIDDEN = "\0action\0", "\0hidden\0"
_pages: dict[tuple[object, str, str], str] = {}


def _is_plain(view: View) -> bool:
    """Say whether nothing on the page comes from the respondent or what is known of them."""
    nothing = not (view.answers or view.problems or view.typed or view.file_names or view.notices)
    return nothing and view.step is not None and is_same_for_all(view.definition)


def _written_once(key: tuple[object, str, str], view: View) -> str:
    found = _pages.get(key)
    if found is None:
        found = _page(replace(view, action=_ACTION, hidden={_HIDDEN: ""}))
        if any(names_in(text) for text in _said_on(view)):
            return found
        if len(_pages) > _MOST_PAGES:
            _pages.clear()
        _pages[key] = found
    return found


_MOST_PAGES = 1_000


def _said_on(view: View) -> list[str]:
    """Return every text of the page."""
    step = view.step
    definition = view.definition
    texts = [*definition.title.values(), *definition.welcome.values()]
    for shown in step.questions if step else ():
        texts += _texts(shown)
    return [*texts, *(step.page.title.values() if step else ())]


def _hidden(fields: Mapping[str, str]) -> str:
    """Return hidden fields; the one that stands for those of a page written once is left as it is."""
    return "".join(
        name if name == _HIDDEN else f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in fields.items()
    )


def _page(view: View) -> str:
    says = Words(view.way.known, view.language, view.definition.language)
    title = says.say(view.definition.title)
    body = f"{_top(view)}{_form(view, says)}"
    return _document(f"{escape(_marked(view))}{title}", view.language, view.definition.theme.color, body)


def _marked(view: View) -> str:
    """Say in the title, which is read first, that something is wrong."""
    return f"{tell('problems', view.language)}: " if view.problems else ""


def _form(view: View, says: Words) -> str:
    step = view.step
    shown = step.questions if step else ()
    files = any(isinstance(one.question, FileQuestion) for one in shown)
    encoding = ' enctype="multipart/form-data"' if files else ""
    hidden = {"_page": step.key if step else "", "_asked": " ".join(one.key for one in shown), **view.hidden}
    fields = _hidden(hidden)
    questions = "".join(_question(view, says, one) for one in shown)
    return (
        f'<form method="post" action="{escape(view.action)}" novalidate{encoding}>{fields}{_DEFAULT_BUTTON}'
        f"{_head(view, says)}{_problems(view)}{questions}{_buttons(view)}</form>"
    )


# The first button is the one the Enter key presses: going on, not going back or changing the language.
_DEFAULT_BUTTON = '<button class="sr" name="_go" value="next" tabindex="-1" aria-hidden="true"></button>'


def _question(view: View, says: Words, shown: Shown) -> str:
    typed = {name: values for name, values in view.typed.items() if name.partition(".")[0] == shown.key}
    form: Mapping[str, Sequence[str]] = typed or as_form(shown, view.answers)
    problem = view.problems.get(shown.key, "")
    file_name = view.file_names.get(shown.key, "")
    if view.cache_key is not None and not form and not problem and not file_name and _is_static(shown):
        key = (view.cache_key, view.language, shown)
        return _blank(_Key(key, shown, says))
    return question_html(Asked(shown, form, says, problem, file_name))


@dataclass(frozen=True)
class _Key:
    """Compares by what makes a blank question look as it does, and carries what is needed to write it."""

    key: tuple[object, str, Shown]
    shown: Shown = field(compare=False)
    says: Words = field(compare=False)

    def __hash__(self) -> int:
        return hash((self.key[0], self.key[1], self.shown.key, len(self.shown.choices)))


@lru_cache(maxsize=5_000)
def _blank(key: _Key) -> str:
    return question_html(Asked(key.shown, {}, key.says))


def _is_static(shown: Shown) -> bool:
    """Say whether a question looks the same for everybody with these choices: no text mentions a name."""
    return not any(names_in(text) for text in _texts(shown))


def _texts(shown: Shown) -> list[str]:
    question = shown.question
    texts = [*question.text.values(), *question.help.values()]
    for choice in (*shown.choices, *shown.rows):
        texts += choice.text.values()
    for name in ("low_label", "high_label", "unit"):
        texts += getattr(question, name, {}).values()
    return texts


def _top(view: View) -> str:
    theme = view.definition.theme
    logo = f'<img src="{escape(theme.logo)}" alt="">' if theme.logo else ""
    return f'<header class="top"><span class="logo">{logo}{escape(theme.name)}</span></header>'


def _languages(view: View) -> str:
    """Offer the other languages as buttons of the form, so that what was typed is kept on the way."""
    others = [language for language in view.definition.languages if language != view.language]
    if not others:
        return ""
    buttons = "".join(
        f'<button class="btn quiet" name="_go" value="lang:{one}" lang="{one}" dir="{direction(one)}">'
        f"{escape(language_name(one))}</button>"
        for one in others
    )
    name = escape(tell("language", view.language))
    return f'<div class="languages" role="group" aria-label="{name}">{buttons}</div>'


def _head(view: View, says: Words) -> str:
    definition, step = view.definition, view.step
    place = view.way.position(step.key) if step else 0
    first = place <= 0
    title = says.say(definition.title)
    parts = [_languages(view), "".join(f'<p class="note">{escape(notice)}</p>' for notice in view.notices)]
    if first:
        parts.append(f"<h1>{title}</h1>")
        if any(definition.welcome.values()):
            parts.append(f'<p class="why">{says.say(definition.welcome)}</p>')
    else:
        parts.append(f'<p class="why">{title}</p>')
    own = says.say(step.page.title) if step else ""
    if own:
        parts.append(f"<h2>{own}</h2>" if first else f"<h1>{own}</h1>")
    elif not first:
        parts.append(f'<h1 class="sr">{title}</h1>')
    if len(view.way.steps) > 1:
        said = says.tell("page_of", page=place + 1, pages=len(view.way.steps))
        parts.append(
            f'<p class="progress"><span>{said}</span><progress max="{len(view.way.steps)}" '
            f'value="{place + 1}" aria-hidden="true"></progress></p>'
        )
    return f'<div class="head">{"".join(parts)}</div>'


def _problems(view: View) -> str:
    if not view.problems or view.step is None:
        return ""
    says = Words(view.way.known, view.language, view.definition.language)
    items = "".join(
        f'<li><a href="#q-{shown.key}">{says.say(shown.question.text)}</a>: '
        f"{escape(view.problems[shown.key])}</li>"
        for shown in view.step.questions
        if shown.key in view.problems
    )
    head = escape(tell("problems", view.language))
    return f'<div class="problems" role="alert"><h2>{head}</h2><ul>{items}</ul></div>'


def _buttons(view: View) -> str:
    step = view.step
    last = step is None or view.way.after(step.key) is None
    onward = tell("send" if last and not _may_go_on(view) else "next", view.language)
    back = ""
    if step is not None and view.way.position(step.key) > 0:
        back = f'<button class="btn" name="_go" value="back">{escape(tell("back", view.language))}</button>'
    kept = f'<p class="why">{escape(tell("kept", view.language))}</p>'
    return (
        f'<div class="go"><button class="btn primary" name="_go" value="next">{escape(onward)}</button>{back}'
        f"{kept if len(view.definition.pages) > 1 else ''}</div>"
    )


def _may_go_on(view: View) -> bool:
    """Say whether answers on this page may still lead to further pages."""
    if view.step is None:
        return False
    pages = [page.key for page in view.definition.pages]
    later = view.definition.pages[pages.index(view.step.key) + 1 :]
    return any(page.questions for page in later)


def preview_html(
    definition: Definition,
    *,
    page: str = "",
    answers: Answers | None = None,
    facts: Mapping[str, str | float | bool | None] | None = None,
    language: str = "",
    action: str = "",
) -> str:
    """Return a page of a survey that need not be published, as somebody with these facts would see it."""
    given = answers or {}
    way = walk(definition, given, facts or {}, "preview")
    step = way.step(page) or (way.steps[0] if way.steps else None)
    shown_in = language or definition.language
    return page_html(View(definition, way, step, shown_in, given, action))


# -- other pages


@dataclass(frozen=True)
class Farewell:
    """The page after sending."""

    definition: Definition
    known: Known
    language: str
    action: str
    offer_contact: bool = False
    contact_asked: bool = False
    screened: str = ""
    """What is said to somebody a quota ended the survey for; empty otherwise."""
    done: Sequence[str] = ()


def thanks_html(farewell: Farewell) -> str:
    """Return the thanks, perhaps with an offer to talk and with what was done about earlier feedback."""
    definition, language = farewell.definition, farewell.language
    says = Words(farewell.known, language, definition.language)
    head = tell("thanks", language)
    own = says.say(definition.thanks.text) if any(definition.thanks.text.values()) else ""
    said = escape(farewell.screened) if farewell.screened else own or says.tell("thanks_text")
    parts = [f'<div class="head"><h1>{escape(head)}</h1><p>{said}</p></div>']
    if farewell.contact_asked:
        parts.append(f'<p class="note">{says.tell("contact_asked")}</p>')
    elif farewell.offer_contact:
        parts.append(
            f'<form method="post" action="{escape(farewell.action)}"><div class="go">'
            f"<p>{says.tell('offer_contact')}</p>"
            f'<button class="btn" name="_go" value="contact">{says.tell("contact_yes")}</button></div></form>'
        )
    if farewell.done:
        items = "".join(f'<li class="did">{escape(one)}</li>' for one in farewell.done)
        parts.append(f'<section class="head"><h2>{says.tell("done_title")}</h2><ul>{items}</ul></section>')
    theme = definition.theme
    top = f'<header class="top"><span class="logo">{escape(theme.name)}</span></header>'
    body = top + "".join(parts)
    return _document(escape(head), language, theme.color, body)


def message_html(title: str, text: str, language: str, definition: Definition | None = None) -> str:
    """Return a page that only says something, such as that a survey is closed."""
    said, head = tell(text, language), tell(title, language)
    color = definition.theme.color if definition else ""
    name = escape(definition.theme.name) if definition else ""
    top = f'<header class="top"><span class="logo">{name}</span></header>' if name else ""
    body = f'{top}<div class="head"><h1>{escape(head)}</h1><p>{escape(said)}</p></div>'
    return _document(escape(head), language, color, body)


def title_of(definition: Definition, language: str) -> str:
    """Return a survey's title in a language."""
    return words(definition.title, language, definition.language)


def _document(title: str, language: str, color: str, body: str) -> str:
    plain = title.replace("<br>", " ")
    return (
        f'<!doctype html><html lang="{escape(language)}" dir="{direction(language)}"><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{plain}</title><link rel="stylesheet" href="{LOOKS}{look_of(color)}"></head>'
        f'<body><main class="page">{body}</main></body></html>'
    )
