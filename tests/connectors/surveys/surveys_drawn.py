"""Surveys drawn at random, as wide as each format can express."""

from typing import Any

from hypothesis import strategies as st

from rapport.rooms.listening.definition import (
    All,
    Branch,
    Choice,
    Condition,
    ConsentQuestion,
    DateQuestion,
    Definition,
    FileQuestion,
    Matrix,
    MultipleChoice,
    Not,
    NumberQuestion,
    Operator,
    Page,
    Part,
    Ranking,
    Scale,
    SingleChoice,
    Statement,
    Subject,
    Text,
    TextQuestion,
)
from rapport.rooms.listening.definition import (
    Any as AnyOf,
)

WORDS = st.text("abcdefgh ÄÖßéñ一二三 ?!,;'\"/()", min_size=1, max_size=30).map(
    lambda text: " ".join(text.split()) or "x"
)


def texts(languages: tuple[str, ...]) -> st.SearchStrategy[Text]:
    """Draw words in every language."""
    return st.fixed_dictionaries(dict.fromkeys(languages, WORDS))


@st.composite
def surveys(draw: Any) -> Definition:
    """Draw a survey with everything SurveyJS has words for."""
    languages = draw(st.sampled_from([("en",), ("de", "fr"), ("en", "pt-BR")]))
    text = texts(languages)
    questions: list[Any] = []
    pages = []
    for page in range(1, draw(st.integers(1, 3)) + 1):
        before = list(questions)
        here = []
        for _number in range(draw(st.integers(1, 4))):
            made = draw(_question(f"q{len(questions) + 1}", text, before))
            questions.append(made)
            here.append(made)
        shown = draw(st.none() | conditions(before)) if before else None
        title = draw(st.just({}) | text)
        pages.append(Page(key=f"page{page}", title=title, questions=tuple(here), show_if=shown))
    for place, page in enumerate(pages[:-1]):
        # A page that branches looks at what was asked up to it, and leads on or to the end.
        asked = [question for earlier in pages[: place + 1] for question in earlier.questions]
        if draw(st.booleans()) and (when := draw(conditions(asked))) is not None:
            to = draw(st.sampled_from(["end", *(later.key for later in pages[place + 1 :])]))
            pages[place] = page.model_copy(update={"branches": (Branch(when=when, to=to),)})
    return Definition(title=draw(text), language=languages[0], languages=languages, pages=tuple(pages))


def choices(
    text: st.SearchStrategy[Text], *, most: int = 5, special: bool = True
) -> st.SearchStrategy[tuple[Choice, ...]]:
    """Draw choices with keys of their own."""
    flags = st.booleans() if special else st.just(False)
    return st.lists(
        st.tuples(text, st.none() | st.integers(0, 9).map(float), flags, flags), min_size=1, max_size=most
    ).map(
        lambda listed: tuple(
            Choice(key=f"c{number}", text=words, value=value, open=opened, fixed=fixed)
            for number, (words, value, opened, fixed) in enumerate(listed, 1)
        )
    )


@st.composite
def _question(draw: Any, key: str, text: st.SearchStrategy[Text], before: list[Any]) -> Any:
    base: dict[str, Any] = {"key": key, "text": draw(text)}
    if before and draw(st.booleans()):
        base["show_if"] = draw(conditions(before))
    kind = draw(
        st.sampled_from(
            [
                "scale",
                "choice",
                "choices",
                "ranking",
                "matrix",
                "number",
                "date",
                "text",
                "long",
                "consent",
                "file",
                "statement",
            ]
        )
    )
    if kind == "statement":
        return Statement(**base)
    base |= {
        "required": draw(st.booleans()),
        "help": draw(st.just({}) | text),
        "message": draw(st.just({}) | text),
    }
    if kind == "scale":
        style = draw(st.sampled_from(["numbers", "stars", "smileys"]))
        which = draw(st.sampled_from(["nps", "csat", "effort", "rating"]))
        low = draw(st.integers(0, 1))
        return Scale(
            **base,
            type=which,
            low=low,
            high=low + draw(st.integers(1, 10)),
            style=style,
            low_label=draw(st.just({}) | text),
            metric=draw(st.sampled_from(["", "nps"])),
            allow_unknown=draw(st.booleans()),
        )
    if kind in ("choice", "choices", "ranking"):
        listed = {"choices": draw(choices(text)), "shuffle": draw(st.booleans())}
        if kind == "choice":
            return SingleChoice(**base, **listed, style=draw(st.sampled_from(["list", "drop_down"])))
        most = draw(st.none() | st.integers(1, 5))
        return (
            MultipleChoice(**base, **listed, most=most)
            if kind == "choices"
            else Ranking(**base, **listed, most=most)
        )
    if kind == "matrix":
        rows = tuple(one.model_copy(update={"value": None}) for one in draw(choices(text, special=False)))
        return Matrix(
            **base,
            rows=rows,
            columns=draw(choices(text, special=False)),
            multiple=draw(st.booleans()),
            shuffle=draw(st.booleans()),
        )
    if kind == "number":
        limits = draw(st.none() | st.integers(-100, 100).map(float))
        return NumberQuestion(**base, low=limits, decimals=draw(st.integers(0, 4)))
    if kind == "date":
        return DateQuestion(**base, earliest=draw(st.sampled_from(["", "2020-01-31"])))
    if kind == "consent":
        return ConsentQuestion(**base)
    if kind == "file":
        return FileQuestion(**base, most_megabytes=draw(st.integers(1, 50)))
    which = "long_text" if kind == "long" else "text"
    pattern = draw(st.sampled_from(["", "[0-9]+"])) if kind == "text" else ""
    return TextQuestion(**base, type=which, most=draw(st.integers(1, 4000)), pattern=pattern)


def conditions(before: list[Any], deep: int = 2) -> st.SearchStrategy[Condition]:
    """Draw conditions on earlier questions, nested as people do."""
    able = [one for one in before if one.type not in ("statement", "file", "ranking")]
    if not able:
        return st.nothing() | st.none()
    part: Any = st.sampled_from(able).flatmap(_part)
    if not deep:
        return part  # type: ignore[no-any-return]
    inner = conditions(before, deep - 1)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    turned = inner.filter(_can_be_turned).map(lambda one: Not(of=one))
    return part | several.map(lambda of: All(of=of)) | several.map(lambda of: AnyOf(of=of)) | turned


def _can_be_turned(one: Any) -> bool:
    """Not of 'answered' and of 'one of' has an operator of its own, not twice is nothing at all."""
    plain = (Operator.ANSWERED, Operator.UNANSWERED, Operator.ONE_OF, Operator.NONE_OF)
    return not isinstance(one, Not) and not (isinstance(one, Part) and one.operator in plain)


def _part(question: Any) -> st.SearchStrategy[Part]:
    row = question.rows[0].key if question.type == "matrix" else ""
    subject = Subject(kind="answer", key=question.key, row=row)
    listed = getattr(question, "choices", ()) or getattr(question, "columns", ())
    keys = [one.key for one in listed]
    answered = st.sampled_from([Operator.ANSWERED, Operator.UNANSWERED]).map(
        lambda one: Part(subject=subject, operator=one)
    )
    pairs: list[tuple[Operator, Any]]
    if question.type == "choices" or getattr(question, "multiple", False):
        pairs = [(one, key) for one in (Operator.CONTAINS, Operator.LACKS) for key in keys]
    elif keys:
        pairs = [(one, key) for one in (Operator.IS, Operator.IS_NOT) for key in keys]
        pairs += [(one, tuple(keys)) for one in (Operator.ONE_OF, Operator.NONE_OF)]
    elif question.type == "consent":
        pairs = [(Operator.IS, True), (Operator.IS_NOT, True)]
    elif question.type in ("nps", "csat", "effort", "rating", "number"):
        pairs = [(one, 3.0) for one in (Operator.IS, Operator.IS_NOT, Operator.AT_LEAST, Operator.AT_MOST)]
    else:
        signs = (
            (Operator.IS, Operator.IS_NOT)
            if question.type == "date"
            else (Operator.IS, Operator.CONTAINS, Operator.LACKS)
        )
        pairs = [(one, "it's \\ so") for one in signs]
    return answered | st.sampled_from(pairs).map(
        lambda pair: Part(subject=subject, operator=pair[0], value=pair[1])
    )


@st.composite
def flat_surveys(draw: Any, languages: tuple[str, ...] = ("en",)) -> Definition:
    """Draw a survey of one page without conditions, as files of variables hold one."""
    text = texts(languages)
    questions: list[Any] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        base: dict[str, Any] = {"key": f"q{number}", "text": draw(text)}
        kind = draw(st.sampled_from(["choice", "choices", "number", "date", "text"]))
        least = 2 if kind == "choices" else 1
        listed = tuple(
            Choice(key=f"c{at}", text=words, value=float(at))
            for at, words in enumerate(draw(st.lists(text, min_size=least, max_size=5)), 1)
        )
        if kind == "choice":
            questions.append(SingleChoice(**base, choices=listed))
        elif kind == "choices":
            questions.append(MultipleChoice(**base, choices=listed))
        elif kind == "number":
            questions.append(NumberQuestion(**base, low=0, high=100, decimals=draw(st.integers(0, 3))))
        elif kind == "date":
            questions.append(DateQuestion(**base))
        else:
            questions.append(TextQuestion(**base, type="text", most=80))
    page = Page(key="page1", questions=tuple(questions))
    return Definition(title=draw(text), language=languages[0], languages=languages, pages=(page,))


def answers_to(definition: Definition) -> st.SearchStrategy[dict[str, Any]]:
    """Draw answers to a flat survey; any may be missing."""
    made: dict[str, Any] = {}
    for question in definition.questions():
        if question.type == "choice":
            made[question.key] = st.sampled_from([one.key for one in question.choices])
        elif question.type == "choices":
            keys = [one.key for one in question.choices]
            made[question.key] = st.sets(st.sampled_from(keys)).map(
                lambda chosen, keys=keys: [k for k in keys if k in chosen]
            )
        elif question.type == "number":
            made[question.key] = st.integers(0, 100).map(float)
        elif question.type == "date":
            made[question.key] = (
                st.dates().filter(lambda day: day.year > 1600).map(lambda day: day.isoformat())
            )
        else:
            made[question.key] = st.text("abc ÄÖß一二 ,\"';", min_size=1, max_size=300).map(
                lambda text: text.strip() or "x"
            )
    return st.fixed_dictionaries({}, optional=made)
