"""Providers' notices: believed by signature only, filed once, and never more than a reason to
ask.
"""

import json
import time
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from bot.runtime import Runtime
from domain import payments
from domain.database import Database, configure, transaction
from domain.models import Account, Booking, Refund, Staff, Transfer
from domain.nudges import Nudge
from domain.states import AWAITING_CUSTOMER, STARTING, SUCCEEDED
from tests.bot.paying import PROVIDER, Counter, build

ASK = "workers.payments.attend"


@pytest.fixture
def counter(runtime: Runtime) -> Counter:
    return build(runtime)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def tell(
    client: FlaskClient,
    counter: Counter,
    *,
    signed_by: str = "first",
    path: str | None = None,
    **said: Any,
) -> TestResponse:
    body = {"key": "d1", "kind": "payment", "reference": str(counter.payment_id), **said}
    where = f"/callbacks/{PROVIDER}/{counter.account_id}" if path is None else path
    return client.post(where, data=json.dumps(body), headers={"X-Password": signed_by})


def credited() -> list[Transfer]:
    with transaction() as db:
        return list(db.scalars(select(Transfer)))


SUCCESS: dict[str, Any] = {"status": "succeeded", "amount": 15_000, "currency": "INR"}


def test_a_notice_is_filed_once_and_makes_the_provider_be_asked(
    client: FlaskClient, counter: Counter
) -> None:
    counter.open_link()
    for _ in range(2):
        assert tell(client, counter, **SUCCESS, shown="a\0b").status_code == 200
    (filed,) = counter.evidence()
    assert (filed.payment_id, filed.account_id) == (counter.payment_id, counter.account_id)
    assert (filed.source, filed.word, filed.body) == ("callback", "notice", "ab")
    assert (filed.amount_minor, filed.currency, filed.receipt) == (15_000, "INR", None)
    assert counter.payment().next_check_at is not None
    assert counter.payment().review is None
    # Its word of success moves nothing.
    assert (counter.payment().status, credited()) == (AWAITING_CUSTOMER, [])
    assert counter.rung == [Nudge(ASK, "payments", str(counter.payment_id))]


def test_a_repeated_delivery_asks_nobody_again(client: FlaskClient, counter: Counter) -> None:
    counter.open_link()
    tell(client, counter)
    counter.change(next_check_at=None)
    assert tell(client, counter).status_code == 200
    assert counter.payment().next_check_at is None


@pytest.mark.parametrize("statuses", [(STARTING,), (STARTING, AWAITING_CUSTOMER, SUCCEEDED)])
def test_it_counts_before_the_start_is_answered_and_after_a_success(
    client: FlaskClient, counter: Counter, statuses: tuple[str, ...]
) -> None:
    counter.move(*statuses)
    counter.change(next_check_at=None)
    assert tell(client, counter, **SUCCESS).status_code == 200
    assert counter.payment().next_check_at is not None
    assert len(counter.rung) == 1


@pytest.mark.parametrize(
    ("said", "review"),
    [
        ({**SUCCESS, "amount": 15_001}, "amount_mismatch"),
        ({**SUCCESS, "currency": "USD"}, "amount_mismatch"),
        ({**SUCCESS, "amount": 1, "status": "failed"}, None),
        ({"status": "succeeded"}, None),
    ],
)
def test_a_success_over_another_amount_is_left_to_a_person(
    client: FlaskClient, counter: Counter, said: dict[str, Any], review: str | None
) -> None:
    counter.open_link()
    tell(client, counter, **said)
    assert counter.payment().review == review
    counter.change(review="something before")
    tell(client, counter, **said, key="d2")
    assert counter.payment().review == "something before"


def test_only_the_accounts_own_provider_is_believed(client: FlaskClient, counter: Counter) -> None:
    counter.open_link()
    with capture_logs() as logs:
        assert tell(client, counter, signed_by="wrong", shown="private").status_code == 401
    assert counter.evidence() == []
    assert counter.payment().next_check_at is None
    (line,) = [each for each in logs if each["event"] == "callback_refused"]
    assert (line["provider"], line["account"]) == (PROVIDER, counter.account_id)
    assert "private" not in str(logs)


def test_forged_notices_cannot_fill_the_log(client: FlaskClient, counter: Counter) -> None:
    with capture_logs() as logs:
        for _ in range(60):
            tell(client, counter, signed_by="wrong")
    # A minute may end in the middle.
    assert 20 <= len([each for each in logs if each["event"] == "callback_refused"]) <= 40


def test_another_accounts_payment_is_a_stranger(client: FlaskClient, counter: Counter) -> None:
    counter.open_link()
    other = counter.add_account("other")
    path = f"/callbacks/{PROVIDER}/{other}"
    assert tell(client, counter, signed_by="other", path=path, **SUCCESS).status_code == 200
    assert [(each.account_id, each.payment_id) for each in counter.evidence()] == [(other, None)]
    assert (counter.payment().next_check_at, counter.rung) == (None, [])
    # Nor does it use up the name of the true account's delivery.
    assert tell(client, counter, **SUCCESS).status_code == 200
    assert counter.payment().next_check_at is not None


@pytest.mark.parametrize(
    "reference", [None, "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11", "not one of ours"]
)
def test_what_names_nothing_of_ours_is_filed(
    client: FlaskClient, counter: Counter, reference: str | None
) -> None:
    assert tell(client, counter, reference=reference).status_code == 200
    assert [each.payment_id for each in counter.evidence()] == [None]
    assert counter.rung == []


def test_without_an_account_each_in_use_is_tried(client: FlaskClient, counter: Counter) -> None:
    counter.open_link()
    counter.add_account("second")
    retired = counter.add_account("third", active=False)
    everybody = f"/callbacks/{PROVIDER}"
    assert tell(client, counter, path=everybody).status_code == 200
    assert [each.account_id for each in counter.evidence()] == [counter.account_id]
    assert tell(client, counter, signed_by="third", path=everybody).status_code == 401
    # By its own address it is heard: money may still be under way.
    path = f"{everybody}/{retired}"
    assert tell(client, counter, signed_by="third", path=path, key="d2").status_code == 200


@pytest.mark.parametrize("kind", ["payment", "refund"])
def test_of_several_accounts_with_the_same_keys_the_one_whose_payment_it_is_hears(
    client: FlaskClient, counter: Counter, kind: str
) -> None:
    """A merchant may give all accounts one password: the newest must not swallow the notices."""
    counter.open_link()
    counter.add_account("first")
    sent_at = counter.payment().created_at
    back = refund(counter, status="pending", sent_at=sent_at)
    named = str(counter.payment_id if kind == "payment" else back)
    path = f"/callbacks/{PROVIDER}"
    for _ in range(2):
        assert tell(client, counter, path=path, kind=kind, reference=named).status_code == 200
    (filed,) = counter.evidence()
    assert (filed.payment_id, filed.account_id) == (counter.payment_id, counter.account_id)
    assert len(counter.rung) == 1


@pytest.mark.parametrize(
    "path", ["/callbacks/omari/1", "/callbacks/nobody", f"/callbacks/{PROVIDER}/4711"]
)
def test_who_sends_no_notices_has_no_address(
    client: FlaskClient, counter: Counter, path: str
) -> None:
    assert tell(client, counter, path=path).status_code == 404


def test_an_account_whose_provider_sends_none_has_no_address(
    client: FlaskClient, counter: Counter
) -> None:
    with transaction() as db:
        owner = db.execute(select(Account.operator_id)).scalars().first()
        sealed = counter.runtime.accounts.sealer.seal('{"merchant_key": "key"}')
        omari = Account(
            operator_id=owner,
            provider="omari",
            currency="USD",
            name="omari",
            settings={"base_url": "http://127.0.0.1:9/omari", "channel": "WEB"},
            secrets_sealed=sealed,
        )
        db.add(omari)
        db.flush()
        account_id = omari.id
    assert tell(client, counter, path=f"/callbacks/omari/{account_id}").status_code == 404
    assert tell(client, counter, path="/callbacks/omari").status_code == 404


def test_what_is_no_notice_is_refused(client: FlaskClient, counter: Counter) -> None:
    path = f"/callbacks/{PROVIDER}/{counter.account_id}"
    answer = client.post(path, data=b"<xml>", headers={"X-Password": "first"})
    assert answer.status_code == 400
    large = client.post(path, data=b"x" * (64 * 1024 + 1), headers={"X-Password": "first"})
    assert large.status_code == 413
    assert client.get(path).status_code == 405
    assert counter.evidence() == []


def test_secrets_that_cannot_be_opened_let_the_provider_try_again(
    client: FlaskClient, counter: Counter
) -> None:
    with transaction() as db:
        db.execute(update(Account).values(secrets_sealed=b"sealed with a lost secret"))
    assert tell(client, counter).status_code == 503
    assert counter.evidence() == []


def test_a_locked_payment_loses_no_notice(client: FlaskClient, counter: Counter) -> None:
    counter.open_link()
    with transaction() as db:
        payments.lock(db, counter.payment_id)
        began = time.monotonic()
        answer = tell(client, counter, **SUCCESS)
        # Others wait five seconds for a lock; a provider is not kept waiting for so long.
        assert time.monotonic() - began < 4
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    # Nothing was filed, so the repeat is new.
    assert counter.evidence() == []
    assert tell(client, counter, **SUCCESS).status_code == 200
    assert counter.payment().next_check_at is not None


def test_nobody_waits_for_the_bookings_lock(client: FlaskClient, counter: Counter) -> None:
    counter.open_link()
    with transaction() as db:
        db.execute(select(Booking).with_for_update(key_share=True)).scalars().all()
        assert tell(client, counter).status_code == 200


def test_without_a_database_the_provider_tries_again(client: FlaskClient, counter: Counter) -> None:
    configure(Database("postgresql+psycopg://nobody@127.0.0.1:9/nothing"))
    assert tell(client, counter).status_code == 503
    configure(counter.runtime.database)
    assert counter.evidence() == []


# Refunds


def refund(counter: Counter, **values: Any) -> Any:
    with transaction() as db:
        asked = Staff(email="a@example.com", role="admin")
        db.add(asked)
        db.flush()
        row = Refund(
            id=uuid4(),
            payment_id=counter.payment_id,
            amount_minor=100,
            reason="too much",
            requested_by=asked.id,
            **values,
        )
        db.add(row)
        return row.id


def test_a_refunds_notice_makes_its_provider_be_asked(
    client: FlaskClient, counter: Counter
) -> None:
    with transaction() as db:
        now = db.execute(select(Account.created_at)).scalars().first()
    refund_id = refund(counter, status="pending", sent_at=now)
    counter.change(next_check_at=None)
    tell(client, counter, kind="refund", reference=str(refund_id))
    with transaction() as db:
        assert db.get_one(Refund, refund_id).next_check_at is not None
    assert [each.payment_id for each in counter.evidence()] == [counter.payment_id]
    assert counter.payment().next_check_at is None
    nudge = Nudge("workers.refunds.attend_refund", "payments", str(refund_id))
    assert counter.rung == [nudge]


def test_no_notice_sends_what_nobody_approved(client: FlaskClient, counter: Counter) -> None:
    refund_id = refund(counter)
    assert tell(client, counter, kind="refund", reference=str(refund_id)).status_code == 200
    with transaction() as db:
        assert db.get_one(Refund, refund_id).next_check_at is None
    assert counter.rung == []
