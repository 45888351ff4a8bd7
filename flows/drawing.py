"""Draws a conversation from its table of moves, as Mermaid, so that a person can see it."""

from flows.flow import Flow, table_of


def draw(flow: type[Flow]) -> str:
    """A Mermaid state diagram: one arrow per pair of steps, named by every move that takes it."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for trigger, source, dest in table_of(flow).moves:
        names = arrows.setdefault((source, dest), [])
        if trigger not in names:
            names.append(trigger)
    lines = ["stateDiagram-v2", f"    [*] --> {flow.first}"]
    lines += [
        f"    {source} --> {dest}: {', '.join(names)}" for (source, dest), names in arrows.items()
    ]
    lines += [f"    {step} --> [*]" for step in sorted(flow.ends)]
    return "\n".join(lines) + "\n"
