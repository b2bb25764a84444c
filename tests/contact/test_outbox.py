"""Notices are delivered at least once under one key, by several workers, through failures; dead letters alert."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
import sqlalchemy as sa
from sinks import HookSink, MailSink

from waymark.contact.notice import Mail, NotDelivered, Notice, Webhook, channels, sign
from waymark.contact.outbox import Backoff, Outbox, deliver_due
from waymark.contact.request import ContactRequest, RequestStore
from waymark.contact.tables import NOTICES
from waymark.contact.worker import Worker

SECRET = "x" * 32
LINK = "https://inbox.example.org"


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.now = 2_000_000_000.0

    def __call__(self) -> float:
        return self.now


class Lamp:
    """A channel that notes what it gets, and fails as often as it is told."""

    def __init__(self, name: str = "lamp", failures: int = 0) -> None:
        self.name = name
        self.failures = failures
        self.got: list[Notice] = []

    async def send(self, notice: Notice) -> None:
        if self.failures:
            self.failures -= 1
            raise NotDelivered("SomeError 451")
        self.got.append(notice)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def notice_row(store: RequestStore) -> Any:
    with store.engine.connect() as connection:
        return connection.execute(sa.select(NOTICES)).one()


async def test_a_notice_by_mail_and_webhook_says_no_content(
    store: RequestStore, ask: Any, mail: MailSink, hook: HookSink
) -> None:
    reference = store.add(ask(urgent=True), "one")
    ways = [Mail(mail.url, "Requests <noreply@clinic.example>", ("desk@clinic.example",), LINK)]
    outbox = Outbox(store.engine)
    assert await deliver_due(outbox, [*ways, Webhook(hook.url, SECRET, LINK)]) == 1
    (message,), ((headers, body),) = mail.messages, hook.taken
    row = notice_row(store)
    assert row.state == "sent"
    assert message["Subject"] == f"Urgent request {reference}"
    assert message["Message-ID"] == f"<{row.id}@clinic.example>"
    assert f"{LINK}/requests/{reference}" in str(message.get_payload())
    assert json.loads(body) == {
        "id": row.id,
        "event": "request_new",
        "reference": reference,
        "urgent": True,
        "link": f"{LINK}/requests/{reference}",
    }
    assert headers["Idempotency-Key"] == row.id
    assert headers["X-Waymark-Signature"] == sign(SECRET, headers["X-Waymark-Timestamp"], body)
    assert outbox.counts().is_well


async def test_a_cancelled_request_tells_staff_not_to_call(store: RequestStore, asked: ContactRequest) -> None:
    lamp = Lamp()
    store.cancel(store.add(asked, "one"))
    await deliver_due(Outbox(store.engine), [lamp])
    assert sorted(notice.kind for notice in lamp.got) == ["cancelled", "new"]


async def test_only_the_channel_that_failed_is_tried_again(
    store: RequestStore, asked: ContactRequest, clock: Clock
) -> None:
    good, bad = Lamp("good"), Lamp("bad", failures=2)
    store.add(asked, "one")
    outbox = Outbox(store.engine, clock=clock)
    for _ in range(3):
        await deliver_due(outbox, [bad, good])
        clock.now += 3600
    assert (len(good.got), len(bad.got)) == (1, 1)
    assert notice_row(store).state == "sent"


async def test_tries_are_spaced_out_and_end_in_an_alarm(
    store: RequestStore, asked: ContactRequest, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    reference = store.add(asked, "one")
    lamp = Lamp(failures=3)
    outbox = Outbox(store.engine, Backoff(first=10, longest=15, tries=3), clock=clock)
    assert await deliver_due(outbox, [lamp]) == 1
    clock.now += 4.9
    assert await deliver_due(outbox, [lamp]) == 0
    clock.now += 5.2
    assert await deliver_due(outbox, [lamp]) == 1
    clock.now += 15.1
    assert await deliver_due(outbox, [lamp]) == 1
    assert (outbox.counts().dead, outbox.counts().is_well) == (1, False)
    alarms = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(alarms) == 1 and reference in alarms[0].getMessage()
    clock.now += 100_000
    assert await deliver_due(outbox, [lamp]) == 0
    assert (outbox.revive(), await deliver_due(outbox, [lamp])) == (1, 1)
    assert len(lamp.got) == 1 and outbox.counts().is_well


def test_waits_double_up_to_an_hour() -> None:
    for tries, full in ((1, 15), (2, 30), (9, 3600), (500, 3600)):
        waits = [Backoff().delay(tries) for _ in range(200)]
        assert full / 2 <= min(waits) < full * 0.6 and full * 0.9 < max(waits) <= full


def test_a_notice_that_waits_too_long_counts_as_late(store: RequestStore, asked: ContactRequest, clock: Clock) -> None:
    store.add(asked, "one")
    with store.engine.begin() as connection:
        connection.execute(NOTICES.update().values(created=clock.now - 1000))
    assert Outbox(store.engine, clock=clock).counts().late == 1


def test_two_workers_never_hold_the_same_notice(store: RequestStore, asked: ContactRequest, clock: Clock) -> None:
    for number in range(10):
        store.add(asked, str(number))
    one, two = Outbox(store.engine, clock=clock), Outbox(store.engine, clock=clock)
    first, second = one.lease(6), two.lease(6)
    assert (len(first), len(second)) == (6, 4)
    assert not {each.notice.id for each in first} & {each.notice.id for each in second}
    assert two.lease() == []


def test_a_dead_workers_notices_are_taken_over_and_it_changes_nothing_any_more(
    store: RequestStore, asked: ContactRequest, clock: Clock
) -> None:
    store.add(asked, "one")
    slow, quick = Outbox(store.engine, clock=clock), Outbox(store.engine, clock=clock)
    (overslept,) = slow.lease()
    clock.now += 121
    (taken,) = quick.lease()
    assert taken.notice == overslept.notice
    slow.failed(overslept, "late")
    quick.sent(taken)
    slow.failed(overslept, "late")
    assert (notice_row(store).state, notice_row(store).tries) == ("sent", 0)


def test_urgent_ones_go_first(store: RequestStore, ask: Any, clock: Clock) -> None:
    for number in range(4):
        store.add(ask(urgent=number == 2), str(number))
    assert [each.notice.urgent for each in Outbox(store.engine, clock=clock).lease()] == [True, False, False, False]


async def test_a_fault_of_ours_does_not_stop_the_others(small: RequestStore, asked: ContactRequest) -> None:
    class Broken(Lamp):
        async def send(self, notice: Notice) -> None:
            raise KeyError("a bug, with a secret in it")

    lamp = Lamp("good")
    small.add(asked, "one")
    await deliver_due(Outbox(small.engine), [Broken("broken"), lamp])
    row = notice_row(small)
    assert (row.state, row.delivered, row.error) == ("waiting", "good", "broken: KeyError")
    assert len(lamp.got) == 1


@pytest.mark.parametrize("status", [301, 404, 410, 500, 503])
async def test_any_answer_but_2xx_is_a_failure(status: int) -> None:
    sink = HookSink(lambda: status)
    with pytest.raises(NotDelivered, match=str(status)):
        await Webhook(sink.url, SECRET, LINK).send(Notice("id", "K7-4PQ2", "new", False))
    assert len(sink.asked) == 1
    sink.stop()


async def test_a_server_that_is_down_or_refuses_is_a_failure(mail: MailSink) -> None:
    way = Mail(mail.url, "noreply@clinic.example", ("desk@clinic.example",), LINK)
    mail.refuse = 1.0
    with pytest.raises(NotDelivered, match="451"):
        await way.send(Notice("id", "K7-4PQ2", "new", False))
    mail.stop()
    with pytest.raises(NotDelivered):
        await way.send(Notice("id", "K7-4PQ2", "new", False))
    with pytest.raises(NotDelivered):
        await Webhook("http://127.0.0.1:1/", SECRET, LINK).send(Notice("id", "K7-4PQ2", "new", False))


async def test_a_mail_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waymark.contact.notice.TIMEOUT", 0.2)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NotDelivered):
        await Mail(f"smtp://127.0.0.1:{port}", "a@b.example", ("c@d.example",), LINK).send(
            Notice("id", "K7-4PQ2", "new", False)
        )
    server.close()


async def test_the_worker_deletes_what_is_old_and_stops_when_told(
    small: RequestStore, asked: ContactRequest, rows: Any
) -> None:
    lamp = Lamp()
    small.add(asked, "one")
    worker = Worker(small.engine, Outbox(small.engine), [lamp], keep_days=14, keep_audit_days=365, poll=0.01)
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop))
    while not lamp.got:
        await asyncio.sleep(0)
    stop.set()
    await working
    worker.keep_days = 0
    await worker.once()
    assert rows(small)["contact_request"] == rows(small)["contact_notice"] == 0


MAIL = {
    "WAYMARK_SMTP_URL": "smtp://user:pass@mail.example.org:587",
    "WAYMARK_NOTICE_FROM": "a@b.example",
    "WAYMARK_NOTICE_TO": "c@d.example, e@f.example",
}
HOOK = {"WAYMARK_WEBHOOK_URL": "https://hooks.example.org/x", "WAYMARK_WEBHOOK_SECRET": SECRET}


def test_channels_come_from_the_environment() -> None:
    assert [way.name for way in channels({**MAIL, **HOOK})] == ["mail", "webhook"]
    (way,) = channels(MAIL)
    assert isinstance(way, Mail) and way.to == ("c@d.example", "e@f.example")
    assert "pass" not in repr(way)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "nothing to deliver to"),
        ({**MAIL, "WAYMARK_NOTICE_TO": ""}, "WAYMARK_NOTICE_TO"),
        ({**MAIL, "WAYMARK_SMTP_URL": "mail.example.org"}, "smtp://"),
        ({**HOOK, "WAYMARK_WEBHOOK_SECRET": "short"}, "32 characters"),
        ({**HOOK, "WAYMARK_WEBHOOK_URL": "http://hooks.example.org/x"}, "https"),
        ({**HOOK, "WAYMARK_INBOX_URL": "http://inbox.example.org"}, "WAYMARK_INBOX_URL"),
    ],
)
def test_half_a_channel_is_refused(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        channels(environment)
