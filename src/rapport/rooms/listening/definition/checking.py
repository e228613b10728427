"""What is wrong with a survey before it is published: each problem named with its page and question.

Errors keep a survey from being published; warnings say what its author may not have meant.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import regex
from django.utils.translation import gettext as _

from rapport.rooms.listening.definition.conditions import All, Any, Condition, Not, Operator, Part
from rapport.rooms.listening.definition.facts import FACTS
from rapport.rooms.listening.definition.feelings import FEELINGS
from rapport.rooms.listening.definition.messages import is_spoken
from rapport.rooms.listening.definition.patterns import is_too_big
from rapport.rooms.listening.definition.piping import names_in
from rapport.rooms.listening.definition.questions import (
    Answerable,
    CarryForward,
    Choice,
    ConstantSum,
    DateQuestion,
    Emotions,
    FileQuestion,
    Matrix,
    MultipleChoice,
    NumberQuestion,
    Question,
    Ranking,
    Scale,
    SingleChoice,
    Statement,
    TextQuestion,
    WithChoices,
)
from rapport.rooms.listening.definition.sentences import labelled
from rapport.rooms.listening.definition.survey import END, Calculated, Definition, Page
from rapport.rooms.listening.definition.texts import Text

LEAST_CONTRAST = 4.5
SINGLE_VALUED = frozenset(
    {"nps", "csat", "effort", "rating", "choice", "number", "date", "text", "long_text"}
)
NUMERIC = frozenset({"nps", "csat", "effort", "rating", "number", "constant_sum"})


@dataclass(frozen=True)
class Problem:
    """Something an author should mend; `code` is stable, the message is for people."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    page: str = ""
    question: str = ""
    language: str = ""


def check(definition: Definition) -> list[Problem]:
    """Return everything that is wrong, errors first, each in the order of the survey."""
    found = list(_Check(definition).run())
    return [one for one in found if one.severity == "error"] + [
        one for one in found if one.severity == "warning"
    ]


def can_be_published(problems: Iterable[Problem]) -> bool:
    """Say whether nothing stands against publishing."""
    return not any(problem.severity == "error" for problem in problems)


class _Check:
    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._pages = {page.key: place for place, page in enumerate(definition.pages)}
        self._questions: dict[str, Question] = {}
        self._places: dict[str, tuple[int, int]] = {}
        for at, page in enumerate(definition.pages):
            for within, question in enumerate(page.questions):
                self._questions.setdefault(question.key, question)
                self._places.setdefault(question.key, (at, within))
        self._calculated = {rule.key: rule for rule in definition.calculated}
        self._splits = {split.key: split for split in definition.splits}

    def run(self) -> Iterator[Problem]:
        yield from self._languages()
        yield from self._keys()
        yield from self._theme()
        yield from self._whole()
        for at, page in enumerate(self._definition.pages):
            yield from self._page(at, page)
        yield from self._ways()
        yield from self._values()
        yield from self._quotas()

    # -- the whole

    def _languages(self) -> Iterator[Problem]:
        definition = self._definition
        if definition.language not in definition.languages:
            yield Problem(
                "error",
                "language_missing",
                _("The survey's own language %(language)s is not among its languages.")
                % {"language": definition.language},
            )
        for language, count in Counter(definition.languages).items():
            if count > 1:
                yield Problem(
                    "error",
                    "language_twice",
                    _("The language %(language)s is listed twice.") % {"language": language},
                    language=language,
                )
            if not is_spoken(language):
                yield Problem(
                    "warning",
                    "language_unspoken",
                    _("Buttons and messages are not translated into %(language)s; they appear in English.")
                    % {"language": language},
                    language=language,
                )

    def _keys(self) -> Iterator[Problem]:
        definition = self._definition
        yield from _doubled(
            (page.key for page in definition.pages), "page_key_twice", _("Two pages have the key")
        )
        if END in self._pages:
            yield Problem(
                "error", "page_key_end", _("A page cannot have the key %(end)s.") % {"end": END}, page=END
            )
        named = [question.key for question in definition.questions()]
        for key, count in Counter(named).items():
            if count > 1:
                page = definition.pages[self._places[key][0]].key
                yield Problem(
                    "error",
                    "question_key_twice",
                    _("Two questions have the key %(key)s.") % {"key": key},
                    page=page,
                    question=key,
                )
        others = [*(one.key for one in definition.calculated), *(one.key for one in definition.splits)]
        yield from _doubled(
            [*dict.fromkeys(named), *others], "key_twice", _("A question, value or split has the same key")
        )
        yield from _doubled(
            (one.key for one in definition.quotas), "quota_key_twice", _("Two quotas have the key")
        )
        for metric, count in Counter(
            one.metric for one in definition.questions() if isinstance(one, Answerable) and one.metric
        ).items():
            if count > 1:
                yield Problem(
                    "error",
                    "metric_twice",
                    _("Two questions score the metric %(metric)s; a response scores it once.")
                    % {"metric": metric},
                )

    def _theme(self) -> Iterator[Problem]:
        color = self._definition.theme.color
        if not color:
            return
        ratio = contrast_with_white(color)
        if ratio is None:
            yield Problem(
                "error",
                "color_form",
                _("The colour %(color)s is not written as #RRGGBB.") % {"color": f"{color!r}"},
            )
        elif ratio < LEAST_CONTRAST:
            yield Problem(
                "error",
                "color_contrast",
                _(
                    "The colour %(color)s has a contrast of %(ratio)s:1 against white; it needs 4.5:1. "
                    "The nearest that passes is %(nearest)s."
                )
                % {"color": color, "ratio": f"{ratio:.1f}", "nearest": nearest_readable(color)},
            )

    def _whole(self) -> Iterator[Problem]:
        definition = self._definition
        yield from self._text(definition.title, "title", _("The survey's title"), required=True)
        yield from self._text(definition.welcome, "welcome", _("The welcome"))
        yield from self._text(definition.thanks.text, "thanks", _("The thanks"))
        if not any(isinstance(one, Answerable) for one in definition.questions()):
            yield Problem("error", "nothing_asked", _("The survey asks nothing."))

    def _text(
        self,
        text: Text,
        what: str,
        name: str,
        *,
        page: str = "",
        question: str = "",
        required: bool = False,
        at: tuple[int, int] | None = None,
    ) -> Iterator[Problem]:
        """Check a text that must be there in every language, or in every one as soon as in any."""
        written = {language for language, said in text.items() if said.strip()}
        if written or required:
            for language in self._definition.languages:
                if language not in written:
                    own = language == self._definition.language
                    yield Problem(
                        "error" if own and required else "warning",
                        "text_missing",
                        _("%(name)s is missing in %(language)s.") % {"name": name, "language": language},
                        page,
                        question,
                        language,
                    )
        for language, said in text.items():
            for mentioned in names_in(said):
                yield from self._mention(mentioned, name, page, question, language, at)

    def _mention(
        self, mentioned: str, name: str, page: str, question: str, language: str, at: tuple[int, int] | None
    ) -> Iterator[Problem]:
        if mentioned in FACTS or mentioned in self._calculated or mentioned in self._splits:
            return
        key = mentioned.partition(".")[0]
        place = self._places.get(key)
        if place is None:
            yield Problem(
                "warning",
                "name_unknown",
                _("%(name)s mentions {%(mentioned)s}, which is neither a question nor a fact.")
                % {"name": name, "mentioned": mentioned},
                page,
                question,
                language,
            )
        elif at is not None and place >= (at[0], 0):
            yield Problem(
                "error",
                "name_later",
                _("%(name)s mentions {%(mentioned)s}, which is not answered before this page.")
                % {"name": name, "mentioned": mentioned},
                page,
                question,
                language,
            )

    # -- pages and questions

    def _page(self, at: int, page: Page) -> Iterator[Problem]:
        yield from self._text(
            page.title, "title", _("The title of page %(key)s") % {"key": page.key}, page=page.key, at=(at, 0)
        )
        yield from self._condition(page.show_if, (at, 0), page.key, "")
        for branch in page.branches:
            yield from self._condition(branch.when, (at + 1, 0), page.key, "")
            yield from self._target(at, page, branch.to)
        for within, question in enumerate(page.questions):
            yield from self._question(at, within, page, question)

    def _target(self, at: int, page: Page, to: str) -> Iterator[Problem]:
        if to == END:
            return
        target = self._pages.get(to)
        if target is None:
            yield Problem(
                "error",
                "branch_nowhere",
                _("A branch leads to %(to)s, which is no page.") % {"to": to},
                page=page.key,
            )
        elif target <= at:
            yield Problem(
                "error",
                "loop",
                _(
                    "A branch leads back to page %(to)s; it may only lead to a later page, "
                    "or respondents go round in circles."
                )
                % {"to": to},
                page=page.key,
            )

    def _question(self, at: int, within: int, page: Page, question: Question) -> Iterator[Problem]:
        where = (at, within)
        key = question.key
        for text, name, required in _texts_of(question):
            yield from self._text(
                text,
                name,
                _("%(name)s of %(key)s") % {"name": name, "key": key},
                page=page.key,
                question=key,
                required=required,
                at=where,
            )
        yield from self._condition(question.show_if, where, page.key, key, shuffled=page.shuffle)
        for choice in _choices_of(question):
            yield from self._condition(choice.show_if, where, page.key, key, shuffled=page.shuffle)
        for rule in _carried_by(question):
            yield from self._carried(rule, where, page, key)
        for problem in _question_problems(question):
            yield Problem(problem.severity, problem.code, problem.message, page.key, key)

    def _carried(self, rule: CarryForward, where: tuple[int, int], page: Page, key: str) -> Iterator[Problem]:
        place, source = self._places.get(rule.question), self._questions.get(rule.question)
        if place is None or source is None:
            yield Problem(
                "error",
                "carried_unknown",
                _("%(key)s takes its choices from %(question)s, which is no question.")
                % {"key": key, "question": rule.question},
                page.key,
                key,
            )
        elif place >= where:
            yield Problem(
                "error",
                "carried_later",
                _("%(key)s takes its choices from %(question)s, which comes later.")
                % {"key": key, "question": rule.question},
                page.key,
                key,
            )
        elif not isinstance(source, WithChoices | Matrix):
            yield Problem(
                "error",
                "carried_nothing",
                _("%(key)s takes its choices from %(question)s, which has none.")
                % {"key": key, "question": rule.question},
                page.key,
                key,
            )
        elif place[0] == where[0]:
            # Both are posted at once: a changed first would take the choice from under the second
            yield Problem(
                "error",
                "carried_same_page",
                _("%(key)s takes its choices from %(question)s, on its own page; move it to a later one.")
                % {"key": key, "question": rule.question},
                page.key,
                key,
            )

    # -- conditions

    def _condition(
        self,
        condition: Condition | None,
        where: tuple[int, int],
        page: str,
        question: str,
        *,
        shuffled: bool = False,
    ) -> Iterator[Problem]:
        for part in parts_in(condition):
            for problem in self._part(part, where, shuffled=shuffled):
                yield Problem(problem.severity, problem.code, problem.message, page, question)
        if condition is not None and self.never(condition):
            yield Problem("warning", "condition_never", _("A condition here can never hold."), page, question)

    def _part(self, part: Part, where: tuple[int, int], *, shuffled: bool) -> Iterator[Problem]:
        subject = part.subject
        tables: dict[str, Mapping[str, object]] = {
            "fact": FACTS,
            "calculated": self._calculated,
            "split": self._splits,
            "answer": self._questions,
        }
        key = subject.key.partition(".")[0] if subject.kind == "answer" else subject.key
        if key not in tables[subject.kind]:
            severity: Literal["error", "warning"] = "warning" if subject.kind == "fact" else "error"
            yield Problem(
                severity,
                "subject_unknown",
                _("A condition looks at %(key)s, which there is not.") % {"key": subject.key},
            )
            return
        if subject.kind == "answer":
            yield from self._answer_part(part, key, where, shuffled)
        if subject.kind == "calculated":
            yield from self._calculated_part(self._calculated[key], where)
        if subject.kind == "split":
            arms = {arm.key for arm in self._splits[key].arms}
            yield from (
                Problem(
                    "error",
                    "value_unknown",
                    _("A condition asks for group %(value)s of %(key)s, which it lacks.")
                    % {"value": value, "key": key},
                )
                for value in _values(part)
                if value not in arms
            )
        if part.operator not in {Operator.ANSWERED, Operator.UNANSWERED} and not _values(part):
            yield Problem(
                "error",
                "value_missing",
                _("A condition compares %(key)s with nothing.") % {"key": subject.key},
            )

    def _answer_part(self, part: Part, key: str, where: tuple[int, int], shuffled: bool) -> Iterator[Problem]:
        place, question = self._places[key], self._questions[key]
        if place >= where:
            yield Problem(
                "error",
                "subject_later",
                _("A condition looks at %(key)s, which is not answered before it.") % {"key": key},
            )
        elif place[0] == where[0] and shuffled:
            yield Problem(
                "warning",
                "subject_shuffled",
                _("A condition looks at %(key)s on the same page, whose questions are shuffled.")
                % {"key": key},
            )
        if isinstance(question, Statement):
            yield Problem(
                "error",
                "subject_statement",
                _("A condition looks at %(key)s, which asks nothing.") % {"key": key},
            )
        if part.subject.row:
            rows = {choice.key for choice in labelled(question, row=True)} | self._carried_keys(question)
            if part.subject.row not in rows:
                yield Problem(
                    "error",
                    "row_unknown",
                    _("A condition looks at row %(row)s of %(key)s, which it lacks.")
                    % {"row": part.subject.row, "key": key},
                )
        yield from self._known_choices(part, key, question)

    def _known_choices(self, part: Part, key: str, question: Question) -> Iterator[Problem]:
        if part.operator in {Operator.AT_LEAST, Operator.AT_MOST, Operator.ANSWERED, Operator.UNANSWERED}:
            return
        if "." in part.subject.key or (isinstance(question, Ranking | ConstantSum) and part.subject.row):
            return
        offered = {choice.key for choice in labelled(question)} | self._carried_keys(question)
        if isinstance(question, Emotions):
            offered = set(question.offered or FEELINGS)
        for value in _values(part) if offered else ():
            if str(value) not in offered:
                yield Problem(
                    "error",
                    "value_unknown",
                    _("A condition asks for %(value)s in %(key)s, which cannot be chosen there.")
                    % {"value": value, "key": key},
                )

    def _carried_keys(self, question: Question, depth: int = 0) -> set[str]:
        """Return the keys of everything that could be carried into a question."""
        keys: set[str] = set()
        for rule in _carried_by(question) if depth < 20 else ():
            source = self._questions.get(rule.question)
            if source is not None:
                rows = isinstance(source, Matrix)
                keys |= {one.key for one in labelled(source, row=rows)} | self._carried_keys(
                    source, depth + 1
                )
        return keys

    def _calculated_part(self, rule: Calculated, where: tuple[int, int]) -> Iterator[Problem]:
        if rule.of and all(self._places.get(key, where) >= where for key in rule.of):
            yield Problem(
                "error",
                "subject_later",
                _("A condition looks at %(key)s, of which nothing is answered before it.")
                % {"key": rule.key},
            )

    def never(self, condition: Condition) -> bool:
        """Say whether a condition certainly never holds; `False` also where it cannot be told."""
        match condition:
            case All(of=parts):
                return any(self.never(part) for part in parts) or _contradict(parts, self._questions)
            case Any(of=parts):
                return all(self.never(part) for part in parts)
            case Not(of=part):
                return self.always(part)
            case Part():
                return self._part_never(condition)

    def always(self, condition: Condition) -> bool:
        """Say whether a condition certainly always holds; `False` also where it cannot be told."""
        match condition:
            case All(of=parts):
                return all(self.always(part) for part in parts)
            case Any(of=parts):
                return any(self.always(part) for part in parts)
            case Not(of=part):
                return self.never(part)
        return False

    def _part_never(self, part: Part) -> bool:
        question = self._questions.get(part.subject.key) if part.subject.kind == "answer" else None
        low, high = _range_of(question)
        numbers = [float(value) for value in _values(part) if isinstance(value, int | float)]
        if not numbers or part.subject.row:
            return False
        match part.operator:
            case Operator.AT_LEAST:
                return high is not None and numbers[0] > high
            case Operator.AT_MOST:
                return low is not None and numbers[0] < low
            case Operator.IS | Operator.ONE_OF:
                return all(
                    (high is not None and number > high) or (low is not None and number < low)
                    for number in numbers
                )
        return False

    # -- ways, values, quotas

    def _ways(self) -> Iterator[Problem]:
        """Find pages that no respondent can come to."""
        pages = self._definition.pages
        reached = {0} if pages else set()
        for at, page in enumerate(pages):
            if at in reached:
                reached |= self._onward(at, page)
        for at, page in enumerate(pages):
            if at not in reached:
                yield Problem(
                    "error",
                    "page_unreachable",
                    _("Page %(key)s is never reached.") % {"key": page.key},
                    page=page.key,
                )
            elif page.show_if is not None and self.never(page.show_if):
                yield Problem(
                    "error",
                    "page_unreachable",
                    _("Page %(key)s is never shown.") % {"key": page.key},
                    page=page.key,
                )

    def _onward(self, at: int, page: Page) -> set[int]:
        """Return the places a page can lead to."""
        skipped = {at + 1} if page.show_if is not None and not self.always(page.show_if) else set()
        onward: set[int] = set()
        for branch in page.branches:
            if self.never(branch.when):
                continue
            target = self._pages.get(branch.to, at + 1) if branch.to != END else len(self._pages)
            onward.add(target if target > at else at + 1)
            if self.always(branch.when):
                return onward | skipped
        return onward | skipped | {at + 1}

    def _values(self) -> Iterator[Problem]:
        for rule in self._definition.calculated:
            if not rule.of:
                yield Problem(
                    "error",
                    "value_of_nothing",
                    _("The calculated value %(key)s is made of nothing.") % {"key": rule.key},
                )
            for key in rule.of:
                if key not in self._questions:
                    yield Problem(
                        "error",
                        "value_of_unknown",
                        _("The calculated value %(key)s is made of %(of)s, no question.")
                        % {"key": rule.key, "of": key},
                    )
                elif rule.how != "count" and not _has_numbers(self._questions[key]):
                    yield Problem(
                        "warning",
                        "value_of_words",
                        _("The calculated value %(key)s is made of %(of)s, whose answers are no numbers.")
                        % {"key": rule.key, "of": key},
                        question=key,
                    )
        for split in self._definition.splits:
            if len(split.arms) < 2 or any(arm.share <= 0 for arm in split.arms):
                yield Problem(
                    "error",
                    "split_arms",
                    _("The split %(key)s needs two groups or more, each with a share.") % {"key": split.key},
                )
            yield from _doubled(
                (arm.key for arm in split.arms),
                "arm_twice",
                _("In %(key)s two groups have the key") % {"key": split.key},
            )

    def _quotas(self) -> Iterator[Problem]:
        end = (len(self._definition.pages), 0)
        for quota in self._definition.quotas:
            for part in parts_in(quota.when):
                yield from self._part(part, end, shuffled=False)
            yield from self._text(
                quota.message, "message", _("The message of quota %(key)s") % {"key": quota.key}
            )
            if quota.most <= 0:
                yield Problem(
                    "error", "quota_nobody", _("The quota %(key)s lets nobody in.") % {"key": quota.key}
                )
            elif self.never(quota.when):
                yield Problem(
                    "error", "quota_never", _("The quota %(key)s can never be met.") % {"key": quota.key}
                )


# -- parts


def parts_in(condition: Condition | None) -> Iterator[Part]:
    """Return every comparison in a condition."""
    match condition:
        case All(of=parts) | Any(of=parts):
            for one in parts:
                yield from parts_in(one)
        case Not(of=one):
            yield from parts_in(one)
        case Part():
            yield condition


def _values(part: Part) -> tuple[object, ...]:
    if part.value is None:
        return ()
    return part.value if isinstance(part.value, tuple) else (part.value,)


def _contradict(parts: tuple[Condition, ...], questions: Mapping[str, Question]) -> bool:
    """Say whether one single-valued answer would have to be two things at once."""
    wanted: dict[tuple[str, str, str], set[str]] = {}
    for part in parts:
        if not isinstance(part, Part) or part.operator not in {Operator.IS, Operator.ONE_OF}:
            continue
        question = questions.get(part.subject.key)
        if part.subject.kind == "answer" and (question is None or question.type not in SINGLE_VALUED):
            continue
        values = {str(value).casefold() for value in _values(part)}
        place = (part.subject.kind, part.subject.key, part.subject.row)
        wanted[place] = wanted[place] & values if place in wanted else values
    return any(not values for values in wanted.values())


def _range_of(question: Question | None) -> tuple[float | None, float | None]:
    if isinstance(question, Scale | NumberQuestion):
        return question.low, question.high
    return None, None


def _has_numbers(question: Question) -> bool:
    return question.type in NUMERIC or any(choice.value is not None for choice in labelled(question))


def _doubled(keys: Iterable[str], code: str, message: str) -> Iterator[Problem]:
    for key, count in Counter(keys).items():
        if count > 1:
            yield Problem("error", code, _("%(message)s %(key)s.") % {"message": message, "key": key})


def _carried_by(question: Question) -> tuple[CarryForward, ...]:
    rule = question.rows_from if isinstance(question, Matrix) else getattr(question, "choices_from", None)
    return (rule,) if isinstance(rule, CarryForward) else ()


def _choices_of(question: Question) -> tuple[Choice, ...]:
    if isinstance(question, Matrix):
        return (*question.rows, *question.columns)
    return labelled(question)


def _texts_of(question: Question) -> Iterator[tuple[Text, str, bool]]:
    yield question.text, _("The text"), True
    yield question.help, _("The help"), False
    if isinstance(question, Answerable):
        yield question.message, _("The message"), False
    if isinstance(question, Scale):
        yield question.low_label, _("The lowest label"), False
        yield question.high_label, _("The highest label"), False
    if isinstance(question, NumberQuestion):
        yield question.unit, _("The unit"), False
    for choice in _choices_of(question):
        yield choice.text, _("The choice %(key)s") % {"key": choice.key}, True


# -- one question by itself


def _question_problems(question: Question) -> Iterator[Problem]:
    match question:
        case Scale(low=low, high=high):
            if low >= high:
                yield _error(
                    "scale_order", _("The scale ends at %(high)s, before it begins.") % {"high": high}
                )
            elif high - low > 100:
                yield _error("scale_long", _("A scale can have at most 101 points."))
            if question.type == "nps" and (low, high) != (0, 10):
                yield _error("nps_scale", _("Likelihood to recommend is asked on 0 to 10."))
        case SingleChoice() | MultipleChoice() | Ranking() | ConstantSum():
            yield from _choice_problems(question)
        case Matrix():
            yield from _matrix_problems(question)
        case NumberQuestion(low=least, high=most):
            if least is not None and most is not None and least > most:
                yield _error("dead_end", _("No number fits: the smallest allowed is above the largest."))
        case DateQuestion(earliest=earliest, latest=latest):
            yield from _date_problems(earliest, latest)
        case TextQuestion():
            yield from _text_problems(question)
        case Emotions():
            unknown = [key for key in question.offered if key not in FEELINGS]
            if unknown:
                yield _error(
                    "feeling_unknown", _("There is no feeling %(feeling)s.") % {"feeling": unknown[0]}
                )
        case FileQuestion():
            if question.most_megabytes < 1 or not question.kinds:
                yield _error("dead_end", _("No file fits: allow at least one megabyte and one kind."))


def _error(code: str, message: str) -> Problem:
    return Problem("error", code, message)


def _choice_problems(question: WithChoices) -> Iterator[Problem]:
    yield from _doubled(
        (choice.key for choice in question.choices), "choice_twice", _("Two choices have the key")
    )
    if not question.choices and question.choices_from is None:
        yield _error("dead_end", _("There is nothing to choose from."))
    own = sum(1 for choice in question.choices if not choice.exclusive)
    if isinstance(question, MultipleChoice):
        fewest, most = question.fewest, question.most
        if fewest is not None and most is not None and fewest > most:
            yield _error(
                "dead_end",
                _("At least %(fewest)s and at most %(most)s cannot both be chosen.")
                % {"fewest": fewest, "most": most},
            )
        if fewest is not None and question.choices_from is None and fewest > own:
            yield _error(
                "dead_end",
                _("At least %(fewest)s must be chosen, but there are only %(own)s.")
                % {"fewest": fewest, "own": own},
            )
        if most is not None and most < 1:
            yield _error("dead_end", _("Nothing may be chosen."))
    if isinstance(question, SingleChoice) and any(choice.exclusive for choice in question.choices):
        yield Problem(
            "warning", "exclusive_idle", _("One answer is chosen anyway; 'exclusive' does nothing here.")
        )
    if isinstance(question, ConstantSum) and question.total <= 0:
        yield _error("dead_end", _("The total to share out must be above 0."))
    if isinstance(question, Ranking) and question.most is not None and question.most < 1:
        yield _error("dead_end", _("A ranking asks for one place at least."))


def _matrix_problems(question: Matrix) -> Iterator[Problem]:
    yield from _doubled((row.key for row in question.rows), "choice_twice", _("Two rows have the key"))
    yield from _doubled(
        (column.key for column in question.columns), "choice_twice", _("Two columns have the key")
    )
    if not question.columns or (not question.rows and question.rows_from is None):
        yield _error("dead_end", _("A matrix needs rows and columns."))
    if any(choice.open for choice in (*question.rows, *question.columns)):
        yield Problem("warning", "open_idle", _("A matrix cannot ask for words beside a choice."))


def _date_problems(earliest: str, latest: str) -> Iterator[Problem]:
    for day in filter(None, (earliest, latest)):
        try:
            datetime.date.fromisoformat(day)
        except ValueError:
            yield _error("date_form", _("%(day)s is no day; write it like 2026-09-17.") % {"day": f"{day!r}"})
            return
    if earliest and latest and earliest > latest:
        yield _error("dead_end", _("No day fits: the earliest allowed is after the latest."))


def _text_problems(question: TextQuestion) -> Iterator[Problem]:
    if question.most < 1:
        yield _error("dead_end", _("No text fits: at least one character must be allowed."))
    if not question.pattern:
        return
    try:
        if is_too_big(question.pattern):
            yield _error("pattern_big", _("The pattern repeats too much to be tried; make it shorter."))
            return
        pattern = regex.compile(question.pattern)
    except RecursionError:
        yield _error("pattern_deep", _("The pattern is nested deeper than it can be read."))
        return
    except regex.error as error:
        yield _error("pattern_invalid", _("The pattern cannot be read: %(error)s.") % {"error": error})
        return
    if is_catastrophic(pattern):
        yield _error(
            "pattern_slow", _("The pattern can take for ever on some answers; avoid repeats inside repeats.")
        )


PROBE_SECONDS = 0.05
_PROBE_LENGTHS = (200, 2000)


def is_catastrophic(pattern: "regex.Pattern[str]") -> bool:
    """Say whether matching takes too long on answers made to be hard: many of the same, then a wrong end."""
    signs = sorted({sign for sign in pattern.pattern if sign.isalnum() or sign in " @.,-_/"})[:12]
    seeds = dict.fromkeys([*signs, "a", "0", " ", "a0", "a ", "ab", "a.", "-a"])
    # The end holds every sign the pattern names, so that missing one is no quick way out.
    ends = ("\x01", "\x01" + "".join(sign for sign in dict.fromkeys(pattern.pattern) if sign.isprintable()))
    for probe in (
        seed * (length // len(seed)) + end for seed in seeds for length in _PROBE_LENGTHS for end in ends
    ):
        try:
            pattern.fullmatch(probe, timeout=PROBE_SECONDS)
        except TimeoutError:
            return True
    return False


# -- colour


def contrast_with_white(color: str) -> float | None:
    """Return the contrast of a colour `#RRGGBB` against white (WCAG 2.2, 1 to 21), None if unreadable."""
    if not regex.fullmatch(r"#[0-9A-Fa-f]{6}", color):
        return None
    return 1.05 / (_luminance(color) + 0.05)


def _luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def nearest_readable(color: str) -> str:
    """Return the colour, darkened as little as needed to be read against white."""
    channels = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    for percent in range(100, -1, -1):
        darker = "#" + "".join(f"{channel * percent // 100:02X}" for channel in channels)
        ratio = contrast_with_white(darker)
        if ratio is not None and ratio >= LEAST_CONTRAST:
            return darker
    return "#000000"
