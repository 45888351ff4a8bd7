"""Every line of the inputs corpus on the reader of its step, where the reader alone decides.

How `expect` is mapped to a reading, by step:

    await_booking_ref   advance, resolve_…, not_found ────────▶ exactly that reference is found
                        clarify with a suggestion ────────────▶ nothing is found, it is suggested
                        clarify with several ─────────────────▶ all are found
                        else ─────────────────────────────────▶ nothing is found or suggested
    await_amount        advance, reject_over_balance,
                        reject_below_minimum ─▶ exactly that amount, or "all that is owed"
                        currency_mismatch ────▶ the other currency's code
                        clarify ──────────────▶ a question, with the candidates if any are named
                        reject ───────────────▶ a fault, or no amount
                        reprompt, answer_… ───▶ no amount
    await_payer_msisdn  advance ─▶ that number, or the sender's;  reject ─▶ a bad number
    await_otp           submit_otp ─▶ that code;  whatever else ─▶ no code
    confirm             advance ─▶ yes;  back ─▶ no;  reconfirm ─▶ unclear
    all                 commands by their intent; a line that is no command is read as none
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.money import Money
from domain.references import reference_key
from flows.answers import (
    BadAmount,
    BadNumber,
    Command,
    DoubtfulAmount,
    Exactly,
    Fraction,
    NotAnAmount,
    OtherCurrency,
    Otp,
    PayerNumber,
    SenderNumber,
    WholeBalance,
    YesNo,
    read_amount,
    read_command,
    read_language,
    read_otp,
    read_payer_number,
    read_references,
    read_yes_no,
)
from flows.redaction import HIDDEN, redact

CORPUS = Path(__file__).parent.parent / "corpus" / "inputs.jsonl"

# Injection texts may be read leniently: what is found in them is only looked up.
LENIENT = {"i043"}
REGIONS = {"i179": "KZ", "i180": "IN"}

COMMANDS = {
    "cancel": Command.CANCEL,
    "resend_otp": Command.RESEND,
    "change_msisdn": Command.CHANGE_NUMBER,
    "start_payment": Command.PAY,
    "status_query": Command.STATUS,
    "back": Command.BACK,
    "receipt": Command.RECEIPT,
    "balance_query": Command.BALANCE,
    "language": Command.LANGUAGE,
    "optout": Command.OPT_OUT,
}
NO_COMMANDS = {
    "not_cancel", "question", "comment", "provide_ref", "provide_msisdn", "ack", "empty",
    "too_long", "unsafe", "provide_otp", "stray_otp", "negated_otp", "sandbox_join",
    "forwarded",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of the corpus."""

    id: str
    step: str
    text: str
    intent: str
    action: str
    expect: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.id}-{self.intent}"


def lines(*steps: str) -> list[Line]:
    found = []
    for raw in CORPUS.read_text(encoding="utf-8").splitlines():
        row = json.loads(raw)
        expect = row["expect"]
        line = Line(row["id"], row["step"], row["text"], expect["intent"], expect["action"], expect)
        # What comes with other fields of the webhook (media, places, opt-outs) is not the reader's.
        if (not steps or line.step in steps) and "params" not in row:
            found.append(line)
    return found


def keys(references: tuple[str, ...]) -> list[str]:
    return [reference_key(reference) for reference in references]


@pytest.mark.parametrize("line", lines("await_booking_ref"), ids=str)
def test_reference(line: Line) -> None:
    read = read_references(line.text)
    value = line.expect.get("value")
    if "suggest" in line.expect:
        assert read.found == ()
        assert read.doubtful == (line.expect["suggest"],)
    elif value is None:
        assert read.doubtful == ()
        assert read.found == () or line.id in LENIENT
    else:
        expected = value if isinstance(value, list) else [value]
        assert keys(read.found) == [reference_key(reference) for reference in expected]


AMOUNT_INTENTS = {"provide_amount", "question", "comment", "location", "back"}


@pytest.mark.parametrize(
    "line", [line for line in lines("await_amount") if line.intent in AMOUNT_INTENTS], ids=str
)
def test_amount(line: Line) -> None:
    read = read_amount(line.text, "USD")
    value, candidates = line.expect.get("value"), line.expect.get("candidates")
    if line.action in ("advance", "reject_over_balance", "reject_below_minimum"):
        whole = line.expect.get("note", "").startswith("outstanding balance")
        amount = Money.from_decimal(Decimal(value), "USD")
        assert read == (WholeBalance() if whole else Exactly(amount))
    elif line.action == "currency_mismatch":
        assert read == OtherCurrency(line.expect["currency"])
    elif line.action == "reject":
        assert isinstance(read, BadAmount | NotAnAmount)
    elif line.action == "clarify" and candidates == ["200.00", "250.00"]:
        assert read == Fraction()
    elif line.action == "clarify" and candidates:
        expected = tuple(Money.from_decimal(Decimal(candidate), "USD") for candidate in candidates)
        assert read == DoubtfulAmount(expected)
    elif line.action == "clarify":
        assert isinstance(read, DoubtfulAmount | NotAnAmount)
    else:
        assert read == NotAnAmount()


@pytest.mark.parametrize("line", lines("await_payer_msisdn"), ids=str)
def test_payer_number(line: Line) -> None:
    read = read_payer_number(line.text, REGIONS.get(line.id, "ZW"))
    if line.action == "reject":
        assert read == BadNumber()
    elif line.expect["value"] == "sender":
        assert read == SenderNumber()
    else:
        assert read == PayerNumber(line.expect["value"])


@pytest.mark.parametrize("line", lines("await_otp"), ids=str)
def test_code(line: Line) -> None:
    read = read_otp(line.text)
    if line.action == "submit_otp":
        assert read == Otp(line.expect["value"])
    else:
        assert not isinstance(read, Otp)


@pytest.mark.parametrize("line", lines("confirm"), ids=str)
def test_yes_or_no(line: Line) -> None:
    meant = {"advance": YesNo.YES, "back": YesNo.NO, "reconfirm": YesNo.UNCLEAR}
    assert read_yes_no(line.text) is meant[line.action]


@pytest.mark.parametrize("line", [line for line in lines() if line.intent in COMMANDS], ids=str)
def test_command(line: Line) -> None:
    read = read_command(line.text)
    assert read.command is COMMANDS[line.intent]
    # Beside a code, a cancel is asked about: nothing is charged, nothing is lost.
    assert read.sure is (line.action != "confirm_cancel")


@pytest.mark.parametrize("line", [line for line in lines() if line.intent in NO_COMMANDS], ids=str)
def test_no_command(line: Line) -> None:
    assert read_command(line.text).command is None


def test_a_change_of_the_amount_names_it() -> None:
    assert read_command("change amount to 150").command is Command.CHANGE_AMOUNT
    assert read_command("yes but 150").command is None


def test_a_language_is_named() -> None:
    assert read_language("русский") == "ru"


@pytest.mark.parametrize("line", [line for line in lines() if line.expect.get("redact")], ids=str)
def test_what_must_be_redacted_is(line: Line) -> None:
    assert redact(line.text, code_expected=True) == HIDDEN
    assert "836066" not in redact(line.text, code_expected=False)


def test_the_corpus_is_read() -> None:
    assert len(lines()) > 170
    assert {line.step for line in lines()} >= {"await_booking_ref", "await_amount", "await_otp"}
