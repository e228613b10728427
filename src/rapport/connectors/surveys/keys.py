"""Keys of ours for names of theirs: valid, unique, and recognisable."""

import re

_FOREIGN = re.compile(r"[^A-Za-z0-9_]+")
MOST = 60


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

    def give(self, name: object, prefix: str) -> str:
        """Return a fresh key for a name."""
        wanted = key_like(name, prefix)
        key, number = wanted, 2
        while key.lower() in self._taken:
            tail = f"_{number}"
            key, number = f"{wanted[: MOST - len(tail)]}{tail}", number + 1
        self._taken.add(key.lower())
        return key
