"""What the respondent's pages say by themselves is said whole in each of their languages."""

from string import Formatter

import pytest

from rapport.rooms.listening.definition import FEELINGS, direction, tell
from rapport.rooms.listening.definition.messages import TABLES


def names(text: str) -> set[str]:
    return {name for _words, name, _form, _conversion in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TABLES)
def test_each_language_says_everything_with_the_same_values(language: str) -> None:
    table = TABLES[language]
    assert table.keys() == TABLES["en"].keys()
    assert {code: names(said) for code, said in table.items()} == {
        code: names(said) for code, said in TABLES["en"].items()
    }
    assert {f"feeling_{feeling}" for feeling in FEELINGS} <= table.keys()


def test_a_language_we_do_not_speak_is_answered_in_english() -> None:
    assert tell("next", "fi") == "Next"
    assert tell("next", "de-AT") == "Weiter"
    assert tell("choices_few", "nl", fewest=2) == "Kies er ten minste 2."


def test_writing_directions() -> None:
    assert [direction(language) for language in ("ar", "he-IL", "en", "de")] == ["rtl", "rtl", "ltr", "ltr"]
