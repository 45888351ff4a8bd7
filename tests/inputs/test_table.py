"""The page of inputs is the same in whatever order its lines were tried."""

from pathlib import Path

from tests.inputs.judging import Verdict
from tests.inputs.table import Outcome, write_table
from tests.inputs.test_corpus import FILES, TRIED


def test_rows_follow_the_files_and_not_the_run(tmp_path: Path) -> None:
    seen = {line.id: Outcome(Verdict.ASKED, "pay.amount.doubtful") for line in TRIED}
    for name, outcomes in (("there", seen), ("back", dict(reversed(seen.items())))):
        write_table(tmp_path / name, FILES, outcomes)
    assert (tmp_path / "there").read_text() == (tmp_path / "back").read_text()
