"""What may take new payments: who paused it, which words win, and many workers counting at once."""

import multiprocessing
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, update

from domain import switches
from domain.database import Database, configure, repeat, transaction
from domain.models import AuditEntry, Staff, Switch
from domain.policy import Policy

pytestmark = pytest.mark.usefixtures("database")

SPAWN = multiprocessing.get_context("spawn")
PROCESSES = 8
POLICY = Policy(pause_after_failures=3, probe_seconds=60, probe_longest_seconds=600)
RUDO = "rudo@example.com"


def pause(scope: str, words: str | None = None, by: str = "cli") -> bool:
    with transaction() as db:
        return switches.pause(db, scope, by, words)


def resume(scope: str, by: str = "cli") -> bool:
    with transaction() as db:
        return switches.resume(db, scope, by)


def fail(times: int = 1, provider: str = "omari") -> list[bool]:
    done = []
    for _ in range(times):
        with transaction() as db:
            done.append(switches.count_failure(db, provider, POLICY))
    return done


def answer(provider: str = "omari") -> bool:
    with transaction() as db:
        return switches.count_answer(db, provider)


def claim() -> str | None:
    with transaction() as db:
        return switches.claim_probe(db, POLICY)


def paused(*providers: str, operator_id: int = 3) -> dict[str, str | None]:
    with transaction() as db:
        return switches.paused(db, operator_id, providers or ("omari", "kaspi"))


def switch(scope: str = "provider:omari") -> Switch:
    with transaction() as db:
        return db.execute(select(Switch).where(Switch.scope == scope)).scalar_one()


def acts() -> list[tuple[str, str, str]]:
    with transaction() as db:
        entries = db.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        return [(entry.actor, entry.act, entry.subject) for entry in entries]


def later(seconds: float) -> None:
    """Let time pass for all switches."""
    moment = timedelta(seconds=seconds)
    with transaction() as db:
        db.execute(
            update(Switch).values(
                paused_at=Switch.paused_at - moment, probe_at=Switch.probe_at - moment
            )
        )


def test_nothing_is_paused_at_first() -> None:
    assert paused() == {}


@pytest.mark.parametrize(
    ("scope", "stopped"),
    [
        ("all", {"omari": None, "kaspi": None}),
        ("operator:3", {"omari": None, "kaspi": None}),
        ("operator:33", {}),
        ("provider:kaspi", {"kaspi": None}),
        ("provider:phonepe", {}),
    ],
)
def test_a_pause_stops_what_its_scope_says(scope: str, stopped: dict[str, None]) -> None:
    assert pause(scope)
    assert paused() == stopped
    assert resume(scope)
    assert paused() == {}


def test_the_most_specific_words_win() -> None:
    pause("all", "We are counting.")
    assert paused("omari") == {"omari": "We are counting."}
    pause("operator:3", "Kalai Safaris moves house.")
    assert paused("omari") == {"omari": "Kalai Safaris moves house."}
    pause("provider:omari", "Omari is being mended.")
    assert paused() == {"omari": "Omari is being mended.", "kaspi": "Kalai Safaris moves house."}
    assert paused("omari", operator_id=4) == {"omari": "Omari is being mended."}


def test_a_pause_without_words_leaves_them_to_the_wider_one() -> None:
    pause("all", "We are counting.")
    fail(3)
    assert paused("omari") == {"omari": "We are counting."}


def test_it_takes_one_query_to_know() -> None:
    pause("all")
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    with transaction() as db:
        event.listen(db.get_bind(), "before_cursor_execute", note)
        switches.paused(db, 3, ("omari", "kaspi", "phonepe", "cashfree"))
        event.remove(db.get_bind(), "before_cursor_execute", note)
    assert len(statements) == 1


@pytest.mark.parametrize("scope", ["", "omari", "operator:", "operator:x", "provider:", "ALL"])
def test_a_scope_that_cannot_be_is_refused(scope: str) -> None:
    with pytest.raises(ValueError, match="a scope is"):
        pause(scope)
    assert acts() == []


def test_words_are_one_line_and_not_too_many() -> None:
    pause("all", "  We are\n counting.  ")
    assert switch("all").words == "We are counting."
    pause("all", "x" * 300)
    with pytest.raises(ValueError, match="at most 300"):
        pause("all", "x" * 301)
    pause("all", "  ")
    assert switch("all").words is None


def test_people_leave_an_entry_each_and_nothing_twice() -> None:
    with transaction() as db:
        db.add(Staff(email=RUDO, role="admin"))
    assert pause("all", "We are counting.", RUDO)
    assert not pause("all", "We are counting.", RUDO)
    assert pause("all", "Still counting.", RUDO)
    assert resume("all")
    assert not resume("all")
    assert not resume("provider:omari")
    assert acts() == [
        (RUDO, "payments_paused", "switch:all"),
        (RUDO, "payments_paused", "switch:all"),
        ("cli", "payments_resumed", "switch:all"),
    ]
    with transaction() as db:
        first, second, third = db.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        person = db.execute(select(Staff.id)).scalar_one()
    assert [each.staff_id for each in (first, second, third)] == [person, person, None]
    assert first.detail == {"words": "We are counting."}


def test_failures_in_a_row_pause_a_provider_once() -> None:
    assert fail(2) == [False, False]
    assert paused() == {}
    assert fail(3) == [True, False, False]
    assert paused() == {"omari": None}
    row = switch()
    assert (row.paused_by, row.failures) == ("itself", 3)
    assert row.paused_at is not None
    assert row.probe_at is not None
    assert timedelta(seconds=59) < row.probe_at - row.paused_at < timedelta(seconds=61)
    assert acts() == [("itself", "payments_paused", "switch:provider:omari")]


def test_an_answer_between_begins_the_count_anew() -> None:
    fail(2)
    assert not answer()
    assert fail(2) == [False, False]
    fail(1, "kaspi")
    assert paused() == {}
    assert fail() == [True]


def test_an_answer_resumes_what_paused_itself_once() -> None:
    fail(3)
    assert answer()
    assert not answer()
    assert paused() == {}
    assert (switch().failures, switch().probe_at) == (0, None)
    assert [act for _, act, _ in acts()] == ["payments_paused", "payments_resumed"]
    assert acts()[-1][0] == "itself"


def test_an_answer_of_a_provider_that_nobody_counted_locks_nothing() -> None:
    pause("provider:omari")
    with transaction() as holder:
        holder.execute(select(Switch).with_for_update())
        assert not answer()
        assert not answer("kaspi")


def test_what_a_person_paused_no_answer_resumes() -> None:
    fail(1)
    pause("provider:omari", by=RUDO)
    assert fail(5) == [False] * 5
    assert not answer()
    later(3_600)
    assert claim() is None
    assert paused() == {"omari": None}
    assert switch().paused_by == RUDO


def test_a_person_takes_over_a_pause_and_only_a_person_ends_it() -> None:
    fail(3)
    since = switch().paused_at
    assert pause("provider:omari", "Omari is being mended.", RUDO)
    assert switch().paused_at == since
    assert not answer()
    assert resume("provider:omari", RUDO)
    assert fail(2) == [False, False], "and the count begins anew"


def test_a_person_may_resume_what_paused_itself() -> None:
    fail(3)
    assert resume("provider:omari", RUDO)
    assert paused() == {}
    assert claim() is None


def test_probes_are_due_ever_more_seldom() -> None:
    fail(3)
    assert claim() is None
    gaps = []
    for seconds in (61, 62, 124, 248, 496, 601, 601):
        later(seconds)
        assert claim() == "omari"
        assert claim() is None, "claimed for one alone"
        gaps.append(gap_seconds())
    assert gaps == [pytest.approx(each, abs=5) for each in (61, 123, 247, 495, 600, 600, 600)]


def gap_seconds() -> float:
    with transaction() as db:
        gap: timedelta = db.execute(
            select(Switch.probe_at - func.clock_timestamp()).where(Switch.probe_at.is_not(None))
        ).scalar_one()
        return gap.total_seconds()


def test_a_probe_that_somebody_claims_is_passed_over() -> None:
    fail(3)
    fail(3, "kaspi")
    later(61)
    with transaction() as db:
        held = switches.claim_probe(db, POLICY)
        assert {held, claim()} == {"omari", "kaspi"}


def test_what_stands_is_listed() -> None:
    fail(3)
    fail(1, "kaspi")
    pause("all")
    pause("operator:3")
    resume("operator:3")
    with transaction() as db:
        assert [each.scope for each in switches.standing(db)] == [
            "all",
            "provider:kaspi",
            "provider:omari",
        ]


def count_again_and_again(url: str, times: int) -> tuple[int, int]:
    """In a process of its own: fail and answer by turns. How often it was this process that paused,
    and that resumed.
    """
    configure(Database(url, pool_size=1))
    paused_here = resumed_here = 0
    for _ in range(times):
        for _ in range(POLICY.pause_after_failures + 1):
            paused_here += repeat(lambda db: switches.count_failure(db, "omari", POLICY))
        resumed_here += repeat(lambda db: switches.count_answer(db, "omari"))
    return paused_here, resumed_here


@pytest.mark.concurrency
def test_eight_processes_count_at_once_and_each_change_is_written_once(database_url: str) -> None:
    with SPAWN.Pool(PROCESSES) as pool:
        done = pool.starmap(count_again_and_again, [(database_url, 25)] * PROCESSES)
    times_paused, times_resumed = (sum(each) for each in zip(*done, strict=True))
    written = [act for _, act, _ in acts()]
    assert written.count("payments_paused") == times_paused > 0
    assert written.count("payments_resumed") == times_resumed
    assert written == ["payments_paused", "payments_resumed"] * times_resumed, "by turns"
    assert paused() == {}
