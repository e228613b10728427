"""How much work a pattern of an author is before it is even tried: repeats inside repeats multiply."""

import re
from functools import lru_cache

MOST_STEPS = 20_000
MOST_SIGNS = 1_000
_REPEAT = re.compile(r"\{([0-9]{1,9})?(?:(,)([0-9]{1,9})?)?\}")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


@lru_cache(maxsize=2_000)
def is_too_big(pattern: str) -> bool:
    """Say whether a pattern would take for ever, or all memory, before it could be matched with anything."""
    return len(pattern) > MOST_SIGNS or _steps(pattern) > MOST_STEPS


def _steps(pattern: str) -> int:
    """Return how many single signs a pattern stands for with every repeat written out."""
    levels, last, at = [0], 0, 0
    while at < len(pattern):
        sign = pattern[at]
        found = (
            _CLASS.match(pattern, at) if sign == "[" else _REPEAT.match(pattern, at) if sign == "{" else None
        )
        if sign == "{" and found and (found[1] or found[3]):
            times = max(int(found[1] or 0), int(found[3] or 0), 1)
            levels[-1] += last * (times - 1)
            last, at = last * times, found.end()
            continue
        if sign == "(":
            levels.append(0)
        elif sign == ")" and len(levels) > 1:
            last = levels.pop()
            levels[-1] += last
        else:
            last = 1
            levels[-1] += 1
        at = found.end() if found and sign == "[" else at + (2 if sign == "\\" else 1)
    return sum(levels)
