"""docs/crisis.md draws the protocol as it is."""

from __future__ import annotations

import re

from waymark import settings
from waymark.plain_pages import STATES
from waymark.safety.protocol import FAINT_SIGNS, FAINT_TURNS, MOST_ASKS, Protocol

DOCS = (settings.ROOT / "docs" / "crisis.md").read_text(encoding="utf-8")
PROTOCOL = Protocol.load(settings.CRISIS)


def drawn() -> str:
    """The diagram: an arrow between two states for all that leads from one to the other."""
    labels: dict[tuple[str, str], list[str]] = {}
    for arrow in PROTOCOL.arrows():
        said = "" if arrow.says == "nothing" else f" / {arrow.says}"
        labels.setdefault((arrow.start, arrow.to), []).append(arrow.when + said)
    lines = [f"    {start} --> {to}: {', '.join(all_)}" for (start, to), all_ in labels.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> calm", *lines, "```"])


def test_the_diagram_is_the_table() -> None:
    assert drawn() in DOCS, f"put this into docs/crisis.md:\n{drawn()}"


def test_every_state_and_number_is_said() -> None:
    for state in STATES:
        assert f"| `{state}` |" in DOCS
    assert (FAINT_SIGNS, FAINT_TURNS, MOST_ASKS) == (2, 6, 2)
    assert "two faint signs within six messages" in DOCS and "at most twice" in DOCS


def test_what_the_page_points_to_is_there() -> None:
    for path in re.findall(r"`((?:waymark|tests|data|docs|web)/[\w./-]+)`", DOCS):
        assert (settings.ROOT / path).exists(), path
