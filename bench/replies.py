"""From a customer's message to the reply at Twilio's API, end to end, with every process running.

Messages arrive by the clock, whether or not earlier ones were answered; a latency counts from the
moment at which the message was to arrive until the simulated Twilio holds the reply.
"""

import time
from collections import defaultdict

import requests

from bench.cost import cpu_by_kind, difference, ours
from bench.load import open_arrivals
from bench.place import (
    add_bookings,
    phrases,
    plain_url,
    product,
    servers,
    settle_down,
    sink,
    start_web,
    start_workers,
)
from bench.results import milliseconds, percentile, say
from bench.turns import shown
from bench.wire import SCRIPT, message, phone_of

TWILIO_RATE = 80.0
GOAL_SECONDS = 1.0
_MESSAGES_APART_SECONDS = 5.0


def replies(seconds: float = 25.0) -> None:
    """Replies at Twilio at 80 messages a second, with and without Twilio's status reports."""
    for callbacks in (True, False):
        with (
            servers() as urls,
            product(urls, "bench_replies") as house,
            sink(callbacks=callbacks) as twilio,
        ):
            environment = {"TWILIO_API_URL": twilio}
            url = start_web(house, environment)
            start_workers(house, environment)
            add_bookings(plain_url(house), 0, 20_000)
            settle_down(plain_url(house))
            say(f"status reports: {'two for each reply' if callbacks else 'none'}")
            run(url, twilio, 15.0, 4.0, first=19_000)
            _staircase(url, twilio, seconds)
            say(f"said: {phrases(plain_url(house))}")
            say(resident())


def _staircase(url: str, twilio: str, seconds: float) -> None:
    """80 a second; then upwards while it holds, or downwards until it does."""
    latencies = run(url, twilio, TWILIO_RATE, seconds, first=0)
    holds = percentile(latencies, 0.99) < GOAL_SECONDS
    steps = (120.0, 160.0, 240.0) if holds else (60.0, 40.0, 20.0)
    for number, rate in enumerate(steps, start=1):
        latencies = run(url, twilio, rate, seconds / 2, first=number * 4_000)
        if (percentile(latencies, 0.99) < GOAL_SECONDS) != holds:
            return


def run(url: str, twilio: str, rate: float, seconds: float, first: int) -> list[float]:
    """One rate for so long; the latencies of replies, in seconds."""
    people = int(rate * min(_MESSAGES_APART_SECONDS, seconds))
    count = int(rate * seconds)
    sent = [
        message(url, first + n % people, SCRIPT[n // people % len(SCRIPT)]) for n in range(count)
    ]
    already = len(requests.get(f"{twilio}/seen", timeout=10).json())
    before = cpu_by_kind()
    outcome, began = open_arrivals(url, sent, rate)
    arrived = _wait_for(twilio, already + count)[already:]
    cost = difference(before, cpu_by_kind(), count)
    waiting: dict[str, list[float]] = defaultdict(list)
    for n in range(count):
        waiting[f"whatsapp:+{phone_of(first + n % people)}"].append(began + n / rate)
    latencies: list[float] = []
    for at, receiver, _text in arrived:
        # Replies of one person come in the order of what they answer.
        if waiting.get(receiver):
            latencies.append(at - waiting[receiver].pop(0))
    missing = count - len(latencies)
    say(
        f"{rate:.0f}/s for {seconds:.0f} s: reply at Twilio {milliseconds(latencies)};"
        f" 200 after {milliseconds(outcome.latencies)}; {missing} without a reply"
        f" {outcome.statuses}; {shown(cost)}"
    )
    return latencies + [float("inf")] * missing


def _wait_for(
    twilio: str, count: int, patience_seconds: float = 30.0
) -> list[tuple[float, str, str]]:
    """What the simulated Twilio has, once it has so many, or gets no more."""
    deadline = time.monotonic() + patience_seconds
    while True:
        seen: list[tuple[float, str, str]] = requests.get(f"{twilio}/seen", timeout=10).json()
        if len(seen) >= count or time.monotonic() > deadline:
            return seen
        time.sleep(0.5)


def resident() -> str:
    """Resident memory by kind of process: the largest of each."""
    sizes: dict[str, list[int]] = defaultdict(list)
    for process in ours():
        sizes[process.kind].append(process.resident_bytes)
    parts = [
        f"{kind} {max(sizes[kind]) / 1e6:.0f} MB"
        for kind in sorted(sizes)
        if kind == "web" or kind.startswith(("worker", "clock"))
    ]
    return f"resident memory, the largest process of each kind: {', '.join(parts)}"
