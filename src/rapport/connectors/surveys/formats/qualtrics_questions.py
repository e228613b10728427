"""The kinds of question in a Qualtrics file, each made one or several of ours."""

from typing import Any

from rapport.connectors.surveys.drafting import Draft, Rule, choices_of, question_of
from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.report import Entry
from rapport.connectors.surveys.slots import Slot
from rapport.connectors.surveys.words import Cleaner, stripped
from rapport.rooms.listening.definition import (
    Choice,
    ConstantSum,
    DateQuestion,
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

Element = dict[str, Any]
_SINGLE = {"SAVR", "SAHR", "SACOL", "DL", "SB"}
_MULTIPLE = {"MAVR", "MAHR", "MACOL", "MSB"}
_LEFT_OUT = {
    "Captcha": "A proof of being human is asked by Rapport itself, where it is needed.",
    "Timing": "Times are not measured.",
    "Meta": "The browser is not asked about itself.",
    "Draw": "A drawing cannot be asked for.",
    "Signature": "A signature cannot be asked for.",
    "HeatMap": "A point on a picture cannot be asked for.",
    "HotSpot": "A point on a picture cannot be asked for.",
    "PGR": "Sorting into groups cannot be asked for.",
    "DD": "A tree of lists cannot be asked for.",
}


class QuestionMaker:
    """Makes our questions and says which columns of a response file belong to them."""

    def __init__(self, draft: Draft, cleaner: Cleaner) -> None:
        self._draft = draft
        self._cleaner = cleaner
        self._slots: dict[str, list[tuple[tuple[str, ...], Slot, str]]] = {}

    def name(self, identity: str, payload: Element) -> str:
        """Give an element its key, before any question is made: pipes and conditions look forward too."""
        return self._draft.keys.give(payload.get("DataExportTag") or identity, "q")

    def located(self, identity: str, path: list[str]) -> list[tuple[Slot, str]]:
        """Return the slots a locator such as SelectableChoice/2 means, each with the code it names."""
        numbers = tuple(part for part in path if part.isdigit())
        answer = bool(path) and path[0] in ("SelectableAnswer",)
        found = []
        for place, slot, code in self._slots.get(identity, []):
            if (answer and numbers and place[-1:] == numbers[-1:] and len(place) > 1) or place == numbers:
                found.append((slot, code))
        if not found and not numbers:
            found = [(slot, "") for place, slot, _code in self._slots.get(identity, []) if not place]
        return found

    def make(self, identity: str, payload: Element, entry: Entry, key: str, rules: list[Rule]) -> None:
        """Put the element's questions into the draft."""
        kind, selector = str(payload.get("QuestionType")), str(payload.get("Selector"))
        self._count(payload)
        made = {
            "MC": self._choice,
            "Matrix": self._matrix,
            "SBS": self._side_by_side,
            "TE": self._text,
            "DB": self._statement,
            "Slider": self._slider,
            "CS": self._shares,
            "RO": self._ranking,
            "FileUpload": self._file,
        }.get(kind)
        if made is None:
            entry.lose(_LEFT_OUT.get(kind, f"Questions of the kind {kind}/{selector} are not known."))
            return
        made(_Work(identity, payload, entry, key, rules, selector, str(payload.get("SubSelector"))))
        self._note_extras(payload, entry)

    def _count(self, payload: Element) -> None:
        self._draft.choices += len(members(payload.get("Choices"))) + len(members(payload.get("Answers")))
        for part in members(payload.get("AdditionalQuestions")).values():
            if isinstance(part, dict):
                self._draft.choices += len(members(part.get("Answers")))

    def _note_extras(self, payload: Element, entry: Entry) -> None:
        if payload.get("QuestionJS"):
            entry.lose("Its script is not taken over; scripts of others never run.")
        if payload.get("DynamicChoices"):
            entry.lose("Choices carried forward are taken as they are written in the file.")
        defaults = payload.get("DefaultChoices")
        if isinstance(defaults, dict) and defaults:
            entry.change("Nothing is chosen beforehand.")
        if payload.get("ChoiceGroups"):
            entry.change("Groups of choices become one list.")
        validation = mapping(mapping(payload.get("Validation")).get("Settings"))
        if validation.get("Type") not in (
            None,
            "",
            "None",
            "MinChar",
            "ContentType",
            "ChoicesTotal",
            "MinChoices",
            "MaxChoices",
            "ForceResponse",
        ):
            entry.lose(f"The check {validation.get('Type')} is not taken over.")
        if validation.get("ForceResponse") == "RequestResponse":
            entry.change("The answer is no longer asked for a second time when left out.")

    # -- texts

    def _text_of(self, payload: Element, name: str = "QuestionText") -> dict[str, str]:
        texts = {self._draft.language: self._cleaner.clean(payload.get(name))}
        for code, translated in mapping(payload.get("Language")).items():
            words = self._cleaner.clean(mapping(translated).get(name))
            if words:
                texts.setdefault(language_of(code, self._draft.language), words)
        return {language: words for language, words in texts.items() if words} or {self._draft.language: "…"}

    def _listed(self, payload: Element, name: str) -> list[tuple[str, dict[str, str], Element]]:
        """Return the members of Choices or Answers in order: id, words by language, and the rest."""
        there = members(payload.get(name))
        order = payload.get("ChoiceOrder" if name == "Choices" else "AnswerOrder")
        wanted = [str(one) for one in order] if isinstance(order, list) else list(there)
        found = []
        for identity in dict.fromkeys([*(one for one in wanted if one in there), *there]):
            choice = mapping(there[identity])
            texts = {self._draft.language: self._cleaner.clean(choice.get("Display"))}
            for code, translated in mapping(payload.get("Language")).items():
                words = mapping(members(mapping(translated).get(name)).get(identity)).get("Display")
                if cleaned := self._cleaner.clean(words):
                    texts.setdefault(language_of(code, self._draft.language), cleaned)
            words_by = {language: words for language, words in texts.items() if words}
            found.append((identity, words_by or {self._draft.language: identity}, choice))
        return found

    def _choices(
        self, payload: Element, name: str, *, open_ones: bool = True
    ) -> tuple[list[Choice], dict[str, str], dict[str, str]]:
        """Return choices, the key by choice id, and the key by what response files write."""
        listed = self._listed(payload, name)
        recodes = members(payload.get("RecodeValues"))
        made, by_id = choices_of((identity, words) for identity, words, _rest in listed)
        codes: dict[str, str] = {}
        for (identity, words, rest), position in zip(listed, range(len(made)), strict=True):
            code = recodes.get(identity, identity)
            choice = made[position]
            made[position] = choice.model_copy(
                update={
                    "value": _number(code),
                    "open": open_ones and on(rest.get("TextEntry")),
                    "exclusive": name == "Choices" and on(rest.get("ExclusiveAnswer")),
                }
            )
            codes[str(code)] = choice.key
            for said in (*words.values(), stripped(rest.get("Display"))):
                codes.setdefault(said, choice.key)
        return made, by_id, codes

    def _settings(self, payload: Element) -> dict[str, Any]:
        validation = mapping(mapping(payload.get("Validation")).get("Settings"))
        return {"text": self._text_of(payload), "required": validation.get("ForceResponse") == "ON"}

    def _keep(self, work: "_Work", question: Any, became: str) -> None:
        work.entry.became.append(became)
        self._draft.add(work.entry, question, work.rules)

    def _slot(self, work: "_Work", slot: Slot, place: tuple[str, ...], code: str = "") -> None:
        self._slots.setdefault(work.identity, []).append((place, slot, code))

    # -- kinds

    def _choice(self, work: "_Work") -> None:
        if work.selector == "NPS":
            return self._likelihood(work)
        multiple = work.selector in _MULTIPLE
        choices, by_id, codes = self._choices(work.payload, "Choices")
        shuffle = mapping(work.payload.get("Randomization")).get("Type") == "All"
        parts = {
            **self._settings(work.payload),
            "key": work.key,
            "choices": tuple(choices),
            "shuffle": shuffle,
        }
        if multiple:
            validation = mapping(mapping(work.payload.get("Validation")).get("Settings"))
            parts |= {
                "fewest": _whole(validation.get("MinChoices")),
                "most": _whole(validation.get("MaxChoices")),
            }
            self._keep(work, question_of(MultipleChoice, work.entry, **parts), "A multiple choice.")
        else:
            parts["choices"] = tuple(choice.model_copy(update={"exclusive": False}) for choice in choices)
            parts["style"] = "drop_down" if work.selector == "DL" else "list"
            self._keep(work, question_of(SingleChoice, work.entry, **parts), "A single choice.")
        if work.selector in ("SB", "MSB"):
            work.entry.change("A select box becomes a list.")
        elif work.selector not in _SINGLE | _MULTIPLE:
            work.entry.change(f"The look {work.selector} becomes a list.")
        self._choice_columns(work, choices, by_id, codes, multiple)
        return None

    def _choice_columns(
        self,
        work: "_Work",
        choices: list[Choice],
        by_id: dict[str, str],
        codes: dict[str, str],
        multiple: bool,
    ) -> None:
        whole = Slot(question=work.key, kind="codes" if multiple else "code", codes=codes)
        self._draft.column(whole, work.tag, work.identity)
        self._slot(work, whole, ())
        recodes, naming = (
            members(work.payload.get("RecodeValues")),
            members(work.payload.get("VariableNaming")),
        )
        for identity, key in by_id.items():
            code = str(recodes.get(identity, identity))
            if multiple:
                # Names of columns are made of recodes, ids of choices where there are none; ImportIds of ids.
                mark = Slot(question=work.key, kind="mark", choice=key)
                self._draft.column(mark, *work.named(code), *work.known(identity))
                self._slot(work, mark, (identity,))
            else:
                self._slot(work, whole, (identity,), code)
        for identity, key in by_id.items() if multiple else ():
            mark = Slot(question=work.key, kind="mark", choice=key)
            for name in filter(None, (identity, str(naming.get(identity, "")))):
                self._draft.column(mark, *work.column(name))
        for choice, (identity, key) in zip(choices, by_id.items(), strict=True):
            if choice.open:
                words = Slot(question=work.key, kind="words", choice=key)
                code = str(recodes.get(identity, identity))
                self._draft.column(words, *work.column(f"{identity}_TEXT"), *work.column(f"{code}_TEXT"))
                self._draft.column(
                    words, f"{work.identity}-{identity}-TEXT", f"{work.identity}-TEXT", f"{work.tag}_TEXT"
                )

    def _likelihood(self, work: "_Work") -> None:
        labels = [
            self._cleaner.clean(mapping(one).get("Display"))
            for one in aslist(work.payload.get("ColumnLabels"))
        ]
        low, high = (*labels, "", "")[0], labels[-1] if len(labels) > 1 else ""
        by_language: list[dict[str, str]] = [{self._draft.language: low}, {self._draft.language: high}]
        for code, translated in mapping(work.payload.get("Language")).items():
            words = [
                self._cleaner.clean(mapping(one).get("Display"))
                for one in aslist(mapping(translated).get("ColumnLabels"))
            ]
            if len(words) > 1:
                by_language[0][language_of(code)], by_language[1][language_of(code)] = words[0], words[-1]
        lows, highs = ({code: words for code, words in one.items() if words} for one in by_language)
        question = question_of(
            Scale,
            work.entry,
            key=work.key,
            type="nps",
            metric="nps",
            low_label=lows,
            high_label=highs,
            **self._settings(work.payload),
        )
        self._keep(work, question, "A likelihood to recommend, 0 to 10.")
        slot = Slot(question=work.key, kind="number")
        self._draft.column(slot, work.tag, work.identity)
        self._slot(work, slot, ())
        for number in range(11):
            self._slot(work, slot, (str(number),), str(number))

    def _matrix(self, work: "_Work") -> None:
        if work.selector == "TE":
            return self._cells(
                work, TextQuestion, {"type": "long_text" if work.sub in ("Long", "Essay") else "text"}, "text"
            )
        if work.selector in ("CS", "RO", "Profile"):
            work.entry.lose(f"A matrix of the kind {work.selector} is not known.")
            return None
        if work.selector == "MaxDiff":
            work.entry.change(
                "Best and worst become a matrix; that each is chosen once is no longer checked."
            )
        elif work.selector == "Bipolar":
            work.entry.change("A scale between two words becomes a matrix with the left one only.")
        if work.sub in ("DL", "DND"):
            work.entry.change("Lists or dragging become a matrix of choices.")
        multiple = work.sub in ("MultipleAnswer", "DND")
        rows, by_row, _codes = self._choices(work.payload, "Choices")
        columns, by_column, codes = self._choices(work.payload, "Answers", open_ones=False)
        rows = [row.model_copy(update={"exclusive": False, "value": None}) for row in rows]
        columns = [column.model_copy(update={"exclusive": False}) for column in columns]
        if not rows or not columns:
            work.entry.lose("It has no rows or no columns.")
            return None
        self._keep(
            work,
            question_of(
                Matrix,
                work.entry,
                key=work.key,
                rows=tuple(rows),
                columns=tuple(columns),
                multiple=multiple,
                **self._settings(work.payload),
            ),
            "A matrix of several choices." if multiple else "A matrix.",
        )
        self._matrix_columns(work, rows, by_row, by_column, codes, multiple)
        return None

    def _matrix_columns(
        self,
        work: "_Work",
        rows: list[Choice],
        by_row: dict[str, str],
        by_column: dict[str, str],
        codes: dict[str, str],
        multiple: bool,
    ) -> None:
        tags = mapping(work.payload.get("ChoiceDataExportTags")) or members(
            work.payload.get("ChoiceDataExportTags")
        )
        recodes = members(work.payload.get("RecodeValues"))
        self._slot(work, Slot(question=work.key, kind="code"), ())
        for row, (row_id, row_key) in zip(rows, by_row.items(), strict=True):
            own = str(tags.get(row_id) or "")
            whole = Slot(question=work.key, kind="code", row=row_key, codes=codes)
            names = [*work.column(row_id), own, f"{work.tag}_{own}" if own else "", *work.mixed(row_id, own)]
            kind: Any = "codes" if multiple else "code"
            self._draft.column(whole.model_copy(update={"kind": kind}), *names)
            if not multiple:
                self._slot(work, whole, (row_id,))
            for column_id, column_key in by_column.items():
                code = str(recodes.get(column_id, column_id))
                if multiple:
                    mark = Slot(question=work.key, kind="mark", row=row_key, choice=column_key)
                    for end in dict.fromkeys((column_id, code)):
                        self._draft.column(mark, *(f"{name}_{end}" for name in names if name))
                        self._draft.column(mark, f"{work.identity}-{row_id}-{end}")
                    self._slot(work, mark, (row_id, column_id))
                else:
                    self._slot(work, whole, (row_id, column_id), code)
            if row.open:
                words = Slot(question=work.key, kind="words", choice=row_key)
                self._draft.column(words, *(f"{name}_TEXT" for name in names if name))
                self._draft.column(words, f"{work.identity}-{row_id}-TEXT", f"{work.tag}{own}_TEXT")

    def _cells(self, work: "_Work", kind: type[Any], parts: dict[str, Any], slot_kind: Any) -> None:
        """A matrix of fields becomes one question for each of its cells."""
        rows, columns = self._listed(work.payload, "Choices"), self._listed(work.payload, "Answers")
        settings, made = self._settings(work.payload), 0
        tags = members(work.payload.get("ChoiceDataExportTags"))
        for row_id, row, rest in rows:
            if columns and on(rest.get("TextEntry")):
                work.entry.lose("Words beside a row are not asked for.")
                self._draft.column(Slot(question=work.key, kind="none"), *work.column(f"{row_id}_TEXT"))
            for column_id, column, _more in columns or [("", {}, {})]:
                made += 1
                key = self._draft.keys.give(f"{work.key}_{row_id}_{column_id}".rstrip("_"), "q")
                text = beside(beside(settings["text"], row), column)
                self._draft.add(
                    work.entry,
                    question_of(kind, work.entry, key=key, text=text, required=settings["required"], **parts),
                    work.rules,
                )
                slot = Slot(question=key, kind=slot_kind)
                own = str(tags.get(row_id) or "")
                for row_name in filter(None, (row_id, own)):
                    name = f"{row_name}_{column_id}" if column_id else row_name
                    self._draft.column(
                        slot,
                        *work.column(name),
                        *work.column(f"{name}_TEXT"),
                        *work.mixed(f"{name}_TEXT", ""),
                    )
                    self._draft.column(
                        slot, *([f"{own}_{column_id}", f"{own}_{column_id}_TEXT"] if own else [])
                    )
                    self._draft.column(
                        slot, f"{own}: {work.number}_{column_id}_TEXT" if own and work.number else ""
                    )
                self._draft.column(
                    slot,
                    f"{work.identity}-{row_id}-{column_id}-TEXT",
                    f"{work.identity}-{row_id}-{column_id}",
                    *work.mixed(f"{row_id}_{column_id}_TEXT", own and f"{own}_{column_id}_TEXT"),
                )
                self._slot(work, slot, tuple(filter(None, (row_id, column_id))))
        work.entry.became.append(f"{made} questions, one for each cell.")
        work.entry.change(f"A matrix of fields becomes {made} questions, one for each cell.")

    def _side_by_side(self, work: "_Work") -> None:
        """A side-by-side question becomes one matrix, or set of fields, for each of its columns."""
        parts = members(work.payload.get("AdditionalQuestions"))
        for number, raw in parts.items():
            part = dict(mapping(raw))
            part.setdefault("Choices", work.payload.get("Choices"))
            part.setdefault("ChoiceOrder", work.payload.get("ChoiceOrder"))
            part["Validation"] = work.payload.get("Validation")
            heading = beside(self._text_of(work.payload), self._text_of(part))
            part["QuestionText"] = heading.get(self._draft.language, "").replace("{{", "{")
            if not part.get("ChoiceDataExportTags"):
                part["ChoiceDataExportTags"] = work.payload.get("ChoiceDataExportTags")
            key = self._draft.keys.give(f"{work.key}_{number}", "q")
            inner = _Work(
                f"{work.identity}#{number}",
                part,
                work.entry,
                key,
                work.rules,
                str(part.get("Selector")),
                str(part.get("SubSelector")),
                parent=work.tag,
                number=str(part.get("AnswerDataExportTag") or number),
                tag=str(part.get("DataExportTag") or f"{work.tag}#{number}"),
            )
            if str(part.get("QuestionType")) == "TE":
                self._cells(inner, TextQuestion, {"type": "text"}, "text")
            else:
                self._matrix(inner)
        work.entry.change(f"Side by side becomes {len(parts)} questions, one for each of its columns.")

    def _text(self, work: "_Work") -> None:
        if work.selector == "FORM":
            work.payload["Answers"] = None
            return self._cells(work, TextQuestion, {"type": "text"}, "text")
        settings = mapping(mapping(work.payload.get("Validation")).get("Settings"))
        content = str(settings.get("ContentType") or "")
        parts = {**self._settings(work.payload), "key": work.key}
        kind: Any = "text"
        if content == "ValidNumber":
            limits = mapping(settings.get("ValidNumber"))
            low, high = _number(limits.get("Min")), _number(limits.get("Max"))
            decimals = _whole(limits.get("NumDecimals")) or 0
            question = question_of(NumberQuestion, work.entry, low=low, high=high, decimals=decimals, **parts)
            self._keep(work, question, "A number.")
            kind = "number"
        elif content == "ValidDate":
            self._keep(work, question_of(DateQuestion, work.entry, **parts), "A date.")
            kind = "date"
        else:
            if content.startswith("Valid"):
                work.entry.change(f"The check {content} is not taken over.")
            if work.selector == "PW":
                work.entry.change("What is typed is no longer hidden.")
            if settings.get("MinChars"):
                work.entry.change("The fewest signs are no longer checked.")
            most = _whole(settings.get("TotalChars")) or 4000
            long = work.selector in ("ML", "ESTB")
            question = question_of(
                TextQuestion,
                work.entry,
                type="long_text" if long else "text",
                most=min(max(most, 1), 20_000),
                **parts,
            )
            self._keep(work, question, "Words on several lines." if long else "Words on one line.")
        slot = Slot(question=work.key, kind=kind)
        self._draft.column(
            slot,
            work.tag,
            f"{work.tag}_TEXT",
            f"{work.identity}-TEXT",
            f"{work.identity}_TEXT",
            work.identity,
        )
        self._slot(work, slot, ())
        return None

    def _statement(self, work: "_Work") -> None:
        self._keep(
            work,
            question_of(Statement, work.entry, key=work.key, text=self._text_of(work.payload)),
            "A statement.",
        )
        self._draft.column(Slot(question=work.key, kind="none"), work.tag, work.identity)
        if work.selector not in ("TB", "None"):
            work.entry.change("Its picture or file is not taken over.")

    def _slider(self, work: "_Work") -> None:
        configuration = mapping(work.payload.get("Configuration"))
        rows, settings = self._listed(work.payload, "Choices"), self._settings(work.payload)
        single = len(rows) == 1
        for row_id, row, _rest in rows:
            key = work.key if single else self._draft.keys.give(f"{work.key}_{row_id}", "q")
            text = settings["text"] if single and work.selector == "STAR" else beside(settings["text"], row)
            base = {"key": key, "text": text, "required": settings["required"]}
            if work.selector == "STAR":
                stars = _whole(configuration.get("StarCount")) or 5
                question = question_of(
                    Scale, work.entry, type="rating", low=1, high=stars, style="stars", **base
                )
            else:
                low, high = (
                    _number(configuration.get("CSSliderMin")),
                    _number(configuration.get("CSSliderMax")),
                )
                decimals = _whole(configuration.get("NumDecimals")) or 0
                question = question_of(
                    NumberQuestion, work.entry, low=low, high=high, decimals=decimals, **base
                )
            self._draft.add(work.entry, question, work.rules)
            slot = Slot(question=key, kind="number")
            self._draft.column(slot, *work.column(row_id), f"{work.identity}-{row_id}")
            self._slot(work, slot, (row_id,))
        what = "ratings in stars" if work.selector == "STAR" else "numbers"
        work.entry.became.append(f"{len(rows)} {what}.")
        if work.selector != "STAR" or not single:
            work.entry.change(f"A slider becomes {len(rows)} {what}.")
        if members(work.payload.get("Labels")):
            work.entry.change("The words along the slider are not taken over.")

    def _shares(self, work: "_Work") -> None:
        choices, by_id, _codes = self._choices(work.payload, "Choices")
        settings = mapping(mapping(work.payload.get("Validation")).get("Settings"))
        total = _number(settings.get("ChoiceTotal")) or 100
        self._keep(
            work,
            question_of(
                ConstantSum,
                work.entry,
                key=work.key,
                choices=tuple(choices),
                total=total,
                **self._settings(work.payload),
            ),
            "A constant sum.",
        )
        for identity, key in by_id.items():
            slot = Slot(question=work.key, kind="share", choice=key)
            self._draft.column(slot, *work.column(identity))
            self._slot(work, slot, (identity,))

    def _ranking(self, work: "_Work") -> None:
        choices, by_id, _codes = self._choices(work.payload, "Choices", open_ones=False)
        self._keep(
            work,
            question_of(
                Ranking, work.entry, key=work.key, choices=tuple(choices), **self._settings(work.payload)
            ),
            "A ranking.",
        )
        for identity, key in by_id.items():
            self._draft.column(Slot(question=work.key, kind="position", choice=key), *work.column(identity))

    def _file(self, work: "_Work") -> None:
        self._keep(
            work,
            question_of(FileQuestion, work.entry, key=work.key, **self._settings(work.payload)),
            "A file.",
        )


class _Work:
    """One element while it is made: where it stands and how its columns may be named."""

    def __init__(
        self,
        identity: str,
        payload: Element,
        entry: Entry,
        key: str,
        rules: list[Rule],
        selector: str,
        sub: str,
        *,
        parent: str = "",
        number: str = "",
        tag: str = "",
    ) -> None:
        self.identity, self.payload, self.entry, self.key, self.rules = identity, payload, entry, key, rules
        self.selector, self.sub = selector, sub
        self.parent, self.number = parent, number
        self.tag = tag or str(payload.get("DataExportTag") or identity)

    def column(self, end: str) -> list[str]:
        """Return the names a column of one choice has in the exports of different years."""
        return [*self.named(end), *self.known(end)]

    def named(self, end: str) -> list[str]:
        """Return the names made of the question's tag."""
        return [f"{self.tag}_{end}", f"{self.tag}_{self.tag}_{end}", f"{self.tag} - {end}"]

    def known(self, end: str) -> list[str]:
        """Return the names made of the question's id."""
        return [f"{self.identity}-{end}", f"{self.identity}_{end}"]

    def mixed(self, end: str, own: str) -> list[str]:
        """Return the further names in side-by-side questions: `Q4_1: 2`, `Q4#2_1`."""
        if not self.number:
            return []
        before = f"{self.parent}#{self.number}"
        row, _, rest = end.partition("_")
        names = [
            f"{before}_{end}",
            f"{self.parent}_{end}: {self.number}",
            f"{self.parent}_{row}: {self.number}_{rest}",
            f"{before}_{self.parent}_{end}_{self.number}",
        ]
        return [*names, *([f"{own}: {self.number}", f"{before}_{own}"] if own else [])]


def beside(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """Write two texts into one, language by language."""
    joined = {}
    for language in dict.fromkeys((*first, *second)):
        words = [one.get(language) or next(iter(one.values()), "") for one in (first, second)]
        joined[language] = ": ".join(part.rstrip(" :") for part in words if part)
    return joined


def on(value: Any) -> bool:
    """Say whether a setting of theirs is switched on."""
    return value in (True, 1, "on", "true", "ON", "1", "True")


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping, empty for anything else."""
    return value if isinstance(value, dict) else {}


def aslist(value: Any) -> list[Any]:
    """Return a list, empty for anything else."""
    return value if isinstance(value, list) else []


def members(value: Any) -> dict[str, Any]:
    """Return members of what is a mapping in one file and a list in the next."""
    if isinstance(value, list):
        return {str(number): one for number, one in enumerate(value)}
    return {str(key): one for key, one in mapping(value).items()}


def _number(value: Any) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number > 0 else None
