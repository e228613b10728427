"""Qualtrics survey files (.qsf): blocks and flow become pages and branches, elements become questions."""

import re
from collections.abc import Iterator
from typing import Any

from rapport.connectors.surveys.comparing import Untranslatable, all_of, any_of, compare
from rapport.connectors.surveys.drafting import Draft, DraftPage, Imported, Rule
from rapport.connectors.surveys.formats.qualtrics_questions import Element, QuestionMaker
from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.report import Entry
from rapport.connectors.surveys.slots import Slot
from rapport.connectors.surveys.words import Cleaner, stripped
from rapport.rooms.listening.definition import Condition, Operator, Part, Split, SplitArm, Subject

_PIPE = r"\$\{[^{}]*\}"
_CONTACT = {
    "m://firstname": "contact.first_name",
    "e://field/recipientfirstname": "contact.first_name",
    "e://field/q_language": "contact.language",
}
_SIGNS = {
    "EqualTo": "==",
    "NotEqualTo": "!=",
    "GreaterThan": ">",
    "GreaterThanOrEqual": ">=",
    "LessThan": "<",
    "LessThanOrEqual": "<=",
    "Contains": "contains",
    "DoesNotContain": "lacks",
    "Empty": "empty",
    "NotEmpty": "filled",
}
_LOCATOR = re.compile(r"q://(QID[0-9]+(?:#[0-9]+)?)(?:/(.*))?$")
_MOST_FLOW = 50


def read_qualtrics(document: Any) -> Imported:
    """Take over a parsed .qsf; raise SurveyRefused when it is none."""
    return _Reader(document).read()


def is_qualtrics(document: Any) -> bool:
    """Say whether parsed JSON is a Qualtrics survey."""
    return isinstance(document, dict) and isinstance(document.get("SurveyElements"), list)


class _Reader:
    """Reads one file."""

    def __init__(self, document: dict[str, Any]) -> None:
        about = _mapping(document.get("SurveyEntry"))
        self._elements = [one for one in document["SurveyElements"] if isinstance(one, dict)]
        questions = [_mapping(one.get("Payload")) for one in self._of("SQ")]
        self._found: dict[str, Element] = {}
        for number, (payload, whole) in enumerate(zip(questions, self._of("SQ"), strict=True)):
            name = str(payload.get("QuestionID") or whole.get("PrimaryAttribute") or f"element {number + 1}")
            self._found.setdefault(name, payload)
        language = language_of(about.get("SurveyLanguage"))
        options = next((_mapping(one.get("Payload")) for one in self._of("SO")), {})
        more = list(_mapping(options.get("AvailableLanguages")))
        for payload in questions:
            more += list(_mapping(payload.get("Language")))
        self._draft = Draft("Qualtrics QSF", language, (language_of(code, language) for code in more))
        self._cleaner = Cleaner(_PIPE, self._pipe)
        self._draft.title = {language: self._cleaner.clean(about.get("SurveyName")) or "Untitled"}
        self._draft.questions = len(questions)
        self._maker = QuestionMaker(self._draft, self._cleaner)
        self._entries: dict[str, Entry] = {}
        self._keys = {name: self._maker.name(name, payload) for name, payload in self._found.items()}
        self._flow = self._draft.entry("(survey flow)")
        self._pages_of: dict[str, list[DraftPage]] = {}
        self._shown: dict[str, list[list[Rule]]] = {}
        self._where: dict[str, DraftPage] = {}
        self._skips: list[tuple[DraftPage, str, dict[str, Any]]] = []
        self._logic = 0

    def _of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self._elements if one.get("Element") == kind]

    def read(self) -> Imported:
        blocks = self._blocks()
        self._draft.groups = len(blocks)
        order = self._order(blocks)
        targets = {
            str(skip.get("SkipToDestination"))
            for block in blocks.values()
            for element in _listed(block.get("BlockElements"))
            for skip in _listed(_mapping(element).get("SkipLogic"))
        }
        for name in order:
            self._read_block(name, blocks[name], targets)
        self._follow_flow()
        self._leap()
        for name, payload in self._found.items():
            if name not in self._entries:
                entry = self._draft.entry(
                    payload.get("DataExportTag") or name, stripped(payload.get("QuestionText"))
                )
                entry.lose("It lies in the trash of the original, or in no block of it, and is asked nobody.")
                self._draft.choices += len(_members(payload.get("Choices"))) + len(
                    _members(payload.get("Answers"))
                )
        self._draft.counts |= {"blocks": len(blocks), "display_logic": self._logic}
        if not (self._flow.changed or self._flow.unsupported):
            self._draft.entries.remove(self._flow)
        return self._draft.finish()

    # -- blocks become pages

    def _blocks(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for element in self._of("BL"):
            payload = element.get("Payload")
            for block in _members(payload).values():
                if isinstance(block, dict):
                    found[str(block.get("ID") or f"block {len(found) + 1}")] = block
        return found

    def _order(self, blocks: dict[str, dict[str, Any]]) -> list[str]:
        """Return the blocks in the order of the flow; those it never comes to stay out."""
        flow = [name for name in self._flow_blocks() if name in blocks]
        asked = [name for name, block in blocks.items() if block.get("Type") != "Trash"]
        return list(dict.fromkeys(flow)) if flow else asked

    def _flow_blocks(self) -> Iterator[str]:
        for element in self._of("FL"):
            yield from _walk(_mapping(element.get("Payload")), 0)

    def _read_block(self, name: str, block: dict[str, Any], targets: set[str]) -> None:
        title = {self._draft.language: self._cleaner.clean(block.get("Description"))}
        self._cleaner.taken()
        page = self._new_page(name, title)
        for raw in _listed(block.get("BlockElements")):
            element = _mapping(raw)
            if element.get("Type") == "Page Break":
                page = self._new_page(name, {}) if page.questions else page
            elif element.get("Type") == "Question" and str(element.get("QuestionID")) in self._found:
                identity = str(element["QuestionID"])
                if identity in self._entries:
                    continue
                if identity in targets and page.questions:
                    page = self._new_page(name, {})
                self._read_question(identity, page)
                if skips := _listed(element.get("SkipLogic")):
                    self._skips += [(page, identity, _mapping(skip)) for skip in skips]
                    page = self._new_page(name, {})
        if _mapping(block.get("Options")).get("RandomizeQuestions") not in (None, False, "false", ""):
            for made in self._pages_of[name]:
                made.shuffle = True
        if _mapping(block.get("Options")).get("Looping") not in (None, "None", False):
            self._flow.lose(f"Block {block.get('Description')}: it repeats for each item; it is asked once.")

    def _new_page(self, block: str, title: dict[str, str]) -> DraftPage:
        page = self._draft.page(next(iter(title.values()), "") or "page", title)
        self._pages_of.setdefault(block, []).append(page)
        return page

    def _read_question(self, identity: str, page: DraftPage) -> None:
        payload = self._found[identity]
        entry = self._draft.entry(
            payload.get("DataExportTag") or identity, stripped(payload.get("QuestionText"))
        )
        self._entries[identity], self._where[identity] = entry, page
        rules: list[Rule] = []
        if logic := payload.get("DisplayLogic"):
            self._logic += 1
            rules.append(Rule(lambda: self._boolean(logic), _told(logic)))
        self._maker.make(identity, payload, entry, self._keys[identity], rules)
        entry.change(*self._cleaner.taken())

    # -- flow

    def _follow_flow(self) -> None:
        for element in self._of("FL"):
            self._follow(_listed(_mapping(element.get("Payload")).get("Flow")), [], 0, None)
        for name, ways in self._shown.items():
            if any(not way for way in ways):
                if len(ways) > 1:
                    self._flow.change(
                        f"Block {name} comes up {len(ways)} times in the flow; it is asked once."
                    )
                continue
            if len(ways) > 1:
                self._flow.change(f"Block {name} comes up {len(ways)} times in the flow; it is asked once.")
            for page in self._pages_of.get(name, []):
                page.shown.append((self._flow, _joined(ways)))

    def _follow(
        self, flow: list[Any], rules: list[Rule], depth: int, last: DraftPage | None
    ) -> DraftPage | None:
        if depth > _MOST_FLOW:
            raise SurveyRefused("The survey flow is nested deeper than any survey needs.")
        for raw in flow:
            step = _mapping(raw)
            kind, inside = step.get("Type"), _listed(step.get("Flow"))
            if kind in ("Block", "Standard") and str(step.get("ID")) in self._pages_of:
                name = str(step["ID"])
                self._shown.setdefault(name, []).append(rules)
                last = self._pages_of[name][-1]
            elif kind == "Branch":
                last = self._branch(step, inside, rules, depth, last)
            elif kind == "BlockRandomizer":
                last = self._randomizer(step, inside, rules, depth, last)
            elif kind == "Group":
                last = self._follow(inside, rules, depth + 1, last)
            elif kind == "EndSurvey":
                if depth == 0 and raw is not flow[-1]:
                    self._flow.lose("An end in the middle of the flow; what follows it is asked.")
            elif kind == "EmbeddedData":
                fields = [str(_mapping(one).get("Field")) for one in _listed(step.get("EmbeddedData"))]
                self._flow.lose(f"Embedded data is not taken over: {', '.join(fields)[:300]}.")
            elif kind is not None and kind not in ("Block", "Standard"):
                self._flow.lose(f"A step of the kind {kind} is not taken over.")
                last = self._follow(inside, rules, depth + 1, last)
        return last

    def _branch(
        self, step: dict[str, Any], inside: list[Any], rules: list[Rule], depth: int, last: DraftPage | None
    ) -> DraftPage | None:
        logic = step.get("BranchLogic")
        rule = Rule(lambda: self._boolean(logic), _told(logic))
        ends = [one for one in inside if _mapping(one).get("Type") == "EndSurvey"]
        if ends and all(_mapping(one).get("Type") in ("EndSurvey", "EmbeddedData") for one in inside):
            if last is None:
                self._flow.lose(f"The survey may end before its first page. It was: {rule.original}")
            else:
                last.branches.append((self._flow, _with(rules, rule), "end"))
                self._flow.change(
                    "An end inside a branch leads to the usual thanks; its own message is not taken over."
                )
            return last
        return self._follow(inside, [*rules, rule], depth + 1, last)

    def _randomizer(
        self, step: dict[str, Any], inside: list[Any], rules: list[Rule], depth: int, last: DraftPage | None
    ) -> DraftPage | None:
        arms = [_mapping(one) for one in inside]
        if _whole(step.get("SubSet")) != 1 or len(arms) < 2:
            if len(arms) > 1:
                self._flow.lose(
                    f"{step.get('SubSet')} of {len(arms)} blocks at random: all are asked, as written."
                )
            return self._follow(inside, rules, depth + 1, last)
        split = Split(
            key=self._draft.keys.give(f"split_{step.get('FlowID', '')}", "split"),
            arms=tuple(SplitArm(key=f"arm{number}") for number in range(1, len(arms) + 1)),
        )
        self._draft.splits.append(split)
        self._flow.change(f"A randomizer of {len(arms)} ways becomes the split {split.key}.")
        for arm, one in zip(split.arms, arms, strict=True):
            part = Part(subject=Subject(kind="split", key=split.key), operator=Operator.IS, value=arm.key)
            chosen = Rule(lambda part=part: part, f"{split.key} is {arm.key}")  # type: ignore[misc]
            last = self._follow([one], [*rules, chosen], depth + 1, last)
        return last

    # -- skipping

    def _leap(self) -> None:
        """A skip leads from the end of its page to the page that begins with its target."""
        for page, identity, skip in self._skips:
            entry = self._entries[identity]
            to = self._target(page, str(skip.get("SkipToDestination")))
            told = stripped(skip.get("Description")) or str(skip.get("Locator"))
            if to is None:
                entry.lose(f"A skip that leads nowhere later is not taken over. It was: {told}")
                continue
            entry.change("A skip becomes a branch at the end of its page; the page ends after the question.")
            locator, operator = (
                str(skip.get("Locator") or skip.get("ChoiceLocator")),
                str(skip.get("Condition")),
            )
            expression = {"LogicType": "Question", "LeftOperand": locator, "Operator": operator, **skip}
            page.branches.append((entry, Rule(lambda one=expression: self._expression(one), told), to))  # type: ignore[misc]

    def _target(self, page: DraftPage, destination: str) -> str | None:
        pages = self._draft.pages
        at = pages.index(page)
        if destination == "ENDOFSURVEY":
            return "end"
        if destination == "ENDOFBLOCK":
            own = next(made for made in self._pages_of.values() if page in made)
            after = pages[pages.index(own[-1]) + 1 :]
            return next((one.key for one in after if one.questions), "end")
        found = self._where.get(destination)
        return found.key if found and pages.index(found) > at else None

    # -- conditions

    def _boolean(self, logic: Any) -> Condition:
        """Read `{"0": {"0": expression, "Type": "If"}, "Type": "BooleanExpression"}`; and binds before or."""
        groups: list[tuple[str, Condition]] = []
        for group in _numbered(logic):
            steps = [
                (str(one.get("Conjuction") or one.get("Conjunction") or "And"), one)
                for one in _numbered(group)
            ]
            joined = _by_conjunction([(how, self._expression(one)) for how, one in steps])
            groups.append(("And" if str(group.get("Type")).startswith("And") else "Or", joined))
        if not groups:
            raise Untranslatable("it is empty")
        return _by_conjunction(groups)

    def _expression(self, one: dict[str, Any]) -> Condition:
        if one.get("LogicType") != "Question":
            raise Untranslatable(f"it looks at {one.get('LogicType') or 'nothing we know'}, not at an answer")
        found = _LOCATOR.match(str(one.get("LeftOperand") or one.get("ChoiceLocator") or ""))
        if found is None or found[1] not in self._keys:
            raise Untranslatable("it looks at a question that is not there")
        operator = str(one.get("Operator"))
        slots = self._maker.located(found[1], (found[2] or "").split("/"))
        if not slots:
            raise Untranslatable(f"it looks at {found[0]}, which is not taken over")
        if operator in ("Selected", "NotSelected"):
            chosen = any_of([_chosen(slot, value) for slot, value in slots])
            if operator == "Selected":
                return chosen
            return all_of([_chosen(slot, value, wanted=False) for slot, value in slots])
        if operator not in _SIGNS:
            raise Untranslatable(f"it asks whether something is {operator}")
        return any_of([compare(slot, _SIGNS[operator], one.get("RightOperand")) for slot, _value in slots])

    # -- pipes

    def _pipe(self, pipe: str) -> str | None:
        inside = pipe[2:-1]
        if inside.lower() in _CONTACT:
            return _CONTACT[inside.lower()]
        found = _LOCATOR.match(inside)
        if (
            found
            and found[1] in self._keys
            and (found[2] or "").split("/")[0]
            in (
                "ChoiceGroup",
                "ChoiceTextEntryValue",
                "ChoiceNumericEntryValue",
                "QuestionText",
            )
        ):
            return None if "QuestionText" in (found[2] or "") else self._keys[found[1]]
        return None


def _chosen(slot: Slot, value: str, *, wanted: bool = True) -> Condition:
    if slot.kind == "mark":
        return compare(slot, "contains" if wanted else "lacks")
    return compare(slot, "==" if wanted else "!=", value)


def _by_conjunction(steps: list[tuple[str, Condition]]) -> Condition:
    """Join conditions by the word before each; and binds before or."""
    if not steps:
        raise Untranslatable("it is empty")
    either: list[list[Condition]] = [[steps[0][1]]]
    for how, condition in steps[1:]:
        if how.lower() == "or":
            either.append([condition])
        else:
            either[-1].append(condition)
    return any_of([all_of(both) for both in either])


def _with(rules: list[Rule], rule: Rule) -> Rule:
    everything = [*rules, rule]
    return Rule(
        lambda: all_of([one.make() for one in everything]), " and ".join(one.original for one in everything)
    )


def _joined(ways: list[list[Rule]]) -> Rule:
    def make() -> Condition:
        return any_of([all_of([rule.make() for rule in way]) for way in ways])

    return Rule(make, " or ".join(" and ".join(rule.original for rule in way) for way in ways))


def _told(logic: Any) -> str:
    """Write a condition of theirs as they describe it."""
    words = [stripped(one.get("Description")) for group in _numbered(logic) for one in _numbered(group)]
    return " ".join(" ".join(word.split()) for word in words if word)[:500] or str(logic)[:300]


def _numbered(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [one for one in value if isinstance(one, dict)]
    return [one for key, one in _mapping(value).items() if str(key).isdigit() and isinstance(one, dict)]


def _walk(step: dict[str, Any], depth: int) -> Iterator[str]:
    if depth > _MOST_FLOW:
        raise SurveyRefused("The survey flow is nested deeper than any survey needs.")
    if step.get("Type") in ("Block", "Standard"):
        yield str(step.get("ID"))
    for inner in _listed(step.get("Flow")):
        yield from _walk(_mapping(inner), depth + 1)


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _members(value: Any) -> dict[str, Any]:
    """Return members of what is a mapping in one file and a list in the next."""
    if isinstance(value, list):
        return {str(number): one for number, one in enumerate(value)}
    return {str(key): one for key, one in _mapping(value).items()}
