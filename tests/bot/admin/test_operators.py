"""Operators and their tours: admins add and change them, nobody else sees them."""

import pytest
from sqlalchemy import select

from domain.database import transaction
from domain.models import AuditEntry, Operator, Tour
from tests.bot.admin import offices
from tests.bot.admin.conftest import House, SignIn


def acts() -> list[tuple[str, str]]:
    with transaction() as db:
        rows = db.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.act, row.subject) for row in rows]


def test_an_operator_is_added_once_and_its_contact_changed(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    page = client.get("/admin/operators/new")
    form = {"act_id": offices.minted(page), "name": "  Baobab   Trails ", "contact": ""}
    places = {client.post("/admin/operators/new", data=form).location for _ in range(2)}
    assert len(places) == 1
    with transaction() as db:
        added = db.execute(select(Operator).where(Operator.name == "Baobab Trails")).scalar_one()
    for name in ("Baobab Trails", "BAOBAB trails"):
        again = form | {"act_id": "another", "name": name}
        taken = client.post("/admin/operators/new", data=again)
        assert "there is an operator of this name already" in taken.text, name

    address = f"/admin/operators/{added.id}/edit"
    form = {"act_id": "", "name": "Baobab Trails", "contact": "+263 24 2000000"}
    for _ in range(2):
        assert client.post(address, data=form).status_code == 303
    assert "+263 24 2000000" in client.get(f"/admin/operators/{added.id}").text
    assert acts() == [
        ("operator_added", f"operator:{added.id}"),
        ("operator_changed", f"operator:{added.id}"),
    ]
    other = client.post(address, data=form | {"name": "OTHER Tours"})
    assert "there is an operator of this name already" in other.text


def test_a_tour_is_added_with_a_number_of_its_own_and_renamed(
    house: House, sign_in: SignIn
) -> None:
    offices.add_tour(house, 7)
    client = sign_in(house.admin)
    address = f"/admin/operators/{house.operator_id}/tours/new"
    assert 'value="8"' in client.get(address).text
    form = {"number": "8", "name": "Great Zimbabwe"}
    for _ in range(2):
        assert client.post(address, data=form).status_code == 303
    taken = client.post(
        f"/admin/operators/{house.stranger_id}/tours/new", data={"number": "8", "name": "Mine"}
    )
    assert "tour 8 is there already" in taken.text
    renamed = f"/admin/operators/{house.operator_id}/tours/8"
    assert client.post(renamed, data={"name": "Great Zimbabwe Day"}).status_code == 303
    with transaction() as db:
        tour = db.get_one(Tour, 8)
        assert (tour.operator_id, tour.name) == (house.operator_id, "Great Zimbabwe Day")
    assert acts() == [("tour_added", "tour:8"), ("tour_renamed", "tour:8")]
    assert client.get(f"/admin/operators/{house.stranger_id}/tours/8").status_code == 404


@pytest.mark.parametrize("name", ["", " ", "x" * 121])
def test_a_name_that_cannot_be_is_refused_beside_the_field(
    house: House, sign_in: SignIn, name: str
) -> None:
    answer = sign_in(house.admin).post("/admin/operators/new", data={"name": name})
    assert answer.status_code == 200
    assert 'id="name-error"' in answer.text
    assert acts() == []


def test_only_admins_see_operators(house: House, sign_in: SignIn) -> None:
    own = f"/admin/operators/{house.operator_id}"
    client = sign_in(house.own)
    for address in ("/admin/operators", own, "/admin/operators/new", f"{own}/edit"):
        assert client.get(address).status_code == 403
    assert client.post(f"{own}/edit", data={"name": "Mine"}).status_code == 403
    cards = client.get("/admin/settings").text
    assert "Provider accounts" in cards
    assert "/admin/operators" not in cards
    assert "/admin/operators" in sign_in(house.admin).get("/admin/settings").text


def test_the_list_is_found_by_how_a_name_begins(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    found = client.get("/admin/operators?q=kal").text
    assert "Kalai Safaris" in found
    assert "Other Tours" not in found
    assert "None has a name that begins so" in client.get("/admin/operators?q=%25").text
