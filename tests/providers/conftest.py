"""Each provider of the contract suite, beside a simulator that a module's tests share."""

from collections.abc import Iterator

import pytest

from tests.providers.contract_harnesses import HARNESSES
from tests.providers.harness import Harness

LIVE = "--live"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(LIVE, action="store_true", help="ask the providers' real sandboxes, too")


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "verbs(*names): a promise of the providers that have all of these verbs",
        "without(*names): a promise of the providers that have none of these verbs",
        "live: asks a provider's real sandbox; only with --live",
    ):
        config.addinivalue_line("markers", line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Nobody calls a real provider without having said so."""
    if config.getoption(LIVE, default=False):
        return
    live = [item for item in items if item.get_closest_marker("live")]
    if live:
        config.hook.pytest_deselected(items=live)
        items[:] = [item for item in items if item not in live]


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest) -> Iterator[Harness]:
    """The harness of this name, for all tests of a module."""
    _, open_harness = HARNESSES[request.param]
    with open_harness() as opened:
        yield opened


@pytest.fixture
def harness(shared: Harness) -> Iterator[Harness]:
    """The harness, with no knob turned before and after."""
    yield shared
    shared.settle_down()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of the suite runs over every provider, or over those that its marks name: `verbs` must
    be there, `without` must not.
    """
    if "shared" not in metafunc.fixturenames:
        return
    wanted, unwanted = _named(metafunc, "verbs"), _named(metafunc, "without")
    names = [
        name
        for name, (kind, _) in HARNESSES.items()
        if not wanted & {*kind.lacks, *kind.shares} and unwanted <= set(kind.lacks)
    ]
    metafunc.parametrize("shared", names, indirect=True, scope="module")


def _named(metafunc: pytest.Metafunc, name: str) -> set[str]:
    return {verb for mark in metafunc.definition.iter_markers(name) for verb in mark.args}
