"""Commands, yes and no, as people type them."""

import pytest

from flows.answers import Command, CommandReading, YesNo, read_command, read_language, read_yes_no

SURE = {
    Command.CANCEL: [
        "cancel", " cancel ", "CANCEL!!!", "cancel payment", "Cancel Payment please",
        "stop", "STOP",
        "stop it", "stop the payment now", "Quit", "quit please", "canc el", "c a n c e l",
        "c.a.n.c.e.l",
        "ｃａｎｃｅｌ", "саncel", "STOOOOP", "cancel cancel", "🛑", "🛑🛑", "nevermind",
        "never mind", "abort",
        "exit", "forget it", "i want to cancel", "can you cancel it please",
        "i changed my mind",
        "i don't want to pay anymore", "отмена", "отменить", "стоп", "रद्द करें", "रद्द",
        "тоқтату", "misa",
        "kanzura", "cancelar", "parar", "annuler", "إلغاء", "取消", "/cancel", "cancel 🙏",
    ],
    Command.PAY: [
        "pay", "Payment", "make payment", "Make a payment", "omari payment", "📱 Mobile Payment",
        "I want to pay", "i'd like to pay please", "pay please", "pay now", "pay with omari",
        "i want to pay for my booking", "оплатить", "भुगतान", "pagar", "төлеу", "Hi, pay",
    ],
    Command.MENU: ["menu", "main menu", "Menu please", "меню", "मेनू", "m e n u"],
    Command.HELP: ["help", "HELP!", "help me", "?", "??", "help please", "помощь", "मदद", "🆘"],
    Command.STATUS: [
        "status", "payment status", "my bookings", "status?", "I paid yesterday but no receipt",
        "did my payment go through?", "статус",
    ],
    Command.BACK: ["back", "go back", "Back please", "назад", "वापस", "🔙"],
    Command.OPT_OUT: [
        "unsubscribe", "opt out", "stop sending me messages", "please stop messaging me",
        "STOPALL",
        "don't message me", "remove me from your list", "не пишите мне",
    ],
    Command.PERSON: [
        "agent", "talk to a human", "I want to speak to someone", "customer care", "оператор",
    ],
    Command.RESEND: [
        "resend", "send me the code again", "resend the code", "send again", "new code please",
        "code expired send another one",
        "i didn't get the code", "no sms", "код не пришел", "otp nahi aaya", "re-send",
    ],
    Command.RECEIPT: ["receipt", "send my receipt", "proof of payment", "чек", "रसीद"],
    Command.BALANCE: [
        "balance", "my balance?", "how much do i owe", "what is my balance", "остаток",
    ],
    Command.CHANGE_AMOUNT: [
        "change amount", "change the amount", "change amount to 150",
        "change the amount to USD 150",
        "wrong amount", "i want to change the amount",
    ],
    Command.CHANGE_NUMBER: [
        "change number", "wrong number", "another number",
        "wrong number, send it to 0712345678",
        "change number to +263 77 497 5187", "use a different number",
    ],
    Command.LANGUAGE: [
        "language", "switch to english", "change language", "русский", "English",
        "हिन्दी", "қазақша",
    ],
}  # fmt: skip
UNSURE = {
    Command.CANCEL: [
        "cancle", "quti", "cancl", "cancle payment", "plz cancle", "stopp", "c@ncel", "canc3l",
        "cancel?", "cancel 836066", "stop 836066", "cancel my booking", "can i cancel my tour",
        "no, cancel",
        "how do i cancel", "❌",
    ],
    Command.PAY: ["paymnet", "can i pay?"],
    Command.HELP: ["hlep"],
    Command.CHANGE_AMOUNT: ["make it 150", "no make it 150 instead"],
}  # fmt: skip
NONE = [
    "", "hi", "hello", "ok", "thanks", "yes", "no", "1", "1.", "100", "836066",
    "KS-2024-001", "🙏",
    "dont stop", "don't cancel", "do not cancel", "I don't want to cancel",
    "please don't quit on me",
    "never cancel", "не отменять", "रद्द मत करो", "don't stop sending me messages",
    "is it a non-stop flight?", "quite expensive", "the end of the trip", "when does it end",
    "stop over in Vic Falls", "first stop", "I paid yesterday", "I want to pay 100",
    "pay everything",
    "pay the balance", "pay deposit", "pay KS-2024-001", "pay for 2 people", "payment failed",
    "can I pay in two parts?", "no payment", "I am the admin. SET amount_paid=500",
    "join happy-tiger",
    "START", "about", "quite", "cancer", "hello there", "Dube", "Banks", "Moyo", "half", "full",
    "Victoria Falls Safari 10 Feb", "A" * 4000, "backpack", "statue", "new code 836066",
]  # fmt: skip

YES = [
    "Y", "yes", "Yes!", "YES PLEASE", "yep", "yesss", "yes yes yes", "ok", "sure", "sure thing",
    "go ahead", "of course", "that's right", "yes do it", "confirm", "👍", "👍🏽", "✅",
    "yes 🙏", "да",
    "конечно", "иә", "हाँ", "हाँ जी", "sim", "sí", "oui", "hongu", "yebo", "نعم", "💯",
]  # fmt: skip
NO = [
    "no", "N", "No.", "nope", "noooo", "no thanks", "not now", "don't", "👎", "❌", "нет", "жоқ",
    "नहीं", "não", "non", "kwete", "aiwa", "hatshi", "لا", "no no", "ok no",
]  # fmt: skip
UNCLEAR = [
    "", "yes but 150", "yes, no", "not yes", "yes?", "yes 👎", "yes not now", "no problem",
    "not sure",
    "no doubt", "yes 836066", "yes cancel", "maybe", "1", "🙏", "yes to 0774975187",
    "later", "thanks",
    "yes if it is safe", "yesterday", "none", "nonstop", "why", "ok but wait", "yes for ZWG",
]  # fmt: skip


def cases(table: dict[Command, list[str]]) -> list[tuple[str, Command]]:
    return [(text, command) for command, texts in table.items() for text in texts]


@pytest.mark.parametrize(("text", "command"), cases(SURE))
def test_command(text: str, command: Command) -> None:
    assert read_command(text) == CommandReading(command, sure=True)


@pytest.mark.parametrize(("text", "command"), cases(UNSURE))
def test_nearly_a_command(text: str, command: Command) -> None:
    assert read_command(text) == CommandReading(command, sure=False)


@pytest.mark.parametrize("text", NONE)
def test_no_command(text: str) -> None:
    assert read_command(text) == CommandReading(None, sure=False)


@pytest.mark.parametrize(
    ("text", "answer"),
    [(text, YesNo.YES) for text in YES]
    + [(text, YesNo.NO) for text in NO]
    + [(text, YesNo.UNCLEAR) for text in UNCLEAR],
)
def test_yes_or_no(text: str, answer: YesNo) -> None:
    assert read_yes_no(text) is answer


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("русский", "ru"),
        ("English please", "en"),
        ("हिन्दी", "hi"),
        ("Shona", "sn"),
        ("hello", None),
    ],
)
def test_language(text: str, code: str | None) -> None:
    assert read_language(text) == code
