"""Each provider of the contract suite, beside a simulator of its own."""

from collections.abc import Iterator

import pytest

from tests.providers.harness import (
    HARNESSES,
    OTP_HARNESSES,
    Harness,
    OtpHarness,
)


@pytest.fixture(params=sorted(HARNESSES))
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    with HARNESSES[request.param]() as opened:
        yield opened


@pytest.fixture(params=sorted(OTP_HARNESSES))
def otp_harness(request: pytest.FixtureRequest) -> Iterator[OtpHarness]:
    with OTP_HARNESSES[request.param]() as opened:
        yield opened
