# %% [markdown]
# # What moves our customers: a page worked out again
#
# This notebook reads the answers behind the page of drivers through the API, works everything out with
# `rapport.stats`, and compares it with what the page says, to the last digit shown.
#
# It needs a token (Profile, Tokens for programs) of somebody who may export:
#
#     RAPPORT_URL=https://rapport.example.com RAPPORT_TOKEN=... python docs/notebooks/drivers.py
#
# The cells are marked with `# %%`, so that Jupyter, VS Code and Spyder open this file as a notebook.

# %% Where the answers come from
import json
import os
import urllib.parse
import urllib.request
from typing import Any

import numpy as np

from rapport import stats

URL, TOKEN = os.environ["RAPPORT_URL"].rstrip("/"), os.environ["RAPPORT_TOKEN"]
QUERY = urllib.parse.parse_qsl(os.environ.get("RAPPORT_QUERY", "metric=nps&by=role"))


def read(path: str, query: list[tuple[str, str]]) -> Any:
    """Read one address of the API."""
    address = f"{URL}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


# %% What the page says, and the answers behind it
page = read("drivers", QUERY)
answers = read("drivers/answers", QUERY)
column = {name: at for at, name in enumerate(answers["columns"])}
rows = answers["rows"]


def scores(key: str) -> np.ndarray:
    """Return a metric's scores, one an answer; NaN where it was not given."""
    values = [row[column[f"score {key}"]] for row in rows]
    return np.array([np.nan if value is None else value for value in values], dtype=float)


ratings = {one["key"]: scores(one["key"]) for one in page["drivers"]}
outcome = scores(page["outcome"])
customers = [row[column["cluster"]] for row in rows]
print(f"{len(rows)} answers of {len(set(customers))} customers or lone answers")

# %% How much each rating counts, with its range
found = stats.key_drivers(ratings, outcome, clusters=np.array(customers))
for driver in sorted(found.drivers, key=lambda one: -(one.share.value or 0)):
    share = driver.share
    print(f"{driver.name:<24} {share.value:6.1%}  {share.low:.1%} to {share.high:.1%}")

# %% By group: approvers, users and the others
by = page["by"]
if by != "none":
    named = [not row[column["anonymous"]] for row in rows]
    labels = [row[column[by]] for row in rows]
    kept = [is_named and label in {one["key"] for one in page["groups"]}
            for is_named, label in zip(named, labels, strict=True)]  # fmt: skip
    inside = np.array(kept)
    compared = stats.compare_drivers(
        {key: values[inside] for key, values in ratings.items()},
        outcome[inside],
        [label for label, keep in zip(labels, kept, strict=True) if keep],
        clusters=np.array(customers)[inside],
    )
    for label, group in compared.segments.items():
        lead = stats.leading_driver(group)
        sure = "" if lead and lead.is_proven else " (not proven)"
        print(f"{label:<16} {lead.name if lead else group.reason}{sure}")

# %% What one half more on the first rating would bring
first = page["drivers"][0]["key"]
gain = stats.what_if(found, {first: 0.5})
print(f"half a point more on {first}: {gain.value:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})")

# %% The page says the same
differences = [
    abs(mine - theirs)
    for driver, told in zip(found.drivers, page["drivers"], strict=True)
    for mine, theirs in (
        (driver.share.value, told["share"]["value"]),
        (driver.share.low, told["share"]["low"]),
        (driver.share.high, told["share"]["high"]),
        (driver.coefficient.value, told["coefficient"]["value"]),
    )
]
print(f"largest difference from the page: {max(differences):.1e}")
