"""What the check before publishing finds, each problem with its place."""

import pytest

from rapport.rooms.listening.definition import (
    All,
    Any,
    Branch,
    Calculated,
    CarryForward,
    Choice,
    Definition,
    MultipleChoice,
    NumberQuestion,
    Operator,
    Page,
    Part,
    Question,
    Quota,
    Scale,
    SingleChoice,
    Split,
    SplitArm,
    Subject,
    TextQuestion,
    Theme,
    can_be_published,
    check,
)

T = {"en": "Text"}
NPS = Scale(type="nps", key="nps", text=T)
AB = (Choice(key="a", text=T), Choice(key="b", text=T))


def part(key: str, operator: Operator, value: object = None, kind: str = "answer") -> Part:
    return Part(subject=Subject(kind=kind, key=key), operator=operator, value=value)  # type: ignore[arg-type]


def survey(*questions: Question, **more: object) -> Definition:
    """Return a survey of one page, or with other parts."""
    told: dict[str, object] = {"title": T, "pages": (Page(key="p", questions=questions or (NPS,)),)}
    return Definition(**(told | more))  # type: ignore[arg-type]


def codes(definition: Definition) -> set[str]:
    return {problem.code for problem in check(definition)}


def test_a_sound_survey_has_no_problem() -> None:
    assert check(survey()) == []
    assert can_be_published(check(survey()))


def test_missing_texts_are_named_by_language() -> None:
    found = check(survey(languages=("en", "de")))
    assert {(problem.code, problem.language, problem.severity) for problem in found} == {
        ("text_missing", "de", "warning")
    }
    assert "text_missing" in codes(survey(Scale(type="nps", key="nps", text={})))
    assert not can_be_published(check(survey(Scale(type="nps", key="nps", text={}))))


@pytest.mark.parametrize(
    ("code", "definition"),
    [
        (
            "loop",
            survey(pages=(Page(key="a", questions=(NPS,), branches=(Branch(when=All(of=()), to="a"),)),)),
        ),
        (
            "branch_nowhere",
            survey(pages=(Page(key="a", questions=(NPS,), branches=(Branch(when=All(of=()), to="z"),)),)),
        ),
        (
            "page_unreachable",
            survey(
                pages=(
                    Page(key="a", questions=(NPS,), branches=(Branch(when=All(of=()), to="c"),)),
                    Page(key="b", questions=(TextQuestion(type="text", key="t", text=T),)),
                    Page(key="c", questions=(TextQuestion(type="text", key="u", text=T),)),
                )
            ),
        ),
        (
            "subject_later",
            survey(TextQuestion(type="text", key="t", text=T, show_if=part("nps", Operator.ANSWERED)), NPS),
        ),
        (
            "subject_unknown",
            survey(TextQuestion(type="text", key="t", text=T, show_if=part("no", Operator.ANSWERED))),
        ),
        (
            "value_unknown",
            survey(
                SingleChoice(key="c", text=T, choices=AB),
                TextQuestion(type="text", key="t", text=T, show_if=part("c", Operator.IS, "z")),
            ),
        ),
        (
            "condition_never",
            survey(
                NPS, TextQuestion(type="text", key="t", text=T, show_if=part("nps", Operator.AT_LEAST, 11))
            ),
        ),
        (
            "condition_never",
            survey(
                SingleChoice(key="c", text=T, choices=AB),
                TextQuestion(
                    type="text",
                    key="t",
                    text=T,
                    show_if=All(of=(part("c", Operator.IS, "a"), part("c", Operator.IS, "b"))),
                ),
            ),
        ),
        (
            "carried_later",
            survey(
                SingleChoice(key="c", text=T, choices_from=CarryForward(question="d")),
                SingleChoice(key="d", text=T, choices=AB),
            ),
        ),
        (
            "carried_same_page",
            survey(
                SingleChoice(key="d", text=T, choices=AB),
                SingleChoice(key="c", text=T, choices_from=CarryForward(question="d")),
            ),
        ),
        ("carried_unknown", survey(SingleChoice(key="c", text=T, choices_from=CarryForward(question="d")))),
        (
            "carried_nothing",
            survey(NPS, SingleChoice(key="c", text=T, choices_from=CarryForward(question="nps"))),
        ),
        ("choice_twice", survey(SingleChoice(key="c", text=T, choices=(*AB, *AB)))),
        ("question_key_twice", survey(NPS, NPS)),
        (
            "metric_twice",
            survey(
                Scale(type="csat", key="a", text=T, metric="csat"),
                Scale(type="csat", key="b", text=T, metric="csat"),
            ),
        ),
        ("dead_end", survey(SingleChoice(key="c", text=T))),
        ("dead_end", survey(MultipleChoice(key="c", text=T, choices=AB, fewest=3))),
        ("dead_end", survey(NumberQuestion(key="n", text=T, low=5, high=4))),
        ("color_contrast", survey(theme=Theme(color="#FFD700"))),
        ("color_form", survey(theme=Theme(color="gold"))),
        ("pattern_invalid", survey(TextQuestion(type="text", key="t", text=T, pattern="(unclosed"))),
        ("pattern_deep", survey(TextQuestion(type="text", key="t", text=T, pattern="(" * 490 + ")" * 490))),
        ("pattern_slow", survey(TextQuestion(type="text", key="t", text=T, pattern="(a|aa)+b"))),
        ("pattern_slow", survey(TextQuestion(type="text", key="t", text=T, pattern=r"(.*a){20}b"))),
        ("quota_never", survey(quotas=(Quota(key="q", when=Any(of=()), most=5),))),
        ("quota_nobody", survey(quotas=(Quota(key="q", when=All(of=()), most=0),))),
        ("value_of_unknown", survey(calculated=(Calculated(key="v", how="sum", of=("zz",)),))),
        ("split_arms", survey(splits=(Split(key="s", arms=(SplitArm(key="a"),)),))),
        ("name_unknown", survey(TextQuestion(type="text", key="t", text={"en": "Why {nobody}?"}))),
        ("name_later", survey(TextQuestion(type="text", key="t", text={"en": "Why {nps}?"}), NPS)),
        ("nothing_asked", Definition(title=T)),
        ("nps_scale", survey(Scale(type="nps", key="nps", text=T, low=1))),
    ],
)
def test_the_check_finds(code: str, definition: Definition) -> None:
    found = [problem for problem in check(definition) if problem.code == code]
    assert found
    assert all(problem.message.endswith(".") for problem in found)


def test_ordinary_patterns_are_not_called_slow() -> None:
    for pattern in (r"[A-Z]{2}\d{6}", r"[^@\s]+@[^@\s]+\.[a-z]{2,}", r"\+?[\d ]{6,20}", r".*"):
        assert codes(survey(TextQuestion(type="text", key="t", text=T, pattern=pattern))) == set()


def test_a_dark_colour_near_to_a_light_one_is_offered() -> None:
    message = next(problem.message for problem in check(survey(theme=Theme(color="#FFD700"))))
    offered = message.rpartition(" ")[2].rstrip(".")
    assert codes(survey(theme=Theme(color=offered))) == set()


def test_a_long_survey_with_a_chain_of_conditions_is_sound() -> None:
    pages = tuple(
        Page(
            key=f"p{n}",
            questions=tuple(
                SingleChoice(
                    key=f"q{n}_{m}",
                    text=T,
                    choices=AB,
                    show_if=part(f"q{n - 1}_0", Operator.IS, "a") if n else None,
                )
                for m in range(10)
            ),
        )
        for n in range(30)
    )
    assert codes(Definition(title=T, pages=pages)) == set()


@pytest.mark.parametrize(
    "pattern", ["(?:(?:a{1000}){1000}){1000}", "a{100000000}", "((a{1,1000}){1,1000}){1,1000}", "a" * 2000]
)
def test_a_pattern_that_would_take_for_ever_to_be_read_is_told_and_holds_nobody_up(pattern: str) -> None:
    from rapport.rooms.listening.definition.reading import fits_pattern

    survey = Definition.model_validate(
        {
            "title": {"en": "T"},
            "pages": [
                {
                    "key": "p",
                    "questions": [{"type": "text", "key": "q", "text": {"en": "Q"}, "pattern": pattern}],
                }
            ],
        }
    )
    assert "pattern_big" in {problem.code for problem in check(survey)}
    assert fits_pattern(pattern, "a" * 4000)


@pytest.mark.parametrize(
    "pattern", ["[A-Z]{2}[0-9]{4}", r"\d{1,100}-\d{1,100}-(?:[a-z]{1,50})?", r"[{(]a{2,}\{9\}"]
)
def test_a_pattern_as_people_write_them_is_tried(pattern: str) -> None:
    from rapport.rooms.listening.definition.patterns import is_too_big

    assert not is_too_big(pattern)
