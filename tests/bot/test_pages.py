"""The customers' pages: where a link leads, its picture, and what is said when it is over."""

import base64
import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.app import create_app
from bot.runtime import Runtime
from domain.database import Database, configure
from domain.states import (
    AWAITING_CUSTOMER,
    CANCELLED,
    EXPIRED,
    FAILED,
    STARTING,
    SUCCEEDED,
    UNCERTAIN,
)
from tests.bot.paying import Counter, build
from tests.conftest import PUBLIC_URL

URL = "https://pay.example/token=a&b=%22%3Cscript%3E"
SCRIPT = "https://mercury.example/web/bundle/checkout.js"
PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture
def counter(runtime: Runtime) -> Counter:
    return build(runtime)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def path(counter: Counter) -> str:
    return counter.runtime.links.go(counter.payment_id).removeprefix(PUBLIC_URL)


def picture(counter: Counter) -> str:
    return counter.runtime.links.picture(counter.payment_id).removeprefix(PUBLIC_URL)


def guarded(answer: TestResponse) -> bool:
    return (
        answer.headers["Cache-Control"] == "private, no-store"
        and answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        and answer.headers["X-Content-Type-Options"] == "nosniff"
        and answer.headers["X-Frame-Options"] == "DENY"
        and "Set-Cookie" not in answer.headers
    )


def test_a_link_leads_on(client: FlaskClient, counter: Counter) -> None:
    counter.open_link(link_url=URL)
    for ask in (client.get, client.head):
        answer = ask(path(counter))
        assert (answer.status_code, answer.headers["Location"]) == (303, URL)
        assert guarded(answer)
    assert client.post(path(counter)).status_code == 405


def test_opening_a_link_changes_nothing(client: FlaskClient, counter: Counter) -> None:
    counter.open_link(link_url=URL)
    before = counter.payment()
    client.get(path(counter))
    after = counter.payment()
    assert (after.version, after.next_check_at) == (before.version, before.next_check_at)
    assert (counter.rung, counter.evidence()) == ([], [])


@pytest.mark.parametrize(
    ("url", "status"), [("http://pay.example/a", 410), ("https://pay.example/a", 303)]
)
def test_production_leads_to_https_only(
    runtime: Runtime, counter: Counter, url: str, status: int
) -> None:
    counter.open_link(link_url=url)
    settings = runtime.settings.model_copy(update={"environment": "production"})
    production = create_app(replace(runtime, settings=settings)).test_client()
    assert production.get(path(counter)).status_code == status
    assert create_app(runtime).test_client().get(path(counter)).status_code == 303


@pytest.mark.parametrize("url", ["javascript:alert(1)", "upi://pay?pa=x", "https://a b/", "//x"])
def test_what_is_no_address_of_the_web_is_not_opened(
    client: FlaskClient, counter: Counter, url: str
) -> None:
    counter.open_link(link_url=url)
    answer = client.get(path(counter))
    assert answer.status_code == 410
    assert url not in answer.text


def test_a_launchers_page_loads_its_script_and_no_other(
    client: FlaskClient, counter: Counter
) -> None:
    counter.open_link(link_url='https://pay.example/t?a=1&b="x"', link_launcher=SCRIPT)
    answer = client.get(path(counter))
    assert answer.status_code == 200
    assert guarded(answer)
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    policy = answer.headers["Content-Security-Policy"]
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
    assert f"script-src 'nonce-{nonce}' https://mercury.example;" in policy
    assert "frame-src https://mercury.example https://pay.example;" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = answer.text
    assert re.findall(r"<(?:script|style)[^>]*>", page) == re.findall(
        rf'<(?:script|style) nonce="{nonce}"[^>]*>', page
    )
    assert f'src="{SCRIPT}"' in page
    assert 'data-token="https://pay.example/t?a=1&amp;b=&#34;x&#34;"' in page
    assert re.search(r"\son\w+=|javascript:|\sstyle=", page) is None
    # What a person wants to know before they pay.
    for words in (
        "INR 150.00",
        "Kalai &lt;Safaris&gt;",
        "KS-2024-001",
        "19 min",
        "Pay with PhonePe",
    ):
        assert words in page
    other = client.get(path(counter)).headers["Content-Security-Policy"]
    assert nonce not in other


def test_the_checkout_begins_with_a_tap(client: FlaskClient, counter: Counter) -> None:
    counter.open_link(link_url=URL, link_launcher=SCRIPT)
    page = client.get(path(counter)).text
    handler = page[page.index('addEventListener("click"') :]
    assert "PhonePeCheckout.transact({ tokenUrl: pay.dataset.token })" in handler
    assert page.count(".transact(") == 1


def test_a_launcher_that_is_no_address_opens_nothing(client: FlaskClient, counter: Counter) -> None:
    counter.open_link(link_url=URL, link_launcher="https://x.example; script-src */a.js")
    assert client.get(path(counter)).status_code == 410


@pytest.mark.parametrize(
    ("statuses", "status", "words"),
    [
        ((), 200, "Nearly ready"),
        ((STARTING,), 200, "Nearly ready"),
        ((STARTING, UNCERTAIN), 200, "do not pay again"),
        ((STARTING, AWAITING_CUSTOMER, SUCCEEDED), 200, "has arrived"),
        ((STARTING, AWAITING_CUSTOMER, FAILED), 410, "over"),
        ((STARTING, AWAITING_CUSTOMER, EXPIRED), 410, "over"),
        ((STARTING, AWAITING_CUSTOMER, CANCELLED), 410, "over"),
    ],
)
def test_it_says_how_a_payment_stands(
    client: FlaskClient, counter: Counter, statuses: tuple[str, ...], status: int, words: str
) -> None:
    counter.move(*statuses)
    counter.change(link_url=URL, link_qr="upi://pay", seconds_left=1_200)
    answer = client.get(path(counter))
    assert (answer.status_code, words in answer.text) == (status, True)
    assert URL not in answer.text
    assert "WhatsApp" in answer.text or words == "has arrived"
    assert guarded(answer)
    assert client.get(picture(counter)).status_code == 404


@pytest.mark.parametrize("ended", ["clock", "customer"])
def test_an_ended_link_is_not_opened_though_its_payment_stands_open(
    client: FlaskClient, counter: Counter, ended: str
) -> None:
    counter.open_link(link_url=URL, link_qr="upi://pay")
    if ended == "clock":
        counter.change(seconds_left=-1)
    else:
        counter.change(cancel_requested_at=counter.payment().created_at)
    assert client.get(path(counter)).status_code == 410
    assert client.get(picture(counter)).status_code == 404


def test_a_token_that_we_did_not_make_is_unknown(client: FlaskClient, counter: Counter) -> None:
    counter.open_link(link_url=URL, link_qr="upi://pay")
    assert client.get(path(counter)[:-1]).status_code == 404
    assert client.get(f"/go/{counter.payment_id.hex}").status_code == 404
    assert client.get("/qr/nonsense.png").status_code == 404


# Pictures


def test_a_code_is_drawn_for_a_phones_camera(client: FlaskClient, counter: Counter) -> None:
    counter.open_link(link_qr="upi://pay?pa=shop@bank&am=150.00&cu=INR&tr=" + "a" * 35)
    answer = client.get(picture(counter))
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    assert guarded(answer)
    assert answer.data.startswith(PNG[:8])
    width = int.from_bytes(answer.data[16:20], "big")
    assert 400 <= width <= 900
    assert len(answer.data) < 64 * 1024
    # There is only the picture: the page says so.
    assert "scan" in client.get(path(counter)).text


def test_a_picture_of_the_providers_own_is_shown(client: FlaskClient, counter: Counter) -> None:
    uri = "data:image/png;base64," + base64.b64encode(PNG).decode()
    counter.open_link(link_qr=uri)
    answer = client.get(picture(counter))
    assert (answer.data, answer.content_type) == (PNG, "image/png")


@pytest.mark.parametrize(
    "text",
    [
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:image/png;base64,PHN2Zz4=",
        "data:image/png;base64,not base64",
        "data:image/png;base64," + base64.b64encode(PNG + bytes(64 * 1024)).decode(),
        "x" * 5_000,
    ],
    ids=["svg", "no png", "no base64", "large", "too much to say"],
)
def test_what_is_no_picture_is_not_shown(client: FlaskClient, counter: Counter, text: str) -> None:
    counter.open_link(link_qr=text)
    assert client.get(picture(counter)).status_code == 404


def test_coming_back_from_a_provider_says_nothing_about_money(client: FlaskClient) -> None:
    answer = client.get("/paid?status=SUCCESS")
    assert (answer.status_code, guarded(answer)) == (200, True)
    assert "close this page" in answer.text


def test_without_a_database_it_asks_for_patience(client: FlaskClient, counter: Counter) -> None:
    where = path(counter)
    configure(Database("postgresql+psycopg://nobody@127.0.0.1:9/nothing"))
    answer = client.get(where)
    assert (answer.status_code, "in a moment" in answer.text) == (503, True)
