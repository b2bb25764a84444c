"""The command line for staff and operators: requests, deliver, staff, inbox."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from waymark import settings
from waymark.content.clinic import Clinic

if TYPE_CHECKING:
    from waymark.contact.desk import Desk, Line, Opened

Commands = Any  # argparse's sub-parsers, whose type has no public name
Run = Callable[[argparse.Namespace], int | None]


def add_commands(commands: Commands) -> None:
    """Add this module's commands to `waymark`."""
    requests = commands.add_parser("requests", help="contact requests: list, show, claim, done, export, keys")
    _add_requests(requests.add_subparsers(dest="action", required=True))

    deliver = commands.add_parser("deliver", help="tell staff of new requests by mail and webhook; delete old requests")
    deliver.add_argument("--once", action="store_true", help="deliver what is due and end (for cron)")
    deliver.add_argument("--revive", action="store_true", help="first give notices that were given up new tries")
    deliver.set_defaults(run=_in_plain_words(_deliver))

    inbox = commands.add_parser("inbox", help="serve the staff inbox (INBOX_PORT, INBOX_HOST)")
    inbox.set_defaults(run=_in_plain_words(_inbox))

    staff = commands.add_parser("staff", help="accounts for the inbox")
    _add_staff(staff.add_subparsers(dest="action", required=True))


def _add_requests(actions: Commands) -> None:
    def action(name: str, run: Run, text: str, named: bool = False, reference: bool = False) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = actions.add_parser(name, help=text)
        if reference:
            parser.add_argument("reference", help="such as K7-4PQ2")
        if named:
            parser.add_argument(
                "--as", dest="who", metavar="NAME", required=True, help="your name, for the audit trail"
            )
        parser.set_defaults(run=_in_plain_words(run))
        return parser

    listing = action("list", _list, "open requests, by when it is safe to reach them; no contact details")
    listing.add_argument("--all", action="store_true", help="also closed and cancelled ones")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    action("show", _show, "everything about one request", named=True, reference=True)
    action("claim", _claim, "take a request on", named=True, reference=True)
    action("release", _release, "give a claimed request back", named=True, reference=True)
    attempt = action("attempt", _attempt, "note that you tried to reach them", named=True, reference=True)
    attempt.add_argument("outcome", help="what came of it, such as 'Vague voicemail left'; a wrong one lists them all")
    attempt.add_argument("--note", default="", help="in your words; stored encrypted")
    action("done", _done, "close a request", named=True, reference=True)
    action("cancel", _cancel, "withdraw a request for a visitor, and wipe what they gave", named=True, reference=True)
    export = action("export", _export, "requests as CSV, with contact details", named=True)
    export.add_argument("--out", metavar="F", type=Path, help="write to F, readable by you alone (default: print)")
    export.add_argument("--all", action="store_true", help="also closed ones")
    action("key", _key, "print a new key for WAYMARK_CONTACT_KEYS")
    action("rotate", _rotate, "encrypt everything anew with the first key", named=True)
    action("migrate", _migrate, "bring the tables up to date")
    trail = action("audit", _audit, "who did what, newest first")
    trail.add_argument("--limit", type=int, default=50, metavar="N")


def _add_staff(actions: Commands) -> None:
    def action(name: str, run: Run, text: str, has_role: bool = False) -> None:
        parser = actions.add_parser(name, help=text)
        parser.add_argument("name")
        if has_role:
            parser.add_argument("--role", required=True, help="viewer (reads), agent (handles), admin (also exports)")
        parser.set_defaults(run=_in_plain_words(run))

    action("add", _staff_add, "make an account; asks for a password, or reads it from standard input", has_role=True)
    action("password", _staff_password, "set a new password, unlock the account, end its sessions")
    action("role", _staff_role, "change the role", has_role=True)
    action("remove", _staff_remove, "delete an account")
    actions.add_parser("list", help="all accounts").set_defaults(run=_in_plain_words(_staff_list))


def _in_plain_words(run: Run) -> Run:
    """The command, with a database's errors told by their kind: their text can quote its address and password."""

    def told(options: argparse.Namespace) -> int | None:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return run(options)
        except SQLAlchemyError as error:
            raise RuntimeError(
                f"the database of contact requests cannot be used ({type(error).__name__}). Check DATABASE_URL, and "
                "that it runs."
            ) from None

    return told


def _list(options: argparse.Namespace) -> int:
    from waymark.contact.desk import OPEN_STATES, Desk
    from waymark.contact.outbox import Outbox
    from waymark.contact.request import RequestStore

    store = RequestStore.open()
    lines = Desk(store, "list").lines((*OPEN_STATES, "closed", "cancelled") if options.all else OPEN_STATES)
    zone = _zone()
    for line in lines:
        print(json.dumps(_as_json(line)) if options.json else _one_line(line, zone))
    counts = Outbox(store.engine).counts()
    if not counts.is_well:
        print(f"Notices to staff are stuck: {counts.late} late, {counts.dead} given up.", file=sys.stderr)
    if not lines and not options.json:
        print("No open request.")
    return 0


def _as_json(line: Line) -> dict[str, object]:
    return {
        "reference": line.reference,
        "created": datetime.fromtimestamp(line.created, timezone.utc).isoformat(timespec="seconds"),
        "state": line.state,
        "urgent": line.urgent,
        "claimed_by": line.claimed_by,
        "means": line.means,
        "language": line.language,
        "topic": line.topic,
        "safe": line.safe.status,
        "safe_from": line.safe.begins.isoformat() if line.safe.begins else None,
        "safe_until": line.safe.ends.isoformat() if line.safe.ends else None,
    }


def _one_line(line: Line, zone: ZoneInfo) -> str:
    from waymark.contact.words import at, safe_words

    what = "cannot be opened with these keys" if line.is_locked else f"{line.means:5} {line.language:2} {line.topic}"
    state = f"{line.state} by {line.claimed_by}" if line.claimed_by else line.state
    flag = "URGENT " if line.urgent else ""
    return f"{line.reference}  {at(line.created, zone)}  {flag}{safe_words(line.safe)}  {what}  ({state})"


def _show(options: argparse.Namespace) -> int:
    print(_in_full(_desk(options).open_request(options.reference), _zone()))
    return 0


def _in_full(opened: Opened, zone: ZoneInfo) -> str:
    from waymark.contact.words import at, facts, safe_words

    line = opened.line
    rows = [("Reference", line.reference), ("State", f"{line.state} {line.claimed_by}".strip())]
    rows += [("Sent", at(line.created, zone)), ("Urgent", "yes" if line.urgent else "no")]
    if opened.asked:
        rows += [("Safe", safe_words(line.safe)), *facts(opened.asked)]
    else:
        rows += [("Details", "wiped when it was cancelled")]
    for attempt in opened.attempts:
        note = f": {attempt.note}" if attempt.note else ""
        rows.append(("Attempt", f"{at(attempt.at, zone)}, {attempt.who}: {attempt.outcome}{note}"))
    rows += [("Trail", f"{at(entry.at, zone)}, {entry.who}: {entry.act} {entry.detail}") for entry in opened.trail]
    return "\n".join(f"{label + ':':14} {value}".rstrip() for label, value in rows)


def _claim(options: argparse.Namespace) -> int:
    _desk(options).claim(options.reference)
    print(f"It is yours. 'waymark requests show {options.reference} --as NAME' opens it.")
    return 0


def _release(options: argparse.Namespace) -> int:
    _desk(options).release(options.reference)
    print("It is open to others again.")
    return 0


def _attempt(options: argparse.Namespace) -> int:
    _desk(options).note_attempt(options.reference, options.outcome, options.note)
    print("Noted.")
    return 0


def _done(options: argparse.Namespace) -> int:
    _desk(options).close(options.reference)
    print(f"Closed. It is deleted {_clinic().request_retention_days} days after it was sent.")
    return 0


def _cancel(options: argparse.Namespace) -> int:
    _desk(options).cancel(options.reference)
    print("Cancelled, and what the visitor gave is wiped.")
    return 0


def _export(options: argparse.Namespace) -> int:
    from waymark.contact.desk import OPEN_STATES

    states = (*OPEN_STATES, "closed") if options.all else OPEN_STATES
    if options.out is None:
        _desk(options).export(sys.stdout, states)
        return 0
    # Made before anything is written into it, so that nobody else could ever read it.
    handle = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
        count = _desk(options).export(out, states)
    print(
        f"Wrote {count} requests to {options.out}. It is not encrypted: delete it when you are done.", file=sys.stderr
    )
    return 0


def _key(_: argparse.Namespace) -> int:
    from waymark.contact.vault import Vault

    print(Vault.new_key())
    return 0


def _rotate(options: argparse.Namespace) -> int:
    from waymark.contact.request import RequestStore

    print(f"{RequestStore.open().rotate(options.who)} entries are under the first key now; older keys can go.")
    return 0


def _migrate(_: argparse.Namespace) -> int:
    from waymark.contact.tables import migrate, open_engine

    changed = migrate(open_engine(settings.contact_database_url()))
    print("The tables are up to date now." if changed else "The tables were up to date.")
    return 0


def _audit(options: argparse.Namespace) -> int:
    from waymark.contact import audit
    from waymark.contact.tables import open_database
    from waymark.contact.words import at

    zone = _zone()
    with open_database(settings.contact_database_url()).connect() as connection:
        for entry in audit.read(connection, options.limit):
            print(f"{at(entry.at, zone)}  {entry.who}: {entry.act} {entry.reference} {entry.detail}".rstrip())
    return 0


def _deliver(options: argparse.Namespace) -> int:
    from waymark.contact.notice import channels
    from waymark.contact.outbox import Outbox
    from waymark.contact.tables import open_database
    from waymark.contact.worker import Worker

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    ways = channels()
    engine = open_database(settings.contact_database_url())
    outbox = Outbox(engine)
    clinic = _clinic()
    if options.revive:
        print(f"{outbox.revive()} notices are tried again.")
    worker = Worker(engine, outbox, ways, clinic.request_retention_days, clinic.audit_retention_days)
    if options.once:
        asyncio.run(worker.once())
        return 0 if outbox.counts().is_well else 1
    print(f"Delivering by {' and '.join(way.name for way in ways)} (Ctrl-C ends it).", flush=True)
    asyncio.run(_until_stopped(worker.run))
    return 0


async def _until_stopped(run: Callable[[asyncio.Event], Any]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(stop)


def _inbox(_: argparse.Namespace) -> int:
    from waymark.contact.inbox.app import serve

    serve(os.environ.get("INBOX_HOST", settings.DEFAULT_HOST), settings.port("INBOX_PORT", settings.INBOX_PORT))
    return 0


def _staff_add(options: argparse.Namespace) -> int:
    _staff().add(options.name, options.role, _password(), getpass.getuser())
    print(f"{options.name} may use the inbox as {options.role}.")
    return 0


def _staff_password(options: argparse.Namespace) -> int:
    _staff().set_password(options.name, _password(), getpass.getuser())
    print("The new password is set; every session of this account has ended.")
    return 0


def _staff_role(options: argparse.Namespace) -> int:
    _staff().set_role(options.name, options.role, getpass.getuser())
    print(f"{options.name} is {options.role} now.")
    return 0


def _staff_remove(options: argparse.Namespace) -> int:
    _staff().remove(options.name, getpass.getuser())
    print(f"{options.name} may not use the inbox any more.")
    return 0


def _staff_list(_: argparse.Namespace) -> int:
    for account in _staff().accounts():
        print(f"{account.name:24} {account.role}")
    return 0


def _staff() -> Any:
    from waymark.contact.staff import Staff
    from waymark.contact.tables import open_database

    return Staff(open_database(settings.contact_database_url()))


def _desk(options: argparse.Namespace) -> Desk:
    from waymark.contact.desk import Desk
    from waymark.contact.request import RequestStore

    return Desk(RequestStore.open(), options.who)


def _clinic() -> Clinic:
    return Clinic.load(settings.CLINIC)


def _zone() -> ZoneInfo:
    return ZoneInfo(_clinic().time_zone)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password (at least 12 characters): ")
    if getpass.getpass("Once more: ") != password:
        raise ValueError("the two passwords differ; nothing was changed.")
    return password
