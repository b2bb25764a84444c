"""A store of requests that keeps them in a list, and fails on demand: what the talks of a callback need."""

from __future__ import annotations

from waymark.contact.request import ContactRequest, NotStored


class FakeRequests:
    """Behaves as the agreed store does, for one conversation."""

    def __init__(self) -> None:
        self.by_key: dict[str, tuple[str, ContactRequest]] = {}
        self.failures = 0
        """Times that it still fails."""

    def add(self, request: ContactRequest, idempotency_key: str) -> str:
        self._fail()
        return self.by_key.setdefault(idempotency_key, (f"K7-4PQ{len(self.by_key) + 2}", request))[0]

    def cancel(self, reference: str, idempotency_key: str | None = None) -> bool:
        self._fail()
        found = [key for key, (known, _) in self.by_key.items() if known == reference]
        if not found or idempotency_key not in (None, found[0]):
            return False
        del self.by_key[found[0]]
        return True

    @property
    def kept(self) -> list[ContactRequest]:
        return [request for _, request in self.by_key.values()]

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise NotStored("It fails on demand.")
