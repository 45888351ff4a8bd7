"""A turn: signed webhook → committed → 200, with two web processes, beside a bare Flask route that
only checks the same signature. The runs of the two alternate.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from bench.cost import cpu_by_kind, difference
from bench.load import Outcome, closed
from bench.place import (
    add_bookings,
    bare_web,
    phrases,
    plain_url,
    product,
    servers,
    settle_down,
    start_web,
)
from bench.results import milliseconds, ratios, say
from bench.wire import SCRIPT, message

LANES = 16
_TRAVELLERS_EACH = 5


def lane(url: str, number: int, first: int = 0) -> Iterator[bytes]:
    """One connection's travellers, having the conversation in turns, for ever."""
    travellers = range(first + number * _TRAVELLERS_EACH, first + (number + 1) * _TRAVELLERS_EACH)
    while True:
        for text in SCRIPT:
            for traveller in travellers:
                yield message(url, traveller, text)


def prepared(url: str, seconds: float, most_a_second: int, first: int = 0) -> list[list[bytes]]:
    """Requests for every lane, made and signed beforehand."""
    each = int(seconds * most_a_second / LANES) + len(SCRIPT) * _TRAVELLERS_EACH
    return [
        [request for request, _ in zip(lane(url, number, first), range(each), strict=False)]
        for number in range(LANES)
    ]


def turns(rounds: int = 4, seconds: float = 6.0) -> None:
    """Turns a second beside bare requests a second, and the processor time of both."""
    with servers() as urls, product(urls, "bench_turns") as house, bare_web() as bare:
        add_bookings(plain_url(house), 0, LANES * _TRAVELLERS_EACH)
        url = start_web(house)
        closed(url, prepared(url, 3, 1500), 3)
        settle_down(plain_url(house))
        again = [itertools.cycle(each) for each in prepared(bare, 1, 500)]
        ours, theirs, our_cost, their_cost = [], [], [], []
        for _ in range(rounds):
            plain, plain_cost = measured(bare, again, seconds / 2)
            heard, cost = measured(url, prepared(url, seconds, 1500), seconds)
            ours.append(heard.rate)
            theirs.append(plain.rate)
            our_cost.append(sum(cost.values()))
            their_cost.append(sum(plain_cost.values()))
            say(f"turns {heard.rate:.0f}/s ({milliseconds(heard.latencies)}), {shown(cost)}")
            say(f"bare {plain.rate:.0f}/s, {shown(plain_cost)}")
        say(f"said: {phrases(plain_url(house))}")
        say(f"turns ÷ bare, a second: {ratios(ours, theirs)}")
        say(f"bare ÷ turn, processor time: {ratios(their_cost, our_cost)}")


def measured(
    url: str, lanes: Sequence[Iterable[bytes]], seconds: float
) -> tuple[Outcome, dict[str, float]]:
    """A closed run, and the processor milliseconds that one answer cost, by kind of process."""
    before = cpu_by_kind()
    outcome = closed(url, lanes, seconds).only_ok()
    return outcome, difference(before, cpu_by_kind(), len(outcome.latencies))


def shown(cost: dict[str, float]) -> str:
    """Processor time by kind."""
    parts = ", ".join(f"{kind} {value:.2f}" for kind, value in sorted(cost.items()))
    return f"processor ms each: {parts}"
