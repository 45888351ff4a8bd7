"""The page docs/faults.md: what was done to the product, and what was seen."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

Line = dict[str, Any]

_HEAD = """# What goes wrong, and what becomes of it

Written by the fault suite from its own run: `make setup` and then

    .venv/bin/python -m pytest tests/faults -n 2 --dist loadfile --write-faults

Every case runs the real processes of the Procfile on a real PostgreSQL and Valkey, with the
simulated Omari and Twilio behind a TCP proxy, and the simulated Kaspi (by its proxy), PhonePe
(v2) and Cashfree beside them. Pauses that are minutes for customers are seconds in the suite;
where hours or days pass, the moments in a payment's or a refund's row are moved into the past.
After each case the audit finds no contradiction, each provider's book and ours agree receipt by
receipt and on what was given back, nobody was told "failed" for money that moved, and each
receipt's message stands once in Twilio's own book.

| # | what goes wrong and must become of it | how it was produced | what was seen | |
|---|---|---|---|---|
"""


def line(
    marker: Sequence[Any],
    statuses: Sequence[str],
    told: Sequence[str],
    notes: Sequence[str],
    seconds: float,
) -> Line:
    """One case, as plain values that travel between processes."""
    row, text, how = marker
    return {
        "row": row,
        "text": text,
        "how": how,
        "statuses": list(statuses),
        "told": list(told),
        "notes": list(notes),
        "seconds": seconds,
    }


def page(lines: Sequence[Line]) -> str:
    """The whole page, in one order however the cases ran. A line has `outcome`, and `reason` where
    it is not `passed`.
    """
    rows = [(each["row"], _row(each)) for each in lines]
    return _HEAD + "".join(f"{text}\n" for _, text in sorted(rows))


def _row(line: Line) -> str:
    seen = list(line["notes"])
    if line["statuses"]:
        seen.append("payments: " + _counted(line["statuses"]))
    if line["told"]:
        seen.append("told: " + _counted(line["told"]))
    seen.append(f"{line['seconds']:.0f} s")
    word = {"passed": "green", "skipped": "not shown: ", "failed": "**red**"}[line["outcome"]]
    return _cells((line["row"], line["text"], line["how"], "; ".join(seen), word + line["reason"]))


def _cells(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"


def _counted(words: Sequence[str]) -> str:
    counts = Counter(words)
    return ", ".join(f"{count} × {word}" if count > 1 else word for word, count in counts.items())
