"""Makes requests while everything breaks, and counts what was promised against what is there.

    python tests/contact_chaos.py            1,000 requests, PostgreSQL crashed and restarted
    python tests/contact_chaos.py --sqlite   the same on SQLite, which cannot be restarted

Writers and workers are killed with SIGKILL at random moments, the mail server is down for part of the time and now
and then refuses a message that it has taken, the webhook answers 500 at times, the database crashes and has its
connections cut. A visitor counts as "told" once a line is in the writer's journal, written right after `add` returned.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import logging
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent / "contact"))

import sqlalchemy as sa
from cluster import MISSING, Cluster, programs
from sinks import HookSink, MailSink
from tqdm import tqdm

from waymark.contact.notice import Channel, Mail, Webhook, sign
from waymark.contact.outbox import Backoff, Outbox
from waymark.contact.request import ContactRequest, NotStored, RequestStore
from waymark.contact.tables import NOTICES, REQUESTS, open_engine
from waymark.contact.vault import Vault
from waymark.contact.worker import Worker

SECRET = "chaos " * 8
LEASE = 3.0
"""Seconds; short, so that what a killed worker held is soon free again."""

# The server that forks the children loads this module once, and finds it by the environment only.
HERE = Path(__file__).resolve().parent
_FOLDERS = (HERE, HERE / "contact", HERE.parent, os.environ.get("PYTHONPATH", ""))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, map(str, _FOLDERS)))
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["contact_chaos"])


def made_up(number: int) -> ContactRequest:
    """Request number so-and-so, with values that can be searched for."""
    return ContactRequest(
        call_me=f"Marisol{number:05}Quintanar",
        means="call",
        address=f"+1424555{number:05}",
        when=f"when the {number:05}th bus has gone",
        time_zone="America/Los_Angeles",
        voicemail=False,
        say_who=None,
        note=f"he answers phone {number:05} himself",
        code_word=f"tangerine{number:05}",
        language="en",
        topic="Something else",
        consent_version="1",
        urgent=number % 10 == 0,
    )


def encodings(value: str) -> Iterator[bytes]:
    """A value in the forms in which it might lie about: plain, wide, hex, base64 at any offset, hashed."""
    plain = value.encode()
    yield plain
    yield value.encode("utf-16-le")
    yield value.encode("utf-16-be")
    yield plain[::-1]
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield quote(value, safe="").encode()
    yield json.dumps(value)[1:-1].encode()
    for offset in range(3):
        # The letters at both ends depend on their neighbours, so they are left out.
        inner = base64.b64encode(b"\0" * offset + plain)[4 if offset else 0 : -4]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, plain)
        yield from (digest.digest(), digest.hexdigest().encode(), base64.b64encode(digest.digest()))


def values_of(request: ContactRequest) -> list[str]:
    """What must not be found anywhere."""
    texts = [request.call_me, request.address, request.when, request.note, request.code_word]
    return [*texts, request.address.lstrip("+"), request.address[-8:]]


def leaks(values: list[str], places: dict[str, bytes]) -> list[str]:
    """Where one of the values stands in one of its forms."""
    wanted = {form for value in values for form in encodings(value)}
    return [name for name, content in places.items() if any(form in content for form in wanted)]


def files_under(*folders: Path) -> dict[str, bytes]:
    """Every file's content."""
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


@dataclass
class Setting:
    """What the children are told."""

    url: str
    key: str
    mail: str
    hook: str
    folder: Path
    pause: float = 0.02
    """Mean seconds between two requests of a writer: people take their time, and breakage needs room."""

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    def channels(self) -> list[Channel]:
        link = "https://inbox.example.org"
        mail = Mail(self.mail, "noreply@clinic.example", ("desk@clinic.example",), link)
        return [mail, Webhook(self.hook, SECRET, link)]


def write(setting: Setting, numbers: list[int], name: str) -> None:
    """Send requests until all are sent, as visitors who press Send again would; runs until it is done or killed."""
    _log_to(setting.folder / f"writer-{name}.log")
    journal = os.open(setting.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    store: RequestStore | None = None
    for number in numbers:
        while True:
            try:
                store = store or RequestStore.open(setting.url, setting.key)
                reference = store.add(made_up(number), f"key {number}")
            except NotStored as refusal:
                logging.getLogger("writer").warning("not stored: %s", refusal)
                os.write(journal, f"refused {number} -\n".encode())
                time.sleep(random.uniform(0.05, 0.2))
                continue
            os.write(journal, f"sent {number} {reference}\n".encode())
            break
        time.sleep(random.expovariate(1 / setting.pause))


def work(setting: Setting, name: str) -> None:
    """Deliver until killed."""
    _log_to(setting.folder / f"worker-{name}.log")
    engine = open_engine(setting.url)
    outbox = Outbox(engine, Backoff(first=0.3, longest=2, tries=10_000), LEASE)
    asyncio.run(Worker(engine, outbox, setting.channels(), 14, 365, poll=0.1).run(asyncio.Event()))


def _log_to(path: Path) -> None:
    """Everything down to debug, so that the search for leaks has something to search."""
    logging.basicConfig(filename=path, level=logging.DEBUG, force=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 2)


@dataclass
class Trouble:
    """What was done to them."""

    writer_kills: int = 0
    worker_kills: int = 0
    mail_outages: int = 0
    database_crashes: int = 0
    connections_cut: int = 0


@dataclass
class Report:
    """What came of it; `faults` is empty if everything held."""

    asked: int
    told: int = 0
    stored: int = 0
    refusals: int = 0
    mails: int = 0
    hooks: int = 0
    delivered_again: int = 0
    seconds: float = 0.0
    trouble: Trouble = field(default_factory=Trouble)
    faults: list[str] = field(default_factory=list)


class Children:
    """Writers and workers, to be killed and replaced."""

    def __init__(self, setting: Setting, count: int) -> None:
        self._setting = setting
        self._numbers = [list(range(start, count, 3)) for start in range(3)]
        self._writers: list[Any] = [None] * 3
        self._workers: list[Any] = [None] * 2
        self.replace()

    def told(self) -> set[int]:
        if not self._setting.journal.exists():
            return set()
        lines = self._setting.journal.read_text().splitlines()
        return {int(line.split()[1]) for line in lines if line.startswith("sent ")}

    def replace(self) -> None:
        """Start what is not running."""
        told = self.told()
        for place, numbers in enumerate(self._numbers):
            left = [number for number in numbers if number not in told]
            if left and not (self._writers[place] and self._writers[place].is_alive()):
                self._writers[place] = self._start(write, self._setting, left, str(place))
        for place, worker in enumerate(self._workers):
            if not (worker and worker.is_alive()):
                self._workers[place] = self._start(work, self._setting, str(place))

    def kill(self, group: str) -> bool:
        """SIGKILL one of the writers or workers; False if none runs."""
        running = [child for child in getattr(self, f"_{group}") if child and child.is_alive()]
        if not running:
            return False
        child = random.choice(running)
        child.kill()
        child.join()
        return True

    def kill_all(self) -> None:
        for child in (*self._writers, *self._workers):
            if child and child.is_alive():
                child.kill()
                child.join()

    @staticmethod
    def _start(target: Any, *arguments: Any) -> Any:
        child = PROCESSES.Process(target=target, args=arguments, daemon=True)
        child.start()
        return child


def run(
    count: int, is_sqlite: bool, limit: float, seed: int | None = None, show: bool = False, pause: float = 0.02
) -> Report:
    """Do it all; `limit` in seconds bounds it."""
    random.seed(seed)
    started = time.monotonic()
    report = Report(count)
    with _house(is_sqlite) as (setting, cluster, mail, hook):
        setting.pause = pause
        mail.refuse, mail.keep_and_refuse = 0.05, 0.02
        children = Children(setting, count)
        try:
            _break_things(children, count, cluster, mail, report.trouble, started + limit * 0.7, show)
            mail.refuse = mail.keep_and_refuse = 0.0
            _settle(children, count, setting, started + limit)
        finally:
            children.kill_all()
        _judge(report, setting, cluster, mail, hook)
    report.seconds = round(time.monotonic() - started, 1)
    return report


@contextmanager
def _house(is_sqlite: bool) -> Iterator[tuple[Setting, Cluster | None, MailSink, HookSink]]:
    folder = Path(tempfile.mkdtemp(prefix="waymark-chaos-"))
    cluster = None if is_sqlite else Cluster(log_statements=True)
    mail = MailSink()
    hook = HookSink(lambda: 500 if random.random() < 0.05 else 204)
    try:
        url = cluster.url if cluster else f"sqlite:///{folder}/contact.sqlite"
        yield Setting(url, Vault.new_key(), mail.url, hook.url, folder), cluster, mail, hook
    finally:
        mail.stop()
        hook.stop()
        if cluster:
            cluster.close()
        shutil.rmtree(folder)


def _break_things(
    children: Children, count: int, cluster: Cluster | None, mail: MailSink, trouble: Trouble, end: float, show: bool
) -> None:
    """Until every visitor was told, or the time is over. The mail server is down for the middle third."""
    bar = tqdm(total=count, unit="request", disable=not show, file=sys.stderr)
    crashes_at = [count * part // 4 for part in (1, 2, 3)] if cluster else []
    is_down = False
    patience, before = 0.5, 0  # on a busy machine children get time to do something before they are killed
    while (told := len(children.told())) < count and time.monotonic() < end:
        bar.update(told - bar.n)
        patience = min(5.0, patience * 1.3) if told == before else max(0.5, patience / 2)
        before = told
        time.sleep(random.uniform(0.05, patience))
        trouble.writer_kills += children.kill("writers")
        trouble.worker_kills += random.random() < 0.5 and children.kill("workers")
        if not trouble.mail_outages and told > count / 3:
            mail.stop()
            is_down = True
            trouble.mail_outages += 1
        elif is_down and told > count * 2 / 3:
            mail.start()
            is_down = False
        if cluster and crashes_at and told > crashes_at[0]:
            crashes_at.pop(0)
            cluster.stop("immediate")
            children.replace()
            time.sleep(1)
            cluster.start()
            trouble.database_crashes += 1
        elif cluster and random.random() < 0.1:
            trouble.connections_cut += _cut_connections(cluster.url)
        children.replace()
    bar.update(len(children.told()) - bar.n)
    bar.close()
    if is_down:
        mail.start()


def _cut_connections(url: str) -> int:
    engine = sa.create_engine(url)
    others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'"
    query = f"SELECT count(pg_terminate_backend(pid)) {others}"
    with engine.connect() as connection:
        cut = int(connection.execute(sa.text(query)).scalar())
    engine.dispose()
    return cut


def _settle(children: Children, count: int, setting: Setting, end: float) -> None:
    """Everything runs; wait until all are told and nothing is left in the outbox."""
    engine = open_engine(setting.url)
    outbox = Outbox(engine)
    while time.monotonic() < end:
        children.replace()
        if len(children.told()) == count and outbox.counts().waiting == 0:
            break
        time.sleep(0.1)
    engine.dispose()


def _judge(report: Report, setting: Setting, cluster: Cluster | None, mail: MailSink, hook: HookSink) -> None:
    """Compare what visitors were told, what is stored, and what staff got."""
    told: dict[int, set[str]] = defaultdict(set)
    for line in setting.journal.read_text().splitlines():
        word, number, reference = line.split()
        if word == "sent":
            told[int(number)].add(reference)
        else:
            report.refusals += 1
    store = RequestStore.open(setting.url, setting.key)
    with store.engine.connect() as connection:
        rows = connection.execute(sa.select(REQUESTS)).all()
        notices = connection.execute(sa.select(NOTICES)).all()
    store.engine.dispose()
    by_key = {row.idempotency: row for row in rows}
    ids = {notice.id: notice.reference for notice in notices}
    report.told, report.stored = len(told), len(rows)
    fault = report.faults.append
    if len(told) < report.asked:
        fault(f"only {len(told)} of {report.asked} were told that their request was sent: the time was too short")
    if len(by_key) != len(rows) or len({row.reference for row in rows}) != len(rows):
        fault("a request is stored twice")
    if Counter(ids.values()) != Counter(row.reference for row in rows):
        fault("there is not exactly one notice a request")
    for number, references in told.items():
        row = by_key.get(hashlib.sha256(f"key {number}".encode()).hexdigest())
        if row is None or references != {row.reference}:
            fault(f"request {number} was shown as sent under {references}, but that is not stored")
        elif store.vault.open(row.reference, row.sealed) != asdict(made_up(number)):
            fault(f"request {number} is stored with other content")

    def reference_in(text: str) -> str:
        return text.split()[-1]

    mails = [(str(message["Idempotency-Key"]), reference_in(str(message["Subject"]))) for message in mail.messages]
    hooks = [(headers["Idempotency-Key"], str(json.loads(body)["reference"])) for headers, body in hook.taken]
    report.mails, report.hooks = len(mails), len(hooks)
    for name, delivered in (("mail", mails), ("webhook", hooks)):
        for identity, reference in set(delivered):
            if ids.get(identity) != reference:
                fault(f"a {name} speaks of {reference} under a key that is not its own")
        missing = {row.reference for row in rows} - {reference for _, reference in delivered}
        if missing:
            fault(f"{len(missing)} requests were never delivered by {name}")
        report.delivered_again += len(delivered) - len(set(delivered))
    for headers, body in hook.taken:
        if headers["X-Waymark-Signature"] != sign(SECRET, headers["X-Waymark-Timestamp"], body):
            fault("a webhook's signature is wrong")
    places = files_under(setting.folder, *([cluster.folder] if cluster else []))
    places["mails"] = b"\n".join(mail.raw)
    places["hooks"] = b"\n".join(str(headers).encode() + body for headers, body in hook.asked)
    # The same few words stand in every request, with and without its number.
    values = ["Quintanar", "when the 00", "he answers phone", "tangerine0", *values_of(made_up(report.asked // 2))]
    for place in leaks(values, places):
        fault(f"contact details stand in {place}")


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of a PostgreSQL server that crashes")
    parser.add_argument("--seconds", type=float, default=600, help="give up after so long")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    if not options.sqlite and not programs():
        print(f"{MISSING} Or use --sqlite.", file=sys.stderr)
        return 2
    report = run(options.count, options.sqlite, options.seconds, options.seed, show=True)
    print(json.dumps(asdict(report), indent=2))
    return 1 if report.faults else 0


if __name__ == "__main__":
    import contact_chaos  # so that children find the functions under the module's own name

    sys.exit(contact_chaos.main())
