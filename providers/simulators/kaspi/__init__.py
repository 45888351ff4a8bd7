"""The simulated Kaspi."""

from providers.simulators.kaspi.server import KaspiSimulatorSettings, create_kaspi

__all__ = ["KaspiSimulatorSettings", "create_kaspi"]
