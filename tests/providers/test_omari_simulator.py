"""The simulated Omari by itself: what it drops, its magic numbers, its knobs, its book."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from providers.simulators.omari import OmariSimulatorSettings, create_omari
from tests.providers.servers import simulator

KEY = "simulated-merchant-key"
NUMBER = "263771234567"


class Client:
    """Speaks Omari's protocol by hand."""

    def __init__(self, url: str) -> None:
        self.url = url

    def auth(self, number: str = NUMBER, **changes: object) -> requests.Response:
        body = {
            "msisdn": number,
            "reference": str(uuid.uuid4()),
            "amount": 100.0,
            "currency": "USD",
            "channel": "WEB",
        }
        return self.post("/auth", body | changes)

    def post(self, path: str, body: object, key: str = KEY) -> requests.Response:
        headers = {"X-Merchant-Key": key}
        return requests.post(self.url + path, json=body, headers=headers, timeout=5)

    def pay(self, number: str, otp: str | None = None) -> tuple[str, requests.Response]:
        """Both steps; returns the reference and the answer to the second."""
        reference = str(uuid.uuid4())
        assert self.auth(number, reference=reference).json()["responseCode"] == "000"
        code = otp or self.inbox(number)[-1]["otp"]
        body = {"msisdn": number, "reference": reference, "otp": code}
        return reference, self.post("/request", body)

    def query(self, reference: str) -> dict:
        headers = {"X-Merchant-Key": KEY}
        return requests.get(f"{self.url}/query/{reference}", headers=headers, timeout=5).json()

    def inbox(self, number: str = NUMBER) -> list[dict]:
        return requests.get(f"{self.url}/_sim/sms/{number}", timeout=5).json()

    def book(self) -> dict:
        return requests.get(f"{self.url}/_sim/book", timeout=5).json()

    def turn(self, wish: object) -> requests.Response:
        return requests.post(f"{self.url}/_sim/knobs", json=wish, timeout=5)


@pytest.fixture
def client() -> Iterator[Client]:
    settings = OmariSimulatorSettings(KEY, opening_balance_minor=15_000)
    with simulator(create_omari(settings), "/any/prefix") as url:
        yield Client(url)


def test_the_sms_names_merchant_amount_code_and_reference(client: Client) -> None:
    otp_reference = client.auth(amount=1234.5).json()["otpReference"]

    sms = client.inbox()[0]
    assert sms["text"] == (
        f"Omari: USD 1234.50 to KALAI SAFARIS. OTP {sms['otp']} valid 5 min."
        f" Ref {otp_reference}. Never share your PIN."
    )
    assert sms["otpReference"] == otp_reference
    assert len(sms["otp"]) == 6
    assert client.inbox("263770000000") == []


def test_an_amount_keeps_its_two_digits_on_the_wire(client: Client) -> None:
    reference = str(uuid.uuid4())
    client.auth(reference=reference, amount=3.5)

    headers = {"X-Merchant-Key": KEY}
    told = requests.get(f"{client.url}/query/{reference}", headers=headers, timeout=5).text
    assert '"amount": 3.50,' in told


def test_another_key_is_turned_away(client: Client) -> None:
    answer = client.post("/auth", {}, key="another")

    assert answer.status_code == 401
    assert answer.json()["responseCode"] == "003"


@pytest.mark.parametrize(
    "change",
    [
        {"msisdn": "0771234567"},
        {"msisdn": None},
        {"reference": "KS-2024-001"},
        {"amount": "100.00"},
        {"amount": 0},
        {"amount": 1.005},
        {"amount": True},
        {"currency": "EUR"},
        {"channel": "APP"},
    ],
    ids=str,
)
def test_a_message_that_is_not_as_documented_is_dropped(
    client: Client, change: dict[str, object]
) -> None:
    with pytest.raises(requests.ConnectionError):
        client.auth(**change)

    assert client.book() == {"auths": [], "debits": [], "requests": {}}


@pytest.mark.parametrize("body", [[], "text", None, {"msisdn": NUMBER}])
def test_a_request_that_is_not_as_documented_is_dropped(client: Client, body: object) -> None:
    with pytest.raises(requests.ConnectionError):
        client.post("/request", body)


@pytest.mark.parametrize(
    ("ending", "status", "code"), [("0048", 200, "048"), ("0061", 200, "061"), ("0062", 200, "062")]
)
def test_magic_numbers_at_auth(client: Client, ending: str, status: int, code: str) -> None:
    answer = client.auth(f"26377000{ending}")

    assert (answer.status_code, answer.json()["responseCode"]) == (status, code)
    assert client.inbox(f"26377000{ending}") == []


def test_a_magic_number_for_a_server_error(client: Client) -> None:
    assert client.auth("263770000500").status_code == 500
    assert client.book()["auths"] == []


@pytest.mark.parametrize(
    ("ending", "code", "word", "debits"),
    [
        ("0005", "005", "Failed", 0),
        ("0051", "051", "Failed", 0),
        ("0096", "096", "Pending", 0),
        ("0091", "091", "Success", 1),
    ],
)
def test_magic_numbers_at_request(
    client: Client, ending: str, code: str, word: str, debits: int
) -> None:
    reference, answer = client.pay(f"26377000{ending}")

    assert answer.json()["responseCode"] == code
    assert client.query(reference)["status"] == word
    assert len(client.book()["debits"]) == debits


def test_a_wrong_code_is_wrong_for_a_magic_number_too(client: Client) -> None:
    _, answer = client.pay("263770000051", otp="0000")

    assert answer.json()["responseCode"] == "055"


def test_magic_numbers_whose_answer_is_lost() -> None:
    settings = OmariSimulatorSettings(KEY, hidden_seconds=30.0)
    with simulator(create_omari(settings), "/omari") as url:
        client = Client(url)
        with pytest.raises(requests.ConnectionError):
            client.pay("263770000504")
        with pytest.raises(requests.ConnectionError):
            client.pay("263770000404")

        shown, hidden = client.book()["debits"]
        assert client.query(shown["reference"])["status"] == "Success"
        assert client.query(hidden["reference"])["responseCode"] == "025"


def test_a_wallet_is_not_bottomless(client: Client) -> None:
    assert client.pay(NUMBER)[1].json()["responseCode"] == "000"
    assert client.pay(NUMBER)[1].json()["responseCode"] == "051"
    assert client.pay("263770000002")[1].json()["responseCode"] == "000"


def test_a_payment_belongs_to_the_number_that_began_it(client: Client) -> None:
    reference = str(uuid.uuid4())
    client.auth(reference=reference)
    body = {"msisdn": "263770000001", "reference": reference, "otp": client.inbox()[0]["otp"]}

    assert client.post("/request", body).json()["responseCode"] == "025"
    assert client.book()["debits"] == []


@pytest.mark.parametrize(
    "wish",
    [
        {},
        [],
        {"fault": "explode"},
        {"fault": "drop", "operation": "void"},
        {"fault": "drop", "how": "hard"},
        {"fault": "slow", "seconds": "long"},
        {"fault": "drop", "times": True},
    ],
    ids=str,
)
def test_a_knob_that_there_is_not_is_refused(client: Client, wish: object) -> None:
    assert client.turn(wish).status_code == 400


def test_knobs_count_and_are_cleared(client: Client) -> None:
    client.turn({"operation": "auth", "fault": "status", "status": 503, "times": 2})
    assert [client.auth().status_code for _ in range(3)] == [503, 503, 200]

    client.turn({"fault": "status", "times": None})
    assert [client.auth().status_code for _ in range(4)] == [502] * 4
    requests.delete(f"{client.url}/_sim/knobs", timeout=5)
    assert client.auth().status_code == 200


def test_reset_forgets_everything(client: Client) -> None:
    client.pay(NUMBER)
    client.turn({"fault": "drop"})
    requests.post(f"{client.url}/_sim/reset", timeout=5)

    assert client.book() == {"auths": [], "debits": [], "requests": {}}
    assert client.auth().status_code == 200


def test_a_book_in_a_file_outlives_its_server(tmp_path: Path) -> None:
    settings = OmariSimulatorSettings(KEY, book_path=tmp_path / "omari.sqlite")
    with simulator(create_omari(settings), "/omari") as url:
        reference, _ = Client(url).pay(NUMBER)
    with simulator(create_omari(settings), "/omari") as url:
        client = Client(url)
        assert client.query(reference)["status"] == "Success"
        assert client.auth(reference=reference).json()["responseCode"] == "026"
        assert [debit["reference"] for debit in client.book()["debits"]] == [reference]
