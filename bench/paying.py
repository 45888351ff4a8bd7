"""From the code to "paid": the customer's OTP is posted, the worker hands it to Omari (simulated,
it answers at once), settles, and the reply is handed to Twilio (simulated).
"""

import time

import requests

from bench.load import closed
from bench.place import (
    add_bookings,
    answers,
    plain_url,
    product,
    servers,
    sink,
    start_web,
    start_workers,
    wait_until,
)
from bench.results import milliseconds, say
from bench.wire import message, phone_of

_BEFORE_THE_CODE = ("pay", "{reference}", "50", "this number")
# Numbers with certain endings have outcomes of their own at the simulated Omari.
_FIRST = 7_415_100
_PATIENCE_SECONDS = 30.0


def paying(customers: int = 40) -> None:
    """Milliseconds from the code's arrival to "paid" at Twilio, one customer at a time."""
    with (
        servers() as urls,
        product(urls, "bench_paying") as house,
        sink(callbacks=False) as twilio,
    ):
        # The simulated Omari; the simulators' own Twilio is not asked.
        house.start("simulators")
        wait_until(lambda: answers(f"{house.simulators_url}/demo"))
        environment = {"TWILIO_API_URL": twilio}
        url = start_web(house, environment)
        start_workers(house, environment)
        add_bookings(plain_url(house), _FIRST, customers + 1)
        times, answered = [], []
        for number in range(_FIRST, _FIRST + customers + 1):
            for text in _BEFORE_THE_CODE:
                closed(url, [[message(url, number, text)]], 0.001).only_ok()
            code = _code(f"{house.simulators_url}/omari/_sim/sms/{phone_of(number)}")
            _reply_after(twilio, number, 0.0, "PIN")
            request = message(url, number, code)
            began = time.time()
            outcome = closed(url, [[request]], 0.001).only_ok()
            arrived = _reply_after(twilio, number, began, "Receipt")
            if number > _FIRST:  # the first one makes the connections
                times.append(arrived - began)
                answered.append(outcome.latencies[0])
        say(f"code posted → 200: {milliseconds(answered)}")
        say(f"code posted → paid at Twilio: {milliseconds(times)} ({len(times)} payments)")


def _code(url: str) -> str:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        inbox = requests.get(url, timeout=10).json()
        if inbox:
            return str(inbox[-1]["otp"])
        time.sleep(0.02)
    raise TimeoutError("no code came")


def _reply_after(twilio: str, number: int, moment: float, part: str) -> float:
    """When the reply with this text came to the simulated Twilio."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for at, receiver, text in _seen(twilio):
            if receiver == f"whatsapp:+{phone_of(number)}" and at >= moment and part in text:
                return float(at)
        time.sleep(0.02)
    heard = [text for _, receiver, text in _seen(twilio) if receiver.endswith(phone_of(number))]
    raise TimeoutError(f"no reply with {part!r}, but {heard}")


def _seen(twilio: str) -> list[tuple[float, str, str]]:
    found: list[tuple[float, str, str]] = requests.get(f"{twilio}/seen", timeout=10).json()
    return found
