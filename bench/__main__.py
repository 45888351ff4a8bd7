"""Measure what the product reaches, each figure beside its baseline: `python -m bench NAME …`.

The figures, how they were taken and what came out: docs/performance.md.
"""

import argparse
import time

from bench.growth import growth
from bench.inside import inside
from bench.paying import paying
from bench.place import machine
from bench.replies import replies
from bench.results import say
from bench.settling import settling
from bench.turns import turns
from bench.view import view

BENCHES = {
    "turns": turns,
    "inside": inside,
    "replies": replies,
    "settle": settling,
    "paying": paying,
    "growth": growth,
    "view": view,
}


def main() -> None:
    """Run the named benches, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--profile", action="store_true", help="with inside: where the time goes")
    names = parser.parse_args().names or list(BENCHES)
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        parser.error(f"no bench is called {unknown[0]!r}; there are: {', '.join(BENCHES)}")
    say(machine())
    for name in names:
        say(f"\n# {name}: {BENCHES[name].__doc__}")
        began = time.monotonic()
        BENCHES[name]()
        say(f"({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main()
