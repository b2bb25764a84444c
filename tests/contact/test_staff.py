"""Accounts lock, sessions end, roles hold; staff's work on requests is recorded."""

from __future__ import annotations

import csv
import io
import threading
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from waymark.contact import audit
from waymark.contact.desk import OUTCOMES, Desk, NotPossible
from waymark.contact.request import ContactRequest, RequestStore
from waymark.contact.staff import FAILURES, LOCKED, Account, Staff
from waymark.contact.tables import ATTEMPTS, STAFF
from waymark.contact.vault import KeyProblem, Vault

PASSWORD = "several words make one"


def trail(store: RequestStore) -> list[tuple[str, str]]:
    with store.engine.connect() as connection:
        return [(entry.who, entry.act) for entry in reversed(audit.read(connection, 100))]


def test_hashes_are_argon2id(small: RequestStore) -> None:
    Staff(small.engine).add("ann", "agent", PASSWORD, by="root")
    with small.engine.connect() as connection:
        assert connection.execute(sa.select(STAFF.c.password)).scalar().startswith("$argon2id$")


def test_an_account_locks_after_failures_and_opens_again(store: RequestStore) -> None:
    now = [1_000_000.0]
    staff = Staff(store.engine, clock=lambda: now[0])
    staff.add("ann", "agent", PASSWORD, by="root")
    assert staff.log_in("ann", PASSWORD) == Account("ann", "agent", 0)
    for _ in range(FAILURES):
        assert staff.log_in("ann", "wrong") is None
    assert staff.log_in("ann", PASSWORD) is None
    now[0] += LOCKED + 1
    assert staff.log_in("ann", PASSWORD)
    for _ in range(FAILURES - 1):
        staff.log_in("ann", "wrong")
    assert staff.log_in("ann", PASSWORD)
    assert trail(store)[1:9] == [("ann", "logged in"), *[("ann", "login failed")] * 6, ("ann", "logged in")]


def test_tries_at_the_same_time_are_all_counted(store: RequestStore) -> None:
    staff = Staff(store.engine)
    staff.add("ann", "agent", PASSWORD, by="root")
    threads = [threading.Thread(target=staff.log_in, args=("ann", f"wrong {number}")) for number in range(2 * FAILURES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while staff.log_in("ann", "wrong") is None and not _is_locked(store):
        pass  # those that ran into each other were refused without a look at their password
    assert staff.log_in("ann", PASSWORD) is None


def _is_locked(store: RequestStore) -> bool:
    with store.engine.connect() as connection:
        return bool(connection.execute(sa.select(STAFF.c.locked_until)).scalar())


def test_nobody_logs_in_as_nobody(small: RequestStore) -> None:
    assert Staff(small.engine).log_in("nobody", "nobody") is None


@pytest.mark.parametrize(
    ("name", "role", "password"),
    [("ann", "boss", PASSWORD), ("ann", "agent", "short"), ("a b", "agent", PASSWORD), ("", "agent", PASSWORD)],
)
def test_unfit_accounts_are_refused(name: str, role: str, password: str, small: RequestStore) -> None:
    with pytest.raises(ValueError):
        Staff(small.engine).add(name, role, password, by="root")
    assert Staff(small.engine).accounts() == []


def test_changes_end_sessions(small: RequestStore) -> None:
    staff = Staff(small.engine)
    staff.add("ann", "agent", PASSWORD, by="root")
    with pytest.raises(ValueError):
        staff.add("ann", "agent", PASSWORD, by="root")
    staff.set_role("ann", "admin", by="root")
    staff.set_password("ann", PASSWORD + "!", by="root")
    staff.end_sessions("ann")
    assert staff.find("ann") == Account("ann", "admin", 3)
    staff.remove("ann", by="root")
    assert staff.find("ann") is None
    for change in (lambda: staff.remove("ann", "x"), lambda: staff.set_password("ann", PASSWORD, "x")):
        with pytest.raises(ValueError):
            change()


def test_roles_build_on_each_other() -> None:
    assert [
        [Account("a", role, 0).may(each) for each in ("viewer", "agent", "admin")] for role in ("viewer", "agent")
    ] == [
        [True, False, False],
        [True, True, False],
    ]


def test_a_request_from_sent_to_closed(store: RequestStore, asked: ContactRequest) -> None:
    reference = store.add(asked, "one")
    ann, ben = Desk(store, "ann"), Desk(store, "ben")
    ann.claim(reference.lower())
    with pytest.raises(NotPossible, match="claimed by ann"):
        ben.claim(reference)
    ann.note_attempt(reference, OUTCOMES[2], "a man said hello")
    with store.engine.connect() as connection:
        assert "hello" not in connection.execute(sa.select(ATTEMPTS.c.sealed)).scalar()
    opened = ben.open_request(reference)
    assert opened.asked == asked
    assert [(each.who, each.outcome, each.note) for each in opened.attempts] == [
        ("ann", "Vague voicemail left", "a man said hello")
    ]
    ann.release(reference)
    ben.claim(reference)
    ben.close(reference)
    assert ann.lines() == [] and len(ann.lines(["closed"])) == 1
    assert trail(store) == [
        ("visitor", "sent"),
        ("ann", "claimed"),
        ("ann", "attempted"),
        ("ben", "opened"),
        ("ann", "released"),
        ("ben", "claimed"),
        ("ben", "closed"),
    ]
    for again in (ann.claim, ann.close, ann.release, ann.cancel):
        with pytest.raises(NotPossible):
            again(reference)


@pytest.mark.parametrize("reference", ["", "K7-4PQ2", "../..", "K7-4PQ2' OR 1=1"])
def test_what_is_not_there(reference: str, small: RequestStore) -> None:
    desk = Desk(small, "ann")
    for act in (desk.open_request, desk.claim, desk.close, desk.cancel, lambda r: desk.note_attempt(r, OUTCOMES[0])):
        with pytest.raises(NotPossible):
            act(reference)


def test_the_list_comes_by_urgency_and_safe_time_and_holds_no_detail(small: RequestStore, ask: Any) -> None:
    whens = {"late": "saturdays", "words": "when he is out", "now": "mondays", "urgent": "tuesdays"}
    references = {name: small.add(ask(when=when, urgent=name == "urgent"), name) for name, when in whens.items()}
    lines = Desk(small, "ann").lines(now=datetime(2026, 11, 23, 15, 0, tzinfo=ZoneInfo("America/Los_Angeles")))
    assert [line.reference for line in lines] == [references[name] for name in ("urgent", "now", "words", "late")]
    assert not any(word in repr(lines) for word in ("Marisol", "6446486", "he is out", "tangerine"))


def test_one_entry_under_a_lost_key_does_not_hide_the_others(url: str, ask: Any) -> None:
    lost = RequestStore.open(url, Vault.new_key()).add(ask(), "lost")
    store = RequestStore.open(url, Vault.new_key())
    found = store.add(ask(), "found")
    desk = Desk(store, "ann")
    assert {line.reference: line.is_locked for line in desk.lines()} == {lost: True, found: False}
    with pytest.raises(KeyProblem):
        desk.open_request(lost)
    with pytest.raises(KeyProblem):
        store.rotate("operator")


def test_an_export_is_audited_and_safe_in_a_spreadsheet(small: RequestStore, ask: Any) -> None:
    reference = small.add(ask(note='=HYPERLINK("http://x.example")', call_me="-Sam"), "one")
    small.cancel(small.add(ask(), "two"))
    out = io.StringIO(newline="")
    assert Desk(small, "ann").export(out) == 1
    (row,) = csv.DictReader(io.StringIO(out.getvalue()))
    assert row["reference"] == reference
    assert (row["note"], row["call_me"]) == ('\'=HYPERLINK("http://x.example")', "'-Sam")
    assert row["address"] == "'+1 424-644-6486"
    assert ("ann", "exported") in trail(small)


def test_everybody_has_a_name(small: RequestStore) -> None:
    with pytest.raises(ValueError):
        Desk(small, " ")
