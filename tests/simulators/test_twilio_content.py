"""Templates through the SDK's Content API: made, filled in, limited, approved."""

import json
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest.content.v1.content import ContentInstance
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from tests.simulators.world import CUSTOMER, World, wait_until

QUICK_REPLY = {
    "twilio/quick-reply": {
        "body": "You owe {{1}}.",
        "actions": [{"type": "QUICK_REPLY", "title": "{{1}}", "id": "pay:{{2}}"}],
    }
}


def make(world: World, types: dict[str, Any], variables: dict[str, str] | None = None) -> str:
    request = ContentInstance.ContentCreateRequest(
        {
            "friendly_name": "amounts",
            "language": "en",
            "variables": variables or {},
            "types": types,
        }
    )
    sid = world.client().content.v1.contents.create(request).sid
    assert isinstance(sid, str)
    assert sid.startswith("HX")
    return sid


def shown(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.get(f"/_sim/twilio/messages?to={CUSTOMER}")["messages"][-1]
    return found


def test_buttons_are_filled_in(world: World) -> None:
    world.write()
    sid = make(world, QUICK_REPLY, {"1": "USD 1.00", "2": "sample"})
    sent = world.send(content_sid=sid, content_variables=json.dumps({"1": "USD 300.00"}))
    assert sent.body == "You owe USD 300.00."
    assert shown(world)["shown"]["buttons"] == [
        {"kind": "reply", "title": "USD 300.00", "id": "pay:sample", "url": ""}
    ]
    wait_until(lambda: shown(world)["status"] == "read")


def test_a_list_and_a_link(world: World) -> None:
    world.write()
    items = [{"item": "KS-2024-001", "id": "b:1", "description": "Victoria Falls"}]
    world.send(
        content_sid=make(
            world, {"twilio/list-picker": {"body": "Which?", "button": "Choose", "items": items}}
        )
    )
    assert shown(world)["shown"]["items"] == [
        {"id": "b:1", "item": "KS-2024-001", "description": "Victoria Falls"}
    ]
    link = {"type": "URL", "title": "Pay", "url": "https://pay.example/{{1}}"}
    sid = make(world, {"twilio/call-to-action": {"body": "Pay here", "actions": [link]}})
    world.send(content_sid=sid, content_variables='{"1": "t0k3n"}')
    assert shown(world)["shown"]["buttons"][0]["url"] == "https://pay.example/t0k3n"


@pytest.mark.parametrize(
    "url",
    ["{{1}}", "https://pay.example/{{1}}/a", "https://{{1}}/{{2}}", "pay.example/{{1}}", "tel:+1"],
)
def test_only_the_end_of_an_address_may_be_a_variable(world: World, url: str) -> None:
    link = {"type": "URL", "title": "Pay", "url": url}
    with pytest.raises(TwilioRestException) as refused:
        make(world, {"twilio/call-to-action": {"body": "Pay here", "actions": [link]}})
    assert (refused.value.status, refused.value.code) == (400, 20422)


def test_the_catalogue(world: World) -> None:
    sid = make(world, {"twilio/text": {"body": "Hello"}})
    contents = world.client().content.v1.contents
    assert [content.sid for content in contents.list()] == [sid]
    assert world.client().content.v1.contents(sid).fetch().friendly_name == "amounts"
    assert world.client().content.v1.contents(sid).delete()
    assert contents.list() == []


@pytest.mark.parametrize(
    "types",
    [
        {"twilio/quick-reply": {"body": "x" * 1025, "actions": [{"title": "a", "id": "a"}]}},
        {"twilio/quick-reply": {"body": "x", "actions": [{"title": "y" * 21, "id": "a"}]}},
        {"twilio/quick-reply": {"body": "x", "actions": []}},
        {"twilio/list-picker": {"body": "x", "button": "b", "items": []}},
        {"twilio/list-picker": {"body": "x", "button": "b", "items": [{"item": "a", "id": "a"}]}},
        {},
    ],
)
def test_a_template_beyond_the_limits_is_refused(world: World, types: dict[str, Any]) -> None:
    with pytest.raises(TwilioRestException) as refused:
        make(world, types)
    assert (refused.value.status, refused.value.code) == (400, 20422)


def test_variables_that_are_no_object_of_strings(world: World) -> None:
    world.write()
    sid = make(world, QUICK_REPLY, {"1": "USD 1.00", "2": "x"})
    for wrong in ("{", "[]", '{"1": 5}'):
        with pytest.raises(TwilioRestException) as refused:
            world.send(content_sid=sid, content_variables=wrong)
        assert refused.value.code == 21656


def test_what_whatsapp_refuses_fails_later(world: World) -> None:
    world.write()
    world.send(content_sid=make(world, QUICK_REPLY, {"1": "USD 1.00"}))
    wait_until(lambda: shown(world)["error_code"] == 63028)
    world.send(content_sid=make(world, QUICK_REPLY, {"1": "a title of more than twenty", "2": "x"}))
    wait_until(lambda: shown(world)["error_code"] == 63013)
    many = [{"title": str(number), "id": str(number)} for number in range(4)]
    world.send(content_sid=make(world, {"twilio/quick-reply": {"body": "x", "actions": many}}))
    wait_until(lambda: shown(world)["error_code"] == 63013)


def test_outside_the_window_only_an_approved_template_arrives(world: World) -> None:
    text = make(world, {"twilio/text": {"body": "Your balance is due."}})
    world.send(content_sid=text)
    wait_until(lambda: shown(world)["error_code"] == 63016)
    approvals = world.client().content.v1.contents(text)
    asked = approvals.approval_create.create(_approval("balance_due"))
    assert asked.status == "received"
    assert approvals.approval_fetch().fetch().whatsapp["status"] == "approved"
    world.send(content_sid=text)
    wait_until(lambda: shown(world)["status"] == "read")


def test_a_list_is_never_approved(world: World) -> None:
    items = [{"item": "a", "id": "a", "description": "a"}]
    picker = {"twilio/list-picker": {"body": "x", "button": "b", "items": items}}
    content = world.client().content.v1.contents(make(world, picker))
    content.approval_create.create(_approval("choose"))
    assert content.approval_fetch().fetch().whatsapp["status"] == "rejected"


def _approval(name: str) -> Any:
    return ApprovalCreateList.ContentApprovalRequest({"name": name, "category": "UTILITY"})
