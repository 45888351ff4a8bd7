"""Every line that people type, through the real webhook, judged by what can be observed.

The table of what each action must come to is tests/inputs/judging.py. `pytest tests/inputs
--write-inputs-table` writes what was seen to docs/inputs.md.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inputs.chat import Chat
from tests.inputs.judging import Verdict, judge, wanted_of, why_skipped
from tests.inputs.lines import Line, read_lines
from tests.inputs.table import Outcome, write_table

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "inputs.jsonl": read_lines(ROOT / "tests/corpus/inputs.jsonl"),
    "more.jsonl": read_lines(ROOT / "tests/inputs/more.jsonl"),
}
TRIED = [line for lines in FILES.values() for line in lines if why_skipped(line) is None]


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[str, Outcome]]:
    """What became of each line; at the end the table is written, where that was wished."""
    seen: dict[str, Outcome] = {}
    yield seen
    if request.config.getoption("--write-inputs-table", default=False):
        write_table(ROOT / "docs/inputs.md", FILES, seen)


@pytest.mark.parametrize("line", TRIED, ids=str)
def test_line(line: Line, chat: Chat, outcomes: dict[str, Outcome]) -> None:
    value = line.expect.get("value")
    booked = (value,) if line.action == "advance" and line.step == "await_booking_ref" else ()
    chat.begin(line.step, line.sender, *(each for each in booked if each != "KS-2024-001"))
    chat.listen_to_log()
    seen = chat.send(line.text, line.params)
    verdict, remark = judge(line, seen)
    leaks = [place for needle in secrets_of(line) for place in chat.places_of(needle)]
    if leaks:
        verdict, remark = Verdict.WRONG, f"stands in {', '.join(leaks)}"
    outcomes[line.id] = Outcome(verdict, remark)
    assert verdict is not Verdict.WRONG, f"{line.text!r}: {remark}; said {seen.texts}"


def secrets_of(line: Line) -> set[str]:
    """What of a line may stand nowhere: all of it, and the figures in it."""
    if not line.expect.get("redact"):
        return set()
    plain = "".join(str(unicodedata.decimal(each, each)) for each in line.text)
    figures = "".join(each for each in plain if "0" <= each <= "9")
    # Four figures alone, such as a year, stand in references and dates of our own too.
    return {each for each in (line.text, plain, figures) if len(each) > 4}


def test_every_action_is_described() -> None:
    for lines in FILES.values():
        for line in lines:
            assert why_skipped(line) or wanted_of(line)


def test_the_corpora_are_there_and_name_each_line_once() -> None:
    names = [line.id for lines in FILES.values() for line in lines]
    assert len(names) == len(set(names))
    assert len(FILES["inputs.jsonl"]) > 180
    assert len(FILES["more.jsonl"]) >= 150
