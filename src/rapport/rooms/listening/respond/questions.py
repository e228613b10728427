"""Each kind of question as plain, accessible HTML that works without scripts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from rapport.rooms.listening.definition import (
    ConsentQuestion,
    ConstantSum,
    ContactRequest,
    DateQuestion,
    Emotions,
    FileQuestion,
    Known,
    Matrix,
    MultipleChoice,
    NumberQuestion,
    Ranking,
    Scale,
    Shown,
    SingleChoice,
    Statement,
    Text,
    TextQuestion,
    direction,
    say,
    tell,
)
from rapport.rooms.listening.definition.questions import Answerable, Choice
from rapport.rooms.listening.definition.reading import MOST_OTHER, places_of
from rapport.rooms.listening.definition.walking import UNKNOWN

FACES = ("😠", "🙁", "😐", "🙂", "😀")


@dataclass(frozen=True)
class Words:
    """Says texts in the respondent's language, with what is known put in."""

    known: Known
    language: str
    default: str

    def say(self, text: Text) -> str:
        """Return a text, escaped, each line of it on a line of its own."""
        return escape(say(text, self.known, self.language, self.default)).replace("\n", "<br>")

    def tell(self, code: str, **values: object) -> str:
        """Return one of our own messages, escaped."""
        return escape(tell(code, self.language, **values))


@dataclass(frozen=True)
class Asked:
    """One question about to be shown: what is filled in, what is wrong, and the names of kept files."""

    shown: Shown
    form: Mapping[str, Sequence[str]]
    words: Words
    problem: str = ""
    file_name: str = ""

    @property
    def key(self) -> str:
        """The question's key, which is also the name of its field."""
        return self.shown.key

    def held(self, name: str = "") -> Sequence[str]:
        """Return what stands in a field."""
        return self.form.get(name or self.key, ())

    def one(self, name: str = "") -> str:
        """Return the single value in a field."""
        held = self.held(name)
        return held[-1] if held else ""

    def described(self, *more: str) -> str:
        """Return the attribute naming what describes the question."""
        question = self.shown.question
        ids = [f"{self.key}-error"] if self.problem else []
        ids += [f"{self.key}-help"] if question.help else []
        ids += more
        return f' aria-describedby="{" ".join(ids)}"' if ids else ""

    def invalid(self) -> str:
        """Return the attribute saying that an answer does not fit."""
        return ' aria-invalid="true"' if self.problem else ""


def question_html(asked: Asked) -> str:
    """Return one question as HTML."""
    return _WRITERS[type(asked.shown.question)](asked)


# -- around every question


def _group(asked: Asked, inside: str, *described: str) -> str:
    """Put several controls under the question as their legend."""
    return (
        f'<fieldset class="q{_bad(asked)}" id="q-{asked.key}"{asked.described(*described)}>'
        f'<legend class="ask">{_ask(asked)}</legend>{_above(asked)}{inside}</fieldset>'
    )


def _single(asked: Asked, control: str) -> str:
    """Put one control under the question as its label."""
    return (
        f'<div class="q{_bad(asked)}" id="q-{asked.key}">'
        f'<label class="ask" for="f-{asked.key}">{_ask(asked)}</label>'
        f"{_above(asked)}{control}</div>"
    )


def _bad(asked: Asked) -> str:
    return " bad" if asked.problem else ""


def _ask(asked: Asked) -> str:
    question = asked.shown.question
    said = asked.words.say(question.text)
    if isinstance(question, Answerable) and question.required:
        said += f' <span class="req">({asked.words.tell("required_mark")})</span>'
    return said


def _above(asked: Asked) -> str:
    question = asked.shown.question
    parts = []
    if question.help:
        parts.append(f'<p class="why" id="{asked.key}-help">{asked.words.say(question.help)}</p>')
    if question.picture:
        parts.append(f'<img class="picture" src="{escape(question.picture)}" alt="">')
    if asked.problem:
        parts.append(f'<p class="error" id="{asked.key}-error">{escape(asked.problem)}</p>')
    return "".join(parts)


def _pick(asked: Asked, kind: str, name: str, value: str, inside: str, look: str = "") -> str:
    checked = " checked" if value in asked.held(name) else ""
    return (
        f'<label class="pick{look}"><input type="{kind}" name="{name}" value="{escape(value)}"{checked}>'
        f"{inside}</label>"
    )


def _line(asked: Asked, kind: str, name: str, choice: Choice) -> str:
    """Return a choice as a line to tick, with a field for words where it asks for them."""
    label = asked.words.say(choice.text)
    picture = f'<img src="{escape(choice.picture)}" alt="">' if choice.picture else ""
    box = '<span class="box round"></span>' if kind == "radio" else '<span class="box"></span>'
    line = _pick(asked, kind, name, choice.key, f"{box}<span>{label}{picture}</span>", " line")
    return line + (_beside(asked, choice, label) if choice.open else "")


def _beside(asked: Asked, choice: Choice, label: str) -> str:
    name = f"{asked.key}.{choice.key}"
    return (
        f'<div class="beside"><label class="hint" for="f-{name}">{asked.words.tell("words_beside")}'
        f'<span class="sr">: {label}</span></label><input class="input" id="f-{name}" name="{name}" '
        f'maxlength="{MOST_OTHER}" dir="auto" value="{escape(asked.one(name))}"></div>'
    )


# -- kinds


def _scale(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, Scale)
    points = range(question.low, question.high + 1)
    picks = "".join(_pick(asked, "radio", asked.key, str(n), _point(question, n)) for n in points)
    few = " few" if len(points) <= 7 else ""
    ends = ""
    if question.low_label or question.high_label:
        low, high = asked.words.say(question.low_label), asked.words.say(question.high_label)
        ends = (
            f'<div class="ends" id="{asked.key}-ends"><span>{question.low}, {low}</span>'
            f"<span>{question.high}, {high}</span></div>"
        )
    unknown = ""
    if question.allow_unknown:
        said = f'<span class="box round"></span><span>{asked.words.tell("unknown")}</span>'
        unknown = _pick(asked, "radio", asked.key, UNKNOWN, said, " line")
    described = [f"{asked.key}-ends"] if ends else []
    return _group(asked, f'<div class="scale{few}">{picks}</div>{ends}{unknown}', *described)


def _point(question: Scale, number: int) -> str:
    if question.style == "stars":
        return f'<span>{number}</span><span class="sign" aria-hidden="true">★</span>'
    if question.style == "smileys":
        share = (number - question.low) / max(1, question.high - question.low)
        face = FACES[round(share * (len(FACES) - 1))]
        return f'<span class="sign" aria-hidden="true">{face}</span><span>{number}</span>'
    return f"<span>{number}</span>"


def _choice(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, SingleChoice)
    if question.style == "drop_down":
        return _drop_down(asked)
    lines = "".join(_line(asked, "radio", asked.key, choice) for choice in asked.shown.choices)
    return _group(asked, f'<div class="list">{lines}</div>')


def _drop_down(asked: Asked) -> str:
    options = "".join(
        f'<option value="{choice.key}"{_selected(choice.key == asked.one())}>'
        f"{asked.words.say(choice.text)}</option>"
        for choice in asked.shown.choices
    )
    open_ones = [choice for choice in asked.shown.choices if choice.open]
    beside = "".join(_beside(asked, choice, asked.words.say(choice.text)) for choice in open_ones)
    return _single(
        asked,
        f'<select class="input" id="f-{asked.key}" name="{asked.key}"{asked.described()}{asked.invalid()}>'
        f'<option value="">{asked.words.tell("choose")}</option>{options}</select>{beside}',
    )


def _selected(chosen: bool) -> str:
    return " selected" if chosen else ""


def _choices(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, MultipleChoice)
    lines = "".join(_line(asked, "checkbox", asked.key, choice) for choice in asked.shown.choices)
    return _group(
        asked, f'{_how_many(asked, question.most)}<div class="list">{lines}</div>', f"{asked.key}-how"
    )


def _how_many(asked: Asked, most: int | None) -> str:
    said = asked.words.tell("choose_up_to", most=most) if most else asked.words.tell("choose_any")
    return f'<p class="why" id="{asked.key}-how">{said}</p>'


def _ranking(asked: Asked) -> str:
    places = range(1, places_of(asked.shown) + 1)
    rows = []
    for choice in asked.shown.choices:
        name = f"{asked.key}.{choice.key}"
        held = asked.one(name)
        options = "".join(
            f'<option value="{place}"{_selected(str(place) == held)}>{place}</option>' for place in places
        )
        rows.append(
            f'<div class="pair"><label for="f-{name}">{asked.words.say(choice.text)}</label>'
            f'<select class="input" id="f-{name}" name="{name}"{asked.invalid()}>'
            f'<option value="">{asked.words.tell("no_place")}</option>{options}</select></div>'
        )
    return _group(asked, f'<div class="list">{"".join(rows)}</div>')


def _shares(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, ConstantSum)
    rows = []
    for choice in asked.shown.choices:
        name = f"{asked.key}.{choice.key}"
        rows.append(
            f'<div class="pair"><label for="f-{name}">{asked.words.say(choice.text)}</label>'
            f'<input class="input" id="f-{name}" name="{name}" inputmode="decimal" autocomplete="off"'
            f'{asked.invalid()} value="{escape(asked.one(name))}"></div>'
        )
    total = asked.words.tell("share_out", total=f"{question.total:g}")
    how = f'<p class="why" id="{asked.key}-how">{total}</p>'
    return _group(asked, f'{how}<div class="list">{"".join(rows)}</div>', f"{asked.key}-how")


def _matrix(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, Matrix)
    kind = "checkbox" if question.multiple else "radio"
    labels = [(column.key, asked.words.say(column.text)) for column in asked.shown.choices]
    rows = []
    for row in asked.shown.rows:
        name = f"{asked.key}.{row.key}"
        picks = "".join(_pick(asked, kind, name, key, f"<span>{label}</span>") for key, label in labels)
        rows.append(
            f'<fieldset class="row"><legend>{asked.words.say(row.text)}</legend>'
            f'<div class="picks">{picks}</div></fieldset>'
        )
    return _group(asked, f"<div>{''.join(rows)}</div>")


def _number(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, NumberQuestion)
    mode = "decimal" if question.decimals else "numeric"
    unit = f'<span id="{asked.key}-unit">{asked.words.say(question.unit)}</span>' if question.unit else ""
    described = asked.described(*([f"{asked.key}-unit"] if unit else []))
    return _single(
        asked,
        f'<div class="unit"><input class="input short" id="f-{asked.key}" name="{asked.key}" '
        f'inputmode="{mode}" autocomplete="off"{described}{asked.invalid()} '
        f'value="{escape(asked.one())}">{unit}</div>',
    )


def _date(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, DateQuestion)
    earliest = f' min="{escape(question.earliest)}"' if question.earliest else ""
    latest = f' max="{escape(question.latest)}"' if question.latest else ""
    return _single(
        asked,
        f'<input class="input short" type="date" id="f-{asked.key}" name="{asked.key}"{earliest}{latest}'
        f'{asked.described()}{asked.invalid()} value="{escape(asked.one())}">',
    )


def _text(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, TextQuestion)
    common = (
        f'class="input" id="f-{asked.key}" name="{asked.key}" dir="auto"{asked.described()}{asked.invalid()}'
    )
    if question.type == "text":
        return _single(asked, f'<input {common} value="{escape(asked.one())}">')
    # A line break right after the tag is not part of what was written.
    return _single(asked, f'<textarea {common} rows="4">\n{escape(asked.one())}</textarea>')


def _emotions(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, Emotions)
    kind = "radio" if question.most == 1 else "checkbox"
    picks = "".join(
        _pick(
            asked,
            kind,
            asked.key,
            choice.key,
            f"{_sign(choice.key)}<span>{asked.words.tell(f'feeling_{choice.key}')}</span>",
            " tall",
        )
        for choice in asked.shown.choices
    )
    return _group(
        asked, f'{_how_many(asked, question.most)}<div class="four">{picks}</div>', f"{asked.key}-how"
    )


_SIGNS = {
    **dict.fromkeys(("happy", "pleased"), "😀"),
    **dict.fromkeys(("trusting", "valued", "cared_for", "safe", "focused"), "🙂"),
    **dict.fromkeys(("interested", "energetic", "stimulated", "exploratory", "indulged"), "🤔"),
}


def _sign(feeling: str) -> str:
    return f'<span class="sign" aria-hidden="true">{_SIGNS.get(feeling, "🙁")}</span>'


def _tick(asked: Asked) -> str:
    """Return a question that is one box to tick."""
    question = asked.shown.question
    words = asked.words
    label = words.say(question.text)
    required = isinstance(question, ConsentQuestion) and question.required
    mark = f' <span class="req">({words.tell("required_mark")})</span>' if required else ""
    checked = " checked" if asked.one() else ""
    return (
        f'<div class="q{_bad(asked)}" id="q-{asked.key}">{_above(asked)}<label class="pick line">'
        f'<input type="checkbox" id="f-{asked.key}" name="{asked.key}" value="yes"{checked}'
        f'{asked.described()}{asked.invalid()}><span class="box"></span>'
        f"<span>{label}{mark}</span></label></div>"
    )


def _file(asked: Asked) -> str:
    question = asked.shown.question
    assert isinstance(question, FileQuestion)
    accepted = escape(",".join(question.kinds))
    kinds = ", ".join(kind.split("/")[-1].upper() for kind in question.kinds)
    hint = asked.words.tell("file_hint", most=question.most_megabytes, kinds=kinds)
    kept = ""
    if asked.file_name:
        kept = f'<p class="hint">{asked.words.tell("file_kept", name=asked.file_name)}</p>' + _pick(
            asked,
            "checkbox",
            f"{asked.key}.remove",
            "yes",
            f'<span class="box"></span><span>{asked.words.tell("file_remove")}</span>',
            " line",
        )
    return _single(
        asked,
        f'<input class="input" type="file" id="f-{asked.key}" name="{asked.key}" accept="{accepted}"'
        f"{asked.described(f'{asked.key}-how')}{asked.invalid()}>"
        f'<p class="hint" id="{asked.key}-how">{hint}</p>{kept}',
    )


def _statement(asked: Asked) -> str:
    return f'<div class="q" id="q-{asked.key}"><p class="ask">{_ask(asked)}</p>{_above(asked)}</div>'


_WRITERS: Mapping[type, Callable[[Asked], str]] = {
    Scale: _scale,
    SingleChoice: _choice,
    MultipleChoice: _choices,
    Ranking: _ranking,
    ConstantSum: _shares,
    Matrix: _matrix,
    NumberQuestion: _number,
    DateQuestion: _date,
    TextQuestion: _text,
    Emotions: _emotions,
    ContactRequest: _tick,
    ConsentQuestion: _tick,
    FileQuestion: _file,
    Statement: _statement,
}


@lru_cache(maxsize=200)
def language_name(language: str) -> str:
    """Return a language as its speakers call it."""
    from babel import Locale, UnknownLocaleError

    try:
        name = Locale.parse(language.replace("-", "_")).get_display_name() or language
    except (UnknownLocaleError, ValueError):
        return language
    return name[:1].upper() + name[1:]


def text_direction(language: str) -> str:
    """Return `rtl` or `ltr`."""
    return direction(language)
