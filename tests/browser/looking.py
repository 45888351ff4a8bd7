"""Looking at a page that stands open: on a desktop and on a phone, in light and in dark, with
axe-core and without, and its pictures for readers.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.office import DESKTOP, PHONE, Desk

SIZES = {"desktop": DESKTOP, "phone": PHONE}
_SERIOUS = ("serious", "critical")
# A theme changes colours alone: where everything was looked at in one, they are left in the other.
_COLOURS = {"runOnly": ["color-contrast"]}
# One thing changes from each look to the next, so that the browser draws little anew.
_LOOKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("light", "desktop", {}),
    ("dark", "desktop", _COLOURS),
    ("dark", "phone", {}),
    ("light", "phone", _COLOURS),
)
_RUN = "options => axe.run({resultTypes: ['violations'], ...options})"
# A picture ends here, so that a long list does not make a long picture.
_TALLEST = {1280: 1280, 390: 1690}


def show(page: Page, theme: str, viewport: dict[str, int]) -> None:
    """The page that stands open, in this theme and size."""
    page.set_viewport_size(viewport)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.locator(f"html[data-bs-theme={theme}]").wait_for(state="attached")


def serious_faults(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """What axe-core holds against the page as it stands."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_RUN, options or {})["violations"]
    return [
        f"{fault['id']}: {node['html'][:160]}"
        for fault in found
        if fault["impact"] in _SERIOUS
        for node in fault["nodes"]
    ]


def overflows(page: Page) -> bool:
    """Whether a reader would have to move the page sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


def faults_of(desk: Desk) -> list[str]:
    """Everything that is wrong with the page that stands open, however it is looked at."""
    page, wrong = desk.page, []
    for theme, size, options in _LOOKS:
        show(page, theme, SIZES[size])
        wrong += [f"{theme}, {size}: {each}" for each in serious_faults(page, options)]
        if overflows(page):
            wrong.append(f"{theme}, {size}: overflows")
    if page.locator("h1").count() != 1:
        wrong.append("not one h1")
    return wrong + desk.faults


def keep_pictures(page: Page, name: str, screens: Path) -> None:
    """The page in light and in dark, on a desktop and on a phone, from its top."""
    for size, viewport in SIZES.items():
        width = viewport["width"]
        for theme in ("light", "dark"):
            show(page, theme, viewport)
            # As tall as the page, so that what stands at the side reaches its end.
            height = int(page.evaluate("document.documentElement.scrollHeight"))
            show(page, theme, {"width": width, "height": min(height, _TALLEST[width])})
            picture = screens / f"{name}-{theme}-{size}.png"
            page.screenshot(path=str(picture))
            make_smaller(picture)


def make_smaller(picture: Path) -> None:
    """A third of its size, where pngquant is there."""
    program = shutil.which("pngquant")
    if program is not None:
        subprocess.run([program, "--force", "--strip", "--ext", ".png", picture], check=True)
