"""Pictures beside a message: fetched when it is delivered, and shown on the phone."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask, Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from tests.simulators.world import CUSTOMER, World, served, wait_until

PNG = b"\x89PNG\r\n\x1a\n and so on"
FILES = {
    "/good.png": Response(PNG, content_type="image/png"),
    "/text.png": Response(PNG, content_type="text/html"),
    "/fake.png": Response(b"no picture", content_type="image/png"),
    "/large.png": Response(PNG + bytes(1024 * 1024), content_type="image/png"),
}


@pytest.fixture
def files() -> Iterator[str]:
    app = Flask("files")

    @app.get("/moved.png")
    def moved() -> AnyResponse:
        return redirect("/good.png")

    @app.get("/<name>")
    def file(name: str) -> Response:
        found = FILES.get(f"/{name}")
        if found is None:
            return Response("nothing", 404)
        return Response(found.get_data(), content_type=found.content_type)

    with served(app) as root:
        yield root


def shown(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.get(f"/_sim/twilio/messages?to={CUSTOMER}")["messages"][-1]
    return found


def test_a_picture_is_fetched_and_shown(world: World, files: str) -> None:
    world.write()
    sent = world.send("", media_url=[f"{files}/good.png"])
    wait_until(lambda: shown(world)["status"] == "read")
    where = f"{world.root}/_sim/twilio/pictures/{sent.sid}"
    answer = requests.get(f"{where}/0", timeout=5)
    assert (answer.content, answer.headers["Content-Type"]) == (PNG, "image/png")
    assert requests.get(f"{where}/1", timeout=5).status_code == 404
    world.post("/_sim/twilio/reset", {})
    assert requests.get(f"{where}/0", timeout=5).status_code == 404


@pytest.mark.parametrize("name", ["none.png", "text.png", "fake.png", "large.png", "moved.png"])
def test_what_is_no_picture_fails_as_whatsapp_says(world: World, files: str, name: str) -> None:
    world.write()
    world.send("", media_url=[f"{files}/{name}"])
    wait_until(lambda: shown(world)["status"] == "failed")
    assert shown(world)["error_code"] == 63019
    wait_until(lambda: "failed" in world.bot.statuses())


def test_nothing_outside_of_this_computer_is_fetched(world: World) -> None:
    world.write()
    sent = world.send("", media_url=["http://198.51.100.7/qr.png"])
    wait_until(lambda: shown(world)["status"] == "read")
    where = f"{world.root}/_sim/twilio/pictures/{sent.sid}/0"
    assert requests.get(where, timeout=5).status_code == 404
