"""Which way of paying is meant, and who says that they are ready or have paid."""

import pytest

from flows.answers import (
    Command,
    NamedWay,
    PayerNumber,
    example_number,
    names_provider,
    read_command,
    read_go,
    read_paid,
    read_payer_number,
    read_ways,
)

KASPI = (
    NamedWay("kaspi", "kaspi", "Kaspi", "link"),
    NamedWay("kaspi_invoice", "kaspi", "Kaspi", "phone"),
)
INDIA = (
    NamedWay("phonepe", "phonepe", "PhonePe", "link"),
    NamedWay("cashfree", "cashfree", "Cashfree", "link"),
)
BOTH = ("kaspi", "kaspi_invoice")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Kaspi", BOTH),
        ("каспи", BOTH),
        ("kaspy please", BOTH),
        ("KASPI LINK", ("kaspi",)),
        ("ссылка", ("kaspi",)),
        ("by QR", ("kaspi",)),
        ("I want to pay by invoice", ("kaspi_invoice",)),
        ("счёт", ("kaspi_invoice",)),
        ("not kaspi", ()),
        ("kaspi costs too much", ()),
        ("paypal", ()),
        ("", ()),
        ("🙏", ()),
    ],
)
def test_ways_of_kaspi(text: str, meant: tuple[str, ...]) -> None:
    assert read_ways(text, KASPI) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("phone pe", ("phonepe",)),
        ("PhonePe", ("phonepe",)),
        ("फोनपे", ("phonepe",)),
        ("cash free", ("cashfree",)),
        ("cashfre", ("cashfree",)),
        ("upi", ("phonepe", "cashfree")),
        ("kaspi", ()),
    ],
)
def test_ways_of_india(text: str, meant: tuple[str, ...]) -> None:
    assert read_ways(text, INDIA) == meant


@pytest.mark.parametrize(
    "text",
    ["paid", "I have paid", "Done!", "paid?", "I have paid but no receipt", "оплатил, но тишина",
     "payment done sir", "भुगतान कर दिया", "já paguei"],
)  # fmt: skip
def test_who_says_that_they_have_paid(text: str) -> None:
    assert read_paid(text)


@pytest.mark.parametrize(
    "text",
    ["not paid", "I have not paid", "unpaid", "status", "done, cancel it", "no", "836066",
     "не оплатил"],
)  # fmt: skip
def test_who_does_not(text: str) -> None:
    assert not read_paid(text)


@pytest.mark.parametrize("text", ["ready", "I am ready", "send me the link", "Pay now", "QR code"])
def test_who_is_ready(text: str) -> None:
    assert read_go(text)


@pytest.mark.parametrize("text", ["link?", "not ready", "pay 100", "wait", "which link", "no", ""])
def test_who_is_not(text: str) -> None:
    assert not read_go(text)


@pytest.mark.parametrize(
    "text", ["new link", "link expired", "Send me another link", "ссылка истекла", "नया लिंक"]
)
def test_a_new_link_is_a_wish_for_another(text: str) -> None:
    reading = read_command(text)
    assert (reading.command, reading.sure) == (Command.RESEND, True)


@pytest.mark.parametrize(
    "text", ["8 701 234 56 78", "+7 701 234-56-78", "7 701 234 56 78", "87012345678", "7012345678"]
)
def test_numbers_of_kazakhstan(text: str) -> None:
    assert read_payer_number(text, "KZ") == PayerNumber("77012345678")


@pytest.mark.parametrize("region", ["ZW", "KZ", "IN", "ZA", "BR"])
def test_the_example_of_a_region_is_a_number_of_it(region: str) -> None:
    assert isinstance(read_payer_number(example_number(region), region), PayerNumber)


@pytest.mark.parametrize(
    ("text", "names_one"),
    [
        ("Kaspi", True),
        ("phone pe", True),
        ("каспи", True),
        ("omari wallet", True),
        ("kaspi please call me", False),
        ("", False),
        ("123456", False),
    ],
)
def test_the_name_of_a_provider_and_nothing_else(text: str, names_one: bool) -> None:
    assert names_provider(text) is names_one
