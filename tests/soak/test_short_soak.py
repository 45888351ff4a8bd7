"""A short random run with a fixed seed; `make soak` runs longer ones."""

from pathlib import Path

import pytest

from bot.embedded import ServerUrls
from tests.conftest import TEMPLATE
from tests.soak.run import Soak


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_a_short_random_run_ends_with_true_books(servers: ServerUrls, tmp_path: Path) -> None:
    report = Soak(seed=7, customers=10, seconds=15).run(tmp_path, servers, TEMPLATE)
    assert "succeeded" in report, "a run in which nobody pays shows nothing"
