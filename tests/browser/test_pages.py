"""Every page in a real browser, on a desktop and on a phone, in light and in dark: nothing is
refused by the policy, no script fails, axe-core finds no serious fault, nothing overflows, and
there is one heading above all. With --write-screens the pictures of SHOWN go to docs/screens.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from domain.database import transaction
from tests.browser import looking, season, staff_work
from tests.browser.office import DESKTOP, Desk, Office

# Nobody works, so that what is shown stands still.
WITHOUT = ("worker_replies", "worker_payments", "worker_sweeps", "clock")
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# Name of the page, and its address; {…} are fields of the season and of what staff did.
PAGES = {
    "today": "/",
    "today-week": "/?days=7",
    "today-empty": "/?on=2024-02-29",
    "transactions": "/transactions",
    "transactions-filtered": "/transactions?status=failed&status=expired&currency=USD",
    "transactions-none": "/transactions?q=KS-1999-001",
    "payment": "/transactions/{paid}",
    "payment-uncertain": "/transactions/{uncertain}",
    "payment-refund": "/transactions/{refundable}/refund",
    "payment-no-refund": "/transactions/{surplus}/refund",
    "payment-outside": "/transactions/{paid}/refunded-outside",
    "payment-settle": "/transactions/{uncertain}/settle",
    "payment-close": "/transactions/{uncertain}/close",
    "payment-close-review": "/transactions/{surplus}/close-review",
    "payment-move": "/transactions/{paid}/move?to=KS-{year}-134",
    "payment-seen": "/transactions/{surplus}/seen",
    "payment-conclude": "/transactions/{refundable}/refunds/{refund_id}/conclude",
    "review": "/review",
    "review-kind": "/review?kind=surplus",
    "approvals": "/approvals",
    "approval": "/approvals/{proposal}",
    "approval-refund": "/approvals/refunds/{refund_id}",
    "departures": "/departures",
    "departures-past": "/departures?when=past",
    "departure": "/departures/{departure_id}",
    "departure-move": "/departures/{departure_id}/move",
    "departure-cancel": "/departures/{departure_id}/cancel",
    "manifest": "/departures/{departure_id}/manifest",
    "bookings": "/bookings",
    "bookings-none": "/bookings?q=nobody",
    "booking": "/bookings/{owing_id}",
    "booking-cancelled": "/bookings/{cancelled_id}",
    "booking-add": "/bookings/add",
    "booking-correct": "/bookings/{owing_id}/correct",
    "booking-cancel": "/bookings/{owing_id}/cancel",
    "booking-cash": "/bookings/{owing_id}/outside",
    "booking-take-back": "/bookings/{owing_id}/outside/{transfer_id}/take-back",
    "booking-receipt": "/bookings/{owing_id}/receipts/{transfer_id}",
    "bookings-import": "/bookings/import",
    "conversations": "/conversations",
    "conversations-wanted": "/conversations?show=wanted",
    "conversation": "/conversations/{contact_id}",
    "settings": "/settings",
    "operators": "/operators",
    "operator": "/operators/{operator_id}",
    "operator-add": "/operators/new",
    "operator-edit": "/operators/{operator_id}/edit",
    "tour-add": "/operators/{operator_id}/tours/new",
    "tour": "/operators/{operator_id}/tours/31",
    "accounts": "/accounts",
    "account": "/accounts/{account_id}",
    "account-choose": "/accounts/new",
    "account-add": "/accounts/new?operator={operator_id}&provider=phonepe",
    "account-off": "/accounts/{account_id}/off",
    "account-on": "/accounts/{kaspi_id}/on",
    "account-default": "/accounts/{kaspi_id}/default",
    "account-forget": "/accounts/{kaspi_id}/tours/41/forget",
    "account-tour": "/accounts/{account_id}/tours",
    "account-secrets": "/accounts/{account_id}/credentials",
    "switches": "/switches",
    "switch-pause": "/switches/provider:omari/pause",
    "switch-resume": "/switches/provider:kaspi/resume",
    "statements": "/statements?operator={operator_id}",
    "statements-none": "/statements",
    "operations": "/operations",
    "staff": "/staff",
    "staff-person": "/staff/{staff_id}",
    "staff-invite": "/staff/invite",
    "staff-link": "/staff/{staff_id}/link",
    "staff-role": "/staff/{staff_id}/role",
    "staff-disable": "/staff/{staff_id}/disable",
    "audit": "/audit",
    "audit-filtered": "/audit?person=ben%40example.com",
    "profile": "/profile",
    "password": "/profile/password",
    "authenticator": "/profile/authenticator",
    "no-such-page": "/bookings/999999",
}
# What an operator's own staff see, each of a kind that an admin sees otherwise.
OWN_PAGES = {
    "own-today": "/",
    "own-departures": "/departures",
    "own-bookings": "/bookings",
    "own-settings": "/settings",
    "own-accounts": "/accounts",
    "own-forbidden": "/audit",
}
# Pages of which pictures are kept for readers: see docs/screens/README.md.
SHOWN = frozenset(
    (
        "today", "transactions", "payment", "payment-refund", "review", "approval", "departures",
        "departure", "manifest", "bookings", "booking", "import-preview", "conversations",
        "conversation", "settings", "account", "switches", "statements", "staff", "audit",
        "sign-in", "approvals", "approval-refund", "operators", "operator", "accounts",
        "account-add", "account-secrets", "operations", "profile", "authenticator", "booking-add",
        "booking-correct", "booking-cash", "booking-receipt", "bookings-import",
        "payment-uncertain", "payment-settle", "payment-move", "departure-move", "staff-person",
        "staff-invite", "switch-pause", "booking-take-back", "booking-cancel", "booking-cancelled",
        "departure-cancel", "payment-outside", "payment-close",
    )
)  # fmt: skip
_COLUMNS = (
    "reference,tour_id,tour_name,start_date,customer_name,customer_phone,total,currency,operator"
)

Books = dict[str, object]


@pytest.fixture(scope="module")
def books(office: Office) -> Books:
    office.house.use_database()
    office.hire("anna@example.com")
    ben = office.hire("ben@example.com")
    with transaction() as db:
        filled = season.begin(db, ben)
        season.stranger(db)
    with transaction() as db:
        done = staff_work.begin(db, filled, ben, office.house.setting("SECRET_KEY"))
    return asdict(filled) | asdict(done) | {"year": season.YEAR}


@pytest.fixture(scope="module")
def anna(office: Office, books: Books) -> Iterator[Desk]:  # noqa: ARG001 - she has books to look at
    desk = office.desk("anna@example.com")
    desk.open("/")
    desk.page.get_by_role("button", name="Seen").click()
    return desk


def looked_at(desk: Desk, name: str, screens: Path | None) -> list[str]:
    """Everything that is wrong with the page that stands open."""
    wrong = looking.faults_of(desk)
    if screens is not None and name in SHOWN:
        looking.keep_pictures(desk.page, name, screens)
    return wrong


def is_fit(desk: Desk, name: str, screens: Path | None) -> None:
    wrong = looked_at(desk, name, screens)
    assert not wrong, "\n".join(wrong)


def opened(desk: Desk, path: str) -> Desk:
    desk.faults.clear()
    desk.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    desk.page.emulate_media(media="screen", color_scheme="light", reduced_motion="reduce")
    desk.open(path)
    return desk


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_fit_for_everybody(
    name: str, anna: Desk, books: Books, screens: Path | None
) -> None:
    is_fit(opened(anna, PAGES[name].format_map(books)), name, screens)


def test_what_an_operator_sees_is_fit_for_everybody(office: Office, books: Books) -> None:  # noqa: ARG001
    office.hire("tendai@example.com", "operator", "Kalai Safaris")
    tendai = office.desk("tendai@example.com")
    wrong = {name: looked_at(opened(tendai, path), name, None) for name, path in OWN_PAGES.items()}
    assert not any(wrong.values()), wrong


def test_the_preview_of_a_file_is_fit_for_everybody(
    anna: Desk, books: Books, screens: Path | None
) -> None:
    year, leaves = books["year"], season.first_departure()
    rows = (
        f"KS-{year}-104,31,,{leaves},Tafadzwa Mlambo-Dube,263771200104,480.00,USD,Kalai Safaris",
        f"KS-{year}-201,31,,{leaves},Tariro Mutasa,263771200201,480.00,USD,Kalai Safaris",
        f"KS-{year}-202,,,,Munashe Chuma,263771200202,250.00,USD,Kalai Safaris",
    )
    page = opened(anna, "/bookings/import").page
    upload(page, rows)
    is_fit(anna, "import-preview", screens)
    opened(anna, "/bookings/import")
    upload(page, (*rows, "KS-1,abc,,soon,,12,much,EUR,Kalai Safaris"))
    is_fit(anna, "import-wrong", screens)


def test_a_manifest_on_paper_is_fit_for_everybody(anna: Desk, books: Books) -> None:
    page = opened(anna, PAGES["manifest"].format_map(books)).page
    page.emulate_media(media="print")
    # As wide as a sheet of A4 between its margins.
    page.set_viewport_size({"width": 718, "height": 1000})
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.locator(f"html[data-bs-theme={theme}]").wait_for(state="attached")
        assert looking.serious_faults(page) + anna.faults == []
        expect(page.locator(".tp-paper")).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(page.locator(".tp-manifest th").first).to_have_css("color", "rgb(0, 0, 0)")
    assert not looking.overflows(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for away in (page.get_by_role("button", name="Print"), page.get_by_role("navigation").first):
        expect(away).to_be_hidden()


def test_a_link_to_pass_on_is_fit_for_everybody(anna: Desk, screens: Path | None) -> None:
    page = opened(anna, "/staff/invite").page
    page.get_by_label("E-mail").fill("tariro@example.com")
    page.get_by_label("Works as").select_option(label="Admin: everything, of all operators")
    page.get_by_role("button", name="Make the link").click()
    page.get_by_role("heading", name="A link to pass on").wait_for()
    is_fit(anna, "staff-passed-on", screens)


def test_ones_own_proofs_are_fit_for_everybody(
    office: Office,
    books: Books,  # noqa: ARG001 - it fills the office
    screens: Path | None,
) -> None:
    office.hire("chipo@example.com")
    chipo = office.desk("chipo@example.com")
    page = opened(chipo, "/profile/authenticator").page
    secret = page.locator("details .tp-link").text_content() or ""
    page.get_by_label("Code of the new authenticator").fill(pyotp.TOTP(secret.strip()).now())
    page.get_by_role("button", name="Set it up").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    is_fit(chipo, "recovery-codes", screens)
    for name, path in (
        ("authenticator-replace", "/profile/authenticator"),
        ("authenticator-remove", "/profile/authenticator/remove"),
    ):
        is_fit(opened(chipo, path), name, screens)
    office.let_go_stale("chipo@example.com")
    is_fit(opened(chipo, "/confirm"), "confirm", screens)
    assert page.get_by_role("heading", name="Show that it is you").is_visible()


def upload(page: Page, rows: tuple[str, ...]) -> None:
    file = {"name": "bookings.csv", "mimeType": "text/csv"}
    text = "\n".join((_COLUMNS, *rows)).encode()
    page.get_by_label("CSV file").set_input_files([file | {"buffer": text}])  # type: ignore[list-item]
    page.get_by_role("button", name="Show what it would do").click()


def test_the_way_in_is_fit_for_everybody(
    office: Office, books: Books, screens: Path | None
) -> None:
    farai = office.stranger()
    is_fit(opened(farai, "/transactions"), "sign-in", screens)
    page = farai.page
    page.get_by_label("E-mail").fill("farai@example.com")
    page.get_by_label("Password").fill("not this one, no")
    page.get_by_role("button", name="Sign in").click()
    is_fit(farai, "sign-in-wrong", screens)
    page.get_by_label("Password").fill(staff_work.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    is_fit(farai, "sign-in-code", screens)
    # The code by which it was set up counts once; the one after it counts already.
    code = pyotp.TOTP(str(books["totp_secret"]))
    page.get_by_label("Code").fill(code.at(int(time.time()) + 30))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Transactions").wait_for()
    for name, path in (
        ("join", f"/join/{books['join']}"),
        ("join-closed", "/join/nothing"),
    ):
        is_fit(opened(office.stranger(), path), name, screens)
