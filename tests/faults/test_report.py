"""The page of faults is the same in whatever order its cases ended."""

from tests.faults.report import line, page


def test_cases_of_one_row_stand_in_one_order_however_they_ran() -> None:
    cases = [
        {**line(marker, [], [], [], 1.0), "outcome": "passed", "reason": ""}
        for marker in ((16, "Valkey is down", "refused"), (16, "PostgreSQL is down", "refused"),
                       (2, "Omari answers 502", "502"))
    ]  # fmt: skip
    there, back = page(cases), page(cases[::-1])
    assert there == back
    assert there.index("| 2 |") < there.index("| 16 | PostgreSQL") < there.index("| 16 | Valkey")
