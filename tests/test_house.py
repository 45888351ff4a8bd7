"""The house's own rules: sizes, settings that are listed, processes that can start, exact pins."""

import ast
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Settings
from bot.supervisor import read_procfile

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bot", "domain", "flows", "providers", "workers")
LONGEST_FILE = 300
LONGEST_FUNCTION = 50


def sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def long_functions(source: str) -> list[str]:
    """Names of the functions that are longer than a reader can hold, decorators not counted."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    ]


def test_files_and_functions_are_short_enough_to_read() -> None:
    long_files = [
        str(path.relative_to(ROOT))
        for path in sources()
        if len(path.read_text().splitlines()) > LONGEST_FILE
    ]
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources()
        for name in long_functions(path.read_text())
    ]
    assert long_files + found == []


def test_a_long_function_is_found() -> None:
    body = "    pass\n" * LONGEST_FUNCTION
    assert long_functions(f"def long():\n{body}") == ["long"]
    assert long_functions(f"def short():\n{body[: -len('    pass' + chr(10))]}") == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.name != "__init__.py" and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_the_example_of_the_settings_lists_each_of_them_once() -> None:
    listed = re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.M)
    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)


def test_the_processes_have_their_agreed_names_and_programs() -> None:
    lines = read_procfile(ROOT / "Procfile")
    assert {"release", "web", "clock"} <= set(lines)
    assert any(name.startswith("worker") for name in lines)
    programs = Path(sys.executable).parent
    for name, line in lines.items():
        words = shlex.split(line)
        assert shutil.which(words[0], path=str(programs)), f"{name}: no program {words[0]}"
    assert "${PORT" in lines["web"]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_exactly(name: str) -> None:
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    loose = [
        line
        for line in lines
        if line and not line.startswith("-r ") and not re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line)
    ]
    assert loose == []
