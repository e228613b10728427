"""What people answer: one flat mapping from a question's key to its value."""

from collections.abc import Mapping

Value = str | float | bool | list[str] | dict[str, str] | dict[str, float] | dict[str, list[str]]
"""An answer, by the type of its question:

============================  =====================================================================
scale, number                 a number
single choice                 the choice's key
multiple choice, emotions     a list of keys, in the order of the survey
ranking                       a list of keys, best first
matrix                        row key to column key; to a list of column keys where several may be chosen
constant sum                  choice key to number
date                          `YYYY-MM-DD`
text                          the words
consent, contact request      true or false
file                          the id under which the upload is kept
============================  =====================================================================
"""

Answers = Mapping[str, Value]
"""Answers by question key. The words written beside a choice lie under `question.choice`, e.g. `q3.other`."""

Facts = Mapping[str, str | float | bool | None]
"""What is known of the person asked, e.g. `contact.language`, `account.tier`; the names are in `facts.py`."""
