"""docs/inputs.md, from what a run saw."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.inputs.chat import WAY_TO
from tests.inputs.judging import Verdict, why_skipped
from tests.inputs.lines import Line

_LONGEST_SHOWN = 60
_HEAD = """\
# What people type, and what becomes of it

Written by `pytest tests/inputs --write-inputs-table`; do not edit. Every line is sent through the
real webhook, with a real signature, to a conversation that stands at the line's step; PostgreSQL
and Valkey are real, the jobs are the workers', and Omari is simulated. A line is *right* when it
comes to what a sensible person at the other end would do, *asked again* when it is answered with
another question, and *wrong* for everything else: above all a code submitted, money taken, or a
payment opened or cancelled that the line did not ask for, and a code that stands in a table or a
log. What each action must come to is the table in `tests/inputs/judging.py`.

`inputs.jsonl` was given; `more.jsonl` was written and judged beforehand, from kinds of thing that
happen: other phrasings and scripts, slips, pasted messages, buttons of earlier messages, messages
without text, senders without a number.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a line, and what was said or went wrong."""

    verdict: Verdict
    remark: str


def write_table(
    path: Path, files: Mapping[str, list[Line]], outcomes: Mapping[str, Outcome]
) -> None:
    """Write the tables of every file, then what was asked again and what was not tried."""
    parts = [_HEAD]
    for name, lines in files.items():
        parts.append(_counts(name, lines, outcomes))
    everything = [line for lines in files.values() for line in lines]
    parts.append(_asked_again(everything, outcomes))
    parts.append(_skipped(everything))
    path.write_text("\n".join(parts), encoding="utf-8")


def _counts(name: str, lines: list[Line], outcomes: Mapping[str, Outcome]) -> str:
    rows = [f"## {name}\n", "| step | lines | right | asked again | wrong | not tried |"]
    rows.append("|---|---|---|---|---|---|")
    total: Counter[str] = Counter()
    for step in [*WAY_TO, "link_sent"]:
        here = [line for line in lines if line.step == step]
        if not here:
            continue
        counted = Counter(
            outcomes[line.id].verdict.value if line.id in outcomes else "not tried" for line in here
        )
        counted["lines"] = len(here)
        total += counted
        rows.append(_row(step, counted))
    rows.append(_row("**all**", total))
    return "\n".join(rows) + "\n"


def _row(step: str, counted: Mapping[str, int]) -> str:
    columns = ("lines", *(verdict.value for verdict in Verdict), "not tried")
    return f"| {step} | " + " | ".join(str(counted.get(name, 0)) for name in columns) + " |"


def _asked_again(lines: list[Line], outcomes: Mapping[str, Outcome]) -> str:
    rows = ["## Asked again\n", "| line | step | text | meant | answered with |"]
    rows.append("|---|---|---|---|---|")
    rows += [
        f"| {line.id} | {line.step} | {_shown(line)} | {line.action} | {outcomes[line.id].remark} |"
        for line in lines
        if line.id in outcomes and outcomes[line.id].verdict is Verdict.ASKED
    ]
    return "\n".join(rows) + "\n"


def _skipped(lines: list[Line]) -> str:
    rows = ["## Not tried\n", "| line | step | why |", "|---|---|---|"]
    rows += [f"| {line.id} | {line.step} | {why} |" for line in lines if (why := why_skipped(line))]
    return "\n".join(rows) + "\n"


def _shown(line: Line) -> str:
    """The text of a line inside a table's cell, its figures hidden where they are secret."""
    text = line.text.replace("|", "\\|").replace("\n", " ").replace("\0", "")
    shown = text[:_LONGEST_SHOWN] + ("…" if len(text) > _LONGEST_SHOWN else "")
    return f"`{shown.replace('`', '')}`" if shown else "(no text)"
