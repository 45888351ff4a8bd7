"""The way of paying that a customer means, among those that their booking can be paid in now."""

from collections import Counter
from dataclasses import dataclass

from domain.money import Money
from flows.answers import NamedWay, read_ways
from flows.desk import WayKind, WayView
from flows.flow import Misheard
from flows.phrases import Rendered, Words
from flows.turns import LONGEST_TITLE, MOST_BUTTONS, Choice, Reply, Said

TAPPED_WAY = "way:"


@dataclass(frozen=True, slots=True)
class WayStep:
    """What the choice of a way needs to know: the ways, in the order in which they are offered."""

    ways: tuple[WayView, ...]
    words: Words

    def read(self, said: Said) -> WayView:
        """The way that was tapped, or named, or whose place in the list was given. Raises
        Misheard.
        """
        for place, way in enumerate(self.ways, start=1):
            if said.tapped == f"{TAPPED_WAY}{way.key}" or said.text.rstrip(".)") == str(place):
                return way
        meant = self._named(said.text)
        if len(meant) == 1:
            return meant[0]
        key = "pay.way.which" if meant else "pay.way.not_understood"
        raise Misheard(key, offer=self._choices(meant or self.ways))

    def understands(self, text: str) -> bool:
        """Whether this text names a way."""
        return bool(self._named(text))

    def prompt(self, amount: Money) -> Reply:
        """A button for each way; where there are too many, a list with numbers."""
        if len(self.ways) <= MOST_BUTTONS:
            text = self.words.render("pay.way.ask", {"amount": amount})
            return Reply("pay.way.ask", text, self._choices(self.ways))
        lines = [
            self.words.render("pay.way.line", {"place": place, "way": self.title(way)})
            for place, way in enumerate(self.ways, start=1)
        ]
        variables = {"amount": amount, "ways": Rendered("\n".join(lines))}
        return Reply("pay.way.ask_list", self.words.render("pay.way.ask_list", variables))

    def title(self, way: WayView) -> Rendered:
        """What to call a way: its provider, and its kind where the provider has several. An invoice
        is always called one: the provider's other way may only be paused.
        """
        shared = Counter(each.provider for each in self.ways)[way.provider] > 1
        name = way.kind.value if shared or way.kind is WayKind.PHONE else "only"
        return self.words.render_one_of("way", name, {"provider": way.title})

    def _named(self, text: str) -> tuple[WayView, ...]:
        named = (NamedWay(w.key, w.provider, w.title, w.kind.value) for w in self.ways)
        keys = read_ways(text, named)
        return tuple(way for way in self.ways if way.key in keys)

    def _choices(self, ways: tuple[WayView, ...]) -> tuple[Choice, ...]:
        if len(ways) > MOST_BUTTONS:
            return ()
        return tuple(
            Choice(f"{TAPPED_WAY}{way.key}", self.title(way)[:LONGEST_TITLE]) for way in ways
        )
