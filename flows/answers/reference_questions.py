"""What somebody says who was asked for a booking reference and sends none."""

from enum import StrEnum

from flows.answers.text import normalize, words
from flows.answers.vocabulary import mentions, vocabulary

# A longer message is a story, and no answer to what was asked.
_LONGEST = 20


class ReferenceQuestion(StrEnum):
    """LACKING: they have none at hand. EXPLAIN: they ask what it is, or where it stands."""

    LACKING = "lacking"
    EXPLAIN = "explain"
    NOTHING = "nothing"


def read_reference_question(text: str) -> ReferenceQuestion:
    """Read a message without a reference. Nothing follows from it but an answer in words."""
    heard = words(normalize(text))
    known = vocabulary()
    if len(heard) > _LONGEST:
        return ReferenceQuestion.NOTHING
    if mentions(heard, known.lacking):
        return ReferenceQuestion.LACKING
    if known.questions.intersection(heard) and mentions(heard, known.reference_names):
        return ReferenceQuestion.EXPLAIN
    return ReferenceQuestion.NOTHING
