"""Stores to try things on, in SQLite and in a PostgreSQL server of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cluster import MISSING, Cluster, programs
from sinks import HookSink, MailSink

from waymark.contact.request import ContactRequest, RequestStore
from waymark.contact.tables import METADATA
from waymark.contact.vault import Vault

ASKED = ContactRequest(
    call_me="Marisol Quintanar",
    means="text",
    address="+14246446486",
    when="weekdays after 2 pm",
    time_zone="America/Los_Angeles",
    voicemail=False,
    say_who=None,
    note="he answers my phone",
    code_word="tangerine",
    language="en",
    topic="Something else",
    consent_version="2026-11",
    urgent=False,
)


@pytest.fixture(autouse=True)
def staff_logs_in_quickly(quick_hashes: None) -> None:
    """In every test of this folder."""


@pytest.fixture
def asked() -> ContactRequest:
    return ASKED


@pytest.fixture
def ask() -> Any:
    """The usual request with something changed."""
    return lambda **changes: replace(ASKED, **changes)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if not programs():
        pytest.skip(MISSING)
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/contact.sqlite"
    cluster = request.getfixturevalue("cluster")
    engine = sa.create_engine(cluster.url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return str(cluster.url)


@pytest.fixture
def key() -> str:
    return Vault.new_key()


@pytest.fixture
def store(url: str, key: str) -> Iterator[RequestStore]:
    """An empty store, once in each database."""
    store = RequestStore.open(url, key)
    yield store
    store.engine.dispose()


@pytest.fixture
def small(tmp_path: Path, key: str) -> RequestStore:
    """An empty store in SQLite, for what does not depend on the database."""
    return RequestStore.open(f"sqlite:///{tmp_path}/contact.sqlite", key)


@pytest.fixture
def mail() -> Iterator[MailSink]:
    sink = MailSink()
    yield sink
    sink.stop()


@pytest.fixture
def hook() -> Iterator[HookSink]:
    sink = HookSink()
    yield sink
    sink.stop()


@pytest.fixture
def rows() -> Any:
    """How many rows each table has."""

    def count(store: RequestStore) -> dict[str, int]:
        with store.engine.connect() as connection:
            return {
                table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
                for table in METADATA.sorted_tables
            }

    return count
