"""What a visitor gave stands nowhere but in the encrypted columns: not in files, tables, logs, notices or errors."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from cluster import MISSING, Cluster, programs
from sinks import HookSink, MailSink

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from contact_chaos import encodings, files_under, leaks, made_up, values_of

from waymark import cli
from waymark.contact.desk import OUTCOMES, Desk, NotPossible
from waymark.contact.notice import Mail, Webhook
from waymark.contact.outbox import Outbox, deliver_due
from waymark.contact.request import NotStored, RequestStore
from waymark.contact.tables import METADATA
from waymark.contact.vault import KEYS, Vault
from waymark.contact.worker import Worker

ASKED = made_up(12_345)
NOTE = "her sister Xiomara picked up"
VALUES = [*values_of(ASKED), "Marisol", "tangerine", NOTE, "Xiomara"]


@pytest.mark.parametrize("form", sorted(set(encodings("tangerine12345"))))
def test_the_search_finds_what_it_looks_for(form: bytes, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"before" + form + b"after")
    assert leaks(["tangerine12345"], files_under(tmp_path)) == [str(tmp_path / "deep" / "file")]


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_the_search_finds_what_is_inside_base64(before: str) -> None:
    import base64

    assert leaks(["tangerine12345"], {"it": base64.b64encode(f"{before}tangerine12345 and more".encode())})


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, list[Path]]]:
    """A database's address, and the folders that hold all that it writes, its logs of every statement included."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/contact.sqlite", [tmp_path]
        return
    if not programs():
        pytest.skip(MISSING)
    cluster = Cluster(log_statements=True)
    yield cluster.url, [tmp_path, cluster.folder]
    cluster.close()


def test_nothing_leaks(
    house: tuple[str, list[Path]],
    tmp_path: Path,
    mail: MailSink,
    hook: HookSink,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    url, folders = house
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy.engine", "sqlalchemy.pool", "aiosmtplib", "asyncio", "waymark"):
        caplog.set_level(logging.DEBUG, logger=name)
    old, new = Vault.new_key(), Vault.new_key()
    store = RequestStore.open(url, f"{old}")
    texts: list[str] = []

    @contextlib.contextmanager
    def fails(kind: type[Exception]) -> Iterator[None]:
        with pytest.raises(kind) as caught:
            yield
        texts.append("".join(traceback.format_exception(caught.type, caught.value, caught.tb)))

    # The ways of a request, the failing ones included.
    reference = store.add(ASKED, "conversation 17")
    store.add(made_up(777), "conversation 18")
    texts += [repr(ASKED), repr(store), repr(Desk(store, "ann").lines())]
    with fails(NotStored):
        store.add(made_up(778), "conversation 17")
    with fails(NotStored), monkeypatch.context() as patch:
        patch.setattr("waymark.contact.request.new_reference", lambda: reference)
        store.add(ASKED, "conversation 19")
    with fails(NotStored), monkeypatch.context() as patch:
        patch.setattr("waymark.contact.request.add_notice", lambda *_: {}[ASKED.address])  # a bug that quotes it
        store.add(ASKED, "conversation 20")
    desk = Desk(store, "ann")
    desk.claim(reference)
    desk.note_attempt(reference, OUTCOMES[2], NOTE)
    opened = desk.open_request(reference)
    assert opened.asked == ASKED and opened.attempts[0].note == NOTE
    desk.export(io.StringIO())
    with fails(NotPossible):
        desk.note_attempt(reference, OUTCOMES[0], NOTE * 100)
    ways = [
        Mail(mail.url, "noreply@clinic.example", ("desk@clinic.example",), "https://inbox.example.org"),
        Webhook(hook.url, "x" * 32, "https://inbox.example.org"),
    ]
    mail.refuse = 1.0
    asyncio.run(deliver_due(Outbox(store.engine), list(ways)))
    mail.refuse = 0.0
    asyncio.run(Worker(store.engine, Outbox(store.engine, clock=lambda: 4e9), list(ways), 14, 365).once())
    RequestStore.open(url, f"{new},{old}").rotate("operator")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv(KEYS, old)
    assert cli.main(["requests", "list"]) == 0
    assert cli.main(["requests", "show", reference, "--as", "ann"]) == 1, "the old key opens nothing any more"
    RequestStore.open(url, new).cancel(reference)

    with store.engine.connect() as connection:
        tables = {
            name: repr(connection.execute(sa.select(table)).all()).encode() for name, table in METADATA.tables.items()
        }
    out, error = capfd.readouterr()
    places = {
        **files_under(*folders),
        **tables,
        "logs": caplog.text.encode(),
        "printed": (out + error).encode(),
        "errors": "\n".join(texts).encode(),
        "mails": b"\n".join(mail.raw),
        "hooks": b"\n".join(str(headers).encode() + body for headers, body in hook.asked),
    }
    assert mail.raw and hook.asked and "INSERT INTO contact_request" in caplog.text
    assert leaks(VALUES, places) == []
