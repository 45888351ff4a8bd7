"""The simulated PhonePe."""

from providers.simulators.phonepe.server import PhonePeSimulatorSettings, create_phonepe

__all__ = ["PhonePeSimulatorSettings", "create_phonepe"]
