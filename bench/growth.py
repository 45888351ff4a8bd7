"""How a turn's cost grows: the same conversations beside 1,000 other travellers and beside
1,000,000, each with a booking, a contact and a past payment. The runs of the two alternate.
"""

import psycopg

from bench.load import closed
from bench.place import add_bookings, plain_url, product, servers, settle_down, start_web
from bench.results import ratios, say
from bench.turns import measured, prepared, shown
from tests.journey.house import House

_FIRST_OTHER = 10_000
_TALKING = 80


def growth(small: int = 1_000, large: int = 1_000_000, rounds: int = 4) -> None:
    """Processor time and rate of a turn, with few and with many rows beside it."""
    with (
        servers() as urls,
        product(urls, "bench_small") as few,
        product(urls, "bench_large") as many,
    ):
        addresses = [_filled(few, small), _filled(many, large)]
        costs: list[list[float]] = [[], []]
        rates: list[list[float]] = [[], []]
        for url in addresses:
            closed(url, prepared(url, 2, 1500), 2)
        for number in range(2 * rounds):
            which = number % 2
            url = addresses[which]
            outcome, cost = measured(url, prepared(url, 3, 1500), 3)
            costs[which].append(sum(cost.values()))
            rates[which].append(outcome.rate)
            say(f"{(small, large)[which]:>9,}: {outcome.rate:.0f} turns/s, {shown(cost)}")
        say(f"processor time, large ÷ small: {ratios(costs[1], costs[0])}")
        say(f"turns a second, small ÷ large: {ratios(rates[0], rates[1])}")


def _filled(house: House, travellers: int) -> str:
    """Rows of other travellers, and of those who talk; the webhook's URL."""
    url = plain_url(house)
    add_bookings(url, 0, _TALKING)
    add_bookings(url, _FIRST_OTHER, travellers)
    with psycopg.connect(url) as db:
        # Triggers and references are checked row by row, and these rows are made right.
        db.execute("SET session_replication_role = replica")
        numbers = f"generate_series({_FIRST_OTHER}, {_FIRST_OTHER + travellers - 1}) AS n"
        for statement in (
            "INSERT INTO contact (id) OVERRIDING SYSTEM VALUE SELECT n FROM {numbers}",
            "INSERT INTO identity (contact_id, address)"
            " SELECT n, '+2637' || lpad(n::text, 8, '0') FROM {numbers}",
            "INSERT INTO payment (id, booking_id, contact_id, account_id, provider, reference,"
            " amount_minor, currency, payer_number, status, version, hold_until, ended_at)"
            " SELECT lpad(to_hex(n), 32, '0')::uuid, b.id, n, 1, 'omari', 'p' || n, 100, 'USD',"
            " '2637' || lpad(n::text, 8, '0'), 'failed', 1, now(), now() FROM {numbers}"
            " JOIN booking b ON b.reference_key = 'KS' || lpad(n::text, 7, '0')",
            "SELECT setval(pg_get_serial_sequence('contact', 'id'), max(id)) FROM contact",
        ):
            db.execute(statement.format(numbers=numbers))
    settle_down(url)
    return start_web(house)
