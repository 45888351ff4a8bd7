"""The rooms and who may look into which, read from the imports.

domain                → nothing of ours
providers             → domain.money
providers/simulators  → nothing of ours: they are the outside world
flows                 → domain.money, domain.references
bot                   → domain, flows, providers
workers               → any of these
nobody                → workers, providers/simulators
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bot", "domain", "flows", "providers", "workers")
OURS = {*ROOMS, "bench", "migrations", "tests", "wsgi"}

# What a room may import of ours, itself among it. The longest name that fits a module is its room.
MAY_IMPORT = {
    "domain": ("domain",),
    "providers": ("domain.money", "providers"),
    "providers.simulators": ("providers.simulators",),
    "flows": ("domain.money", "domain.references", "flows"),
    "bot": ("bot", "domain", "flows", "providers"),
    "workers": ("bot", "domain", "flows", "providers", "workers"),
    "wsgi": ("bot",),
}
# The world outside: other rooms speak to it by HTTP.
OUTSIDE = "providers.simulators"

READS_THE_ENVIRONMENT = "bot.config"
# It hands the whole environment down to the programs that it starts, and reads no name from it.
COPIES_THE_ENVIRONMENT = "bot.supervisor"
# The scheduler loads this file for what it does: registering jobs.
WORKS_AT_IMPORT = "workers.cron_table"


def modules() -> Iterator[tuple[str, str]]:
    """Dotted name and source of each of our modules."""
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    for path in [*files, *ROOT.glob("wsgi.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path.read_text()


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def room_of(module: str) -> str:
    return max((room for room in MAY_IMPORT if inside(module, room)), key=len)


def imported(node: ast.AST) -> list[str]:
    """What an import statement may load: `from a import b` may load a.b as well as a."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def wrong_imports(module: str, source: str) -> list[str]:
    """What a module imports that its room may not, or in the wrong form or place."""
    room = room_of(module)
    tree = ast.parse(source)
    wrong = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            wrong.append(f"{module}:{node.lineno}: relative import")
        for name in imported(node):
            if name.partition(".")[0] not in OURS:
                continue
            allowed = any(inside(name, package) for package in MAY_IMPORT[room])
            if not allowed or (inside(name, OUTSIDE) and room != OUTSIDE):
                wrong.append(f"{module}: {room} may not import {name}")
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            wrong += [
                f"{module}:{node.lineno}: import inside a function"
                for node in ast.walk(function)
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
    return wrong


def environment_uses(module: str, source: str) -> list[str]:
    """Where a module touches the environment, but for the one copy that is allowed."""
    tree = ast.parse(source)
    copies: set[ast.AST] = set()
    if module == COPIES_THE_ENVIRONMENT:
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                copies |= {
                    value for key, value in zip(node.keys, node.values, strict=True) if key is None
                }
    found = []
    for node in ast.walk(tree):
        by_attribute = (
            isinstance(node, ast.Attribute)
            and node.attr in ("environ", "environb", "getenv", "getenvb")
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
        )
        by_name = (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and any(
                alias.name in ("environ", "environb", "getenv", "getenvb") for alias in node.names
            )
        )
        if (by_attribute or by_name) and node not in copies:
            found.append(f"{module}:{getattr(node, 'lineno', 0)}: reads the environment")
    return found


def work_at_import(module: str, source: str) -> list[str]:
    """Statements outside of functions that do something rather than define something."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) in (
            "__name__ == '__main__'",
            "TYPE_CHECKING",
        ):
            continue
        if isinstance(node, ast.Expr | ast.For | ast.While | ast.With | ast.Try | ast.If):
            found.append(f"{module}:{node.lineno}: work at import time")
    return found


def test_every_module_imports_only_what_its_room_may() -> None:
    assert [each for module, source in modules() for each in wrong_imports(module, source)] == []


def test_only_the_settings_read_the_environment() -> None:
    uses = [
        each
        for module, source in modules()
        if module != READS_THE_ENVIRONMENT
        for each in environment_uses(module, source)
    ]
    assert uses == []


def test_nothing_is_done_at_import() -> None:
    found = [
        each
        for module, source in modules()
        if module != WORKS_AT_IMPORT
        for each in work_at_import(module, source)
    ]
    assert found == []


def test_every_room_is_read() -> None:
    read = {module.partition(".")[0] for module, _ in modules()}
    assert read >= set(ROOMS)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("domain.ledger", "import bot"),
        ("domain.ledger", "from flows import desk"),
        ("providers.omari", "from domain import clock"),
        ("providers.omari", "from domain.references import reference_key"),
        ("providers.registry", "from providers.simulators import omari"),
        ("providers.simulators.omari", "from domain.money import Money"),
        ("providers.simulators.omari", "from providers.contract import Status"),
        ("flows.pay", "import domain.payments"),
        ("flows.pay", "from bot.desk import Desk"),
        ("bot.desk", "from workers.jobs import confirm"),
        ("bot.demo", "import providers.simulators.server"),
        ("workers.jobs", "from providers.simulators.server import create_app"),
        ("wsgi", "import workers"),
        ("bot.desk", "from . import config"),
        ("bot.desk", "def late():\n    import json"),
        ("bot.desk", "class Late:\n    def method(self):\n        from json import loads"),
    ],
)
def test_an_import_that_is_not_allowed_is_found(module: str, source: str) -> None:
    assert len(wrong_imports(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("domain.ledger", "from domain import money\nimport json"),
        ("providers.omari", "from domain.money import Money\nfrom providers.contract import Call"),
        ("flows.pay", "from domain import references"),
        ("workers.jobs", "from bot import config\nimport workers.table"),
    ],
)
def test_an_import_that_is_allowed_is_not_found(module: str, source: str) -> None:
    assert wrong_imports(module, source) == []


@pytest.mark.parametrize(
    ("module", "source", "uses"),
    [
        ("bot.desk", "import os\nurl = os.environ['URL']", 1),
        ("bot.desk", "import os\nurl = os.getenv('URL')", 1),
        ("bot.desk", "from os import environ", 1),
        ("bot.desk", "import os\ncopy = {**os.environ}", 1),
        ("bot.supervisor", "import os\ncopy = {**os.environ, 'A': 'b'}", 0),
        ("bot.supervisor", "import os\nurl = os.environ.get('URL')", 1),
    ],
)
def test_reading_the_environment_is_found(module: str, source: str, uses: int) -> None:
    assert len(environment_uses(module, source)) == uses


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("connect()", 1),
        ("for each in range(3):\n    connect(each)", 1),
        ("try:\n    connect()\nfinally:\n    pass", 1),
        ('"""A module."""\nTABLE = {"a": 1}\n\ndef connect():\n    call()', 0),
        ('if __name__ == "__main__":\n    main()', 0),
    ],
)
def test_work_at_import_is_found(source: str, found: int) -> None:
    assert len(work_at_import("bot.desk", source)) == found
