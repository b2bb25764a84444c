"""What several folders of tests share: one loaded assistant, made from the newest model."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from waymark.runtime import Guide, ModelMissing, load_agent, quiet_logs
from waymark.store import ConversationStore

_numbers = itertools.count()


@pytest.fixture(scope="session")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Guide:
    """The assistant with its real store, in a database of its own."""
    quiet_logs()
    folder = tmp_path_factory.mktemp("store")
    try:
        return Guide(load_agent(store=ConversationStore(url=f"sqlite:///{folder}/conversations.sqlite")))
    except ModelMissing as missing:
        pytest.fail(f"{missing} ('make test' trains one.)")


@pytest.fixture
def conversation() -> Iterator[str]:
    """The name of a conversation that no other test has."""
    yield f"test-{next(_numbers)}"
