"""Amounts as people type them."""

import pytest

from domain.money import Money
from flows.answers import (
    AmountFault,
    AmountReading,
    BadAmount,
    Deposit,
    DoubtfulAmount,
    Exactly,
    Fraction,
    NotAnAmount,
    OtherCurrency,
    WholeBalance,
    read_amount,
)


def usd(*minor: int) -> tuple[Money, ...]:
    return tuple(Money(amount, "USD") for amount in minor)


EXACTLY = {
    "100$": 10000, "$100": 10000, "US$ 100": 10000, "USD: 100": 10000, "100USD": 10000,
    "100 dollars": 10000, "100 bucks please": 10000, "100 долларов": 10000, "100.": 10000,
    "I'd like to pay 100 now": 10000, "100!": 10000, "“100”": 10000, "=100": 10000, "100/-": 10000,
    "100,-": 10000, "100 🙏": 10000, "1️⃣0️⃣0️⃣": 10000, "１００": 10000, "१००": 10000, "*100*": 10000,
    "100,50": 10050, "100.5": 10050, ".50": 50, "0.50": 50, "9,99": 999, "1 000": 100000,
    "12 500": 1250000, "150 000": 15000000, "1,234.50": 123450, "1.234,50": 123450,
    "1'000.50": 100050, "1 234,50": 123450, "1,00,000": 10000000, "12,34,567.50": 123456750,
    "1,234,567": 123456700, "1.234.567": 123456700, "ok 100 thanks": 10000, "yes 100": 10000,
    "хочу заплатить 100": 10000, "मैं 100 देना चाहता हूँ": 10000, "Pay USD 400.00": 40000,
    "a hundred": 10000, "two hundred and fifty": 25000, "one hundred dollars please": 10000,
    "двести пятьдесят": 25000, "एक सौ": 10000, "жүз": 10000, "cem": 10000, "cinquenta": 5000,
    "one thousand two hundred and five": 120500, "let us pay 100": 10000, "five": 500,
}  # fmt: skip
DOUBTFUL = {
    "0.1k": (10000,), "2k": (200000,), "2 grand": (200000,), "1e2": (10000,), "1_00": (10000,),
    "💯": (10000,), "100?": (10000,), "about 100": (10000,), "~100": (10000,), "max 100": (10000,),
    "1,000": (100000, 100), "1.000": (100000, 100), "1,234": (123400,), "1.500": (150000, 150),
    "0100": (10000,), "1OO": (10000,), "l00": (10000,), "(100)": (10000,), "50c": (50,),
    "fifty cents": (50,), "100 now and 300 next week": (10000,), "100 or 200": (10000, 20000),
    "100-150": (10000, 15000), "100+50": (10000, 5000), "100*2": (10000, 200),
    "100 200": (10020000, 10000, 20000), "100 for 2 people": (10000,), "100 each": (10000,),
    "2 payments of 100": (10000,), "I already paid 100": (10000,), "no 100": (10000,),
    "USD-100": (10000,), "balance - 100": (10000,), "everything except 50": (5000,),
    "deposit 100": (10000,), "100 for KS-2024-002": (10000,), "100 on 10 Feb": (10000,),
    "yes but 150": (15000,), "change amount to 150": (15000,), "maybe two hundred": (20000,),
    "100 USD or 2600 ZWG": (10000,), "USD 100 / ZWG 2600": (10000,), "100\n200": (10000, 20000),
}  # fmt: skip
OTHER = {
    "200 ZWG": "ZWG", "ZiG100": "ZWG", "200 in zwg": "ZWG", "ZWG200": "ZWG", "Z$ 200": "ZWG",
    "two hundred zig": "ZWG", "500 тг": "KZT", "₸500": "KZT", "500 тенге": "KZT", "£100": "GBP",
    "100 EUR": "EUR", "€ 100": "EUR", "R100": "ZAR", "100 rands": "ZAR", "Rs.500": "INR",
    "₹1,00,000": "INR", "XAF 1000": "XAF", "100 рублей": "RUB",
    "100 Zimbabwe dollars": "ZWG", "pay 200 zig please": "ZWG",
}  # fmt: skip
BAD = {
    "-5": AmountFault.NEGATIVE, "−5": AmountFault.NEGATIVE, "- 5": AmountFault.NEGATIVE,
    "-$5": AmountFault.NEGATIVE, "$-5": AmountFault.NEGATIVE, "USD -5": AmountFault.NEGATIVE,
    "minus five": AmountFault.NEGATIVE, "minus 5": AmountFault.NEGATIVE, "0": AmountFault.ZERO,
    "0.00": AmountFault.ZERO, "USD 0": AmountFault.ZERO, "zero": AmountFault.ZERO,
    "0.001": AmountFault.TOO_PRECISE, "100.999": AmountFault.TOO_PRECISE,
    "100.0001": AmountFault.TOO_PRECISE, "10000000000.01": AmountFault.TOO_LARGE,
    "9" * 30: AmountFault.TOO_LARGE, "9" * 4000: AmountFault.TOO_LARGE,
}  # fmt: skip
WHOLE = [
    "full", "Full!", "the balance", "pay everything", "whole amount", "Pay full balance", "all",
    "all of it", "in full", "I want to pay in full", "the rest", "remaining balance",
    "everything",
    "clear the balance please", "all 🙏", "всё", "полностью", "остаток", "पूरा",
    "पूरा पैसा", "बाकी",
    "барлығын", "tudo", "o valor total", "zvese", "konke", "الكل", "full payment", "amount due",
]  # fmt: skip
HALF = [
    "half",
    "Half!",
    "half now",
    "half the balance",
    "50%",
    "50 percent",
    "1/2",
    "½",
    "половина",
    "आधा",
]
DEPOSIT = ["deposit", "the deposit", "pay the deposit", "full deposit", "аванс", "sinal", "अग्रिम"]
NOT_AMOUNTS = [
    "", "?", "can I pay in two parts?", "same as last time", "is it a non-stop flight?",
    "quite expensive", "not all", "full?", "is it all inclusive", "KS-2024-001", "ks 2024 001",
    "0774975187", "+263 77 497 5187", "10 Feb", "21/11/2026", "14:05", "3 people", "in 2 days",
    "we are two people", "this one", "²00", "0x64", "NaN", "None", "Infinity", "4x4", "2x100",
    "1.2.3", "100%", "25%", "USD", "$", "two fifty", "eight three six", "hello", "🙏", "half?",
    "-", "...", "%s%n", "{0}", "cancel", "1e99",
]  # fmt: skip


@pytest.mark.parametrize(("text", "minor"), EXACTLY.items())
def test_exactly(text: str, minor: int) -> None:
    assert read_amount(text, "USD") == Exactly(*usd(minor))


@pytest.mark.parametrize(("text", "minor"), DOUBTFUL.items())
def test_doubtful(text: str, minor: tuple[int, ...]) -> None:
    assert read_amount(text, "USD") == DoubtfulAmount(usd(*minor))


@pytest.mark.parametrize(("text", "code"), OTHER.items())
def test_other_currency(text: str, code: str) -> None:
    assert read_amount(text, "USD") == OtherCurrency(code)


@pytest.mark.parametrize(("text", "why"), BAD.items())
def test_bad(text: str, why: AmountFault) -> None:
    assert read_amount(text, "USD") == BadAmount(why)


@pytest.mark.parametrize(
    ("text", "meant"),
    [(text, WholeBalance()) for text in WHOLE]
    + [(text, Fraction()) for text in HALF]
    + [(text, Deposit()) for text in DEPOSIT]
    + [(text, NotAnAmount()) for text in NOT_AMOUNTS],
)
def test_words_and_what_is_no_amount(text: str, meant: AmountReading) -> None:
    assert read_amount(text, "USD") == meant


@pytest.mark.parametrize(
    ("text", "currency", "meant"),
    [
        ("100 zig", "ZWG", Exactly(Money(10000, "ZWG"))),
        ("$100", "ZWG", OtherCurrency("USD")),
        ("100 usd", "ZWG", OtherCurrency("USD")),
        ("5000 тенге", "KZT", Exactly(Money(500000, "KZT"))),
        ("5 000 тг", "KZT", Exactly(Money(500000, "KZT"))),
        ("₹1,00,000", "INR", Exactly(Money(10000000, "INR"))),
        ("rs.500/-", "INR", Exactly(Money(50000, "INR"))),
        ("Rs. 2000", "INR", Exactly(Money(200000, "INR"))),
    ],
)
def test_the_bookings_own_currency(text: str, currency: str, meant: AmountReading) -> None:
    assert read_amount(text, currency) == meant
