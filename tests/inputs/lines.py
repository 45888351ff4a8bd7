"""The lines of a corpus, as they stand in its file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.inputs.chat import OWNER


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a corpus."""

    id: str
    step: str
    text: str
    action: str
    expect: dict[str, Any]
    why: str
    params: dict[str, str]

    def __str__(self) -> str:
        return f"{self.id}-{self.step}-{self.action}"

    @property
    def sender(self) -> str:
        return self.params.get("From", OWNER)


def read_lines(path: Path) -> list[Line]:
    """The lines of a corpus file."""
    found = []
    for raw in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(raw)
        expect = row["expect"]
        found.append(
            Line(row["id"], row["step"], row["text"], expect["action"], expect, row["why"],
                 row.get("params", {}))
        )  # fmt: skip
    return found
