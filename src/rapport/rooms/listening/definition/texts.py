"""Words in several languages, and the base every part of a survey's document stands on."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Document(BaseModel):
    """A frozen part of a survey; what it does not know is refused, so that nothing is lost unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
"""Names a question, choice, page or value within one survey; never changes once answered."""

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]

Text = dict[Language, str]
"""The same words by language; a missing language falls back to the survey's default.

Words may hold `{q1}` (an answer), `{contact.name}` (a fact) or `{score}` (a calculated value), each with
words to use when it is empty: `{contact.first_name|there}`. `{{` stands for a brace.
"""


def words(text: Text, language: str, default: str) -> str:
    """Return the words in a language, else in the default one, else in any there are."""
    return text.get(language) or text.get(default) or next(filter(None, text.values()), "")
