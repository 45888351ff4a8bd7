"""Customers as they are: most pay, some mistype, cancel, wander off, or send everything twice.

Each draws from a random generator of their own, so that a seed tells all of their choices.
"""

import contextlib
import random
import time
from collections.abc import Callable
from secrets import token_hex

import requests

from tests.journey.customer import Customer
from tests.journey.house import House
from tests.soak.payers import act_at_link

_TURNS = 14
_PATIENCE_SECONDS = 6.0
_WANDERING = ("menu", "help", "status", "cancel", "back", "what?", "receipt", "USD", "👍", "resend")
# What stands in the newest reply, and what a customer with a mind to pay says to it.
_PROMPTS = (
    ("PIN", "code"),
    ("tries left", "code"),
    ("one try left", "code"),
    ("send the code again", "code"),
    ("Which Omari number", "this number"),
    ("How much would you like", "amount"),
    ("from USD", "amount"),
    ("How would you like to pay", "way"),
    ("Shall I?", "ready"),
    ("When you have paid", "link"),
    ("send the invoice", "this number"),
    ("an invoice was sent", "link"),
    ("I am asking", "link"),
    ("has not told us yet", "link"),
    ("is closed", "new link"),
    ("booking reference", "reference"),
    ("Shall I cancel", "no"),
    ("Asking Omari", ""),
    ("Checking with Omari", ""),
    ("Making your", ""),
    ("I will tell you", ""),
)


class Walk:
    """One customer's way through one or two conversations. `way` is how they like to pay; empty
    where there is only one.
    """

    def __init__(
        self,
        house: House,
        customer: Customer,
        way: str,
        choices: random.Random,
        over: Callable[[], bool],
    ) -> None:
        self.customer = customer
        self._house = house
        self._way = way
        self._choices = choices
        self._over = over
        self._answered = 0

    def go(self) -> None:
        """Talk until tired of it."""
        self._send("pay")
        for _ in range(_TURNS):
            if self._over():
                return
            reply = self._newest_reply()
            if "Receipt" in reply and self._choices.random() < 0.7:
                return
            words = self._next_words(reply)
            if words:
                self._send(words)

    def _next_words(self, reply: str) -> str:
        """What to say next; nothing where there is something to wait for."""
        if self._choices.random() < 0.08:
            return self._choices.choice(_WANDERING)
        meant = next((words for part, words in _PROMPTS if part in reply), "pay")
        if meant == "reference":
            return self.customer.reference.lower()
        if meant == "amount":
            return str(self._choices.choice((10, 20, 35.5, 100, "full", "half")))
        if meant == "code":
            return self._code()
        if meant == "way":
            return self._way
        if meant == "link":
            act_at_link(self._house, self.customer, self._choices)
            return self._choices.choice(("", "", "paid"))
        return meant

    def _code(self) -> str:
        wrong = self._choices.random() < 0.2
        try:
            code = self.customer.code()
        except (AssertionError, requests.RequestException, ValueError):
            return "help"
        return f"{(int(code) + 1) % 1_000_000:06d}" if wrong else code

    def _send(self, words: str) -> None:
        """By the simulated WhatsApp, or straight to the webhook and then perhaps twice or at once
        with another.
        """
        how = self._choices.random()
        with contextlib.suppress(requests.RequestException):
            if how < 0.6:
                self.customer.say(words)
            else:
                sid = f"SM{token_hex(16)}"
                for _ in range(1 if how < 0.8 else 2):
                    self.customer.post(words, sid=sid)

    def _newest_reply(self) -> str:
        """The newest reply, once there is one more than before or patience ends."""
        deadline = time.monotonic() + self._choices.uniform(1, _PATIENCE_SECONDS)
        replies: list[str] = []
        while time.monotonic() < deadline and not self._over():
            with contextlib.suppress(requests.RequestException, ValueError, KeyError):
                replies = self.customer.replies()
            if len(replies) > self._answered:
                break
            time.sleep(0.1)
        self._answered = len(replies)
        return replies[-1] if replies else ""
