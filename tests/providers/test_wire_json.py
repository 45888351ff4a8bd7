"""JSON as providers speak it: amounts to the digit."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.wire_json import read_json_object, write_json


def test_a_byte_order_mark_is_no_reason_to_lose_an_answer() -> None:
    assert read_json_object(b'\xef\xbb\xbf{"code": "000"}') == {"code": "000"}


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_amounts_are_written_digit_by_digit(amount: Decimal) -> None:
    written = write_json({"amount": amount})

    assert written == f'{{"amount":{amount:.2f}}}'
    assert read_json_object(written.encode()) == {"amount": amount}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_everything_else_is_plain_json(value: object) -> None:
    assert json.loads(write_json({"value": value})) == {"value": value}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_not_written(number: str) -> None:
    with pytest.raises(ValueError, match="no word"):
        write_json(Decimal(number))
