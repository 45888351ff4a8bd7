"""Whose conversations an operator's staff see: those of whoever paid or proved their bookings."""

import pytest
from sqlalchemy import func, select

from domain.database import transaction
from domain.models import AuditEntry, Contact, Message
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.writers import PATH, People, names


@pytest.fixture
def people(house: House, app: object) -> People:  # noqa: ARG001 - its database is the current one
    return People(house, "a secret for tests, of a fair length")


def test_an_operators_staff_see_whoever_paid_or_proved_their_bookings_alone(
    people: People, sign_in: SignIn
) -> None:
    own, foreign = people.house.operator_id, people.house.stranger_id
    by_proof = people.writes("Proof", "263771000002")
    by_payment = people.writes("Payment", "263771000003")
    both = people.writes("Both", "263771000004")
    half = people.writes("Half", "263771000001")
    strange = people.writes("Strange", "263771000005")
    nobody = people.writes("Nobody", "263771000006")
    people.proves(by_proof, people.books(own, "KS-2", "263771000002"))
    people.pays(by_payment, people.books(own, "KS-3", None), own)
    people.proves(both, people.books(own, "KS-4", "263771000004"))
    people.proves(both, people.books(foreign, "OT-1", None))
    # One of theirs, whose number stands on somebody else's booking: nobody but admins sees it.
    people.proves(half, people.books(own, "KS-5", None))
    people.books(foreign, "OT-3", "263771000001")
    people.proves(strange, people.books(foreign, "OT-2", "263771000005"))
    client = sign_in(people.house.own)
    assert names(client) == ["Payment", "Proof"]
    for contact_id in (by_proof, by_payment):
        assert client.get(f"{PATH}/{contact_id}").status_code == 200
    for contact_id in (both, half, strange, nobody, 999, 2**63, 2**80):
        refused = [client.get(f"{PATH}/{contact_id}{page}") for page in ("", "/older", "/news")]
        refused += [
            client.post(f"{PATH}/{contact_id}/{act}", data={"holder": "0", "text": "hello"})
            for act in ("take-over", "answer", "hand-back", "number")
        ]
        codes = {answer.status_code for answer in refused}
        assert codes <= {404, 400}, contact_id
        assert [answer.status_code for answer in refused if answer.request.method == "POST"] == [
            404
        ] * 4
    with transaction() as db:
        assert db.scalars(select(AuditEntry)).all() == []
        assert db.scalars(select(Contact).where(Contact.taken_by.is_not(None))).all() == []
    assert names(sign_in(people.house.foreign)) == ["Strange"]
    assert len(names(sign_in(people.house.admin))) == 6


def test_a_number_that_an_operator_writes_on_a_booking_shows_nobodys_conversation(
    people: People, sign_in: SignIn
) -> None:
    """Whoever knows a number could read what its owner said to us before, and answer them."""
    victim = people.writes("Victim", "263771000007")
    people.change(victim, person_wanted_at=func.clock_timestamp())
    booking = people.books(people.house.operator_id, "KS-9", "263771000007", name="Made Up")
    with transaction() as db:
        refused = Message(direction="out", contact_id=victim, status="refused", body="private")
        db.add(refused)
    client = sign_in(people.house.own)
    for query in ("", "?show=wanted", "?q=263771000007", "?q=KS-9", "?q=Made", "?q=Victim"):
        assert names(client, query) == [], query
    assert client.get(f"{PATH}/{victim}").status_code == 404
    for path in ("/admin/review?kind=people", "/admin/review?kind=messages"):
        assert "Victim" not in client.get(path).text
        assert f"conversations/{victim}" not in client.get(path).text
    shown = client.get(f"/admin/bookings/{booking}").text
    assert "Victim" not in shown
    assert f"conversations/{victim}" not in shown
    assert "Victim" in sign_in(people.house.admin).get(f"/admin/bookings/{booking}").text
    people.proves(victim, booking)
    assert names(client, "?show=wanted") == names(client, "?q=KS-9") == ["Victim"]
    for path in ("/admin/review?kind=people", "/admin/review?kind=messages"):
        assert f"conversations/{victim}" in client.get(path).text
    assert "Victim" in client.get(f"/admin/bookings/{booking}").text


def test_no_list_and_no_search_shows_an_operators_staff_strangers(
    people: People, sign_in: SignIn
) -> None:
    foreign = people.house.stranger_id
    strange = people.writes("Strange", "263771000005")
    theirs = people.books(foreign, "OT-2", "263771000005", name="Stranger Danger")
    people.proves(strange, theirs)
    people.change(
        strange,
        person_wanted_at=func.clock_timestamp(),
        taken_by=people.house.foreign,
        taken_at=func.clock_timestamp(),
    )
    client = sign_in(people.house.own)
    for query in (
        "",
        "?show=wanted",
        "?show=others",
        "?q=263771000005",
        "?q=OT-2",
        "?q=Danger",
        "?q=Strange",
    ):
        assert names(client, query) == [], query
        assert "tp-count" not in client.get(f"{PATH}{query}").text
