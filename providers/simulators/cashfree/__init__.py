"""The simulated Cashfree."""

from providers.simulators.cashfree.server import CashfreeSimulatorSettings, create_cashfree

__all__ = ["CashfreeSimulatorSettings", "create_cashfree"]
