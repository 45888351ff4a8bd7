"""The simulated Twilio misbehaves when it is asked to, as often as it is asked to."""

import time

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException

from tests.simulators.world import ACCOUNT_SID, AUTH_TOKEN, CUSTOMER, World


def post_message(world: World, timeout: float = 5.0) -> requests.Response:
    return requests.post(
        f"{world.root}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json",
        data={"From": "whatsapp:+14155238886", "To": CUSTOMER, "Body": "hello"},
        auth=(ACCOUNT_SID, AUTH_TOKEN),
        timeout=timeout,
    )


def outbound(world: World) -> int:
    return len(world.get(f"/_sim/twilio/messages?to={CUSTOMER}")["messages"])


def test_too_busy_twice_then_well(world: World) -> None:
    world.turn(faults=[{"kind": "refuse", "http_status": 429, "code": 20429, "count": 2}])
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            world.send()
        assert (refused.value.status, refused.value.code) == (429, 20429)
    assert world.send().status == "queued"
    assert outbound(world) == 1


@pytest.mark.parametrize(("kind", "sent"), [("drop", 0), ("lose", 1), ("silent", 0)])
def test_an_answer_that_never_comes(world: World, kind: str, sent: int) -> None:
    world.turn(faults=[{"kind": kind, "count": 1, "seconds": 0.1}])
    with pytest.raises(requests.ConnectionError):
        post_message(world)
    assert outbound(world) == sent
    assert post_message(world).status_code == 201


def test_it_fails_after_it_did_it(world: World) -> None:
    world.turn(faults=[{"kind": "fail", "http_status": 503, "code": 20503, "count": 1}])
    assert post_message(world).status_code == 503
    assert outbound(world) == 1


@pytest.mark.parametrize("kind", ["slow", "late"])
def test_an_answer_that_comes_late(world: World, kind: str) -> None:
    world.turn(faults=[{"kind": kind, "count": 1, "seconds": 2.0}])
    with pytest.raises(requests.ReadTimeout):
        post_message(world, timeout=0.3)
    assert outbound(world) == (1 if kind == "late" else 0)


def test_every_call_takes_the_latency(world: World) -> None:
    world.turn(latency_ms=120)
    begun = time.monotonic()
    post_message(world)
    assert time.monotonic() - begun >= 0.12


def test_a_fault_for_one_customer_and_one_operation(world: World) -> None:
    world.turn(faults=[{"kind": "refuse", "code": 21610, "http_status": 400, "to": CUSTOMER}])
    assert post_message(world).json()["code"] == 21610
    assert world.send(to="whatsapp:+77011234567").status == "queued"
    world.turn(faults=[{"kind": "refuse", "operation": "list", "code": 20500}])
    assert post_message(world).status_code == 201
    with pytest.raises(TwilioException, match="Unable to fetch page"):
        world.client().messages.list()
    world.turn(faults=[])
    assert len(world.client().messages.list()) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed": 1},
        {"faults": [{"kind": "explode"}]},
        {"faults": [{"kind": "drop", "operation": "dance"}]},
        {"faults": [{"operation": "create"}]},
        {"callbacks": {"mode": "sideways"}},
        {"callbacks": {"colour": "red"}},
        {"latency_ms": "soon"},
    ],
)
def test_a_knob_that_is_none_is_refused_and_turns_nothing(
    world: World, wrong: dict[str, object]
) -> None:
    before = world.get("/_sim/twilio/knobs")
    answer = requests.post(f"{world.root}/_sim/twilio/knobs", json=wrong, timeout=5)
    assert answer.status_code == 400
    assert world.get("/_sim/twilio/knobs") == before
