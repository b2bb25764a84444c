"""What several folders of tests share: one loaded assistant, made from the newest model."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from waymark.runtime import Guide, ModelMissing, load_agent, quiet_logs
from waymark.store import ConversationStore

_numbers = itertools.count()


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the conversations of `store` are."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def store(store_folder: Path) -> ConversationStore:
    """The store of the assistant under test, in a database of its own."""
    return ConversationStore(url=f"sqlite:///{store_folder}/conversations.sqlite")


@pytest.fixture(scope="session")
def guide(store: ConversationStore) -> Guide:
    """The assistant with its real store."""
    quiet_logs()
    try:
        return Guide(load_agent(store=store))
    except ModelMissing as missing:
        pytest.fail(f"{missing} ('make test' trains one.)")


@pytest.fixture
def conversation() -> Iterator[str]:
    """The name of a conversation that no other test has."""
    yield f"test-{next(_numbers)}"


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that cost little to try; how they are stored stays the same."""
    monkeypatch.setattr("waymark.contact.staff._HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
