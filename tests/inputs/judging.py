"""What each line's `expect.action` must come to, in what can be observed.

A line is *right* when it came to what a sensible human agent would do, *asked again* when nothing
happened but a question, and *wrong* otherwise. Whatever the action, it is wrong when a turn failed,
when a code was submitted that the line does not give for use, when money was taken that it does not
agree to, when a payment was opened or cancelled that it does not ask for, and when a secret stands
anywhere.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatch

from domain.references import reference_key
from tests.inputs.chat import CODE, OWNER, Seen
from tests.inputs.lines import Line


class Verdict(StrEnum):
    """How a line came out."""

    RIGHT = "right"
    ASKED = "asked again"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is observed where a line is right: one of these phrases first, at one of these steps.

    `phrases` are patterns of phrase keys; none at all means that nothing may be said. `value` is
    what `expect.value` must be found as. `cancels`, `submits` and `opens` say what the action may
    do to payments; whatever is not named must not happen.
    """

    phrases: tuple[str, ...]
    steps: tuple[str, ...] = ()
    value: str = ""
    statuses: tuple[str, ...] = ()
    cancels: bool = False
    submits: bool = False
    opens: bool = False
    marks: str = field(default="")


# By (step, action), else by ("*", action). No step named: the conversation stays where it is.
TABLE: dict[tuple[str, str], Wanted] = {
    ("await_booking_ref", "advance"): Wanted(
        ("pay.amount.ask", "pay.surname.ask"), ("amount", "surname"), value="booking"
    ),
    ("await_booking_ref", "resolve_by_sender"): Wanted(
        ("pay.amount.ask",), ("amount",), value="own booking"
    ),
    ("await_booking_ref", "clarify"): Wanted(
        ("pay.reference.doubtful", "pay.reference.two", "pay.reference.not_understood"),
        value="suggestion",
    ),
    ("await_booking_ref", "not_found"): Wanted(("pay.surname.ask",), ("surname",)),
    ("await_booking_ref", "lookup_by_sender"): Wanted(("pay.reference.own",), value="offer"),
    ("await_booking_ref", "explain_step"): Wanted(("pay.reference.help", "common.help")),
    ("await_booking_ref", "reprompt"): Wanted(("pay.reference.*", "common.*")),
    ("await_amount", "advance"): Wanted(("pay.number.ask*",), ("number",), value="amount"),
    ("await_amount", "reject_over_balance"): Wanted(
        ("pay.amount.above_balance", "pay.amount.bad_too_large")
    ),
    ("await_amount", "reject_below_minimum"): Wanted(("pay.amount.below_minimum",)),
    ("await_amount", "reject"): Wanted(("pay.amount.bad_*", "pay.amount.not_understood")),
    ("await_amount", "currency_mismatch"): Wanted(("pay.amount.other_currency",)),
    ("await_amount", "clarify"): Wanted(
        ("pay.amount.doubtful", "pay.amount.half", "pay.amount.not_understood"), value="candidates"
    ),
    ("await_amount", "answer_then_reprompt"): Wanted(
        ("pay.amount.not_understood", "pay.amount.help", "common.help")
    ),
    ("await_amount", "reprompt"): Wanted(("pay.amount.*", "common.*")),
    ("await_amount", "previous_step"): Wanted(("pay.reference.ask*",), ("reference",)),
    ("surname", "advance"): Wanted(("pay.amount.ask",), ("amount",), value="booking"),
    ("surname", "reprompt"): Wanted(("pay.surname.*", "pay.reference.*")),
    ("await_payer_msisdn", "advance"): Wanted(
        ("pay.starting.ask", "pay.consent.ask"), ("starting", "otp", "consent"),
        value="number", opens=True,
    ),
    ("await_payer_msisdn", "reject"): Wanted(("pay.number.*",)),
    ("await_payer_msisdn", "reprompt"): Wanted(("pay.number.*", "common.*")),
    ("await_payer_msisdn", "previous_step"): Wanted(("pay.amount.ask*",), ("amount",)),
    ("confirm", "advance"): Wanted(("pay.starting.ask",), ("starting", "otp"), opens=True),
    ("confirm", "back"): Wanted(("pay.number.ask*",), ("number",)),
    ("confirm", "reconfirm"): Wanted(("pay.consent.*",), value="amount if any"),
    ("confirm", "reprompt"): Wanted(("pay.consent.*", "common.*")),
    ("await_otp", "submit_otp"): Wanted(
        ("pay.confirming.ask",), ("paid", "otp"), value="code", submits=True
    ),
    ("await_otp", "clarify"): Wanted(("pay.otp.doubtful", "pay.otp.not_a_code")),
    ("await_otp", "length_dependent"): Wanted(("pay.otp.not_a_code", "pay.otp.doubtful")),
    ("await_otp", "reprompt"): Wanted(("pay.otp.*", "common.*")),
    ("await_otp", "resend_with_cooldown"): Wanted(("pay.otp.too_soon",)),
    ("await_otp", "confirm_cancel"): Wanted(
        ("common.did_you_mean", "pay.otp.negated"), statuses=("awaiting_otp",)
    ),
    ("await_otp", "cancel"): Wanted(
        ("pay.cancelled.ask",), ("cancelled",), statuses=("cancelled",), cancels=True
    ),
    ("await_otp", "cancel_then_amount"): Wanted(
        ("pay.cancelled.first",), ("amount", "number"), value="amount if any",
        statuses=("cancelled",), cancels=True,
    ),
    ("await_otp", "cancel_then_msisdn"): Wanted(
        ("pay.cancelled.first",), ("number", "consent"), statuses=("cancelled",), cancels=True
    ),
    ("await_otp", "confirm_back"): Wanted(("pay.back.sure",), statuses=("awaiting_otp",)),
    ("await_otp", "confirm_restart"): Wanted(("pay.restart.sure",), statuses=("awaiting_otp",)),
    ("idle", "no_pending_payment"): Wanted(("menu.stray_code",)),
    ("*", "no_pending_payment"): Wanted(("menu.stray_code", "pay.failed.code")),
    ("processing", "ignore_in_flight"): Wanted(
        ("pay.confirming.*",), ("paid",), submits=True
    ),
    ("processing", "busy"): Wanted(("pay.confirming.*", "common.*"), ("paid",), submits=True),
    ("processing", "too_late"): Wanted(("pay.confirming.cancel",), ("paid",), submits=True),
    ("uncertain", "too_late"): Wanted(("pay.uncertain.*",)),
    ("completed", "already_paid"): Wanted(("pay.paid.code",)),
    ("completed", "explain_paid_offer_refund"): Wanted(("pay.paid.cancel",)),
    ("completed", "send_receipt"): Wanted(("common.receipt",)),
    ("cancelled", "open_again"): Wanted(("pay.starting.ask",), ("starting", "otp"), opens=True),
    ("idle", "nothing_to_cancel"): Wanted(("common.nothing_to_cancel",)),
    ("*", "cancel_before"): Wanted(("pay.cancelled.before",), ("cancelled",)),
    ("await_otp", "opt_out"): Wanted(
        ("pay.cancelled.ask",), ("cancelled",), cancels=True, marks="opted out"
    ),
    ("*", "opt_out"): Wanted(("common.opted_out",), marks="opted out"),
    ("*", "record_only"): Wanted(()),
    ("*", "ignore"): Wanted(()),
    ("*", "ask_ref"): Wanted(("pay.reference.ask*",), ("reference",)),
    ("*", "check_status"): Wanted(("common.status",)),
    ("*", "show_balance"): Wanted(("common.status",)),
    ("*", "no_effect"): Wanted(("menu.*", "common.*", "pay.*")),
    ("*", "switch_language"): Wanted(("common.language",)),
    ("*", "confirm"): Wanted(("menu.offer",), ("offer",)),
    ("*", "did_you_mean"): Wanted(("common.did_you_mean",)),
    ("*", "stale"): Wanted(("common.stale",)),
    ("*", "no_calls"): Wanted(("common.no_calls",)),
    ("*", "ask_text"): Wanted(("common.media", "common.location", "common.empty")),
    ("*", "help"): Wanted(("common.help", "pay.*.help")),
    ("*", "handoff"): Wanted(("common.person",), marks="person"),
    ("*", "show_menu"): Wanted(("menu.ask*",), ("idle",)),
    ("*", "greet"): Wanted(("menu.ask*", "menu.welcome", "menu.unknown"), ("idle",)),
    ("menu", "advance"): Wanted(("pay.reference.ask*",), ("reference",)),
    ("*", "reprompt"): Wanted(("menu.*", "common.*", "pay.*")),
}  # fmt: skip

# Here the corpus allows the reference to be taken after all.
LENIENT = {"i043": Wanted(("pay.amount.ask",), ("amount",))}

# Lines of steps that are not built, by why.
SKIPPED = {
    "link_sent": "no provider that sends payment links is there yet",
    "i179": "the number is for Kaspi, which is not there yet",
    "i180": "the number is for PhonePe and Cashfree, which are not there yet",
}


def why_skipped(line: Line) -> str | None:
    """Why a line cannot be tried yet, or None."""
    return SKIPPED.get(line.id) or SKIPPED.get(line.step)


def wanted_of(line: Line) -> Wanted:
    """The table's row for this line. Raises KeyError for an action that nobody described."""
    return LENIENT.get(line.id) or TABLE.get((line.step, line.action)) or TABLE[("*", line.action)]


def judge(line: Line, seen: Seen) -> tuple[Verdict, str]:
    """The verdict, and what is wrong or else was said."""
    wanted = wanted_of(line)
    harm = _harm(line, wanted, seen)
    if harm is not None:
        return Verdict.WRONG, harm
    first = seen.said[0] if seen.said else ""
    phrased = any(fnmatch(first, pattern) for pattern in wanted.phrases)
    if not wanted.phrases:
        return (Verdict.WRONG, f"said {first}") if seen.said else (Verdict.RIGHT, "")
    steps = wanted.steps or (seen.before.step,)
    missing = _missing(line, wanted, seen)
    if phrased and seen.after.step in steps and missing is None:
        return Verdict.RIGHT, first
    same = (seen.before.step, seen.before.statuses) == (seen.after.step, seen.after.statuses)
    if seen.said and same:
        return Verdict.ASKED, first
    return Verdict.WRONG, f"{first} at {seen.after.step}: {missing or 'another way'}"


def _harm(line: Line, wanted: Wanted, seen: Seen) -> str | None:
    """What must not happen, whatever was expected."""
    before, after = seen.before, seen.after
    if seen.http_status != 200 or seen.message_status != "heard":
        return f"HTTP {seen.http_status}, message {seen.message_status}"
    if any(phrase == "common.sorry" for phrase in (*seen.said, *seen.told)):
        return "the turn failed"
    submitted = after.submitted - before.submitted
    if submitted > (1 if wanted.submits else 0):
        return f"{submitted} codes were submitted"
    given = line.expect.get("value")
    is_right_code = line.action != "submit_otp" or given == CODE
    if after.wrong_codes and is_right_code:
        return "a wrong code was submitted"
    if len(after.debits) > len(before.debits) and not (wanted.submits and is_right_code):
        return "money was taken"
    if len(after.statuses) > len(before.statuses) and not wanted.opens:
        return "a payment was opened"
    cancelled = after.statuses[: len(before.statuses)].count("cancelled")
    if cancelled > before.statuses.count("cancelled") and not wanted.cancels:
        return "a payment was cancelled"
    if after.paid_minor - before.paid_minor not in (0, 10_000):
        return "another sum was credited"
    return None


def _missing(line: Line, wanted: Wanted, seen: Seen) -> str | None:
    """What of the line's value cannot be found where it must be; None when all is there."""
    after, value = seen.after, line.expect.get("value")
    texts = "\n".join(seen.texts)
    if wanted.statuses and after.statuses[: len(wanted.statuses)] != wanted.statuses:
        return f"payments are {after.statuses}"
    if wanted.marks == "opted out" and not after.opted_out:
        return "not opted out"
    if wanted.marks == "person" and not after.person_wanted:
        return "nobody was called"
    match wanted.value:
        case "booking":
            read = after.answers.get("booking") or after.answers.get("typed") or ""
            return None if reference_key(read) == reference_key(value) else f"read {read!r}"
        case "own booking":
            read = after.answers.get("booking", "")
            return None if read == "KS-2024-001" else f"read {read!r}"
        case "suggestion":
            suggested = line.expect.get("suggest")
            return None if suggested is None or suggested in texts else "not suggested"
        case "offer":
            return None if "BK-T005-20260210" in texts or "KS-2024-001" in texts else "not offered"
        case "amount" | "amount if any":
            if value is None:
                return None
            read = after.answers.get("amount", "0")
            return None if int(read) == int(Decimal(value) * 100) else f"read {read}"
        case "candidates":
            wished = line.expect.get("candidates") or ()
            lacking = [each for each in wished if each not in texts]
            return f"{lacking} not offered" if lacking else None
        case "number":
            return _number_missing(line, seen)
        case "code":
            return None if after.submitted == seen.before.submitted + 1 else "not submitted"
    return None


def _number_missing(line: Line, seen: Seen) -> str | None:
    value = line.expect["value"]
    digits = OWNER.removeprefix("whatsapp:+") if value == "sender" else value
    if seen.after.step == "consent":
        end = seen.after.answers.get("number_end")
        return None if digits.endswith(end or "?") else f"read …{end}"
    return None if seen.after.numbers[-1:] == (digits,) else "another number is charged"
