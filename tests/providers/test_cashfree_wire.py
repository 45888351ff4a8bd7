"""The simulated Cashfree by itself: its door, its keys, what it refuses, its knobs, its book."""

import base64
import struct
import time
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.providers.harness_cashfree import APP_ID, SECRET_KEY, cashfree

HEADERS = {"x-client-id": APP_ID, "x-client-secret": SECRET_KEY, "x-api-version": "2025-01-01"}


class Client:
    """Speaks Cashfree's protocol by hand."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method, self.url + path, json=body, headers=HEADERS | named, timeout=5
        )

    def link(self, **changes: object) -> requests.Response:
        body = {
            "link_id": uuid.uuid4().hex,
            "link_amount": 150.0,
            "link_currency": "INR",
            "link_purpose": "Order 42",
            "customer_details": {"customer_phone": "9999999999"},
        }
        return self.call("POST", "/links", body | changes)

    def order(self, **changes: object) -> requests.Response:
        body = {
            "order_id": uuid.uuid4().hex,
            "order_amount": 150.0,
            "order_currency": "INR",
            "customer_details": {"customer_id": "c42", "customer_phone": "9999999999"},
        }
        return self.call("POST", "/orders", body | changes)

    def pay(self, session: str, **method: object) -> requests.Response:
        body = {"payment_session_id": session, "payment_method": method}
        return self.call("POST", "/orders/sessions", body)

    def sim(self, path: str, body: object = None, method: str = "POST") -> requests.Response:
        return requests.request(method, f"{self.url}/_sim/{path}", json=body, timeout=5)

    def book(self) -> dict:
        return self.sim("book", method="GET").json()


@pytest.fixture
def client() -> Iterator[Client]:
    with cashfree() as harness:
        yield Client(harness.url)


def test_a_request_needs_a_version_and_the_keys(client: Client) -> None:
    nameless = client.call("GET", "/links/x", x_api_version="")
    stranger = client.call("GET", "/links/x", x_client_secret="another")

    assert (nameless.status_code, nameless.json()["type"]) == (400, "invalid_request_error")
    assert (stranger.status_code, stranger.json()["type"]) == (401, "authentication_error")
    assert client.call("GET", "/links/x").json()["code"] == "link_not_found"
    assert client.call("POST", "/links", [1]).status_code == 400


def test_amounts_keep_their_digits_and_a_link_has_a_picture(client: Client) -> None:
    answer = client.link(link_amount=150.5)

    assert '"link_amount":150.50,' in answer.text
    kind, _, picture = answer.json()["link_qrcode"].partition(",")
    png = base64.b64decode(picture)
    width, height = struct.unpack(">II", png[16:24])
    assert (kind, png[:4], width) == ("data:image/png;base64", b"\x89PNG", height)
    start = png.index(b"IDAT") + 4
    length = struct.unpack(">I", png[start - 8 : start - 4])[0]
    assert len(zlib.decompress(png[start : start + length])) == (width + 1) * height
    assert answer.json()["link_qrcode"] != client.link().json()["link_qrcode"]


@pytest.mark.parametrize(
    "change",
    [
        {"link_id": "x" * 51},
        {"link_id": "no spaces"},
        {"link_amount": "150.00"},
        {"link_amount": 0.5},
        {"link_amount": 1.005},
        {"link_amount": True},
        {"link_currency": "USD"},
        {"customer_details": {}},
        {"customer_details": {"customer_phone": "99"}},
        {"customer_details": "9999999999"},
        {"link_expiry_time": "2020-01-01T00:00:00+05:30"},
        {"link_expiry_time": "soon"},
        {"link_meta": {"notify_url": "http://bot.test/hear"}},
        {"link_meta": {"return_url": "https://" + "x" * 250}},
    ],
    ids=lambda change: str(change)[:60],
)
def test_a_link_that_is_not_as_documented_is_refused(
    client: Client, change: dict[str, object]
) -> None:
    assert client.link(**change).status_code == 400
    assert client.book()["payments"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"order_id": "x"},
        {"order_note": "ab"},
        {"customer_details": {"customer_id": "c4", "customer_phone": "9999999999"}},
        {"order_amount": 0},
    ],
    ids=str,
)
def test_an_order_that_is_not_as_documented_is_refused(
    client: Client, change: dict[str, object]
) -> None:
    assert client.order(**change).status_code == 400


def test_the_same_key_gets_the_same_words_and_another_body_422(client: Client) -> None:
    key, body = str(uuid.uuid4()), {"order_id": "x"}
    wrong = [client.call("POST", "/orders", body, x_idempotency_key=key) for _ in range(2)]
    other = client.call("POST", "/orders", {"order_id": "y"}, x_idempotency_key=key)

    assert [one.status_code for one in wrong] == [400, 400]
    assert [one.headers["x-idempotency-replayed"] for one in wrong] == ["false", "true"]
    assert wrong[0].content == wrong[1].content
    assert (other.status_code, other.json()["type"]) == (422, "idempotency_error")


def test_an_error_of_theirs_stays_under_its_key(client: Client) -> None:
    client.sim("knobs", {"operation": "create_link", "fault": "stored_error"})
    body = {
        "link_id": "LNK-42",
        "link_amount": 150,
        "link_currency": "INR",
        "customer_details": {"customer_phone": "+447700900123"},
    }
    one, same = (client.call("POST", "/links", body, x_idempotency_key="k1") for _ in range(2))
    assert (one.status_code, same.status_code, same.json()["type"]) == (500, 500, "api_error")
    assert client.call("POST", "/links", body, x_idempotency_key="k2").status_code == 200


def test_an_id_is_taken_once(client: Client) -> None:
    client.link(link_id="LNK-42")
    client.order(order_id="ORD-42")

    assert client.link(link_id="LNK-42").status_code == 409
    again = client.order(order_id="ORD-42")
    assert (again.status_code, again.json()["code"]) == (409, "order_already_exists")


def test_above_the_limit_the_headers_say_for_how_long(client: Client) -> None:
    assert client.link().headers["x-ratelimit-retry"] == "0"
    client.sim("knobs", {"fault": "rate_limit", "seconds": 9})
    busy = client.link()

    assert (busy.status_code, busy.json()["type"]) == (429, "rate_limit_error")
    assert (busy.headers["x-ratelimit-retry"], busy.headers["x-ratelimit-remaining"]) == ("9", "0")
    assert client.link().status_code == 200


@pytest.mark.parametrize(
    ("vpa", "status"),
    [
        ("testsuccess@gocash", "SUCCESS"),
        ("testfailure@gocash", "FAILED"),
        ("testinsufficientfunds@gocash", "FAILED"),
        ("testuserdropped@gocash", "USER_DROPPED"),
        ("anybody@ybl", "PENDING"),
    ],
)
def test_the_vpa_decides(client: Client, vpa: str, status: str) -> None:
    order = client.order(order_id="ORD-42").json()
    begun = client.pay(
        order["payment_session_id"], upi={"channel": "collect", "upi_id": vpa}
    ).json()
    (payment,) = client.call("GET", "/orders/ORD-42/payments").json()

    assert (begun["action"], begun["channel"]) == ("custom", "collect")
    assert (payment["cf_payment_id"], payment["payment_status"]) == (begun["cf_payment_id"], status)
    assert (payment["error_details"] is not None) == (status == "FAILED")
    one = client.call("GET", f"/orders/ORD-42/payments/{payment['cf_payment_id']}").json()
    assert one == payment


@pytest.mark.parametrize(
    ("method", "action", "name"),
    [
        ({"app": {"channel": "link", "provider": "gpay"}}, "link", "app"),
        (
            {"netbanking": {"channel": "link", "netbanking_bank_name": "TESTR"}},
            "link",
            "netbanking",
        ),
        ({"card": {"channel": "post"}}, "post", "card"),
    ],
)
def test_other_ways_to_pay(client: Client, method: dict, action: str, name: str) -> None:
    begun = client.pay(client.order().json()["payment_session_id"], **method).json()

    assert (begun["action"], begun["payment_method"]) == (action, name)
    assert begun["data"]["url"].startswith(client.url)


@pytest.mark.parametrize(
    "method",
    [
        {},
        {"cash": {}},
        {"upi": {"channel": "smoke"}},
        {"upi": {"channel": "collect"}},
        {"app": {"channel": "link", "provider": "bank"}},
        {"netbanking": {"channel": "link", "netbanking_bank_code": 1}},
        {"upi": {"channel": "link"}, "card": {}},
    ],
    ids=str,
)
def test_a_way_to_pay_that_there_is_not_is_refused(client: Client, method: dict) -> None:
    assert client.pay(client.order().json()["payment_session_id"], **method).status_code == 400
    assert client.pay("session_unknown", upi={"channel": "link"}).status_code == 400


def test_the_sandbox_lets_an_attempt_end_as_one_likes(client: Client) -> None:
    order = client.order(order_id="ORD-42").json()
    begun = client.pay(order["payment_session_id"], upi={"channel": "link"}).json()
    wish = {"entity": "PAYMENTS", "entity_id": begun["cf_payment_id"]}
    failed = wish | {"entity_simulation": {"payment_status": "FAILED", "payment_error_code": "x"}}
    made = client.call("POST", "/simulate", failed).json()

    assert client.call("GET", f"/simulate/{made['simulation_id']}").json() == made
    assert client.call("GET", "/orders/ORD-42").json()["order_status"] == "ACTIVE"
    paid = wish | {"entity_simulation": {"payment_status": "SUCCESS"}}
    client.call("POST", "/simulate", paid)
    assert client.call("GET", "/orders/ORD-42").json()["order_status"] == "PAID"
    wrong = wish | {"entity_simulation": {"payment_status": "MAYBE"}}
    assert client.call("POST", "/simulate", wrong).status_code == 400
    assert client.call("GET", "/simulate/1").status_code == 404


def test_a_refund_needs_an_order_that_was_paid(client: Client) -> None:
    client.order(order_id="ORD-42")
    refund = {"refund_id": "RF42x1", "refund_amount": 50}

    assert client.call("POST", "/orders/ORD-42/refunds", refund).status_code == 400
    assert client.call("POST", "/orders/none/refunds", refund).status_code == 404
    number = client.book()["payments"][0]["id"]
    client.sim(f"pay/{number}", {"answer": "pay"})
    for wrong in ({"refund_id": "RF-42"}, {"refund_amount": 151}, {"refund_note": "ab"}):
        assert client.call("POST", "/orders/ORD-42/refunds", refund | wrong).status_code == 400
    assert client.call("POST", "/orders/ORD-42/refunds", refund).status_code == 200
    assert client.call("POST", "/orders/ORD-42/refunds", refund).status_code == 409
    (listed,) = client.call("GET", "/orders/ORD-42/refunds").json()
    assert listed["refund_id"] == "RF42x1"


def test_orders_end_by_the_clock_or_by_hand() -> None:
    with cashfree(life_seconds=0.2) as harness:
        client = Client(harness.url)
        link, order = client.link().json(), client.order().json()
        time.sleep(0.25)
        assert client.call("GET", f"/links/{link['link_id']}").json()["link_status"] == "EXPIRED"
        path = f"/orders/{order['order_id']}"
        assert client.call("GET", path).json()["order_status"] == "EXPIRED"
        assert client.call("PATCH", path, {"order_status": "PAID"}).status_code == 400


def test_a_link_lives_as_long_as_was_asked(client: Client) -> None:
    ends_at = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    told = client.link(link_expiry_time=ends_at.isoformat()).json()["link_expiry_time"]
    assert datetime.fromisoformat(told) == ends_at
    assert told.endswith("+05:30")

    number = client.book()["payments"][0]["id"]
    assert client.sim(f"expire/{number}").json()["status"] == "EXPIRED"
    assert client.sim("expire/1").status_code == 404


def test_the_pages_take_the_answers_that_they_offer(client: Client) -> None:
    link = client.link().json()
    assert "KALAI SAFARIS" in requests.get(link["link_url"], timeout=5).text
    assert requests.post(link["link_url"], data={"answer": "steal"}, timeout=5).status_code == 400
    assert requests.get(f"{client.url}/view/link/none", timeout=5).status_code == 404
    assert requests.get(f"{client.url}/view/attempt/1", timeout=5).status_code == 404
    paid = requests.post(link["link_url"], data={"answer": "pay"}, timeout=5)
    assert "This payment is paid." in paid.text
    assert "<button" not in paid.text


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"answer": "steal"}, 400),
        ({"answer": "pay", "amount_minor": 0}, 400),
        ({"answer": "pay", "currency": 5}, 400),
        ([], 400),
        ({"answer": "settle"}, 409),
        ({"answer": "pay"}, 200),
    ],
    ids=str,
)
def test_what_the_customer_cannot_do_is_refused(client: Client, wish: object, status: int) -> None:
    client.link()
    number = client.book()["payments"][0]["id"]

    assert client.sim(f"pay/{number}", wish).status_code == status
    assert client.sim("pay/1", {"answer": "pay"}).status_code == 404


@pytest.mark.parametrize(
    "wish",
    [
        {},
        [],
        {"fault": "explode"},
        {"fault": "drop", "operation": "void"},
        {"operation": "webhook", "fault": "drop"},
        {"operation": "webhook", "fault": "late", "seconds": "long"},
        {"operation": "webhook", "fault": "late", "times": 1.5},
        {"operation": "webhook", "fault": "late", "how": "very"},
        {"operation": "void", "fault": "rate_limit"},
    ],
    ids=str,
)
def test_a_knob_that_there_is_not_is_refused(client: Client, wish: object) -> None:
    assert client.sim("knobs", wish).status_code == 400


def test_knobs_are_listed_and_cleared_and_all_is_forgotten(client: Client) -> None:
    client.sim("knobs", {"operation": "webhook", "fault": "late", "times": None})
    client.sim("knobs", {"operation": "get_link", "fault": "drop"})
    turned = client.sim("knobs", method="GET").json()
    assert [(knob["operation"], knob["fault"]) for knob in turned] == [
        ("get_link", "drop"),
        ("webhook", "late"),
    ]
    assert client.sim("knobs", method="DELETE").json() == []

    client.link()
    client.sim("knobs", {"fault": "drop"})
    assert client.sim("reset").json() == {"reset": True}
    assert client.book() == {"payments": [], "debits": [], "refunds": [], "requests": {}}
    assert client.sim("knobs", method="GET").json() == []


def test_the_book_has_the_shape_that_all_simulators_share(client: Client) -> None:
    link = client.link(link_id="LNK-42").json()
    client.sim(f"pay/{link['cf_link_id']}", {"answer": "pay", "amount_minor": 700})
    book = client.book()

    assert book["payments"] == [
        {
            "id": link["cf_link_id"],
            "reference": "LNK-42",
            "url": link["link_url"],
            "amount_minor": 15_000,
            "currency": "INR",
            "status": "PARTIALLY_PAID",
        }
    ]
    (debit,) = book["debits"]
    assert (debit["id"], debit["reference"]) == (link["cf_link_id"], "LNK-42")
    assert (debit["amount_minor"], debit["currency"]) == (700, "INR")
    assert book["requests"] == {"LNK-42": {"create_link": 1}}
