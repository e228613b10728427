"""The kinds of question LimeSurvey has, by their letters, each made one or several of ours."""

from collections.abc import Callable
from typing import Any

from rapport.connectors.surveys.drafting import Draft, Rule, choices_of, question_of
from rapport.connectors.surveys.formats.limesurvey_tables import Row, Tables, texts_by_language
from rapport.connectors.surveys.report import Entry
from rapport.connectors.surveys.slots import Slot
from rapport.connectors.surveys.words import Cleaner
from rapport.rooms.listening.definition import (
    Choice,
    DateQuestion,
    FileQuestion,
    Matrix,
    MultipleChoice,
    NumberQuestion,
    Operator,
    Part,
    Ranking,
    Scale,
    SingleChoice,
    Statement,
    Subject,
    TextQuestion,
)

_FIXED: dict[str, list[tuple[str, dict[str, str]]]] = {
    "Y": [
        ("Y", {"en": "Yes", "de": "Ja", "fr": "Oui", "it": "Sì"}),
        ("N", {"en": "No", "de": "Nein", "fr": "Non", "it": "No"}),
    ],
    "G": [
        ("F", {"en": "Female", "de": "Weiblich", "fr": "Femme", "it": "Femmina"}),
        ("M", {"en": "Male", "de": "Männlich", "fr": "Homme", "it": "Maschio"}),
    ],
    "C": [
        ("Y", {"en": "Yes", "de": "Ja", "fr": "Oui", "it": "Sì"}),
        ("U", {"en": "Uncertain", "de": "Unsicher", "fr": "Incertain", "it": "Incerto"}),
        ("N", {"en": "No", "de": "Nein", "fr": "Non", "it": "No"}),
    ],
    "E": [
        ("I", {"en": "Increase", "de": "Zunahme", "fr": "Augmenter", "it": "Aumenta"}),
        ("S", {"en": "Same", "de": "Gleich", "fr": "Sans changement", "it": "Uguale"}),
        ("D", {"en": "Decrease", "de": "Abnahme", "fr": "Diminuer", "it": "Diminuisce"}),
    ],
}
_NOT_KEPT = {
    "em_validation_q": "The check of the question",
    "em_validation_sq": "The check of its parts",
    "equals_num_value": "The check of a sum",
    "min_num_value": "The check of a smallest sum",
    "max_num_value": "The check of a largest sum",
    "time_limit": "The time limit",
    "random_group": "The random order of whole questions",
    "random_order_subquestions": "The random order of its parts",
    "num_value_equals_sgqa": "The check of a sum",
}


class QuestionMaker:
    """Makes our questions and knows by which names LimeSurvey speaks of them."""

    def __init__(self, draft: Draft, cleaner: Cleaner, tables: Tables) -> None:
        self._draft, self._cleaner, self._tables = draft, cleaner, tables
        self._keys: dict[str, str] = {}
        self._base: dict[str, str] = {}
        self._titles: dict[str, str] = {}

    def name(self, question: Row) -> None:
        """Give a question its key, before any is made: texts and conditions look forward too."""
        qid = question.get("qid")
        self._keys[qid] = self._draft.keys.give(question.get("title") or f"q{qid}", "q")
        self._base[qid] = f"{question.get('sid')}X{question.get('gid')}X{qid}"
        self._titles[question.get("title")] = qid

    def slot(self, name: str, own: str) -> Slot | None:
        """Return the slot a name in an expression or condition stands for."""
        plain = name.split(".")[0] if not name.startswith(("that.", "self")) else name
        if name.startswith("that."):
            plain = name.split(".")[1]
        elif plain == "self":
            plain = own
        found = self._draft.columns.get(plain)
        if found or plain not in self._titles:
            return found
        # The text of a question that stands later: its key is known already.
        return Slot(question=self._keys[self._titles[plain]], kind="text")

    def texts(self, row: Row, name: str) -> dict[str, str]:
        """Return a text by language, cleaned."""
        found = {
            language or self._draft.language: self._cleaner.clean(text)
            for language, text in texts_by_language(row, name)
        }
        return {language: words for language, words in found.items() if words}

    def introduce(self, entry: Entry, description: dict[str, str], group: str) -> None:
        """Put a group's description on its page."""
        key = self._draft.keys.give(f"group_{group}_text", "s")
        self._draft.add(entry, question_of(Statement, entry, key=key, text=description))
        entry.became.append("Its description becomes a statement.")

    def make(self, question: Row, entry: Entry, rules: list[Rule]) -> None:
        """Put a question into the draft."""
        kind = question.get("type")
        kinds: dict[str, Callable[[_Work], None]] = {
            **dict.fromkeys("L!O", self._list),
            **dict.fromkeys("YG", self._fixed),
            **dict.fromkeys("MP", self._multiple),
            **dict.fromkeys("ABCEFH", self._array),
            **dict.fromkeys(";:", self._cells),
            **dict.fromkeys("KQ", self._several),
            **dict.fromkeys("STU", self._text),
            "5": self._five,
            "1": self._dual,
            "N": self._number,
            "D": self._date,
            "R": self._ranking,
            "X": self._statement,
            "|": self._file,
        }
        work = _Work(question, entry, rules, self._keys[question.get("qid")], self._base[question.get("qid")])
        if kind in kinds:
            kinds[kind](work)
        elif kind == "*":
            entry.lose(f"A reckoning is not taken over: {entry.text[:300]}")
        elif kind == "I":
            entry.lose("The language is switched by the page itself.")
        else:
            entry.lose(f"Questions of the kind {kind!r} are not known.")
        self._note_attributes(work)

    def _attribute(self, work: "_Work", name: str) -> str:
        return self._tables.attribute(work.row.get("qid"), name).strip()

    def _note_attributes(self, work: "_Work") -> None:
        for name, what in _NOT_KEPT.items():
            value = self._attribute(work, name)
            if value and value != "0":
                work.entry.lose(f"{what} is not taken over. It was: {value[:300]}")
        if self._attribute(work, "hidden") == "1":
            work.entry.lose("It was hidden from respondents; now it is shown.")
        if work.row.get("preg"):
            work.entry.lose(f"The pattern of the answer is not taken over: {work.row.get('preg')[:200]}")
        for name in ("relevance",):
            for part in self._tables.of(work.row.get("qid")):
                if part.get(name).strip() not in ("", "1"):
                    work.entry.lose(
                        f"The condition of its part {part.get('title')} is not taken over. "
                        f"It was: {part.get(name)[:300]}"
                    )

    def _settings(self, work: "_Work") -> dict[str, Any]:
        text = self.texts(work.row, "question") or {self._draft.language: work.row.get("title") or "…"}
        return {
            "text": text,
            "help": self.texts(work.row, "help"),
            "required": work.row.get("mandatory") in ("Y", "S"),
        }

    def _keep(self, work: "_Work", question: Any, became: str) -> None:
        work.entry.became.append(became)
        self._draft.add(work.entry, question, work.rules)

    def _column(self, work: "_Work", slot: Slot, *ends: str) -> None:
        """Name a column as archives, exports and expressions do."""
        title = work.row.get("title")
        for end in ends or ("",):
            plain = end.replace("#", "_")
            names = [f"{work.base}{end}", f"_{work.base}{end}"]
            names += [f"{title}_{plain}", f"{title}[{end}]", f"{title}_{end}"] if end else [title]
            self._draft.column(slot, *names)

    # -- choices

    def _answers(self, work: "_Work", scale: str = "") -> tuple[list[Choice], dict[str, str]]:
        rows = self._tables.answers_of(work.row.get("qid"), scale)
        return choices_of(
            (row.get("code"), self.texts(row, "answer") or {self._draft.language: row.get("code")})
            for row in rows
        )

    def _parts(self, work: "_Work", scale: str = "") -> tuple[list[Choice], dict[str, str], list[Row]]:
        rows = self._tables.of(work.row.get("qid"), scale)
        made, codes = choices_of(
            (row.get("title"), self.texts(row, "question") or {self._draft.language: row.get("title") or "…"})
            for row in rows
        )
        made = [one.model_copy(update={"value": None}) for one in made]
        return self._filtered(work, made, codes), codes, rows

    def _filtered(self, work: "_Work", choices: list[Choice], codes: dict[str, str]) -> list[Choice]:
        """An array filter shows the parts chosen, or not chosen, in an earlier question by the same codes."""
        for name, operator in (("array_filter", Operator.CONTAINS), ("array_filter_exclude", Operator.LACKS)):
            source = self._attribute(work, name)
            if not source:
                continue
            found = self._draft.columns.get(source)
            by_key = {key: code for code, key in codes.items()}
            if found is None or found.kind != "codes":
                work.entry.lose(f"Its parts are not filtered by {source[:60]}; all are shown.")
                continue
            subject = Subject(kind="answer", key=found.question)
            filtered = []
            for choice in choices:
                there = found.codes.get(by_key.get(choice.key, ""))
                part = Part(subject=subject, operator=operator, value=there) if there else None
                filtered.append(choice.model_copy(update={"show_if": part}) if part else choice)
            choices = filtered
        return choices

    def _other(self, work: "_Work", choices: list[Choice]) -> str:
        """Add 'other' with words beside it; return its key."""
        if work.row.get("other") != "Y":
            return ""
        texts = self.texts_of_attribute(work, "other_replace_text") or {self._draft.language: "Other"}
        key = "other"
        taken = {choice.key.lower() for choice in choices}
        while key in taken:
            key += "_"
        choices.append(Choice(key=key, text=texts, open=True, fixed=True))
        return key

    def texts_of_attribute(self, work: "_Work", name: str) -> dict[str, str]:
        """Return an attribute's words, in the default language."""
        words = self._cleaner.clean(self._attribute(work, name))
        return {self._draft.language: words} if words else {}

    def _shuffled(self, work: "_Work") -> bool:
        return self._attribute(work, "random_order") in ("1", "2")

    def _list(self, work: "_Work") -> None:
        choices, codes = self._answers(work)
        other = self._other(work, choices)
        if not choices:
            work.entry.lose("It has no answers to choose from.")
            return
        if other:
            codes = {**codes, "-oth-": other}
        kind = work.row.get("type")
        self._keep(
            work,
            question_of(
                SingleChoice,
                work.entry,
                key=work.key,
                choices=tuple(choices),
                shuffle=self._shuffled(work),
                style="drop_down" if kind == "!" else "list",
                **self._settings(work),
            ),
            "A single choice.",
        )
        self._column(work, Slot(question=work.key, kind="code", codes={**codes, **_said(choices)}))
        if other:
            self._column(work, Slot(question=work.key, kind="words", choice=other), "other")
        if kind == "O":
            self._comment(work)

    def _comment(self, work: "_Work") -> None:
        """The field beside a list becomes a question of its own."""
        key = self._draft.keys.give(f"{work.key}_comment", "q")
        text = self._settings(work)["text"]
        self._draft.add(
            work.entry,
            question_of(TextQuestion, work.entry, type="long_text", key=key, text=text),
            work.rules,
        )
        self._column(work, Slot(question=key, kind="text"), "comment")
        work.entry.change("The comment beside the list becomes a question of its own.")

    def _fixed(self, work: "_Work") -> None:
        choices, codes = self._fixed_choices(work.row.get("type"))
        self._keep(
            work,
            question_of(
                SingleChoice, work.entry, key=work.key, choices=tuple(choices), **self._settings(work)
            ),
            "A single choice.",
        )
        self._column(work, Slot(question=work.key, kind="code", codes={**codes, **_said(choices)}))

    def _fixed_choices(self, kind: str) -> tuple[list[Choice], dict[str, str]]:
        languages = self._draft.languages
        wanted = [
            (code, {one: text.get(one.split("-")[0], text["en"]) for one in languages})
            for code, text in _FIXED[kind]
        ]
        return choices_of(wanted)

    def _five(self, work: "_Work") -> None:
        self._keep(
            work,
            question_of(
                Scale, work.entry, key=work.key, type="rating", low=1, high=5, **self._settings(work)
            ),
            "A rating from 1 to 5.",
        )
        self._column(work, Slot(question=work.key, kind="number"))

    def _multiple(self, work: "_Work") -> None:
        choices, codes, _rows = self._parts(work)
        other = self._other(work, choices)
        if not choices:
            work.entry.lose("It has nothing to choose from.")
            return
        alone = {one.strip() for one in self._attribute(work, "exclude_all_others").split(";")}
        keys_alone = {key for code, key in codes.items() if code in alone}
        choices = [one.model_copy(update={"exclusive": one.key in keys_alone}) for one in choices]
        self._keep(
            work,
            question_of(
                MultipleChoice,
                work.entry,
                key=work.key,
                choices=tuple(choices),
                shuffle=self._shuffled(work),
                fewest=self._limit(work, "min_answers"),
                most=self._limit(work, "max_answers"),
                **self._settings(work),
            ),
            "A multiple choice.",
        )
        self._column(work, Slot(question=work.key, kind="codes", codes=codes))
        for code, key in codes.items():
            self._column(work, Slot(question=work.key, kind="mark", choice=key), code)
        if other:
            self._column(work, Slot(question=work.key, kind="words", choice=other), "other")
        if work.row.get("type") == "P":
            for code, key in codes.items():
                self._column(work, Slot(question=work.key, kind="words", choice=key), f"{code}comment")
            work.entry.change("Each choice asks for words beside it once it is chosen.")
            opened = [one.model_copy(update={"open": True}) for one in choices]
            page = self._draft.pages[-1]
            page.questions[-1] = page.questions[-1].model_copy(update={"choices": tuple(opened)})

    def _limit(self, work: "_Work", name: str) -> int | None:
        value = self._attribute(work, name)
        if value and not value.isdigit():
            work.entry.lose(f"The limit {name} is reckoned and not taken over. It was: {value[:200]}")
        return int(value) if value.isdigit() and 0 < int(value) < 1000 else None

    # -- arrays

    def _array(self, work: "_Work") -> None:
        kind = work.row.get("type")
        if kind in ("A", "B"):
            top = 5 if kind == "A" else 10
            columns, codes = choices_of(
                (number, {self._draft.language: str(number)}) for number in range(1, top + 1)
            )
        elif kind in _FIXED:
            columns, codes = self._fixed_choices(kind)
        else:
            columns, codes = self._answers(work)
        rows, by_row, parts = self._parts(work)
        if kind == "H":
            work.entry.change("An array by columns is shown by rows.")
        if self._attribute(work, "use_dropdown") == "1":
            work.entry.change("Drop-downs in an array become a matrix.")
        self._keep_matrix(work, work.key, rows, columns, {})
        for code, key in by_row.items():
            self._column(
                work, Slot(question=work.key, kind="code", row=key, codes={**codes, **_said(columns)}), code
            )
        self._two_ended(work, parts)

    def _two_ended(self, work: "_Work", parts: list[Row]) -> None:
        if any("|" in part.text("question", self._draft.language) for part in parts):
            work.entry.change("Words at both ends of a row stand together before it.")

    def _keep_matrix(
        self,
        work: "_Work",
        key: str,
        rows: list[Choice],
        columns: list[Choice],
        heading: dict[str, str],
        **more: Any,
    ) -> bool:
        if not rows or not columns:
            work.entry.lose("It has no rows or no columns.")
            return False
        settings = self._settings(work)
        if heading:
            settings["text"] = _joined(settings["text"], heading)
        self._keep(
            work,
            question_of(
                Matrix,
                work.entry,
                key=key,
                rows=tuple(rows),
                columns=tuple(columns),
                shuffle=self._shuffled(work),
                **settings,
                **more,
            ),
            "A matrix.",
        )
        return True

    def _dual(self, work: "_Work") -> None:
        rows, by_row, _parts = self._parts(work)
        for scale, letter in (("0", "A"), ("1", "B")):
            columns, codes = self._answers(work, scale)
            key = work.key if scale == "0" else self._draft.keys.give(f"{work.key}_{letter}", "q")
            heading = self.texts_of_attribute(work, f"dualscale_header{letter}")
            if self._keep_matrix(work, key, rows, columns, heading):
                for code, row in by_row.items():
                    slot = Slot(question=key, kind="code", row=row, codes={**codes, **_said(columns)})
                    self._column(
                        work, slot, f"{code}#{scale}", f"{code}_{scale}", f"{code}[{int(scale) + 1}]"
                    )
        work.entry.change("Two scales become two matrices.")

    def _cells(self, work: "_Work") -> None:
        rows, by_row, _y = self._parts(work, "0")
        columns, by_column, _x = self._parts(work, "1")
        if work.row.get("type") == ":" and self._attribute(work, "multiflexible_checkbox") == "1":
            if self._keep_matrix(work, work.key, rows, columns, {}, multiple=True):
                work.entry.change("Boxes in an array become a matrix of several choices.")
            for code, row in by_row.items():
                for end, column in by_column.items():
                    self._column(
                        work, Slot(question=work.key, kind="mark", row=row, choice=column), f"{code}_{end}"
                    )
            return
        settings = self._settings(work)
        kind: type[Any] = TextQuestion if work.row.get("type") == ";" else NumberQuestion
        parts: dict[str, Any] = {"type": "text"} if kind is TextQuestion else self._number_limits(work)
        row_texts = {one.key: one for one in rows}
        column_texts = {one.key: one for one in columns}
        for code, row in by_row.items():
            for end, column in by_column.items():
                key = self._draft.keys.give(f"{work.key}_{code}_{end}", "q")
                text = _joined(_joined(settings["text"], row_texts[row].text), column_texts[column].text)
                self._draft.add(
                    work.entry,
                    question_of(
                        kind,
                        work.entry,
                        key=key,
                        text=text,
                        required=settings["required"],
                        show_if=row_texts[row].show_if,
                        **parts,
                    ),
                    work.rules,
                )
                slot_kind: Any = "text" if kind is TextQuestion else "number"
                self._column(work, Slot(question=key, kind=slot_kind), f"{code}_{end}")
        count = len(by_row) * len(by_column)
        if not count:
            work.entry.lose("It has no rows or no columns.")
            return
        work.entry.became.append(f"{count} questions, one for each cell.")
        work.entry.change(f"An array of fields becomes {count} questions, one for each cell.")

    def _several(self, work: "_Work") -> None:
        """Several short fields become as many questions."""
        rows, by_row, _parts = self._parts(work)
        settings, number = self._settings(work), work.row.get("type") == "K"
        kind: type[Any] = NumberQuestion if number else TextQuestion
        parts: dict[str, Any] = self._number_limits(work) if number else {"type": "text", **self._most(work)}
        for choice, code in zip(rows, by_row, strict=True):
            key = self._draft.keys.give(f"{work.key}_{code}", "q")
            self._draft.add(
                work.entry,
                question_of(
                    kind,
                    work.entry,
                    key=key,
                    text=_joined(settings["text"], choice.text),
                    required=settings["required"],
                    show_if=choice.show_if,
                    **parts,
                ),
                work.rules,
            )
            self._column(work, Slot(question=key, kind="number" if number else "text"), code)
        work.entry.became.append(f"{len(rows)} questions, one for each field.")
        work.entry.change(f"{len(rows)} fields become as many questions.")

    # -- fields

    def _number_limits(self, work: "_Work") -> dict[str, Any]:
        found: dict[str, Any] = {}
        for ours, theirs in (
            ("low", ("min_num_value_n", "slider_min", "multiflexible_min")),
            ("high", ("max_num_value_n", "slider_max", "multiflexible_max")),
        ):
            for name in theirs:
                value = self._attribute(work, name)
                try:
                    found[ours] = float(value.replace(",", ".")) if value else found.get(ours)
                except ValueError:
                    work.entry.lose(f"The limit {name} is reckoned and not taken over. It was: {value[:200]}")
        whole = self._attribute(work, "num_value_int_only") == "1"
        unit = self.texts_of_attribute(work, "suffix")
        if prefix := self._attribute(work, "prefix"):
            work.entry.change(f"The words before the field are not taken over: {prefix[:60]}")
        return {**found, "decimals": 0 if whole else 4, "unit": unit}

    def _number(self, work: "_Work") -> None:
        self._keep(
            work,
            question_of(
                NumberQuestion, work.entry, key=work.key, **self._number_limits(work), **self._settings(work)
            ),
            "A number.",
        )
        self._column(work, Slot(question=work.key, kind="number"))

    def _date(self, work: "_Work") -> None:
        limits = {}
        for ours, theirs in (("earliest", "date_min"), ("latest", "date_max")):
            value = self._attribute(work, theirs)
            if len(value) == 10 and value[:4].isdigit():
                limits[ours] = value
            elif value:
                work.entry.lose(f"The limit {theirs} is reckoned and not taken over. It was: {value[:200]}")
        self._keep(
            work,
            question_of(DateQuestion, work.entry, key=work.key, **limits, **self._settings(work)),
            "A date.",
        )
        self._column(work, Slot(question=work.key, kind="date"))

    def _most(self, work: "_Work") -> dict[str, int]:
        value = self._attribute(work, "maximum_chars")
        return {"most": int(value)} if value.isdigit() and 0 < int(value) <= 20_000 else {}

    def _text(self, work: "_Work") -> None:
        long = work.row.get("type") != "S"
        if self._attribute(work, "numbers_only") == "1":
            work.entry.change("That only numbers may be written is no longer checked.")
        if self._attribute(work, "location_mapservice") not in ("", "0"):
            work.entry.change("A place on a map becomes words.")
        self._keep(
            work,
            question_of(
                TextQuestion,
                work.entry,
                type="long_text" if long else "text",
                key=work.key,
                **self._most(work),
                **self._settings(work),
            ),
            "Words on several lines." if long else "Words on one line.",
        )
        self._column(work, Slot(question=work.key, kind="text"))

    def _ranking(self, work: "_Work") -> None:
        choices, codes = self._answers(work)
        if not choices:
            work.entry.lose("It has nothing to rank.")
            return
        choices = self._filtered(work, choices, codes)
        self._keep(
            work,
            question_of(
                Ranking,
                work.entry,
                key=work.key,
                choices=tuple(choices),
                most=self._limit(work, "max_answers"),
                **self._settings(work),
            ),
            "A ranking.",
        )
        if value := self._attribute(work, "min_answers"):
            work.entry.change(f"The fewest places ({value[:40]}) are no longer checked.")
        for place in range(1, len(choices) + 1):
            slot = Slot(question=work.key, kind="place", choice=str(place), codes=codes)
            self._column(work, slot, str(place))

    def _statement(self, work: "_Work") -> None:
        settings = self._settings(work)
        self._keep(
            work,
            question_of(Statement, work.entry, key=work.key, text=settings["text"], help=settings["help"]),
            "A statement.",
        )
        self._column(work, Slot(question=work.key, kind="none"))

    def _file(self, work: "_Work") -> None:
        if self._attribute(work, "max_num_of_files") not in ("", "1"):
            work.entry.change("One file can be sent.")
        self._keep(
            work, question_of(FileQuestion, work.entry, key=work.key, **self._settings(work)), "A file."
        )
        for end in ("", "_filecount"):
            self._column(work, Slot(question=work.key, kind="none"), end)


class _Work:
    """One question while it is made."""

    def __init__(self, row: Row, entry: Entry, rules: list[Rule], key: str, base: str) -> None:
        self.row, self.entry, self.rules, self.key, self.base = row, entry, rules, key, base


def _said(choices: list[Choice]) -> dict[str, str]:
    """Return keys by the words of the choices: full exports write words."""
    return {words: choice.key for choice in choices for words in choice.text.values()}


def _joined(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    found = {}
    for language in dict.fromkeys((*first, *second)):
        words = [one.get(language) or next(iter(one.values()), "") for one in (first, second)]
        found[language] = ": ".join(part.rstrip(" :") for part in words if part)
    return found
