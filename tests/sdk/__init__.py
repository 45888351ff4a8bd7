"""The official SDKs of providers against our simulators; not part of the test suite."""
