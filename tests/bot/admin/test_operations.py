"""The log of provider calls: what it says of each, whose it is, and how far a page looks."""

import pytest

from bot.admin.operations import queries
from bot.admin.operations.queries import Filters, operations
from bot.admin.scope import Scope
from domain.database import transaction
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import sell, words_of


def test_each_call_is_told_with_its_account_answer_and_amount(
    house: House, sign_in: SignIn
) -> None:
    sold = sell(house.operator_id)
    payment = sold.paid()
    said = words_of(sign_in(house.own).get("/admin/operations"))
    assert "check" in said
    assert "200 000 Settled" in said
    assert "321 ms" in said
    assert "USD 100.00" in said
    assert str(payment) in said


def test_only_errors_are_shown_where_asked(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    good, bad = sold.paid(), sold.uncertain()
    client = sign_in(house.admin)
    shown = words_of(client.get("/admin/operations"))
    assert str(good) in shown
    with transaction() as db:
        found = operations(db, Scope(None), Filters(only_errors=True), None)
    assert all(each.is_error for each in found.rows)
    assert good not in {each.payment_id for each in found.rows}
    assert bad is not None


def test_calls_of_another_operator_are_not_there(house: House, sign_in: SignIn) -> None:
    own, theirs = sell(house.operator_id), sell(house.stranger_id, "OT-1", tour=6)
    mine, foreign = own.paid(), theirs.paid(receipt="ELSE")
    client = sign_in(house.own)
    listed = client.get("/admin/operations").text
    assert str(mine) in listed
    assert str(foreign) not in listed
    assert client.get(f"/admin/operations?account={theirs.world.account_id}").status_code == 404
    by_admin = sign_in(house.admin).get(f"/admin/operations?account={theirs.world.account_id}")
    assert str(foreign) in by_admin.text
    assert str(mine) not in by_admin.text


def test_a_page_looks_through_so_many_calls_and_goes_on_from_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = sell(house.stranger_id, "OT-1", tour=6)
    wanted = rare.paid(receipt="RARE")
    sell(house.operator_id).paid()
    monkeypatch.setattr(queries, "_LOOKS_THROUGH", 2)
    filters = Filters(account_id=rare.world.account_id)
    before, pages, found = None, 0, []
    with transaction() as db:
        while True:
            page = operations(db, Scope(None), filters, before)
            pages, found = pages + 1, [*found, *page.rows]
            if page.older is None:
                break
            assert page.back_to is not None
            before = page.older
        whole = operations(db, Scope(None), Filters(), None)
    assert {each.payment_id for each in found} == {wanted}
    assert pages > 1
    assert len({each.id for each in found}) == len(found)
    assert whole.older is not None
