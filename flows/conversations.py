"""The conversations that we hold, and the engine that holds them."""

from functools import cache

from flows.engine import Engine
from flows.flow import Flow
from flows.menu import Menu
from flows.pay import Pay
from flows.phrases import load_phrases

FLOWS: tuple[type[Flow], ...] = (Menu, Pay)


@cache
def engine() -> Engine:
    """The one engine of a process. It keeps nothing, so every thread may use it."""
    return Engine(load_phrases(), home=Menu, paying=Pay)
