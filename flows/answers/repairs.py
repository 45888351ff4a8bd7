"""What a badly typed reference may mean: O for 0, l for 1, letters of a Cyrillic keyboard."""

from flows.answers.text import LOOK_ALIKES

LOOKS_LIKE_DIGIT = str.maketrans("OoIil|", "001111")
SOUNDS_LIKE = str.maketrans("АБВГДЕЗИКЛМНОПРСТУФХ", "ABVGDEZIKLMNOPRSTUFH")


def suggestions(parts: list[str]) -> tuple[str, ...]:
    """What the parts of a reference, as typed, may mean together; empty when nothing is doubtful.

    Letters of another script may stand for what they look like, or for what they sound like.
    """
    written = "-".join(parts)
    repaired = "-".join([_repaired_head(parts[0]), *map(_repaired, parts[1:])])
    if repaired == written and written.isascii():
        return ()
    possible = (repaired.translate(LOOK_ALIKES), repaired.translate(SOUNDS_LIKE))
    return tuple(dict.fromkeys(name.upper() for name in possible if name.isascii()))


def _repaired(part: str) -> str:
    """`OO1` → `001`: letters that can only be digits. A part with other letters stays."""
    same = part.translate(LOOK_ALIKES).translate(LOOKS_LIKE_DIGIT)
    return same if same.isdigit() else part


def _repaired_head(head: str) -> str:
    """`KS2024OO1` → `KS2024001`: its own letters stay, what follows the first digit is repaired."""
    first = next((i for i, letter in enumerate(head) if "0" <= letter <= "9"), len(head))
    return head[:first] + _repaired(head[first:]) if first else head
