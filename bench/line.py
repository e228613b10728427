"""The one form in which every benchmark and drill reports: a JSON object a line."""

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Line:
    """One measured figure beside its floor or peer; `ratio` is value over floor, or without one over peer."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    peer: float | None = None
    goal: float | None = None
    lower_is_better: bool = True
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Return how many times the floor, or else the peer, this is."""
        beside = self.floor if self.floor is not None else self.peer
        return round(self.value / beside, 3) if beside else None

    @property
    def met(self) -> bool | None:
        """Say whether the goal was met; None without a goal."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.lower_is_better else self.value >= self.goal

    def show(self) -> None:
        """Print the line."""
        shown = {key: value for key, value in asdict(self).items() if key != "lower_is_better"}
        shown |= {"ratio": self.ratio, "met": self.met}
        order = ("name", "value", "unit", "floor", "peer", "ratio", "goal", "met", "note")
        sys.stdout.write(json.dumps({key: shown[key] for key in order}, ensure_ascii=False) + "\n")
        sys.stdout.flush()
