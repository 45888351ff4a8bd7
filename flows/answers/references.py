"""Booking references in what people type: any case and spacing, in sentences and in links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from domain.references import reference_key
from flows.answers.landmarks import blank, dates
from flows.answers.repairs import LOOKS_LIKE_DIGIT, SOUNDS_LIKE, suggestions
from flows.answers.text import LOOK_ALIKES, normalize
from flows.answers.vocabulary import vocabulary

_SHORTEST, _LONGEST, _MOST_PARTS = 5, 32, 6
_PIECE = re.compile(r"[^\W_]+")
_SAID_DASH = re.compile(r" ?\b(?:dash|hyphen)\b ?", re.I)
_LINK = re.compile(r"(?:https?://|www\.)\S+|\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}/\S+", re.I)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}")
_LINK_PARTS = re.compile(r"[/?&=#;]+")
_DASHED = re.compile(r"\s?-{1,3}\s?")
_PHONE_LIKE = re.compile(r"(?:0|263|7)\d{8,11}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SUFFIXED = re.compile(r"\d+[A-Z]+|\d+[EX]\d+|0X[0-9A-F]+", re.I)


@dataclass(frozen=True, slots=True)
class References:
    """What was read, in reading order, upper case, a dash where the person's separators were.

    `found` stand as they were typed. `doubtful` are suggestions, to be asked about, where letters
    of another script or O, I, l seem to stand for others; `typed` are those same places as typed,
    if all their letters are Latin: an operator may really use such a letter, so look these up
    before suggesting.
    """

    found: tuple[str, ...]
    doubtful: tuple[str, ...]
    typed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A reference in normalized text. With `suggestions` it is doubtful."""

    start: int
    end: int
    written: str
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    start: int
    end: int

    @property
    def latin(self) -> str:
        return self.text.translate(LOOK_ALIKES)

    @property
    def usable(self) -> bool:
        """Whether its letters are Latin, look so, or are all Cyrillic capitals that sound so."""
        return self.latin.isascii() or self.text.translate(SOUNDS_LIKE).isascii()

    @property
    def letters(self) -> bool:
        return self.text.isalpha()

    @property
    def has_digit(self) -> bool:
        return any("0" <= character <= "9" for character in self.text)


def read_references(text: str) -> References:
    """Every booking reference in a message.

    Phone numbers, dates, amounts and bare numbers are none.
    """
    found: dict[str, str] = {}
    doubtful: dict[str, str] = {}
    typed: dict[str, str] = {}
    for place in find_references(_SAID_DASH.sub("-", normalize(text))):
        if not place.suggestions:
            found.setdefault(reference_key(place.written), place.written)
            continue
        for suggestion in place.suggestions:
            doubtful.setdefault(reference_key(suggestion), suggestion)
        if place.written.isascii():
            typed.setdefault(reference_key(place.written), place.written)
    return References(tuple(found.values()), tuple(doubtful.values()), tuple(typed.values()))


def find_references(text: str) -> list[Place]:
    """References and where they stand, in normalized text.

    A link's own are placed at the whole link.
    """
    text = _MAIL.sub(lambda match: " " * len(match[0]), text)
    places: list[Place] = []
    for link in _LINK.finditer(text):
        places.extend(
            Place(link.start(), link.end(), place.written, place.suggestions)
            for place in _in_link(link[0])
        )
    text = _LINK.sub(lambda match: " " * len(match[0]), text)
    days = [
        span
        for span in dates(text)
        if not re.match(r"[^\W\d_][-_/.]", text[max(0, span.start - 2) : span.start])
    ]
    places.extend(_in_text(blank(text, days)))
    return sorted(places, key=lambda place: place.start)


def _in_link(link: str) -> Iterator[Place]:
    """The host says nothing; each part of the path and each value of the query may be a reference
    as a whole.
    """
    _, _, path = link.split("://")[-1].partition("/")
    for part in _LINK_PARTS.split(path):
        written = normalize(unquote(part))
        for place in _in_text(written):
            if place.start == 0 and place.end == len(written):
                yield place


def _in_text(text: str) -> Iterator[Place]:
    pieces = _joined(text, [_Piece(m[0], m.start(), m.end()) for m in _PIECE.finditer(text)])
    alone = len(pieces) == 1
    index = 0
    while index < len(pieces):
        run, spaced = _run(text, pieces, index)
        place = _place(run, spaced, alone)
        if place is None:
            index += 1
        else:
            yield place
            index += len(run)


def _joined(text: str, pieces: list[_Piece]) -> list[_Piece]:
    """Single letters, or single digits, that were dictated one by one, as one piece each: `K S - 2
    0 2 4`.
    """
    joined: list[_Piece] = []
    run: list[_Piece] = []

    def close() -> None:
        if len(run) > 1:
            joined.append(_Piece("".join(p.text for p in run), run[0].start, run[-1].end))
        else:
            joined.extend(run)
        run.clear()

    for piece in pieces:
        single = len(piece.text) == 1
        if run and not (single and _dictated(text, run[-1], piece)):
            close()
        if single:
            run.append(piece)
        else:
            joined.append(piece)
    close()
    return joined


def _dictated(text: str, left: _Piece, right: _Piece) -> bool:
    """Whether two single characters belong to one part: both letters (`K S`, `K.S`) or both digits
    (`2 0`).
    """
    between = text[left.end : right.start]
    if left.letters != right.letters:
        return False
    return between in (" ", "-") or (between == "." and left.letters)


def _gap(text: str, left: _Piece, right: _Piece) -> str:
    """How two pieces hang together: `-`, ` `, or `` where they do not."""
    between = text[left.end : right.start]
    if between == " ":
        return " "
    if _DASHED.fullmatch(between):
        return "-"
    return "-" if between in ("_", "/", ".", "|", "\\", "~", "·") and right.has_digit else ""


def _run(text: str, pieces: list[_Piece], index: int) -> tuple[list[_Piece], bool]:
    """The pieces from `index` on that could be one reference, and whether a space stands between
    any two.
    """
    run, dashed, spaced = [pieces[index]], False, False
    for following in range(index + 1, min(index + _MOST_PARTS, len(pieces))):
        piece = pieces[following]
        gap = _gap(text, run[-1], piece)
        if not gap or not piece.usable or not _is_number_like(piece, run, gap):
            break
        if gap == " " and not _may_follow_a_space(run, piece, dashed):
            break
        dashed, spaced = dashed or gap == "-", spaced or gap == " "
        run.append(piece)
    while len(run) > 1 and not any(piece.has_digit for piece in run[1:]):
        run.pop()  # `non-stop`: letters alone are no later part
    return run, spaced


def _is_number_like(piece: _Piece, run: list[_Piece], gap: str) -> bool:
    """Whether a piece can be a later part: it has digits, or it is a short code of letters between
    dashes.
    """
    if piece.has_digit:
        return True
    if piece.text.translate(LOOKS_LIKE_DIGIT).isdigit():
        return any(part.has_digit for part in run)
    numbered = any(part.has_digit for part in run)
    led_by_digits = len(run) == 1 and run[0].text.isdigit()
    return gap == "-" and len(piece.text) <= (1 if numbered and not led_by_digits else 4)


def _may_follow_a_space(run: list[_Piece], piece: _Piece, dashed: bool) -> bool:
    """Spaces separate words too, so what follows one belongs to the reference only while it looks
    unfinished.
    """
    head, tail = run[0], run[1:]
    if not any(part.has_digit for part in run):
        return _may_be_spaced_head(head) and len(piece.text) <= 12
    if dashed or head.has_digit:
        # `KS-2024 001` is one reference; `KS-2024-001 400` is a reference and an amount.
        last = (tail or [head])[-1].text
        digits = (
            last
            if last.isdigit()
            else last.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        )
        return len(tail) <= 1 and len(digits) == 4 and 3 <= len(piece.text) <= 4
    count = sum(character.isdigit() for part in tail for character in part.text)
    return count < 7 or (len(piece.text) >= 4 and len(piece.text) == len(tail[-1].text))


def _may_be_spaced_head(head: _Piece) -> bool:
    if not head.letters or head.text.casefold() in vocabulary().not_heads:
        return False
    if not head.text.isascii() and not head.text.isupper():
        return False
    return 2 <= len(head.text) <= 4 or (len(head.text) <= 6 and head.text.isupper())


def _place(run: list[_Piece], spaced: bool, alone: bool) -> Place | None:
    written = "-".join(piece.text for piece in run)
    if not all(piece.usable for piece in run) or not _is_significant(run, spaced, alone):
        return None
    return Place(
        run[0].start, run[-1].end, written.upper(), suggestions([piece.text for piece in run])
    )


def _is_significant(run: list[_Piece], spaced: bool, alone: bool) -> bool:
    head, key = run[0], "".join(piece.text for piece in run)
    digits = sum(character.isdigit() for character in key)
    if not _SHORTEST <= len(key) <= _LONGEST or digits == 0:
        return False
    if key.translate(LOOKS_LIKE_DIGIT).isdigit() or (len(run) == 1 and _SUFFIXED.fullmatch(key)):
        return False
    word = re.match(r"[^\W\d_]*", head.text)[0].casefold()  # type: ignore[index]  # matches always
    if _is_no_head(word, run):
        return False
    if spaced:
        return _is_significant_spaced(head, run, digits)
    return digits >= 3 or (head.text.isupper() and len(run) == 1 and len(key) >= 6) or alone


def _is_significant_spaced(head: _Piece, run: list[_Piece], digits: int) -> bool:
    tail = "".join(piece.text for piece in run[1:])
    if head.letters and len(head.text) > 4 and (len(run) < 3 or not head.text.isupper()):
        return False
    return digits >= 4 and not _PHONE_LIKE.fullmatch(tail)


def _is_no_head(word: str, run: list[_Piece]) -> bool:
    """Codes (`OTP-836066`), money (`USD100`) and months are written like references; numbers alone
    start with none.
    """
    known = vocabulary()
    if word in known.never_heads or word in known.code_labels:
        return True
    if not word:
        return not any(piece.letters or not piece.text.isdigit() for piece in run)
    if word in known.currencies:
        return len(run) <= 2
    return word in known.months and not (len(run) > 2 and _YEAR.fullmatch(run[1].text))
