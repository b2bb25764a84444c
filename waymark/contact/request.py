"""A visitor's request to be contacted, and the store that either keeps it or says that it did not."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass
from typing import Any, Literal
from uuid import uuid4

import sqlalchemy as sa

from waymark import settings
from waymark.contact import audit, retention
from waymark.contact.reference import new_reference, read_reference
from waymark.contact.tables import ATTEMPTS, NOTICES, REQUESTS, open_database
from waymark.contact.vault import KeyProblem, Vault

REFERENCES_TRIED = 5
"""One in millions is taken; five in a row means that something else is wrong."""

Means = Literal["call", "text", "email"]


class NotStored(RuntimeError):
    """The request is not stored. The visitor must be told so, and given the clinic's phone number.

    The message is plain, for logs and staff; it never holds what the visitor gave.
    """


@dataclass(frozen=True)
class ContactRequest:
    """How to reach someone safely. Nothing here may be logged, or stored unencrypted."""

    call_me: str
    """Any name; "" for none."""
    means: Means
    address: str
    """A telephone number in E.164 form, or an e-mail address."""
    when: str
    """Safe days and hours in the visitor's words; "" for any time."""
    time_zone: str
    """The IANA name of the zone that `when` is meant in."""
    voicemail: bool | None
    """May a voicemail be left? None: not asked, or no answer, which staff read as no."""
    say_who: bool | None
    """May we say who we are? None is read as no."""
    note: str
    """What else staff must know ("he answers my phone")."""
    code_word: str
    """A word that tells each that the other is the right person; "" for none."""
    language: str
    """"en" or "es"."""
    topic: str
    """From the form's short list."""
    consent_version: str
    """Which wording of the consent the visitor agreed to."""
    urgent: bool

    def __repr__(self) -> str:
        """Says nothing, so that a traceback or a stray log line gives nobody away."""
        return "ContactRequest(...)"


class RequestStore:
    """Keeps requests, encrypted, each with the notice to staff in the same transaction."""

    def __init__(self, engine: sa.engine.Engine, vault: Vault) -> None:
        """Take an engine whose tables are there; `open` is the usual way in."""
        self.engine = engine
        self.vault = vault

    @classmethod
    def open(cls, url: str | None = None, keys: str | None = None) -> RequestStore:
        """Open the store and bring its tables up to date.

        Args:
            url: A database address; without one DATABASE_URL, else a SQLite file in `var/`.
            keys: Fernet keys, comma separated, the first one encrypts; without them WAYMARK_CONTACT_KEYS.

        Raises:
            NotStored: There is no key, a bad key, or no database.
        """
        try:
            vault = Vault.from_environment(keys)
            engine = open_database(url or settings.contact_database_url())
        except KeyProblem as problem:
            raise NotStored(str(problem)) from None
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from None
        return cls(engine, vault)

    def add(self, request: ContactRequest, idempotency_key: str) -> str:
        """Store a request; when this returns, it is stored and its notice to staff will be sent.

        Args:
            request: What the visitor gave.
            idempotency_key: One key a request, the same when it is tried again; one that was sent is not sent twice.

        Returns:
            A short reference such as "K7-4PQ2", the same one for the same key.

        Raises:
            NotStored: It is not stored, or that cannot be known (then trying again with the same key is safe). Also
                when this key was sent with other content, or was cancelled: a changed request needs a new key.
        """
        key = _digest(idempotency_key)
        try:
            try:
                return self._add(request, key)
            except sa.exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                # The connection broke, perhaps after the commit: the same key finds out which.
                return self._add(request, key)
        except NotStored:
            raise
        except Exception as error:  # whatever it was, the visitor has to be told, and nobody what it quotes
            raise _unreachable(error) from None

    def _add(self, request: ContactRequest, key: str) -> str:
        for _ in range(REFERENCES_TRIED):
            stored = self._find(request, key)
            if stored:
                return stored
            reference = new_reference()
            try:
                self._insert(reference, request, key)
            except sa.exc.IntegrityError:
                continue  # this key was sent meanwhile, or the reference is taken
            return reference
        raise NotStored("No free reference was found.")

    def _find(self, request: ContactRequest, key: str) -> str | None:
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(REQUESTS).where(REQUESTS.c.idempotency == key)).first()
        if row is None:
            return None
        if row.sealed is None:
            raise NotStored(f"Request {row.reference} was cancelled; a new request needs a new idempotency key.")
        try:
            is_same = self.vault.open(row.reference, row.sealed) == asdict(request)
        except KeyProblem as problem:
            raise NotStored(str(problem)) from None
        if not is_same:
            raise NotStored(f"Another request, {row.reference}, was sent with this idempotency key.")
        return str(row.reference)

    def _insert(self, reference: str, request: ContactRequest, key: str) -> None:
        sealed = self.vault.seal(reference, asdict(request))
        now = time.time()
        with self.engine.begin() as connection:
            connection.execute(
                REQUESTS.insert().values(
                    reference=reference,
                    idempotency=key,
                    created=now,
                    state="open",
                    urgent=request.urgent,
                    changed=now,
                    sealed=sealed,
                )
            )
            add_notice(connection, "new", reference, request.urgent)
            audit.record(connection, audit.VISITOR, "sent", reference)

    def cancel(self, reference: str, idempotency_key: str | None = None) -> bool:
        """Cancel by reference and wipe the contact details at once; False if there is no such open request.

        Args:
            reference: As the visitor types it: case, spaces and hyphen do not matter.
            idempotency_key: If given, it has to be the one the request was sent with.

        Raises:
            NotStored: The store cannot be reached, so nothing was cancelled.
        """
        return self.withdraw(reference, audit.VISITOR, idempotency_key)

    def withdraw(self, reference: str, who: str, idempotency_key: str | None = None) -> bool:
        """Cancel in the name of `who`; see `cancel`."""
        read = read_reference(reference)
        if read is None:
            return False
        wanted = [REQUESTS.c.reference == read, REQUESTS.c.state.in_(("open", "claimed"))]
        if idempotency_key is not None:
            wanted.append(REQUESTS.c.idempotency == _digest(idempotency_key))
        try:
            with self.engine.begin() as connection:
                row = connection.execute(sa.select(REQUESTS.c.urgent).where(*wanted)).first()
                changes = REQUESTS.update().where(*wanted).values(state="cancelled", sealed=None, changed=time.time())
                if row is None or not connection.execute(changes).rowcount:
                    return False
                connection.execute(ATTEMPTS.delete().where(ATTEMPTS.c.reference == read))
                # Somebody may have the details open, or be about to call.
                add_notice(connection, "cancelled", read, bool(row.urgent))
                audit.record(connection, who, "cancelled", read)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from None
        return True

    def purge(self, days: float) -> int:
        """Delete requests older than so many days for good, with their attempts and notices; returns how many.

        Raises:
            NotStored: The store cannot be reached, so nothing was deleted.
        """
        try:
            return retention.purge(self.engine, days)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from None

    def rotate(self, who: str) -> int:
        """Encrypt everything anew with the first key, in one transaction; returns how many entries.

        Raises:
            KeyProblem: An entry opens with none of the keys; nothing was changed.
        """
        count = 0
        with self.engine.begin() as connection:
            for table, name in ((REQUESTS, "reference"), (ATTEMPTS, "id")):
                key = table.c[name]
                rows = connection.execute(sa.select(key, table.c.sealed).where(table.c.sealed.is_not(None))).all()
                for identity, sealed in rows:
                    # The old text is part of the condition: what was cancelled meanwhile stays empty.
                    changed = table.update().where(key == identity, table.c.sealed == sealed)
                    count += connection.execute(changed.values(sealed=self.vault.rotate(sealed))).rowcount
            audit.record(connection, who, "rotated", detail=f"{count} entries")
        retention.forget_log(self.engine)
        return count


def add_notice(connection: Any, kind: str, reference: str, urgent: bool) -> None:
    """Put a notice to staff into the outbox, in the caller's transaction."""
    now = time.time()
    connection.execute(
        NOTICES.insert().values(
            id=str(uuid4()),
            reference=reference,
            kind=kind,
            urgent=urgent,
            state="waiting",
            created=now,
            next_at=now,
            tries=0,
            delivered="",
            leased_until=0.0,
        )
    )


def _digest(idempotency_key: str) -> str:
    """What is kept of a key: it may be a conversation's id, which must not lead from one to the other."""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()


def _unreachable(error: Exception) -> NotStored:
    # The kind only: an error's text can quote an address of the database or what was being stored.
    return NotStored(f"The store of contact requests cannot be used ({type(error).__name__}).")
