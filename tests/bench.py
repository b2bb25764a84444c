"""Speed and memory beside a stock Rasa bot on the same content, in one run: `make bench`.

Each bot runs in a process of its own, one after the other, twice, in turns; the medians of both rounds count.
The stock bot is the pipeline of `rasa init` (DIET, without the entity parts nobody needs here), Rasa's rules
and Rasa's in-memory tracker store, on our domain, phrases, rules and responses. Its actions run in its
process as ours do, so that no network is measured. DIET is trained for few epochs: its speed does not
depend on how long it learned.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from waymark import settings  # isort: skip  (switches telemetry off before Rasa is imported)
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.shared.nlu.training_data.message import Message

from waymark.comparison import STOCK
from waymark.evaluation import read_phrases
from waymark.nlu.crisis import CrisisScreener
from waymark.nlu.encoder import SentenceEncoder
from waymark.runtime import ActionsInProcess, load_agent, quiet_logs
from waymark.store import ConversationStore

ROUNDS = 2
MESSAGES = 150
TURNS = 200
EDGE = 10
"""Turns at the start and at the end of the long conversation whose means are compared."""


def main() -> None:
    """Train the stock bot, measure both, print the table and write reports/bench.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=1, help="DIET's epochs (default 1)")
    parser.add_argument("--child", choices=["waymark", "stock"], help=argparse.SUPPRESS)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(asyncio.run(measure(options.child, options.model))))
        return
    with tempfile.TemporaryDirectory() as folder:
        print("Training the stock bot ...", flush=True)
        stock, stock_training = train_stock(Path(folder), options.epochs)
        print("Training Waymark ...", flush=True)
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "waymark.cli", "train"], check=True, capture_output=True)
        training = time.perf_counter() - started
        rounds: dict[str, list[dict[str, float]]] = {"waymark": [], "stock": []}
        for number in range(ROUNDS):
            for bot, model in (("stock", stock), ("waymark", str(settings.MODELS))):
                print(f"Measuring {bot}, round {number + 1} of {ROUNDS} ...", flush=True)
                rounds[bot].append(run_child(bot, model))
    result = {bot: {key: statistics.median(r[key] for r in found) for key in found[0]} for bot, found in rounds.items()}
    result["waymark"]["train_s"] = training
    result["stock"]["train_s"] = stock_training
    print_table(result)
    reports = settings.ROOT / "reports"
    reports.mkdir(exist_ok=True)
    (reports / "bench.json").write_text(json.dumps({"machine": platform.processor(), **result}, indent=2))


def train_stock(folder: Path, epochs: int) -> tuple[str, float]:
    """Train the stock bot on our content; returns its model and the seconds it took."""
    config = folder / "config.yml"
    config.write_text(STOCK.format(epochs=epochs))
    started = time.perf_counter()
    data = [str(settings.DATA / name) for name in ("nlu", "rules", "responses")]
    subprocess.run(
        [
            *(Path(sys.executable).parent / "rasa", "train", "--config", config),
            *("--domain", settings.ROOT / "domain.yml", "--out", folder / "models", "--data", *data),
        ],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    return str(next((folder / "models").glob("*.tar.gz"))), time.perf_counter() - started


def run_child(bot: str, model: str) -> dict[str, float]:
    """Measure one bot in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", bot, "--model", model], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


async def measure(bot: str, model: str) -> dict[str, float]:
    """Start-up seconds, milliseconds a turn, resident megabytes of one bot."""
    started = time.perf_counter()
    agent = load(bot, model)
    start = time.perf_counter() - started
    messages = sample(MESSAGES)
    for number, text in enumerate(messages[:EDGE]):
        await say(agent, text, f"warm-{number}")
    single = [await say(agent, text, f"single-{number}") for number, text in enumerate(messages)]
    # The same few messages again and again, so that the first and the last turns differ in nothing else.
    long = [await say(agent, messages[number % EDGE], "long") for number in range(TURNS)]
    return {
        **(screening(agent, messages) if bot == "waymark" else {}),
        "start_s": start,
        "turn_p50_ms": statistics.median(single),
        "turn_p95_ms": statistics.quantiles(single, n=20)[-1],
        "turn_1_ms": statistics.mean(single[:EDGE]),
        "turn_200_ms": statistics.mean(long[-EDGE:]),
        "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def screening(agent: Agent, messages: list[str]) -> dict[str, float]:
    """Milliseconds on one core from a message to its finding: its vector, the rules, the trained layer."""
    nodes = [node._component for node in agent.processor.graph_runner._instantiated_nodes.values()]
    parts = [node for kind in (SentenceEncoder, CrisisScreener) for node in nodes if isinstance(node, kind)]

    def screen(text: str) -> float:
        message = Message.build(text)
        started = time.perf_counter()
        for part in parts:
            part.process([message])
        return (time.perf_counter() - started) * 1000

    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    long = " ".join(" ".join(messages).split()[:2000])
    found = {
        "screen_p50_ms": statistics.median(screen(text) for text in messages),
        "screen_2000_words_ms": statistics.median(screen(long) for _ in range(10)),
    }
    os.sched_setaffinity(0, cores)
    return found


def load(bot: str, model: str) -> Agent:
    """Load a bot as it would serve: ours with its store in a temporary database, stock with Rasa's defaults."""
    quiet_logs(logging.ERROR)
    if bot == "waymark":
        return load_agent(Path(model), store=ConversationStore(url=f"sqlite:///{tempfile.mkdtemp()}/bench.sqlite"))
    return Agent.load(model, action_endpoint=ActionsInProcess())


def sample(count: int) -> list[str]:
    """Every n-th of the test questions, so that all kinds are there."""
    questions = [text for text, _ in read_phrases(settings.ROOT / "tests" / "phrases" / "questions.yml")]
    return questions[:: len(questions) // count][:count]


async def say(agent: Agent, text: str, conversation: str) -> float:
    """Milliseconds from a message to its whole answer, saved."""
    started = time.perf_counter()
    await agent.handle_message(UserMessage(text, CollectingOutputChannel(), conversation))
    return (time.perf_counter() - started) * 1000


ROWS = (
    ("Whole reply, median (ms)", "turn_p50_ms"),
    ("Whole reply, 95th percentile (ms)", "turn_p95_ms"),
    ("First turn of a conversation (ms)", "turn_1_ms"),
    ("Turn 200 of a conversation (ms)", "turn_200_ms"),
    ("Resident memory (MB)", "resident_mb"),
    ("Load a model (s)", "start_s"),
    ("Train (s)", "train_s"),
)


def print_table(result: dict[str, dict[str, float]]) -> None:
    """A Markdown table with the ratio of ours to stock."""
    print("\n| | Waymark | stock Rasa (DIET) | ratio |\n|---|---|---|---|")
    for name, key in ROWS:
        ours, stock = result["waymark"][key], result["stock"][key]
        print(f"| {name} | {ours:.1f} | {stock:.1f} | {ours / stock:.2f} |")
    for bot, found in result.items():
        print(f"Turn 200 costs {found['turn_200_ms'] / found['turn_1_ms']:.2f} times turn 1 ({bot}).")
    ours = result["waymark"]
    median, long = ours["screen_p50_ms"], ours["screen_2000_words_ms"]
    print(f"Screening on one core: {median:.1f} ms at the median, {long:.0f} ms for 2,000 words.")


if __name__ == "__main__":
    main()
