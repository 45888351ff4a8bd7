"""How sessions are kept: what was packed is unpacked, and what is none of ours is none."""

import pytest

from flows.engine import Session
from flows.sessions import pack, unpack

SESSION = Session("pay", "otp", "payment-1", {"booking": "KS-2024-001"}, "n7")


def test_what_was_packed_is_unpacked() -> None:
    assert unpack(pack(5, SESSION).encode()) == (5, SESSION)


@pytest.mark.parametrize(
    "stored",
    [b"", b"5", b"5\n", b"x\n{}", b"5\nnull", b"\xff\xfe", b'5\n{"v":9,"flow":"pay","step":"otp"}'],
)
def test_what_is_no_session_is_none(stored: bytes) -> None:
    assert unpack(stored) is None
