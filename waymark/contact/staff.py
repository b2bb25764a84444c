"""Accounts of staff: argon2id hashes, roles, and a lock after failures."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Literal

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from waymark.contact import audit
from waymark.contact.tables import STAFF

Role = Literal["viewer", "agent", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "agent", "admin")
"""A viewer reads, an agent also claims, notes and closes, an admin also exports and reads the audit trail."""

FAILURES = 5
"""Wrong passwords in a row after which an account is locked."""

LOCKED = 900
"""Seconds that it stays locked."""

SHORTEST = 12
"""Characters of a password."""

_HASHER = PasswordHasher()  # argon2id with the library's parameters (RFC 9106, low memory)
_NOBODY = _HASHER.hash("nobody")
_AT_ONCE = BoundedSemaphore(2)
"""Each hash takes 64 MB and a good part of the processor, and anybody may ask for one."""


@dataclass(frozen=True)
class Account:
    """Somebody who may use the inbox; `sessions` has to match the one a session began with."""

    name: str
    role: Role
    sessions: int

    def may(self, role: Role) -> bool:
        """Has this role, or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Staff:
    """The accounts."""

    def __init__(self, engine: sa.engine.Engine, clock: Callable[[], float] = time.time) -> None:
        """Take the engine of the request store."""
        self._engine = engine
        self._clock = clock

    def add(self, name: str, role: str, password: str, by: str) -> None:
        """Make an account.

        Raises:
            ValueError: The name is taken or unfit, the role unknown, or the password too short.
        """
        if not re.fullmatch(r"[\w.@-]{2,64}", name):
            raise ValueError("a staff name has 2 to 64 letters, digits, or any of . @ - _")
        if role not in ROLES:
            raise ValueError(f"'{role}' is no role; choose one of {', '.join(ROLES)}.")
        values = {
            "name": name,
            "role": role,
            "password": _hash(password),
            "failures": 0,
            "locked_until": 0.0,
            "sessions": 0,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(STAFF.insert().values(values))
                audit.record(connection, by, "staff added", detail=f"{name} ({role})"[:80])
        except sa.exc.IntegrityError:
            raise ValueError(f"there is an account '{name}' already; change it with 'waymark staff'.") from None

    def set_password(self, name: str, password: str, by: str) -> None:
        """Change a password, unlock the account, and end its sessions.

        Raises:
            ValueError: There is no such account, or the password is too short.
        """
        self._change(name, {"password": _hash(password), "failures": 0, "locked_until": 0.0}, by, "staff password")

    def set_role(self, name: str, role: str, by: str) -> None:
        """Change a role, and end the account's sessions.

        Raises:
            ValueError: There is no such account or role.
        """
        if role not in ROLES:
            raise ValueError(f"'{role}' is no role; choose one of {', '.join(ROLES)}.")
        self._change(name, {"role": role}, by, "staff role")

    def remove(self, name: str, by: str) -> None:
        """Delete an account; its sessions end. What it did stays in the audit trail.

        Raises:
            ValueError: There is no such account.
        """
        with self._engine.begin() as connection:
            if not connection.execute(STAFF.delete().where(STAFF.c.name == name)).rowcount:
                raise ValueError(f"there is no account '{name}'.")
            audit.record(connection, by, "staff removed", detail=name)

    def accounts(self) -> list[Account]:
        """Everybody, by name."""
        with self._engine.connect() as connection:
            return [_account(row) for row in connection.execute(sa.select(STAFF).order_by(STAFF.c.name))]

    def find(self, name: str) -> Account | None:
        """The account of that name, as it stands now."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(STAFF).where(STAFF.c.name == name)).first()
        return _account(row) if row else None

    def log_in(self, name: str, password: str) -> Account | None:
        """The account if the password is right and it is not locked; otherwise None, whichever it was.

        A name that does not exist takes as long as one that does.
        """
        now = self._clock()
        mine = STAFF.c.name == name
        may_try = False
        failures = 0
        with self._engine.begin() as connection:
            row = connection.execute(sa.select(STAFF).where(mine)).first()
            if row and row.locked_until <= now:
                # Counted before the password is looked at, so that of many tries at once each counts.
                failures = 1 if row.failures >= FAILURES else row.failures + 1
                change = STAFF.update().where(mine, STAFF.c.failures == row.failures)
                values = {"failures": failures, "locked_until": now + LOCKED if failures >= FAILURES else 0.0}
                may_try = bool(connection.execute(change.values(values)).rowcount)
        is_right = _matches(row.password if row else _NOBODY, password)
        if row is None:
            return None
        if not (may_try and is_right):
            self._record_failure(name, is_locked=not may_try or failures >= FAILURES)
            return None
        values = {"failures": 0, "locked_until": 0.0}
        if _HASHER.check_needs_rehash(row.password):
            values["password"] = _HASHER.hash(password)
        with self._engine.begin() as connection:
            connection.execute(STAFF.update().where(mine).values(values))
            audit.record(connection, name, "logged in")
        return _account(row)

    def end_sessions(self, name: str) -> None:
        """End every session of an account, on every device."""
        with self._engine.begin() as connection:
            connection.execute(STAFF.update().where(STAFF.c.name == name).values(sessions=STAFF.c.sessions + 1))
            audit.record(connection, name, "logged out")

    def _record_failure(self, name: str, is_locked: bool) -> None:
        with self._engine.begin() as connection:
            audit.record(connection, name, "login failed", detail="locked" if is_locked else "")

    def _change(self, name: str, values: dict[str, object], by: str, act: str) -> None:
        with self._engine.begin() as connection:
            change = STAFF.update().where(STAFF.c.name == name).values(**values, sessions=STAFF.c.sessions + 1)
            if not connection.execute(change).rowcount:
                raise ValueError(f"there is no account '{name}'; 'waymark staff list' shows all.")
            audit.record(connection, by, act, detail=name)


def _hash(password: str) -> str:
    if len(password) < SHORTEST:
        raise ValueError(f"a password has at least {SHORTEST} characters; several words make a good one.")
    return _HASHER.hash(password)


def _matches(stored: str, password: str) -> bool:
    try:
        with _AT_ONCE:
            return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _account(row: sa.engine.Row) -> Account:
    return Account(row.name, row.role, row.sessions)
