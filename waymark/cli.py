"""The command line: ask, chat, train, serve, check, evaluate, purge, contact requests and crisis referrals."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from waymark import settings
from waymark.contact.commands import add_commands as add_contact_commands
from waymark.referrals.commands import add_commands as add_referral_commands


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except (OSError, ValueError, RuntimeError) as error:
        print(f"waymark: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="waymark", description="A psychoeducational assistant for a treatment clinic."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    ask = commands.add_parser("ask", help="print the replies to a message")
    ask.add_argument("text", nargs="?", help="what a visitor writes")
    ask.add_argument("--file", metavar="F", help="read a message a line from F ('-': standard input)")
    ask.add_argument("--json", action="store_true", help="print JSON, one object a line")
    ask.add_argument("--conversation", action="store_true", help="the messages are one conversation")
    ask.add_argument("--model", type=Path, help="a model file or folder (default: the newest in models/)")
    ask.set_defaults(run=_ask)

    chat = commands.add_parser("chat", help="talk in the terminal")
    chat.add_argument("--model", type=Path)
    chat.set_defaults(run=_chat)

    train = commands.add_parser("train", help="train a model into models/")
    train.add_argument("--if-needed", action="store_true", help="only when content or configuration changed")
    train.set_defaults(run=_train)

    serve = commands.add_parser("serve", help="serve the page and the channels (PORT, HOST)")
    serve.add_argument("--model", type=Path)
    serve.set_defaults(run=_serve)

    check = commands.add_parser("check", help="check content, domain and crisis lines")
    check.set_defaults(run=_check)

    evaluate = commands.add_parser("evaluate", help="measure understanding; writes reports/")
    evaluate.add_argument("--compare", action="store_true", help="also compare with keyword features and DIET")
    evaluate.add_argument("--diet-epochs", type=int, default=40, metavar="N", help="epochs for DIET (default 40)")
    evaluate.add_argument(
        "what",
        nargs="?",
        choices=["understanding", "crisis"],
        default="understanding",
        help="the questions (default) or the crisis screener",
    )
    evaluate.add_argument(
        "--bound", action="append", default=[], metavar="FIGURE=RATE", help="crisis: a bound other than the goal"
    )
    evaluate.set_defaults(run=_evaluate)

    add_contact_commands(commands)
    add_referral_commands(commands)

    purge = commands.add_parser("purge", help="delete conversations and contact requests past their time")
    purge.add_argument("--days", type=float, help="keep so many days (default: the two retentions of clinic.yml)")
    purge.set_defaults(run=_purge)
    return parser


def _ask(options: argparse.Namespace) -> int:
    from_file = options.file is not None
    if (options.text is None) == (not from_file):
        raise ValueError("give one message (\"waymark ask 'what is cbt'\") or --file F, and not both.")
    messages = _read_lines(options.file) if from_file else [options.text]
    return asyncio.run(_ask_all(messages, options, progress=from_file))


def _read_lines(name: str) -> list[str]:
    if name == "-":
        return sys.stdin.read().splitlines()
    path = Path(name)
    if not path.is_file():
        raise ValueError(f"there is no file '{name}'.")
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


async def _ask_all(messages: list[str], options: argparse.Namespace, progress: bool) -> int:
    from waymark.runtime import Guide, quiet_logs

    quiet_logs()
    guide = Guide.load(options.model)
    bar = tqdm(messages, file=sys.stderr, unit="message", disable=not progress)
    for number, text in enumerate(bar):
        started = time.perf_counter()
        turn = await guide.say(text, "one" if options.conversation else f"conversation-{number}")
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        if options.json or progress:
            print(
                json.dumps({"text": text, **vars(turn), "milliseconds": milliseconds}, ensure_ascii=False), flush=True
            )
        else:
            _print_replies(turn.replies, sys.stdout)
    return 0


def _print_replies(replies: Iterable[dict[str, object]], out: TextIO) -> None:
    for reply in replies:
        print(reply["text"], file=out)
        buttons = reply["buttons"]
        for number, button in enumerate(buttons if isinstance(buttons, list) else [], 1):
            print(f"  {number}. {button['title']}", file=out)


def _chat(options: argparse.Namespace) -> int:
    return asyncio.run(_talk(options))


async def _talk(options: argparse.Namespace) -> int:
    from waymark.runtime import Guide, quiet_logs

    quiet_logs()
    guide = Guide.load(options.model)
    offered: list[dict[str, str]] = []
    text = "/want_start_over"
    print("(Type a message, or the number of a choice. Ctrl-D ends.)")
    while True:
        number = int(text) if text.isdecimal() and len(text) < 3 else 0
        message = offered[number - 1]["payload"] if 1 <= number <= len(offered) else text
        turn = await guide.say(message, "chat")
        _print_replies(turn.replies, sys.stdout)
        offered = [button for reply in turn.replies for button in reply["buttons"]]
        try:
            text = input("> ")
        except EOFError:
            print()
            return 0


def _train(options: argparse.Namespace) -> int:
    from waymark.runtime import quiet_logs
    from waymark.training import train, up_to_date

    quiet_logs()

    if options.if_needed and up_to_date():
        print("The model is up to date.")
        return 0
    started = time.perf_counter()
    path = train()
    print(f"Trained {path.name} in {time.perf_counter() - started:.0f} seconds.")
    return 0


def _serve(options: argparse.Namespace) -> int:
    from waymark.runtime import quiet_logs
    from waymark.server import serve

    port = settings.port()
    quiet_logs()
    serve(os.environ.get("HOST", settings.DEFAULT_HOST), port, options.model)
    return 0


def _check(_: argparse.Namespace) -> int:
    from waymark.content.linter import check

    problems = check(settings.ROOT, date.today())
    for problem in problems:
        print(problem)
    print("No problem found." if not problems else f"{len(problems)} problems found.")
    return 1 if problems else 0


def _evaluate(options: argparse.Namespace) -> int:
    if options.what == "crisis":
        from waymark.crisis_evaluation import evaluate_crisis

        return evaluate_crisis({name: _rate(value) for name, _, value in (one.partition("=") for one in options.bound)})

    from waymark.evaluation import evaluate

    return evaluate(compare=options.compare, diet_epochs=options.diet_epochs)


def _rate(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ValueError('--bound wants FIGURE=RATE with a rate from 0 to 1, as "crisis noticed=0.95".') from None


def _purge(options: argparse.Namespace) -> int:
    from waymark.contact import retention
    from waymark.contact.tables import open_database
    from waymark.content.clinic import Clinic
    from waymark.handover.handover import open_cases
    from waymark.store import ConversationStore

    clinic = Clinic.load(settings.CLINIC)
    if options.days is not None and options.days < 0:
        raise ValueError("--days has to be 0 or more.")
    days = clinic.retention_days if options.days is None else options.days
    print(f"Deleted {ConversationStore(None).purge(days)} conversations untouched for {days:g} days.")
    open_cases().purge(days)
    days = clinic.request_retention_days if options.days is None else options.days
    requests = retention.purge(open_database(settings.contact_database_url()), days)
    print(f"Deleted {requests} contact requests older than {days:g} days.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
