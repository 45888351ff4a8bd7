"""Every page in a real browser: nothing is refused by the policy, no script fails, axe-core finds
no serious fault in light and in dark, and nothing overflows a phone. With --write-screens its
pictures go to docs/screens.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from domain.database import transaction
from tests.browser import season
from tests.browser.office import DESKTOP, PHONE, Desk, Office
from tests.browser.season import Season

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# Name of the picture, and the address; {…} are fields of the season.
PAGES = {
    "today": "/",
    "transactions": "/transactions",
}
_AXE = Axe()
_SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def books(office: Office) -> Season:
    office.house.use_database()
    filled = season.fill()
    with transaction() as db:
        season.stranger(db)
    office.hire("anna@example.com")
    return filled


@pytest.fixture(scope="module")
def anna(office: Office, books: Season) -> Iterator[Desk]:  # noqa: ARG001 - she has books to look at
    return office.desk("anna@example.com")


def serious_faults(desk: Desk) -> list[str]:
    """What axe-core holds against the page as it stands."""
    found = _AXE.run(desk.page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:160]}"
        for fault in found
        if fault["impact"] in _SERIOUS
        for node in fault["nodes"]
    ]


def overflows(desk: Desk) -> bool:
    """Whether a reader would have to move the page sideways."""
    return bool(desk.page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


def looked_at(desk: Desk, name: str, path: str, screens: Path) -> list[str]:
    """Everything that is wrong with one page; its four pictures are kept."""
    desk.faults.clear()
    page = desk.page
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    desk.open(path)
    wrong = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.wait_for_function(f"document.documentElement.dataset.bsTheme === '{theme}'")
        for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
            desk.shot(screens, f"{name}-{theme}-{size}")
            if overflows(desk):
                wrong.append(f"{size}: overflows")
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        wrong += [f"{theme}: {fault}" for fault in serious_faults(desk)]
    assert page.locator("h1").count() == 1
    return wrong + desk.faults


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_fit_for_everybody(name: str, anna: Desk, books: Season, screens: Path) -> None:
    path = PAGES[name].format(**{slot: getattr(books, slot) for slot in books.__slots__})
    wrong = looked_at(anna, name, path, screens)
    assert not wrong, "\n".join(wrong)
