"""What goes into a turn and what comes out of it: a message or an event, a session, and what is
said.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from domain.money import Money
from flows.desk import PaymentView

SESSION_VERSION = 1
BUTTON_PREFIX = "tp"
TAPPED_REFERENCE = "reference:"  # how the name of a button that means a booking begins
MOST_BUTTONS = 3
LONGEST_TITLE = 20
LONGEST_TEXT = 1024  # what a message with buttons may hold


@dataclass(frozen=True, slots=True)
class Heard:
    """A message from a customer, as it came. `payload` is the id of a tapped button, `media`
    content types.

    The text may hold a code, so it stays out of every repr.
    """

    text: str = field(repr=False)
    payload: str | None = None
    media: tuple[str, ...] = ()
    forwarded: bool = False
    location: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An event: something happened to a payment. The names are the keys of `flows.events.EVENTS`.

    `ordinal` tells apart what may be told more than once about one payment (a wrong code, a lost
    one, a refund); 0 for what can only happen once. `amount` and `days` are a refund's: how much,
    and how many days it may take (0: at once; None: not known).
    """

    name: str
    payment: PaymentView
    ordinal: int = 0
    amount: Money | None = None
    days: int | None = None

    @property
    def told(self) -> str:
        """The key under which this may be told once per payment: `settled`, `otp_wrong:2`."""
        return f"{self.name}:{self.ordinal}" if self.ordinal else self.name


@dataclass(frozen=True, slots=True)
class Button:
    """A quick reply as the channel sends it: id up to 200 characters, title up to 20."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A button as a flow thinks of it: a name that the flow hears, and a title that the customer
    reads.
    """

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens an address: title up to 20 characters. A message with one has no quick
    replies.
    """

    title: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Say:
    """One message to the customer.

    `told` with `payment` is told once for ever; `expires_seconds` is after how long it would be a
    lie. `picture` is the address of an image that goes out after the message.
    """

    key: str
    text: str
    buttons: tuple[Button, ...] = ()
    told: str | None = None
    payment: str | None = None
    expires_seconds: int | None = None
    link: Link | None = None
    picture: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a flow answers, before the engine has made a message of it."""

    key: str
    text: str
    choices: tuple[Choice, ...] = ()
    expires_seconds: int | None = None
    link: Link | None = None
    picture: str | None = field(default=None, repr=False)

    def then(self, other: "Reply") -> "Reply":
        """Both in one message: this one's key, the other's buttons, link and picture where it has
        any.
        """
        return Reply(
            key=self.key or other.key,
            text="\n\n".join(text for text in (self.text, other.text) if text),
            choices=other.choices or self.choices,
            expires_seconds=self.expires_seconds or other.expires_seconds,
            link=other.link or self.link,
            picture=other.picture or self.picture,
        )


# Nothing is answered.
SILENCE = Reply("", "")


@dataclass(frozen=True, slots=True)
class Said:
    """A message as a step hears it: cleaned text, and the name of the button where one was
    tapped.
    """

    text: str = field(repr=False)
    tapped: str | None = None
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """Go on in another conversation, and let it hear this at its first step (nothing said: it
    asks).

    With `payment` the other conversation begins where that payment stands, and hears it there.
    """

    flow: str
    said: Said = field(default_factory=lambda: Said(""), repr=False)
    payment: PaymentView | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Where a conversation stands. Holds no code, no full number, no name.

    `stand` scopes the buttons of this step; `misses` counts mishearings in a row; `doubt` is what
    was asked
    ("did you mean cancel?") and waits for a yes; `offered` are the names and titles of the last
    buttons.
    """

    flow: str
    step: str
    payment: str | None = None
    answers: dict[str, str] = field(default_factory=dict)
    stand: str = ""
    misses: int = 0
    doubt: str | None = None
    offered: dict[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        """What the buttons of this session are good for: its payment, or the one stand at this
        step.
        """
        return self.payment or self.stand

    def as_document(self) -> dict[str, Any]:
        """As it is stored; what is empty is left out."""
        document: dict[str, Any] = {"v": SESSION_VERSION, "flow": self.flow, "step": self.step}
        document |= {"payment": self.payment, "answers": self.answers, "stand": self.stand}
        document |= {"misses": self.misses, "doubt": self.doubt, "offered": self.offered}
        return {name: value for name, value in document.items() if value or name == "payment"}

    def to_json(self) -> str:
        """Compact JSON of the document."""
        return json.dumps(self.as_document(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Session | None":
        """The session that was stored, or None for another version or anything that is not one of
        ours.
        """
        try:
            document = json.loads(text)
        except ValueError:
            return None
        if not isinstance(document, dict) or document.get("v") != SESSION_VERSION:
            return None
        session = cls(
            flow=document.get("flow", ""),
            step=document.get("step", ""),
            payment=document.get("payment"),
            answers=document.get("answers", {}),
            stand=document.get("stand", ""),
            misses=document.get("misses", 0),
            doubt=document.get("doubt"),
            offered=document.get("offered", {}),
        )
        return session if session.is_well_formed() else None

    def is_well_formed(self) -> bool:
        """Whether every field has its type, as what comes from storage need not."""
        words = (self.flow, self.step, self.stand)
        return (
            all(isinstance(word, str) for word in words)
            and all(word is None or isinstance(word, str) for word in (self.payment, self.doubt))
            and type(self.misses) is int
            and _is_words(self.answers)
            and _is_words(self.offered)
        )


def _is_words(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(part, str) for pair in value.items() for part in pair
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn came to: the session afterwards, and what is said (nothing, or one message)."""

    session: Session
    says: tuple[Say, ...]
