"""Keys of ours for names of theirs: valid, unique, and recognisable."""

import re

from rapport.connectors.surveys.opening import SurveyRefused

_FOREIGN = re.compile(r"[^A-Za-z0-9_]+")
MOST = 60
MOST_NAMES = 20_000


def key_like(name: object, prefix: str) -> str:
    """Return a valid key that looks like the name; one that starts with no letter gets the prefix."""
    words = str(name).strip()
    if words[:1] == "-" and words[1:2].isdigit():
        words = f"minus{words[1:]}"
    key = _FOREIGN.sub("_", words).strip("_")
    if not key or not key[0].isalpha() or not key[0].isascii():
        key = f"{prefix}{key}"
    return key[:MOST]


class Keys:
    """Gives every name a key that no other has."""

    def __init__(self, *taken: str) -> None:
        self._taken = {key.lower() for key in taken}
        self._next: dict[str, int] = {}

    def give(self, name: object, prefix: str) -> str:
        """Return a fresh key for a name; raise SurveyRefused when there are more than any survey has."""
        if len(self._taken) > MOST_NAMES:
            raise SurveyRefused(
                f"The file has more than {MOST_NAMES:,} questions, or choices of one question."
            )
        wanted = key_like(name, prefix)
        # Where the last of this name ended, the next begins: a thousand of one name are no million looks.
        key, number = wanted, self._next.get(wanted, 2)
        while key.lower() in self._taken:
            tail = f"_{number}"
            key, number = f"{wanted[: MOST - len(tail)]}{tail}", number + 1
        self._next[wanted] = number
        self._taken.add(key.lower())
        return key
