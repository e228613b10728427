"""Elements of SurveyJS become questions of ours, each with the columns its answers may come in."""

from collections.abc import Callable
from typing import Any

from rapport.connectors.surveys.drafting import Draft, Rule, question_of
from rapport.connectors.surveys.expressions import read_expression
from rapport.connectors.surveys.keys import Keys
from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.report import Entry
from rapport.connectors.surveys.slots import Slot
from rapport.connectors.surveys.words import Cleaner
from rapport.rooms.listening.definition import (
    FEELINGS,
    MOST_POINTS,
    CarryForward,
    Choice,
    ConsentQuestion,
    ConstantSum,
    ContactRequest,
    DateQuestion,
    Emotions,
    FileQuestion,
    Matrix,
    MultipleChoice,
    NumberQuestion,
    Ranking,
    Scale,
    SingleChoice,
    Statement,
    TextQuestion,
)
from rapport.rooms.listening.definition.facts import FACTS

_PIPE = r"\{[^{}]+\}"
_NOT_KEPT = {
    "choicesVisibleIf": "The condition on its choices",
    "rowsVisibleIf": "The condition on its rows",
    "choicesByUrl": "A list fetched from the web",
    "enableIf": "The condition under which it can be changed",
    "requiredIf": "The condition under which it is required",
    "setValueExpression": "A value set by a reckoning",
    "defaultValueExpression": "A value given beforehand",
    "minValueExpression": "A reckoned limit",
    "maxValueExpression": "A reckoned limit",
}
_LEFT_OUT = {
    "signaturepad": "A signature cannot be asked for.",
    "expression": "A reckoning is not taken over.",
    "matrixdynamic": "A table whose rows respondents add cannot be asked for.",
    "paneldynamic": "A panel that respondents repeat cannot be asked for.",
    "imagemap": "A point on a picture cannot be asked for.",
    "image": "A picture or film by itself is not taken over.",
}
Make = Callable[["Work"], None]


class Work:
    """One element while it is made."""

    def __init__(self, element: dict[str, Any], entry: Entry, key: str, rules: list[Rule]) -> None:
        self.element, self.entry, self.key, self.rules = element, entry, key, rules
        self.name = str(element.get("name") or key)


class QuestionMaker:
    """Makes questions of elements; knows the key of every element there is."""

    def __init__(self, draft: Draft, language: str) -> None:
        self._draft, self._language = draft, language
        self.named: dict[str, str] = {}
        self.cleaner = Cleaner(_PIPE, self._pipe)
        self._kinds: dict[str, Make] = {
            "text": self._text,
            "comment": self._comment,
            "radiogroup": self._single,
            "dropdown": self._single,
            "buttongroup": self._single,
            "checkbox": self._multiple,
            "tagbox": self._multiple,
            "imagepicker": self._pictures,
            "boolean": self._boolean,
            "rating": self._rating,
            "ranking": self._ranking,
            "matrix": self._matrix,
            "matrixdropdown": self._table,
            "multipletext": self._fields,
            "html": self._statement,
            "file": self._file,
            "slider": self._slider,
            "nouislider": self._slider,
        }

    def make(self, kind: str, work: "Work") -> None:
        """Make what an element of a kind becomes, and report what it loses."""
        if kind in self._kinds:
            self._kinds[kind](work)
            self.note_kept_out(work.element, work.entry)
        else:
            work.entry.lose(_LEFT_OUT.get(kind, f"Elements of the kind {kind[:60]!r} are not known."))

    def introduce(self, entry: Entry, text: dict[str, str], rules: list[Rule]) -> None:
        """Put words before what follows, as a statement."""
        if text:
            key = self._draft.keys.give("statement", "s")
            self._draft.add(entry, question_of(Statement, entry, key=key, text=text), rules)
            entry.became.append("A statement.")

    def note_kept_out(self, element: dict[str, Any], entry: Entry) -> None:
        """Report what an element says that has no place here."""
        for name, what in _NOT_KEPT.items():
            if element.get(name):
                entry.lose(f"{what} ({name}) is not taken over. It was: {str(element[name])[:300]}")
        if element.get("defaultValue") not in (None, "", [], {}):
            entry.change("Nothing is chosen beforehand.")
        if element.get("correctAnswer") is not None:
            entry.lose("The right answer of a quiz is not taken over.")
        for validator in element.get("validators") or []:
            kind = validator.get("type") if isinstance(validator, dict) else None
            if kind in ("expression", "email", "answercount") or kind not in (
                "numeric",
                "numericvalidator",
                "regex",
                "text",
            ):
                entry.lose(f"The check {kind} is not taken over.")

    # -- texts and conditions

    def words(self, value: Any) -> dict[str, str]:
        """Return words in the languages there are, made plain."""
        if isinstance(value, dict):
            found = {
                self._language
                if code == "default"
                else language_of(code, self._language): self.cleaner.clean(text)
                for code, text in value.items()
                if isinstance(text, str)
            }
            return {code: words for code, words in found.items() if words}
        words = self.cleaner.clean(value)
        return {self._language: words} if words else {}

    def rule(self, expression: Any) -> Rule:
        """Return a condition that is read when all questions are there."""
        text = str(expression)
        return Rule(lambda: read_expression(text, self._slot), text)

    def _slot(self, name: str) -> Slot | None:
        return self._draft.columns.get(name)

    def _pipe(self, pipe: str) -> str | None:
        name = pipe[1:-1].strip()
        if name in FACTS:
            return name
        return self.named.get(name)

    def _settings(self, work: Work) -> dict[str, Any]:
        element = work.element
        texts = self.words(element.get("title")) or {
            self._language: self.cleaner.clean(element.get("name")) or "…"
        }
        message = element.get("requiredErrorText") or next(
            (
                one.get("text")
                for one in element.get("validators") or []
                if isinstance(one, dict) and one.get("text")
            ),
            None,
        )
        return {
            "key": work.key,
            "text": texts,
            "help": self.words(element.get("description")),
            "required": element.get("isRequired") is True,
            "message": self.words(message),
        }

    def _keep(self, work: Work, kind: type[Any], became: str, **parts: Any) -> None:
        work.entry.became.append(became)
        ours = {
            name: value
            for name, value in told_by_us(work.element).items()
            if name in ("bank", "metric", "allow_unknown") and name in kind.model_fields
        }
        self._draft.add(
            work.entry, question_of(kind, work.entry, **{**self._settings(work), **parts, **ours}), work.rules
        )

    # -- fields

    def _text(self, work: Work) -> None:
        kind = str(work.element.get("inputType") or "text")
        if kind in ("number", "range"):
            return self._number(work)
        if kind == "date":
            limits = {
                ours: str(work.element[theirs])
                for ours, theirs in (("earliest", "min"), ("latest", "max"))
                if work.element.get(theirs)
            }
            self._keep(work, DateQuestion, "A date.", **limits)
            self._draft.column(Slot(question=work.key, kind="date"), work.name)
            return None
        if kind != "text":
            work.entry.change(f"The field for {kind} becomes words on one line.")
        pattern = next((str(one.get("regex")) for one in _validators(work, "regex") if one.get("regex")), "")
        self._keep(work, TextQuestion, "Words on one line.", type="text", pattern=pattern, **self._most(work))
        self._draft.column(Slot(question=work.key, kind="text"), work.name)
        return None

    def _most(self, work: Work) -> dict[str, int]:
        wanted = work.element.get("maxLength") or next(
            (one.get("maxLength") for one in _validators(work, "text")), None
        )
        return {"most": int(wanted)} if isinstance(wanted, int) and 0 < wanted <= 20_000 else {}

    def _number(self, work: Work) -> None:
        checks = _validators(work, "numeric")
        low = _first_number(work.element.get("min"), *(one.get("minValue") for one in checks))
        high = _first_number(work.element.get("max"), *(one.get("maxValue") for one in checks))
        step = _first_number(work.element.get("step"))
        decimals = len(f"{step:.10f}".rstrip("0").partition(".")[2]) if step else 0
        self._keep(work, NumberQuestion, "A number.", low=low, high=high, decimals=decimals)
        self._draft.column(Slot(question=work.key, kind="number"), work.name)

    def _slider(self, work: Work) -> None:
        low, high = _first_number(work.element.get("min"), 0), _first_number(work.element.get("max"), 100)
        work.entry.change("A slider becomes a number.")
        self._keep(work, NumberQuestion, "A number.", low=low, high=high)
        self._draft.column(Slot(question=work.key, kind="number"), work.name)

    def _comment(self, work: Work) -> None:
        self._keep(work, TextQuestion, "Words on several lines.", type="long_text", **self._most(work))
        self._draft.column(Slot(question=work.key, kind="text"), work.name)

    def _fields(self, work: Work) -> None:
        items = [one for one in work.element.get("items") or [] if isinstance(one, dict)]
        if told_by_us(work.element).get("type") == "constant_sum":
            return self._shares(work, items)
        settings = self._settings(work)
        for item in items:
            key = self._draft.keys.give(f"{work.key}_{item.get('name')}", "q")
            text = _joined(settings["text"], self.words(item.get("title") or item.get("name")))
            question = question_of(
                TextQuestion,
                work.entry,
                key=key,
                type="text",
                text=text,
                required=item.get("isRequired") is True,
            )
            self._draft.add(work.entry, question, work.rules)
            self._draft.column(Slot(question=key, kind="text"), f"{work.name}.{item.get('name')}")
        work.entry.change(f"{len(items)} fields become as many questions.")
        return None

    def _shares(self, work: Work, items: list[dict[str, Any]]) -> None:
        """Make fields that an export of ours made of a total to share out that total again."""
        told = [
            {
                "value": one.get("name"),
                "text": one.get("title") or one.get("name"),
                "rapport": one.get("rapport"),
            }
            for one in items
        ]
        choices, keys = self._choices(work, told)
        if not choices:
            work.entry.lose("It has nothing to share out among.")
            return
        total = _first_number(told_by_us(work.element).get("total"), 100)
        self._keep(work, ConstantSum, "A total shared out.", choices=tuple(choices), total=total)
        for name, key in keys.items():
            self._draft.column(Slot(question=work.key, kind="share", choice=key), f"{work.name}.{name}")

    # -- choices

    def _choices(self, work: Work, listed: Any = None) -> tuple[list[Choice], dict[str, str]]:
        raw = list(listed if isinstance(listed, list) else work.element.get("choices") or [])
        low, high = work.element.get("choicesMin"), work.element.get("choicesMax")
        if isinstance(low, int) and isinstance(high, int) and 0 <= high - low <= 1000:
            raw += list(range(low, high + 1, max(_whole(work.element.get("choicesStep")), 1)))
        keys, made, codes = Keys(), list[Choice](), dict[str, str]()
        for one in raw:
            value = one.get("value") if isinstance(one, dict) else one
            if value is None:
                continue
            told = self.words(one.get("text")) if isinstance(one, dict) else {}
            key = keys.give(value, "c")
            rule = one.get("visibleIf") if isinstance(one, dict) else None
            if rule or (isinstance(one, dict) and one.get("enableIf")):
                work.entry.lose(
                    f"The condition on the choice {str(value)[:60]} is not taken over. "
                    f"It was: {str(rule)[:200]}"
                )
            text = told or {self._language: self.cleaner.clean(str(value)) or "…"}
            number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
            picture = isinstance(one, dict) and one.get("imageLink")
            if picture:
                work.entry.change("Pictures of choices are not fetched; add them in the designer.")
            beside = told_by_us(one)
            own = {name: True for name in ("exclusive", "open", "fixed") if beside.get(name) is True}
            if isinstance(beside.get("value"), int | float):
                number = float(beside["value"])
            made.append(Choice(key=key, text=text, value=number, **own))
            codes.setdefault(str(value), key)
        self._draft.choices += len(made)
        return made, codes

    def _extra(self, work: Work, made: list[Choice], codes: dict[str, str]) -> str:
        """Add 'none' and 'other'; return the key of the latter."""
        element, taken, other = work.element, Keys(*(one.key for one in made)), ""
        if element.get("showNoneItem") is True or element.get("hasNone") is True:
            key = taken.give("none", "c")
            exclusive = element.get("type") in ("checkbox", "tagbox")
            text = self.words(element.get("noneText")) or {self._language: "None"}
            made.append(Choice(key=key, text=text, exclusive=exclusive, fixed=True))
            codes["none"] = key
        if element.get("showOtherItem") is True or element.get("hasOther") is True:
            other = taken.give("other", "c")
            text = self.words(element.get("otherText")) or {self._language: "Other"}
            made.append(Choice(key=other, text=text, open=True, fixed=True))
            codes["other"] = other
        if element.get("showSelectAllItem") is True or element.get("hasSelectAll") is True:
            work.entry.change("There is no choice that chooses all others.")
        return other

    def _carry(self, work: Work) -> dict[str, Any]:
        source = work.element.get("choicesFromQuestion")
        if not source:
            return {}
        key = self.named.get(str(source))
        mode = str(work.element.get("choicesFromQuestionMode") or "all")
        if key is None or mode == "all":
            work.entry.lose(f"The choices of {str(source)[:60]} are not carried forward.")
            return {}
        return {
            "choices_from": CarryForward(question=key, which="chosen" if mode == "selected" else "unchosen")
        }

    def _list_parts(self, work: Work) -> tuple[dict[str, Any], dict[str, str], str]:
        made, codes = self._choices(work)
        opened = next((one.key for one in made if one.open), "")
        other = self._extra(work, made, codes)
        carried = self._carry(work)
        if not made and not carried:
            work.entry.lose("It has nothing to choose from.")
        shuffle = work.element.get("choicesOrder") == "random"
        if work.element.get("choicesOrder") in ("asc", "desc"):
            work.entry.change("Choices keep the order they are written in.")
        if not made and not carried:
            return {}, codes, other
        return {"choices": tuple(made), "shuffle": shuffle, **carried}, codes, other or opened

    def _single(self, work: Work) -> None:
        parts, codes, other = self._list_parts(work)
        if parts:
            style = "drop_down" if work.element.get("type") == "dropdown" else "list"
            self._keep(work, SingleChoice, "A single choice.", style=style, **parts)
            self._choice_columns(work, "code", codes, other)

    def _feelings(self, work: Work) -> None:
        """Make a list of feelings that an export of ours made the feelings again."""
        raw = work.element.get("choices")
        values = [one.get("value") if isinstance(one, dict) else one for one in raw or []]
        offered = tuple(str(one) for one in values if one in FEELINGS)
        most = _whole(work.element.get("maxSelectedChoices")) or None
        every = set(offered) == set(FEELINGS)
        self._keep(work, Emotions, "Feelings.", offered=() if every else offered, most=most)
        slot = Slot(question=work.key, kind="codes", codes={one: one for one in offered})
        self._draft.column(slot, work.name)

    def _multiple(self, work: Work) -> None:
        if told_by_us(work.element).get("type") == "emotions":
            return self._feelings(work)
        parts, codes, other = self._list_parts(work)
        if parts:
            fewest, most = (
                _whole(work.element.get("minSelectedChoices")),
                _whole(work.element.get("maxSelectedChoices")),
            )
            self._keep(
                work, MultipleChoice, "A multiple choice.", fewest=fewest or None, most=most or None, **parts
            )
            self._choice_columns(work, "codes", codes, other)
        return None

    def _pictures(self, work: Work) -> None:
        if work.element.get("multiSelect") is True:
            self._multiple(work)
        else:
            self._single(work)

    def _choice_columns(self, work: Work, kind: Any, codes: dict[str, str], other: str) -> None:
        self._draft.column(Slot(question=work.key, kind=kind, codes=codes), work.name)
        if other:
            self._draft.column(Slot(question=work.key, kind="words", choice=other), f"{work.name}-Comment")

    def _boolean(self, work: Work) -> None:
        words = [work.element.get("labelTrue") or "Yes", work.element.get("labelFalse") or "No"]
        texts = [self.words(one) for one in words]
        ours = {"consent": ConsentQuestion, "contact_request": ContactRequest}.get(
            str(told_by_us(work.element).get("type"))
        )
        if ours is not None:
            self._keep(work, ours, "A consent or request to be contacted.")
            self._draft.column(Slot(question=work.key, kind="flag"), work.name)
            return
        choices = (Choice(key="yes", text=texts[0], value=1), Choice(key="no", text=texts[1], value=0))
        self._draft.choices += 2
        self._keep(work, SingleChoice, "A single choice.", choices=choices)
        work.entry.change("A switch becomes a choice of yes or no.")
        yes, no = str(work.element.get("valueTrue", "true")), str(work.element.get("valueFalse", "false"))
        codes = {yes: "yes", no: "no", "true": "yes", "false": "no", "True": "yes", "False": "no"}
        self._draft.column(Slot(question=work.key, kind="code", codes=codes), work.name)

    def _rating(self, work: Work) -> None:
        element = work.element
        if element.get("rateValues"):
            made, codes = self._choices(work, element["rateValues"])
            self._keep(work, SingleChoice, "A single choice.", choices=tuple(made))
            work.entry.change("A rating with values of its own becomes a single choice.")
            self._draft.column(Slot(question=work.key, kind="code", codes=codes), work.name)
            return
        low = _first_number(element.get("rateMin"), 1) or 0
        high = _first_number(
            element.get("rateMax"),
            (low - 1 + _whole(element.get("rateCount"))) if element.get("rateCount") else 5,
        )
        if (high or 0) - low > MOST_POINTS:
            work.entry.change("A rating of so many points becomes a number.")
            self._keep(work, NumberQuestion, "A number.", low=low, high=high)
            self._draft.column(Slot(question=work.key, kind="number"), work.name)
            return
        style = {"stars": "stars", "smileys": "smileys"}.get(
            str(element.get("rateType") or element.get("rateDisplayMode")), "numbers"
        )
        told = told_by_us(element).get("type")
        kind = (
            told
            if told in ("nps", "csat", "effort", "rating")
            else "nps"
            if (low, high) == (0, 10)
            else "rating"
        )
        self._keep(
            work,
            Scale,
            f"A rating from {low:g} to {high:g}.",
            type=kind,
            low=int(low),
            high=int(high or 5),
            style=style,
            metric="nps" if kind == "nps" and not told else "",
            low_label=self.words(element.get("minRateDescription")),
            high_label=self.words(element.get("maxRateDescription")),
        )
        self._draft.column(Slot(question=work.key, kind="number"), work.name)

    def _ranking(self, work: Work) -> None:
        made, codes = self._choices(work)
        carried = self._carry(work)
        if not made and not carried:
            work.entry.lose("It has nothing to rank.")
            return
        most = _whole(work.element.get("maxSelectedChoices")) or None
        self._keep(
            work,
            Ranking,
            "A ranking.",
            choices=tuple(made),
            most=most,
            shuffle=work.element.get("choicesOrder") == "random",
            **carried,
        )
        self._draft.column(Slot(question=work.key, kind="codes", codes=codes), work.name)

    # -- matrices

    def _matrix(self, work: Work) -> None:
        columns, codes = self._choices(work, work.element.get("columns"))
        rows, by_row = self._choices(work, work.element.get("rows"))
        if not rows or not columns:
            work.entry.lose("It has no rows or no columns.")
            return
        if work.element.get("cells"):
            work.entry.change("The words in each cell are not taken over; the columns' own stand there.")
        rows = [one.model_copy(update={"value": None}) for one in rows]
        multiple = work.element.get("cellType") == "checkbox"
        required = work.element.get("isRequired") is True or work.element.get("isAllRowRequired") is True
        shuffle = str(work.element.get("rowsOrder") or work.element.get("rowOrder")) == "random"
        self._keep(
            work,
            Matrix,
            "A matrix.",
            rows=tuple(rows),
            columns=tuple(columns),
            multiple=multiple,
            required=required,
            shuffle=shuffle,
        )
        kind: Any = "codes" if multiple else "code"
        self._draft.column(Slot(question=work.key, kind=kind, codes=codes), work.name)
        for name, row in by_row.items():
            self._draft.column(
                Slot(question=work.key, kind=kind, row=row, codes=codes), f"{work.name}.{name}"
            )

    def _table(self, work: Work) -> None:
        """A table with columns of several kinds becomes a question, or one for each row, for each column."""
        rows, by_row = self._choices(work, work.element.get("rows"))
        rows = [one.model_copy(update={"value": None}) for one in rows]
        columns = [one for one in work.element.get("columns") or [] if isinstance(one, dict)]
        settings = self._settings(work)
        for column in columns:
            heading = _joined(settings["text"], self.words(column.get("title") or column.get("name")))
            cell = str(column.get("cellType") or work.element.get("cellType") or "dropdown")
            base = f"{work.key}_{column.get('name')}"
            required = column.get("isRequired") is True
            if cell in ("dropdown", "radiogroup", "checkbox", "tagbox", "boolean", "rating"):
                listed = column.get("choices") or work.element.get("choices") or list(range(1, 6))
                made, codes = self._choices(work, listed)
                key = self._draft.keys.give(base, "q")
                multiple = cell in ("checkbox", "tagbox")
                question = question_of(
                    Matrix,
                    work.entry,
                    key=key,
                    text=heading,
                    rows=tuple(rows),
                    columns=tuple(made),
                    multiple=multiple,
                    required=required,
                )
                self._draft.add(work.entry, question, work.rules)
                for name, row in by_row.items():
                    slot = Slot(question=key, kind="codes" if multiple else "code", row=row, codes=codes)
                    self._draft.column(slot, f"{work.name}.{name}.{column.get('name')}")
                continue
            if cell == "expression":
                work.entry.lose(f"The reckoned column {str(column.get('name'))[:60]} is not taken over.")
                continue
            number = column.get("inputType") == "number"
            for name, row in by_row.items():
                key = self._draft.keys.give(f"{base}_{row}", "q")
                text = _joined(heading, next(one.text for one in rows if one.key == row))
                made_of: dict[str, Any] = {"key": key, "text": text, "required": required}
                question = (
                    question_of(NumberQuestion, work.entry, **made_of)
                    if number
                    else question_of(
                        TextQuestion, work.entry, type="long_text" if cell == "comment" else "text", **made_of
                    )
                )
                self._draft.add(work.entry, question, work.rules)
                self._draft.column(
                    Slot(question=key, kind="number" if number else "text"),
                    f"{work.name}.{name}.{column.get('name')}",
                )
        if not rows:
            work.entry.lose("It has no rows.")
        work.entry.change(f"A table of {len(columns)} columns becomes a question for each of them.")

    # -- the rest

    def _statement(self, work: Work) -> None:
        text = self.words(work.element.get("html")) or self.words(work.element.get("title"))
        work.entry.became.append("A statement.")
        question = question_of(Statement, work.entry, key=work.key, text=text or {self._language: "…"})
        self._draft.add(work.entry, question, work.rules)
        self._draft.column(Slot(question=work.key, kind="none"), work.name)

    def _file(self, work: Work) -> None:
        size = _whole(work.element.get("maxSize"))
        if work.element.get("allowMultiple") is True:
            work.entry.change("One file can be sent.")
        megabytes = {"most_megabytes": max(1, round(size / 1024**2))} if size else {}
        self._keep(work, FileQuestion, "A file.", **megabytes)
        self._draft.column(Slot(question=work.key, kind="none"), work.name)


def told_by_us(element: Any) -> dict[str, Any]:
    """Return what an export of ours says beside SurveyJS' own words."""
    found = element.get("rapport") if isinstance(element, dict) else None
    return found if isinstance(found, dict) else {}


def _validators(work: Work, kind: str) -> list[dict[str, Any]]:
    listed = work.element.get("validators")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [one for one in found if str(one.get("type")).removesuffix("validator") == kind]


def _first_number(*values: Any) -> float | None:
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
            return float(value)
        if isinstance(value, str) and value.lstrip("-").replace(".", "", 1).isdigit() and len(value) < 16:
            return float(value)
    return None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _joined(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    found = {}
    for language in dict.fromkeys((*first, *second)):
        words = [one.get(language) or next(iter(one.values()), "") for one in (first, second)]
        found[language] = ": ".join(part.rstrip(" :") for part in words if part)
    return found
