"""Which pages and questions a respondent sees, and which answers count."""

from rapport.rooms.listening.definition import (
    All,
    Any,
    Branch,
    Calculated,
    CarryForward,
    Choice,
    Definition,
    Matrix,
    MultipleChoice,
    NumberQuestion,
    Operator,
    Page,
    Part,
    Quota,
    Scale,
    SingleChoice,
    Split,
    SplitArm,
    Statement,
    Subject,
    Text,
    TextQuestion,
    quotas_met,
    reached_quota,
    read_back,
    say,
    walk,
)


def text(words: str) -> Text:
    return {"en": words}


def answer(key: str, operator: Operator, value: object = None, row: str = "") -> Part:
    return Part(subject=Subject(kind="answer", key=key, row=row), operator=operator, value=value)  # type: ignore[arg-type]


NPS = Scale(type="nps", key="nps", text=text("How likely are you to recommend us?"), required=True)
LOW = answer("nps", Operator.AT_MOST, 6)
BRANCHING = Definition(
    title=text("Orders"),
    pages=(
        Page(
            key="first",
            questions=(NPS,),
            branches=(Branch(when=answer("nps", Operator.AT_LEAST, 9), to="last"),),
        ),
        Page(
            key="why",
            questions=(
                MultipleChoice(
                    key="why",
                    text=text("Why?"),
                    choices=(
                        Choice(key="late", text=text("It came late")),
                        Choice(key="wrong", text=text("It was wrong")),
                        Choice(key="other", text=text("Something else"), open=True),
                        Choice(key="none", text=text("None of these"), exclusive=True),
                    ),
                ),
            ),
        ),
        Page(
            key="worst",
            show_if=LOW,
            questions=(
                SingleChoice(
                    key="worst", text=text("Which was worst?"), choices_from=CarryForward(question="why")
                ),
            ),
        ),
        Page(
            key="last", questions=(TextQuestion(type="long_text", key="words", text=text("Anything else?")),)
        ),
    ),
)


def pages(answers: dict[str, object], definition: Definition = BRANCHING, seed: str = "s") -> list[str]:
    return [step.key for step in walk(definition, answers, {}, seed).steps]  # type: ignore[arg-type]


def test_a_branch_leads_past_the_pages_between() -> None:
    assert pages({"nps": 9.0}) == ["first", "last"]
    assert pages({"nps": 8.0}) == ["first", "why", "last"]


def test_choices_are_carried_forward_with_the_words_written_beside_other() -> None:
    way = walk(BRANCHING, {"nps": 3.0, "why": ["late", "other"], "why.other": "The {box}"}, {}, "s")
    worst = way.step("worst")
    assert worst is not None
    choices = worst.questions[0].choices
    assert [choice.key for choice in choices] == ["late", "other"]
    assert say(choices[1].text, way.known, "en", "en") == "The {box}"


def test_a_question_with_nothing_to_choose_from_is_passed_over() -> None:
    assert pages({"nps": 3.0}) == ["first", "why", "last"]
    assert pages({"nps": 3.0, "why": ["none"]}) == ["first", "why", "last"]


def test_answers_off_the_way_are_not_counted() -> None:
    way = walk(BRANCHING, {"nps": 10.0, "why": ["late"], "worst": "late", "words": "Fine"}, {}, "s")
    assert way.answers == {"nps": 10.0, "words": "Fine"}


def test_what_was_chosen_from_choices_no_longer_offered_is_not_counted() -> None:
    way = walk(BRANCHING, {"nps": 3.0, "why": ["wrong"], "worst": "late"}, {}, "s")
    assert "worst" not in way.answers


def test_words_beside_a_choice_count_only_with_the_choice() -> None:
    way = walk(BRANCHING, {"nps": 8.0, "why": ["late"], "why.other": "Box"}, {}, "s")
    assert way.answers == {"nps": 8.0, "why": ["late"]}


def test_a_branch_that_leads_back_traps_nobody() -> None:
    definition = Definition(
        title=text("T"),
        pages=(
            Page(key="a", questions=(NPS,)),
            Page(
                key="b",
                questions=(TextQuestion(type="text", key="t", text=text("T")),),
                branches=(Branch(when=All(of=()), to="a"),),
            ),
            Page(key="c", questions=(Statement(key="s", text=text("S")),)),
        ),
    )
    assert pages({}, definition) == ["a", "b", "c"]


def test_a_crossroads_shows_nothing_and_decides() -> None:
    definition = BRANCHING.model_copy(
        update={
            "pages": (
                BRANCHING.pages[0].model_copy(update={"branches": ()}),
                Page(key="x", branches=(Branch(when=LOW, to="last"),)),
                *BRANCHING.pages[1:],
            )
        }
    )
    assert pages({"nps": 2.0}, definition) == ["first", "last"]
    assert pages({"nps": 7.0}, definition) == ["first", "why", "last"]


def test_a_question_may_hang_on_one_above_it_on_the_same_page() -> None:
    definition = Definition(
        title=text("T"),
        pages=(
            Page(
                key="a", questions=(NPS, TextQuestion(type="text", key="why", text=text("Why?"), show_if=LOW))
            ),
        ),
    )
    assert [shown.key for shown in walk(definition, {}, {}, "s").steps[0].questions] == ["nps"]
    assert [shown.key for shown in walk(definition, {"nps": 2.0}, {}, "s").steps[0].questions] == [
        "nps",
        "why",
    ]


def test_shuffles_stay_the_same_for_one_respondent_and_leave_fixed_choices_in_place() -> None:
    question = SingleChoice(
        key="q",
        text=text("Q"),
        shuffle=True,
        choices=(
            *(Choice(key=f"c{n}", text=text(str(n))) for n in range(8)),
            Choice(key="other", text=text("Other"), open=True),
        ),
    )
    definition = Definition(title=text("T"), pages=(Page(key="a", questions=(question,)),))

    def order(seed: str) -> list[str]:
        return [choice.key for choice in walk(definition, {}, {}, seed).steps[0].questions[0].choices]

    assert order("one") == order("one")
    assert len({tuple(order(str(n))) for n in range(20)}) > 15
    assert all(order(str(n))[-1] == "other" for n in range(20))
    assert sorted(order("one")) == [*sorted(f"c{n}" for n in range(8)), "other"]


def test_splits_send_people_in_proportion_and_always_the_same_way() -> None:
    split = Split(key="half", arms=(SplitArm(key="a", share=3), SplitArm(key="b", share=1)))
    in_a = Part(subject=Subject(kind="split", key="half"), operator=Operator.IS, value="a")
    definition = Definition(
        title=text("T"), splits=(split,), pages=(Page(key="only_a", questions=(NPS,), show_if=in_a),)
    )
    seen = sum(bool(pages({}, definition, str(n))) for n in range(2000))
    assert 1430 < seen < 1570
    assert pages({}, definition, "x") == pages({}, definition, "x")


def test_calculated_values_see_what_is_answered_so_far() -> None:
    total = Calculated(key="total", how="sum", of=("a", "b", "c"))
    enough = Part(subject=Subject(kind="calculated", key="total"), operator=Operator.AT_LEAST, value=10)
    numbers = tuple(NumberQuestion(key=key, text=text(key)) for key in ("a", "b"))
    graded = SingleChoice(key="c", text=text("c"), choices=(Choice(key="much", text=text("much"), value=5),))
    definition = Definition(
        title=text("T"),
        calculated=(total,),
        pages=(Page(key="p", questions=(*numbers, graded)), Page(key="q", questions=(NPS,), show_if=enough)),
    )
    assert pages({"a": 4.0, "b": 5.0}, definition) == ["p"]
    assert pages({"a": 4.0, "b": 5.0, "c": "much"}, definition) == ["p", "q"]


def test_of_something_unanswered_only_the_negative_holds() -> None:
    def holds(operator: Operator, value: object = "x") -> bool:
        definition = Definition(
            title=text("T"),
            pages=(
                Page(key="a", questions=(TextQuestion(type="text", key="t", text=text("T")),)),
                Page(key="b", questions=(NPS,), show_if=answer("t", operator, value)),
            ),
        )
        return "b" in pages({}, definition)

    assert [operator for operator in Operator if holds(operator)] == [
        Operator.IS_NOT,
        Operator.NONE_OF,
        Operator.LACKS,
        Operator.UNANSWERED,
    ]


def test_rows_and_facts_decide_too() -> None:
    grid = Matrix(
        key="m",
        text=text("M"),
        rows=(Choice(key="price", text=text("Price")),),
        columns=(Choice(key="bad", text=text("Bad")), Choice(key="good", text=text("Good"))),
    )
    german = Part(subject=Subject(kind="fact", key="contact.language"), operator=Operator.IS, value="DE")
    bad = answer("m", Operator.IS, "bad", row="price")
    definition = Definition(
        title=text("T"),
        pages=(
            Page(key="a", questions=(grid,)),
            Page(key="b", questions=(NPS,), show_if=Any(of=(german, bad))),
        ),
    )
    assert [step.key for step in walk(definition, {}, {"contact.language": "de"}, "s").steps] == ["a", "b"]
    assert pages({"m": {"price": "bad"}}, definition) == ["a", "b"]
    assert pages({"m": {"price": "good"}}, definition) == ["a"]


def test_a_full_quota_ends_the_survey_for_those_it_is_about() -> None:
    definition = BRANCHING.model_copy(update={"quotas": (Quota(key="unhappy", when=LOW, most=2),)})
    low, high = (walk(definition, {"nps": n}, {}, "s") for n in (2.0, 9.0))
    assert quotas_met(definition, low) == ["unhappy"]
    assert reached_quota(definition, low, {"unhappy": 1}) is None
    assert reached_quota(definition, low, {"unhappy": 2}) == definition.quotas[0]
    assert reached_quota(definition, high, {"unhappy": 2}) is None


def test_conditions_are_read_back_in_the_words_of_the_survey() -> None:
    condition = All(
        of=(LOW, Any(of=(answer("why", Operator.CONTAINS, "late"), answer("words", Operator.ANSWERED))))
    )
    assert read_back(condition, BRANCHING) == (
        "“How likely are you to recommend us?” is at most 6 and "
        "(“Why?” contains “It came late” or “Anything else?” is answered)."
    )


def test_texts_are_filled_with_answers_and_facts_or_what_to_say_without_them() -> None:
    facts = {"contact.first_name": "Joost"}
    way = walk(BRANCHING, {"nps": 8.0, "why": ["late", "wrong"]}, facts, "s")
    said = say(
        text("{contact.first_name|there}, {contact.title|colleague}: {nps} for {why} {{sic} {"),
        way.known,
        "en",
        "en",
    )
    assert said == "Joost, colleague: 8 for It came late, It was wrong {sic} {"
