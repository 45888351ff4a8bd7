"""That every flow is whole: its moves, its methods and its drawing agree."""

import pytest
from transitions import MachineError

from flows.conversations import FLOWS
from flows.drawing import draw
from flows.engine import Session
from flows.flow import HEARD, Flow, table_of
from flows.phrases import load_phrases
from tests.flows.desk_fake import FakeDesk


@pytest.mark.parametrize("flow", FLOWS)
def test_every_step_asks_and_hears(flow: type[Flow]) -> None:
    for step in table_of(flow).steps:
        assert callable(getattr(flow, f"ask_{step}", None)), f"{flow.name} cannot ask {step}"
        assert callable(getattr(flow, f"hear_{step}", None)), f"{flow.name} cannot hear {step}"


@pytest.mark.parametrize("flow", FLOWS)
def test_no_method_is_for_a_step_that_is_not_there(flow: type[Flow]) -> None:
    names = {name for name in dir(flow) if name.startswith(("ask_", "hear_"))}
    assert {name.partition("_")[2] for name in names} == table_of(flow).steps


@pytest.mark.parametrize("flow", FLOWS)
def test_every_step_can_be_reached(flow: type[Flow]) -> None:
    reached = {flow.first}
    for _ in table_of(flow).steps:
        reached |= {dest for _, source, dest in table_of(flow).moves if source in reached}
    assert reached == table_of(flow).steps


@pytest.mark.parametrize("flow", FLOWS)
def test_the_tables_name_steps_that_exist(flow: type[Flow]) -> None:
    named = flow.ends | flow.any_word | flow.secret | flow.numbered | set(flow.keeps)
    assert flow.first in table_of(flow).steps
    assert named <= table_of(flow).steps


@pytest.mark.parametrize("flow", FLOWS)
def test_one_move_leads_to_one_step(flow: type[Flow]) -> None:
    pairs = [(trigger, source) for trigger, source, _ in table_of(flow).moves]
    assert len(pairs) == len(set(pairs))


def test_one_machine_serves_every_conversation() -> None:
    for flow in FLOWS:
        table = table_of(flow)
        assert table is table_of(flow)
        assert table.machine.models == []


def test_a_move_that_the_table_lacks_is_refused() -> None:
    flow = FLOWS[1](Session("pay", "paid"), FakeDesk(), load_phrases().speaking("en"))
    with pytest.raises(MachineError):
        flow.move(HEARD)
    assert flow.step == "paid"


@pytest.mark.parametrize("flow", FLOWS)
def test_the_drawing_shows_every_move(flow: type[Flow]) -> None:
    drawn = draw(flow)
    assert drawn.startswith("stateDiagram-v2\n")
    for trigger, source, dest in table_of(flow).moves:
        line = next(line for line in drawn.splitlines() if f" {source} --> {dest}: " in line)
        assert trigger in line.partition(": ")[2].split(", ")
