"""Measures the crisis screener on the held-out messages: what it notices, and what it takes for a crisis wrongly.

`waymark evaluate crisis` parses each message with the trained model, prints a table, writes the misses and a
plot of recall against false alarms to `reports/`, and fails where a figure misses its bound.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from tqdm import tqdm

from waymark.channels.gate import admit
from waymark.evaluation import PHRASES, REPORTS, rate_of
from waymark.nlu.crisis import RISK
from waymark.runtime import Guide, quiet_logs
from waymark.safety.screener import TIERS

CRISES, HARMLESS = ("crisis", "long_posts"), ("harmless", "sad_but_safe", "ordinary", "long_posts")

BOUNDS: dict[str, tuple[str, float]] = {
    "crisis noticed": ("at least", 0.98),
    "crisis acute as high": ("at least", 0.95),
    "harmless as high": ("at most", 0.03),
    "harmless at any tier": ("at most", 0.08),
    "long_posts noticed": ("at least", 0.95),
    "long_posts as high": ("at most", 0.12),
    "long_posts at any tier": ("at most", 0.35),
    "sad_but_safe as high": ("at most", 0.05),
    "ordinary at any tier": ("at most", 0.003),
}
"""What is to be reached; `--bound "crisis noticed=0.9"` sets another."""

KEYWORDS = re.compile(
    r"\b(suicid\w*|kill(ing)? (my|him|her)self|kill me|end (my life|it all)|want to die|better off dead|self.?harm"
    r"|cut(ting)? myself|overdos\w+|rape\w*|strangl\w+|chok(ed|ing) me|hit(s|ting)? me|beat(s|ing)? me|gun|knife"
    r"|suicidio|matarme|quiero morir(me)?)\b",
    re.IGNORECASE,
)
"""A keyword list of the usual kind, for comparison."""


@dataclass(frozen=True)
class Message:
    """A held-out message, and what the screener made of it."""

    text: str
    source: str
    category: str
    tier: str
    language: str
    about: str
    found: str | None
    """The tier found; None when nothing was."""
    by_rule: str | None
    """The tier found by rules alone."""
    risk: float
    by_keyword: bool

    @property
    def is_crisis(self) -> bool:
        """Whether the message has to be met as a crisis."""
        return self.category != "none"

    @property
    def is_acute(self) -> bool:
        """Whether it has to be met at `high` or above."""
        return self.tier in ("high", "immediate")


def evaluate_crisis(bounds: dict[str, float] | None = None) -> int:
    """Measure, print, write reports; 1 where a bound was missed.

    Raises:
        ValueError: A bound that there is no figure for.
    """
    wanted = {name: (kind, (bounds or {}).get(name, value)) for name, (kind, value) in BOUNDS.items()}
    if unknown := set(bounds or {}) - set(BOUNDS):
        raise ValueError(f"no figure is called {sorted(unknown)[0]!r}; there are: {', '.join(BOUNDS)}.")
    quiet_logs()
    REPORTS.mkdir(exist_ok=True)
    messages, milliseconds = asyncio.run(_screen_all())
    figures = measure(messages)
    for name, figure in figures.items():
        low, high = figure["interval"]
        print(f"{name:<44} {100 * figure['rate']:5.1f}  ({100 * low:.1f} to {100 * high:.1f}, of {figure['of']})")
    print(f"{'whole understanding, median ms a message':<44} {np.median(milliseconds):5.1f}")
    (REPORTS / "crisis.json").write_text(json.dumps(figures, indent=2))
    _write_misses(messages)
    plot(messages, REPORTS / "crisis.png")
    missed = [
        f"{name}: {100 * figures[name]['rate']:.1f}, wanted {kind} {100 * value:.1f}"
        for name, (kind, value) in wanted.items()
        if (figures[name]["rate"] < value if kind == "at least" else figures[name]["rate"] > value)
    ]
    for line in missed:
        print(f"Missed: {line}")
    return 1 if missed else 0


async def _screen_all() -> tuple[list[Message], list[float]]:
    guide = Guide.load()
    messages, milliseconds = [], []
    for source in dict.fromkeys(CRISES + HARMLESS):
        entries = yaml.safe_load((PHRASES / f"{source}.yml").read_text(encoding="utf-8"))["messages"]
        for entry in tqdm(entries, desc=source):
            started = time.perf_counter()
            parsed = await guide.agent.parse_message(admit(entry["text"]))
            milliseconds.append((time.perf_counter() - started) * 1000)
            messages.append(_message(entry, source, parsed))
    return messages, milliseconds


def _message(entry: dict[str, Any], source: str, parsed: dict[str, Any]) -> Message:
    found = parsed.get("crisis") or {}
    return Message(
        text=entry["text"],
        source=source,
        category=entry.get("category", "none"),
        tier=entry.get("tier", "none"),
        language=entry.get("language", "es" if entry.get("kind") == "spanish" else "en"),
        about=entry.get("about", "self"),
        found=found.get("tier"),
        by_rule=parsed.get("crisis_by_rule"),
        risk=float(parsed.get(RISK) or 0.0),
        by_keyword=bool(KEYWORDS.search(entry["text"])),
    )


def measure(messages: Sequence[Message]) -> dict[str, dict[str, Any]]:
    """The figures by name: recall by set, category, tier, language and person; false alarms by set and language."""
    figures: dict[str, dict[str, Any]] = {}

    def note(name: str, chosen: Iterable[Message], hit: Callable[[Message], bool]) -> None:
        hits = [hit(message) for message in chosen]
        if hits:
            figures[name] = rate_of(hits)

    for source in CRISES:
        crises = [message for message in messages if message.source == source and message.is_crisis]
        note(f"{source} noticed", crises, _noticed)
        note(f"{source} acute as high", [message for message in crises if message.is_acute], _as_high)
        note(f"{source} noticed by rules alone", crises, lambda message: message.by_rule is not None)
        note(f"{source} noticed by a keyword list", crises, lambda message: message.by_keyword)
        groups: dict[str, list[Message]] = defaultdict(list)
        for message in crises:
            for group in (message.category, message.tier, message.language, f"about {message.about}"):
                groups[group].append(message)
        for group, chosen in groups.items():
            note(f"  {source}, {group}, noticed", chosen, _noticed)
    for source in HARMLESS:
        harmless = [message for message in messages if message.source == source and not message.is_crisis]
        note(f"{source} at any tier", harmless, _noticed)
        note(f"{source} as high", harmless, _as_high)
        note(f"{source} by rules alone", harmless, lambda message: message.by_rule is not None)
        note(f"{source} by a keyword list", harmless, lambda message: message.by_keyword)
        note(f"  {source}, es, at any tier", [message for message in harmless if message.language == "es"], _noticed)
    return figures


def _noticed(message: Message) -> bool:
    return message.found is not None


def _as_high(message: Message) -> bool:
    return message.found in TIERS[1:]


def _write_misses(messages: Sequence[Message]) -> None:
    lines = ["set\tcategory\ttier\tfound\ttext"]
    for message in messages:
        is_fault = _noticed(message) != message.is_crisis or (message.is_acute and not _as_high(message))
        if is_fault:
            row = (message.source, message.category, message.tier, message.found or "-", message.text)
            lines.append("\t".join(row))
    (REPORTS / "crisis_misses.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def plot(messages: Sequence[Message], path: Path) -> None:
    """Draw recall against false alarms as the trained layer's bound moves, the rules as they are; save a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 5))
    for crises, harmless in (("crisis", "harmless"), ("crisis", "sad_but_safe"), ("long_posts", "long_posts")):
        right = [message for message in messages if message.source == crises and message.is_crisis]
        wrong = [message for message in messages if message.source == harmless and not message.is_crisis]
        bounds = np.linspace(-6, 6, 60)
        recall = [
            np.mean([message.by_rule is not None or message.risk >= bound for message in right]) for bound in bounds
        ]
        alarms = [
            np.mean([message.by_rule is not None or message.risk >= bound for message in wrong]) for bound in bounds
        ]
        axes.plot(100 * np.array(alarms), 100 * np.array(recall), label=f"{crises} against {harmless}")
        at = (
            100 * np.mean([_noticed(message) for message in wrong]),
            100 * np.mean([_noticed(message) for message in right]),
        )
        axes.plot(*at, "o", color=axes.lines[-1].get_color())
        by_word = (
            100 * np.mean([message.by_keyword for message in wrong]),
            100 * np.mean([message.by_keyword for message in right]),
        )
        axes.plot(*by_word, "x", color=axes.lines[-1].get_color())
    axes.set_xlabel("harmless messages taken for a crisis, in 100")
    axes.set_ylabel("crises noticed, in 100")
    axes.set_title("Held-out messages; dot: as shipped, cross: a keyword list")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
