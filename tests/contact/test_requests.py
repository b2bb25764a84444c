"""A request is stored once, with its notice, or the visitor is told that it is not."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from cluster import Cluster

from waymark.contact.reference import LETTERS, new_reference, read_reference
from waymark.contact.request import ContactRequest, NotStored, RequestStore
from waymark.contact.tables import METADATA, NOTICES, REQUESTS, VERSION_TABLE, migrate, open_engine
from waymark.contact.vault import Vault


def test_a_request_is_kept_with_its_notice(store: RequestStore, asked: ContactRequest, rows: Any) -> None:
    reference = store.add(asked, "one")
    assert read_reference(reference) == reference
    with store.engine.connect() as connection:
        row = connection.execute(sa.select(REQUESTS)).one()
        notice = connection.execute(sa.select(NOTICES)).one()
    assert store.vault.open(reference, row.sealed) == vars(asked)
    assert (notice.reference, notice.state, notice.kind) == (reference, "waiting", "new")
    assert rows(store)["contact_audit"] == 1


def test_the_same_key_is_the_same_request(store: RequestStore, asked: ContactRequest, rows: Any) -> None:
    assert store.add(asked, "one") == store.add(asked, "one") != store.add(asked, "two")
    assert rows(store) | {"contact_audit": 0} == {
        "contact_request": 2,
        "contact_notice": 2,
        "contact_attempt": 0,
        "contact_audit": 0,
        "contact_staff": 0,
    }


@pytest.mark.parametrize("text", ["\ud83d", "\x00", "💙", "ñ" * 5_000, "'; DROP TABLE contact_request; --"])
def test_whatever_was_typed_is_kept_as_it_is(text: str, store: RequestStore, ask: Any) -> None:
    reference = store.add(ask(note=text), "one")
    assert store.add(ask(note=text), "one") == reference


def test_the_same_key_with_other_content_is_refused(store: RequestStore, ask: Any) -> None:
    store.add(ask(), "one")
    with pytest.raises(NotStored):
        store.add(ask(address="+14245550100"), "one")


def test_many_at_once_with_one_key_are_one(store: RequestStore, asked: ContactRequest, rows: Any) -> None:
    given: list[str] = []

    def send() -> None:
        given.append(store.add(asked, "one"))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 8 and len(set(given)) == 1
    assert rows(store)["contact_request"] == rows(store)["contact_notice"] == 1


def test_a_taken_reference_is_not_used_twice(
    store: RequestStore, asked: ContactRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["K7-4PQ2", "K7-4PQ2", "K7-4PQ3"])
    monkeypatch.setattr("waymark.contact.request.new_reference", lambda: next(drawn))
    assert [store.add(asked, "one"), store.add(asked, "two")] == ["K7-4PQ2", "K7-4PQ3"]


def test_the_notice_and_the_request_stand_or_fall_together(
    store: RequestStore, asked: ContactRequest, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr("waymark.contact.request.add_notice", fail)
    with pytest.raises(NotStored):
        store.add(asked, "one")
    assert not any(rows(store).values())


@pytest.mark.parametrize(
    "keys",
    ["", " , ", "secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,short"],
    ids=["none", "blank", "bad", "one bad"],
)
def test_without_a_good_key_nothing_is_stored(keys: str, url: str) -> None:
    with pytest.raises(NotStored, match="waymark requests key"):
        RequestStore.open(url, keys)


def test_without_a_database_the_visitor_is_told(asked: ContactRequest, key: str) -> None:
    with pytest.raises(NotStored) as told:
        RequestStore.open("postgresql://someone:hunter2@127.0.0.1:1/none", key)
    assert "hunter2" not in str(told.value)


def test_a_database_that_goes_away_and_comes_back(asked: ContactRequest, key: str, cluster: Cluster) -> None:
    store = RequestStore.open(cluster.url, key)
    before = store.add(asked, "before")
    cluster.stop()
    with pytest.raises(NotStored):
        store.add(asked, "during")
    with pytest.raises(NotStored):
        store.cancel(before)
    cluster.start()
    assert store.add(asked, "before") == before
    assert store.add(asked, "during")
    store.engine.dispose()


@pytest.mark.parametrize("typed", ["{0}", " {0} ", "{1}", "{2}"], ids=["as given", "spaces", "lower case", "no hyphen"])
def test_cancelling_wipes_at_once(typed: str, store: RequestStore, asked: ContactRequest, rows: Any) -> None:
    reference = store.add(asked, "one")
    assert store.cancel(typed.format(reference, reference.lower(), reference.replace("-", "")))
    with store.engine.connect() as connection:
        row = connection.execute(sa.select(REQUESTS)).one()
    assert (row.state, row.sealed) == ("cancelled", None)
    assert rows(store)["contact_notice"] == 2
    assert not store.cancel(reference)
    with pytest.raises(NotStored):
        store.add(asked, "one")


@pytest.mark.parametrize(
    ("typed", "sent_with"), [("K7-4PQ2", None), ("", None), ("my request", None), ("{0}", "another")]
)
def test_nothing_else_is_cancelled(
    typed: str, sent_with: str | None, small: RequestStore, asked: ContactRequest
) -> None:
    reference = small.add(asked, "one")
    assert not small.cancel(typed.format(reference), sent_with)
    assert small.cancel(reference, "one")


def test_what_is_old_is_gone_for_good(store: RequestStore, ask: Any, rows: Any) -> None:
    old, new = store.add(ask(), "old"), store.add(ask(), "new")
    with store.engine.begin() as connection:
        aged = REQUESTS.c.created - 15 * 86_400
        connection.execute(REQUESTS.update().where(REQUESTS.c.reference == old).values(created=aged))
    assert (store.purge(14), store.purge(14)) == (1, 0)
    with store.engine.connect() as connection:
        assert [row.reference for row in connection.execute(sa.select(REQUESTS))] == [new]
        assert [row.reference for row in connection.execute(sa.select(NOTICES))] == [new]


def test_new_keys_take_over(url: str, asked: ContactRequest) -> None:
    old, new = Vault.new_key(), Vault.new_key()
    reference = RequestStore.open(url, old).add(asked, "one")
    assert RequestStore.open(url, f"{new},{old}").rotate("operator") == 1
    assert RequestStore.open(url, new).add(asked, "one") == reference
    with pytest.raises(NotStored):
        RequestStore.open(url, old).add(asked, "one")


def test_a_row_cannot_be_passed_off_as_another(small: RequestStore, ask: Any) -> None:
    mine, theirs = small.add(ask(), "mine"), small.add(ask(address="+14245550100"), "theirs")
    with small.engine.begin() as connection:
        sealed = sa.select(REQUESTS.c.sealed).where(REQUESTS.c.reference == theirs).scalar_subquery()
        connection.execute(REQUESTS.update().where(REQUESTS.c.reference == mine).values(sealed=sealed))
    with pytest.raises(NotStored, match="belongs to another"):
        small.add(ask(), "mine")


def test_migrations_make_what_the_code_expects(url: str) -> None:
    engine = open_engine(url)
    assert [migrate(engine), migrate(engine)] == [True, False]
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_several_processes_may_migrate_at_once(url: str) -> None:
    done: list[bool] = []
    threads = [threading.Thread(target=lambda: done.append(migrate(open_engine(url)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, False, True]


def test_references_have_no_look_alikes() -> None:
    assert not set(LETTERS) & set("01OILSB5UZAE")
    assert len({new_reference() for _ in range(1000)}) > 990


def test_a_request_never_prints_itself(asked: ContactRequest) -> None:
    assert repr(asked) == f"{asked}" == "ContactRequest(...)"
