"""One-time codes as people type and paste them."""

import pytest

from flows.answers import DoubtfulOtp, NegatedOtp, NotAnOtp, Otp, read_otp

CODES = [
    "836066", "836 066", "836-066", "836–066", "83 60 66", "83-60-66", "8 3 6 0 6 6",
    "8-3-6-0-6-6",
    "836\u200b066", "836\u00a0066", "８３６０６６", "٨٣٦٠٦٦", "८३६०६६", "*836066*", '"836066"',
    "836066.",
    "836066!!!", "836066 🙏", "8️⃣3️⃣6️⃣0️⃣6️⃣6️⃣", "is it 836066?", "№ 836066", "omari:836066",
    "here you go 836066 thanks", "#836066",
    "OTP 836066", "otp:836066", "OTP=836066", "OTP-836066", "otp836066", "OTP:\n836066",
    "OTP No. 836066", "code 836066 code 836066", "мой код 836066", "मेरा ओटीपी 836066 है",
    "o código é 836066", "eight three six zero six six", "eight-three-six, zero six six",
    "8 three 6 oh 6 6", "eight three six zero double six", "it is eight three six zero six six",
    "836066 is your Omari OTP", "Use 836066 as your one-time PIN", "836066 valid 5 min",
    "Your Omari OTP is 836066. Ref ETDC. Do not share",
    "Omari: USD 100.00 to KALAI SAFARIS 21/11/2026 14:05. OTP 836066 valid 5 min. Ref ETDC",
    "From 263774975187: OTP=836066, exp 1200", "1200 secs left. Code is 836066",
    "OTP 836066 USD 100.00", "Ref 123456 OTP 836066", "my booking KS-2024-001 code 836066",
    "Your OTP for USD 100.00 is 836066. Never share your OTP with anyone.",
    "Do not share your OTP 836066 with anyone",
    "Omari will never ask for your PIN. OTP: 836066",
    "If you did not request this call 0800123456. Your code: 836066",
    "Not you? Call 0800 123 456. OTP: 836066", "<#> 836066 is your code\nFA+9qCX9VSu",
    "Dear customer 836066 is the code to authorise payment of USD 100.00 at KALAI SAFARIS on "
    "21-Nov-2026 14:05:33. Ref: ETDC",
]  # fmt: skip
DOUBTFUL = [
    "836O66", "836 O66", "83606б", "B36066", "83606", "8360667", "2026", "1200", "836.066",
    "836,066", "836066 836067", "836066 or 836067", "bk 836066", "ETDC 836066",
    "my pin is 836066",
    "836066 but make it 150", "yes 836066 but pay 150", "836066 USD 100.00", "USD100 836066",
    "Txn ID 836066", "Ref 836066", "what is this 836066", "my old code 836066", "836066 400",
    "OTP 836066 or code 836067", "836066is", "12 836 066",
    "i was in town yesterday and my cousin told me that number 836066 is a good one to play",
]  # fmt: skip
NEGATED = [
    "don't use 836066 it's an old one", "don’t use 836066", "dont use 836066", "not 836066",
    "no 836066", "cancel 836066", "stop 836066", "836066 cancel", "my code isn't 836066",
    "OTP is 836066 and not 836067", "ignore 836066", "wrong code 836066", "836066 is wrong",
    "не 836066", "отмена 836066", "रद्द 836066", "please do not pay, code 836066",
    "c4ncel not 836066",
]  # fmt: skip
NEITHER = [
    "", "ok", "resend", "cancel", "don't stop", "150", "change amount to 150", "100.00",
    "USD 836066",
    "836066 usd", "$836066", "21/11/2026", "2026-11-21", "21.11.26", "12-11-26", "10 Feb 2026",
    "14:05", "14:05:33", "20261121", "21112026", "0774975187", "263774975187",
    "+263 77 497 5187",
    "077 497 5187", "wrong number, send it to 0712345678", "KS-202401", "KS-2024-001",
    "BK12345678",
    "BK-T005-20260210", "bk t005 20260210", "code expired send another one", "🙏", "1,234.50",
    "https://kalaisafaris.com/booking/KS-202401",
]  # fmt: skip


@pytest.mark.parametrize("text", CODES)
def test_code(text: str) -> None:
    assert read_otp(text) == Otp("836066")


@pytest.mark.parametrize("text", DOUBTFUL)
def test_doubtful(text: str) -> None:
    assert read_otp(text) == DoubtfulOtp()


@pytest.mark.parametrize("text", NEGATED)
def test_taken_back(text: str) -> None:
    assert read_otp(text) == NegatedOtp()


@pytest.mark.parametrize("text", NEITHER)
def test_no_code(text: str) -> None:
    assert read_otp(text) == NotAnOtp()


@pytest.mark.parametrize(
    ("text", "digits", "code"),
    [
        ("4821", 4, "4821"),
        ("code 2026", 4, "2026"),
        ("code 4821, exp 1200", 4, "4821"),
        ("4821 5067", 8, "48215067"),
        ("000000", 6, "000000"),
        ("211126", 6, "211126"),  # six figures alone are a code, even if they could be a day
    ],
)
def test_other_lengths(text: str, digits: int, code: str) -> None:
    assert read_otp(text, digits) == Otp(code)


def test_a_code_shows_in_no_repr() -> None:
    assert "836066" not in repr(read_otp("836066"))
