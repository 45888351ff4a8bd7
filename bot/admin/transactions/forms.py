"""The filters of the list as they stand in its address, read into what the queries ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date

from werkzeug.datastructures import MultiDict

from bot.admin.showing import provider_title, status_words
from bot.admin.transactions.accounts import AccountView
from domain.states import STATUSES
from flows.answers import Exactly, read_amount

_LONGEST_QUERY = 100
# Beyond these a moment has no place in a calendar, or in PostgreSQL's.
_EARLIEST, _LATEST = date(2000, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; nothing of a kind: all of it. `since` and `until` are days of
    the view's zone, both included. `least_minor` and `most_minor` come with a `currency`. `query`
    may hold a phone number.
    """

    statuses: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    currency: str | None = None
    since: date | None = None
    until: date | None = None
    operator_id: int | None = None
    least_minor: int | None = None
    most_minor: int | None = None
    query: str = field(default="", repr=False)

    def as_detail(self) -> dict[str, object]:
        """For the audit trail: what was asked for, without what may be a phone number."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        shown = {name: value for name, value in given.items() if value not in (None, (), "")}
        if self.query:
            shown["query"] = f"…{self.query[-4:]}" if len(self.query) > 4 else "…"
        return {
            name: str(value) if isinstance(value, date) else value for name, value in shown.items()
        }


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on: in words, and the parameter that holds it with its value."""

    words: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An address that was read: its filters, each in words, and what of it was ignored, in
    words.
    """

    filters: Filters
    chips: tuple[Chip, ...]
    ignored: tuple[str, ...]


@dataclass(slots=True)
class _Reader:
    args: "MultiDict[str, str]"
    chips: list[Chip] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def one(self, name: str) -> str:
        # No text in PostgreSQL holds this character.
        return self.args.get(name, "").replace("\0", "").strip()

    def chip(self, name: str, words: str, value: str | None = None) -> None:
        self.chips.append(Chip(words, name, self.args.get(name, "") if value is None else value))

    def several(self, name: str, known: Mapping[str, str]) -> tuple[str, ...]:
        """The values of a parameter that are among the known ones, each once."""
        found = []
        for value in dict.fromkeys(each for each in self.args.getlist(name) if each):
            if value in known:
                found.append(value)
                self.chip(name, known[value], value)
            else:
                self.ignored.append(f"There is no {name} “{value[:40]}”.")
        return tuple(found)

    def day(self, name: str, words: str) -> date | None:
        text = self.one(name)
        if not text:
            return None
        day: date | None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or not _EARLIEST <= day <= _LATEST:
            self.ignored.append(f"“{text[:40]}” is no date. Write it like 2026-11-21.")
            return None
        self.chip(name, f"{words} {day.day} {day:%b %Y}")
        return day

    def amount(self, name: str, words: str, currency: str | None) -> int | None:
        text = self.one(name)
        if not text:
            return None
        if currency is None:
            self.ignored.append("Choose a currency to filter by amount.")
            return None
        reading = read_amount(text, currency)
        if not isinstance(reading, Exactly):
            self.ignored.append(f"“{text[:40]}” is no amount in {currency}.")
            return None
        self.chip(name, f"{words} {reading.money}")
        return reading.money.amount_minor


def read(args: "MultiDict[str, str]", accounts: Sequence[AccountView]) -> Asked:
    """What an address asks for. `accounts` are those that whoever looks may see: an operator,
    provider or currency that none of them has is not there.
    """
    reader = _Reader(args)
    query = reader.one("q")
    if len(query) > _LONGEST_QUERY:
        reader.ignored.append("What is searched for is too long for any reference.")
        query = ""
    if query:
        reader.chip("q", f"“{query}”")
    providers = {name: provider_title(name) for name in {each.provider for each in accounts}}
    operators = {str(each.operator_id): each.operator for each in accounts}
    currencies = {each.currency: each.currency for each in accounts}
    statuses = reader.several("status", {name: status_words(name)[0] for name in STATUSES})
    provider = reader.several("provider", providers)
    currency = next(iter(reader.several("currency", currencies)), None)
    operator = next(iter(reader.several("operator", operators)), None)
    # Who has one currency means that one.
    meant = currency or (next(iter(currencies)) if len(currencies) == 1 else None)
    since, until = reader.day("from", "From"), reader.day("to", "To")
    filters = Filters(
        statuses=statuses,
        providers=provider,
        currency=currency,
        since=since,
        until=until,
        operator_id=int(operator) if operator else None,
        least_minor=reader.amount("least", "At least", meant),
        most_minor=reader.amount("most", "At most", meant),
        query=query,
    )
    return Asked(filters, tuple(reader.chips), tuple(dict.fromkeys(reader.ignored)))
