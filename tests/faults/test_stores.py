"""PostgreSQL and Valkey are away, forget, fill up, or lose a connection at the worst moment."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from bot.embedded_valkey import EmbeddedValkey
from tests.faults.conftest import Notes
from tests.faults.site import WORKERS, Site, together
from tests.faults.test_messages import rows, turns
from tests.journey.customer import Customer
from tests.journey.waiting import eventually

pytestmark = [pytest.mark.timeout(240)]

_SKEWED = Path(__file__).with_name("skewed_clock")


def restart_without_data(site: Site, valkey: EmbeddedValkey) -> None:
    """The server is killed and started again on the same port; it kept nothing on disk."""
    site.redis.set("kept", "no")
    valkey.process.kill()
    time.sleep(0.5)
    valkey.start()
    assert site.redis.get("kept") is None


@pytest.mark.fault(
    15,
    "Valkey is emptied in the middle of a conversation: the next message continues it",
    "FLUSHDB while the amount is asked for, and again while the code is",
)
def test_an_emptied_valkey(site: Site) -> None:
    customer = site.house.customer()
    customer.say("pay")
    customer.hears("booking reference")
    customer.say(customer.reference)
    customer.hears("How much")
    site.redis.flushdb()
    customer.say("100")
    customer.hears("Which Omari number")
    customer.say("this number")
    customer.hears("PIN")
    site.redis.flushdb()
    customer.say(customer.code())
    site.ends(customer)


@pytest.mark.fault(
    16,
    "Valkey is down: messages are filed, answered with 200 and heard afterwards",
    "the proxy refuses for 30 s (6 s in `make test`); what ends is started again, as a platform"
    " does",
)
def test_valkey_is_down(site: Site, away_seconds: int, seen: Notes) -> None:
    (customer,) = site.customers_at_code()
    site.valkey.refuse()
    began = time.monotonic()
    assert customer.post("status") == 200
    assert customer.post(customer.code()) == 200
    slowest = time.monotonic() - began
    time.sleep(away_seconds)
    assert [each.status for each in rows(customer, "in")][-2:] == ["filed", "filed"]
    site.valkey.listen()
    site.ends(customer)
    seen(
        f"away for {away_seconds} s; both answered with 200 within {slowest:.1f} s, and heard in"
        " order afterwards"
    )


@pytest.mark.fault(
    16,
    "PostgreSQL is down: 503 quickly, nothing half done; the message is found in Twilio's list",
    "the proxy refuses for 30 s (6 s in `make test`); Twilio gives up on a message; the look into"
    " its list is brought forward by a worker whose clock is a minute ahead",
)
def test_postgresql_is_down(site: Site, away_seconds: int, seen: Notes) -> None:
    (customer,) = site.customers_at_code()
    before = len(rows(customer, "in"))
    site.database.refuse()
    began = time.monotonic()
    assert customer.post("help") == 503
    seconds = time.monotonic() - began
    assert seconds < 5
    customer.say(customer.code())
    time.sleep(away_seconds)
    site.database.listen()
    site.wait("the web is back", lambda: site.house.wait_ready() is None)
    assert len(rows(customer, "in")) == before
    site.restart("worker_sweeps", PYTHONPATH=str(_SKEWED), SKEW_SECONDS="60")
    site.wait("a look into Twilio's list", lambda: _looked(site, customer, before), 30)
    site.ends(customer)
    site.restart("worker_sweeps")
    seen(
        f"away for {away_seconds} s; 503 after {seconds:.1f} s; the code was found in Twilio's list"
    )


def _looked(site: Site, customer: Customer, before: int) -> bool:
    site.promise("workers.sweeps.find_missed_messages")
    time.sleep(1)
    return len(rows(customer, "in")) > before


@pytest.mark.fault(
    17,
    "Valkey comes back without its queue: the sweep finds every row again",
    "three codes are handed over while no worker runs; Valkey, which keeps nothing on disk, is"
    " killed and started again",
)
def test_a_lost_queue(site: Site, valkey: EmbeddedValkey) -> None:
    customers = site.customers_at_code(3)
    codes = [each.code() for each in customers]
    for name in WORKERS:
        site.house.stop(name)
    for customer, code in zip(customers, codes, strict=True):
        assert customer.post(code) == 200
    restart_without_data(site, valkey)
    for name in WORKERS:
        site.house.start(name)
    # The codes went with Valkey: nothing was sent to Omari, and they are asked for once more.
    site.wait(
        "the codes are asked for again",
        lambda: all("send the code again" in each.replies()[-1] for each in customers),
    )
    for customer in customers:
        customer.say(customer.code())
    site.ends(*customers)
    assert [site.asked(each, "request") for each in customers] == [1, 1, 1]


@pytest.mark.fault(
    35,
    "Valkey comes back without its data while two messages of one customer are under way: the"
    " database's keys decide, no effect twice",
    "one message twice and the code, all at once, while Valkey, which keeps nothing on disk, is"
    " killed and started again",
)
def test_valkey_forgets_between_two_messages(site: Site, valkey: EmbeddedValkey) -> None:
    (customer,) = site.customers_at_code()
    code = customer.code()
    twice = f"SM{'c' * 32}"
    with ThreadPoolExecutor(3) as pool:
        posted = [pool.submit(customer.post, "help", sid=twice) for _ in range(2)]
        posted.append(pool.submit(customer.post, code))
        # In this thread: a server ends with the thread that started it.
        restart_without_data(site, valkey)
        assert [each.result() for each in posted] == [200] * 3
    site.wait("the code is heard", lambda: customer.payments()[-1].status != "awaiting_otp")
    if any("send the code again" in each for each in _settled_replies(site, customer)):
        customer.say(code)
    site.ends(customer)
    assert site.asked(customer, "request") == 1
    heard = turns(customer)
    assert len(heard) == len(set(heard))
    assert [each for each in heard if each.startswith("message")] == [
        f"message:{each.id}" for each in rows(customer, "in")
    ]


def _settled_replies(site: Site, customer: Customer) -> list[str]:
    site.wait("quiet", site.house.all_is_quiet)
    site.wait("an answer", lambda: customer.payments()[-1].status != "confirming")
    site.wait("quiet", site.house.all_is_quiet)
    return customer.replies()


@pytest.fixture
def small_disk(site: Site) -> Iterator[Path]:
    """A disk of four megabytes, on which the table of messages stands for as long as this lasts."""
    with site.session() as db:
        account = _account_of(db.info.backend_pid)
    if account is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk, for a server on this machine")
    # Not in a folder of pytest, through which the server's account may not pass.
    disk = Path(tempfile.mkdtemp(prefix="tourpay-small-disk-"))
    disk.chmod(0o711)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if made.returncode != 0:
        disk.rmdir()
        pytest.skip("this machine does not let even root mount a small disk")
    place = disk / "place"
    place.mkdir()
    subprocess.run(["chown", account, str(place)], check=True)
    with site.session() as db:
        db.autocommit = True
        db.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        db.execute("ALTER TABLE message SET TABLESPACE small")
        try:
            yield disk
        finally:
            (disk / "filler").unlink(missing_ok=True)
            db.execute("ALTER TABLE message SET TABLESPACE pg_default")
            db.execute("DROP TABLESPACE small")
            subprocess.run(["umount", str(disk)], check=True)
            disk.rmdir()


def _account_of(process_id: int) -> str | None:
    """The number of the account that a server's process runs as; None: not on this machine."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except FileNotFoundError:
        return None
    facts = dict(line.split(":", 1) for line in status.splitlines())
    return facts["Uid"].split()[0] if facts["Name"].strip() == "postgres" else None


def _fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4_096):
            pass


@pytest.mark.fault(
    29,
    "The connection is cut exactly at COMMIT: the transaction is repeated, the call is not",
    "the proxy delivers the COMMIT of the money and swallows its answer; another time it cuts"
    " before the COMMIT; the same for a message's filing",
)
def test_cut_at_commit(site: Site, seen: Notes) -> None:
    customers = site.customers_at_code(2)
    for customer, deliver in zip(customers, (True, False), strict=True):
        site.restart("worker_payments")  # on new connections, statements go by in full
        cut = site.database.cut_at(b"COMMIT", after=b"INSERT INTO transfer", deliver=deliver)
        customer.say(customer.code())
        site.ends(customer)
        assert cut.done.is_set()
        assert site.asked(customer, "request") == 1
        assert "uncertain" not in site.path(customer), "the call's answer was not forgotten"
    for deliver in (True, False):
        site.restart("web")
        before = len(rows(customers[0], "in"))
        cut = site.database.cut_at(b"COMMIT", after=b"INSERT INTO message", deliver=deliver)
        assert customers[0].post("help") == 200
        assert cut.done.is_set()
        site.truth()
        assert len(rows(customers[0], "in")) == before + 1
    seen("four cuts, each at its COMMIT")


@pytest.mark.fault(
    29,
    "A deadlock; a serialization failure: the transaction is repeated, the call is not",
    "the test locks payment and then booking, against the order of the house; a trigger of the test"
    " raises 40001 once when the money is written",
)
def test_deadlock_and_serialization_failure(site: Site) -> None:
    blocked, conflicted = site.customers_at_code(2)
    payment = blocked.payments()[-1]
    with site.session() as db:
        db.execute("SET deadlock_timeout = '20s'")  # so that it is the other side that gives way
        db.execute("SELECT FROM payment WHERE id = %s FOR UPDATE", [payment.id])
        together(
            [lambda: blocked.say(blocked.code()), lambda: _lock_booking(db, payment.booking_id)]
        )
        db.rollback()
    site.wait("the deadlock is over", lambda: blocked.payments()[-1].status == "succeeded")
    with site.session() as db:
        before = db.execute(_DEADLOCKS).fetchone()
        assert before is not None
        assert before[0] >= 1
        db.execute(_CONFLICT_ONCE)
    conflicted.say(conflicted.code())
    site.ends(blocked, conflicted)
    with site.session() as db:
        raised = db.execute("SELECT last_value FROM conflict_once").fetchone()
        db.execute("DROP FUNCTION raise_conflict CASCADE; DROP SEQUENCE conflict_once")
    assert raised is not None
    assert raised[0] >= 2, "once refused, once taken"
    assert [site.asked(each, "request") for each in (blocked, conflicted)] == [1, 1]


_WAITS = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND %s = ANY (pg_blocking_pids(pid)))
"""
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
_CONFLICT_ONCE = """
CREATE SEQUENCE conflict_once;
CREATE FUNCTION raise_conflict() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('conflict_once') = 1 THEN
        RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER conflict_once BEFORE INSERT ON transfer
    FOR EACH ROW EXECUTE FUNCTION raise_conflict();
"""


def _lock_booking(db: psycopg.Connection, booking_id: int) -> None:
    """Once the other side, which holds the booking, waits for the payment. It looks for a deadlock
    once, a second after it began to wait.
    """
    ours = db.info.backend_pid
    eventually("the other side waits", lambda: db.execute(_WAITS, [ours]).fetchone() == (True,))
    db.execute("SELECT FROM booking WHERE id = %s FOR UPDATE", [booking_id])


@pytest.mark.fault(
    28,
    "The disk of the database is full: 503, nothing half done, no lie; on with it when there is"
    " room",
    "the table of messages is moved to a disk of 4 MB (tmpfs), which a file fills to the brim",
)
def test_a_full_disk(site: Site, small_disk: Path, seen: Notes) -> None:
    (customer,) = site.customers_at_code()
    _fill(small_disk)
    codes: list[int] = []
    while 503 not in codes and len(codes) < 60:
        codes.append(customer.post(f"status {'long ' * 790}"))
    assert codes[-1] == 503
    assert customer.post("cancel " * 500) == 503
    assert customer.payments()[-1].status == "awaiting_otp"
    (small_disk / "filler").unlink()
    site.wait("the web takes messages", lambda: customer.post("help") == 200)
    customer.say(customer.code())
    site.ends(customer)
    assert {each.status for each in rows(customer, "in")} == {"heard"}
    seen(f"{len(codes) - 1} long messages fitted in, the next got 503; none that got 200 was lost")
