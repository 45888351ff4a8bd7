"""A provider that leaves calls unanswered: counted, paused by itself, probed, resumed."""

import threading
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select, update
from sqlalchemy.pool import QueuePool

from domain import switches
from domain.database import transaction
from domain.models import Account, AuditEntry, Switch
from providers.contract import Call
from tests.workers.shop import Shop
from workers.probes import count, probe_paused

SILENCE = Call("query", None, 5, "timed_out")


def counted(call: Call, times: int = 1) -> None:
    for _ in range(times):
        with transaction() as db:
            count(db, "omari", call)


def is_paused() -> bool:
    with transaction() as db:
        return "omari" in switches.paused(db, 1, ("omari",))


def failures() -> int:
    with transaction() as db:
        found = db.execute(select(Switch.failures)).scalar_one_or_none()
        return found or 0


def due() -> None:
    """Let the next probe's time come."""
    with transaction() as db:
        db.execute(update(Switch).values(probe_at=Switch.probe_at - timedelta(seconds=700)))


def acts() -> list[str]:
    with transaction() as db:
        return list(db.execute(select(AuditEntry.act).order_by(AuditEntry.id)).scalars())


def probes(shop: Shop) -> int:
    """How often Omari was asked about payments that nobody made."""
    book = requests.get(f"{shop.outside.url}/omari/_sim/book", timeout=10).json()
    return sum(int(each.get("query", 0)) for each in book["requests"].values())


@pytest.mark.parametrize(
    ("http_status", "code"),
    [
        (None, "not_connected"),
        (None, "timed_out"),
        (200, "timed_out"),
        (None, "connection_lost"),
        (502, "server_error"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_five_calls_in_a_row_without_an_answer_pause(http_status: int | None, code: str) -> None:
    call = Call("query", http_status, 5, code)
    counted(call, 4)
    assert not is_paused()
    counted(call)
    assert is_paused()


@pytest.mark.parametrize(
    ("http_status", "code"), [(200, "000"), (200, "777"), (400, "111"), (429, None)]
)
@pytest.mark.usefixtures("shop")
def test_any_answer_begins_the_count_anew(http_status: int, code: str | None) -> None:
    counted(SILENCE, 4)
    counted(Call("query", http_status, 5, code))
    assert failures() == 0


@pytest.mark.parametrize(
    ("http_status", "code"),
    [(200, "unreadable"), (200, "too_large"), (302, "redirected"), (None, "bad_otp")],
)
@pytest.mark.usefixtures("shop")
def test_what_is_no_word_of_the_provider_counts_neither_way(
    http_status: int | None, code: str
) -> None:
    counted(SILENCE, 3)
    counted(Call("query", http_status, 5, code))
    assert failures() == 3


def test_nobody_is_probed_before_it_is_due(shop: Shop) -> None:
    probe_paused()
    counted(SILENCE, 5)
    probe_paused()
    assert probes(shop) == 0


def test_a_provider_that_is_there_again_resumes(shop: Shop) -> None:
    counted(SILENCE, 5)
    due()
    probe_paused()
    assert probes(shop) == 1
    assert not is_paused()
    assert acts() == ["payments_paused", "payments_resumed"]


def test_one_that_is_still_away_stays_paused_and_is_asked_later(shop: Shop) -> None:
    counted(SILENCE, 5)
    shop.outside.omari("query", "status", status=503, times=None)
    due()
    probe_paused()
    probe_paused()
    assert probes(shop) == 1
    assert is_paused()
    shop.outside.omari_behaves()
    due()
    probe_paused()
    assert not is_paused()
    assert acts() == ["payments_paused", "payments_resumed"]


@pytest.mark.usefixtures("shop")
def test_what_a_person_paused_is_not_probed() -> None:
    counted(SILENCE, 5)
    due()
    with transaction() as db:
        switches.pause(db, "provider:omari", "rudo@example.com", None)
    probe_paused()
    assert is_paused()


@pytest.mark.parametrize("change", [{"active": False}, {"secrets_sealed": b"of another key"}])
def test_without_an_account_to_ask_with_it_stays_paused(
    shop: Shop, change: dict[str, object]
) -> None:
    shop.change_account(**change)
    counted(SILENCE, 5)
    due()
    probe_paused()
    assert probes(shop) == 0
    assert is_paused()


@pytest.mark.usefixtures("shop")
def test_an_account_that_cannot_be_used_does_not_keep_the_others_waiting() -> None:
    with transaction() as db:
        good = db.execute(select(Account)).scalar_one()
        db.add(
            Account(
                operator_id=good.operator_id,
                provider="omari",
                currency="ZWG",
                name="omari ZWG",
                settings=good.settings,
                secrets_sealed=b"of another key",
            )
        )
    counted(SILENCE, 5)
    for _ in range(60):
        due()
        probe_paused()
        if not is_paused():
            break
    assert not is_paused()


def test_no_transaction_is_open_while_it_is_asked(shop: Shop) -> None:
    counted(SILENCE, 5)
    due()
    shop.outside.omari("query", "slow", seconds=1.0)
    pool = shop.runtime.database.engine.pool
    asking = threading.Thread(target=probe_paused)
    asking.start()
    while probes(shop) == 0:
        assert asking.is_alive()
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0
    assert asking.is_alive(), "it is asked still"
    asking.join()
    assert not is_paused()
