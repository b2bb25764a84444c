"""The store of requests that the talks of this folder write to."""

from __future__ import annotations

import pytest
from requests_fake import FakeRequests

import actions.callback


@pytest.fixture(autouse=True)
def requests(monkeypatch: pytest.MonkeyPatch) -> FakeRequests:
    """A store in memory in place of the real one, empty for each talk."""
    fake = FakeRequests()
    monkeypatch.setattr(actions.callback, "requests", lambda: fake)
    return fake
