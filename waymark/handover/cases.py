"""Which conversations a person has: a name here, an id at the desk, and times; nothing that anybody wrote."""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa

METADATA = sa.MetaData()
CASES = sa.Table(
    "waymark_handover",
    METADATA,
    sa.Column("desk_id", sa.String(64), primary_key=True),
    sa.Column("conversation", sa.String(255), nullable=False, index=True),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("touched", sa.Float, nullable=False, index=True),
)


@dataclass(frozen=True)
class Case:
    """One conversation that was handed over."""

    desk_id: str
    conversation: str
    is_open: bool
    touched: float
    """When it began, or when staff last wrote; seconds since 1970."""


class Cases:
    """Keeps the cases, so that a restart loses none."""

    def __init__(self, engine: sa.engine.Engine) -> None:
        """Keep them in a database, in a table of its own."""
        self._engine = engine
        METADATA.create_all(engine)

    def add(self, desk_id: str, conversation: str) -> None:
        """A person has the conversation from now on."""
        row = {"conversation": conversation, "is_open": True, "touched": time.time()}
        with self._engine.begin() as connection:
            changed = connection.execute(CASES.update().where(CASES.c.desk_id == desk_id).values(**row))
            if not changed.rowcount:
                connection.execute(CASES.insert().values(desk_id=desk_id, **row))

    def open_one(self, conversation: str) -> Case | None:
        """The open case of a conversation."""
        return self._first(sa.and_(CASES.c.conversation == conversation, CASES.c.is_open))

    def at_desk(self, desk_id: str) -> Case | None:
        """The case of the desk's id, open or over."""
        return self._first(CASES.c.desk_id == desk_id)

    def touch(self, desk_id: str) -> None:
        """Staff wrote."""
        self._change(desk_id, touched=time.time())

    def close(self, desk_id: str) -> None:
        """The guide has it again."""
        self._change(desk_id, is_open=False)

    def purge(self, days: float) -> int:
        """Forget cases untouched for so many days; returns how many."""
        with self._engine.begin() as connection:
            old = CASES.c.touched < time.time() - days * 86_400
            return int(connection.execute(CASES.delete().where(old)).rowcount)

    def _change(self, desk_id: str, **values: bool | float) -> None:
        with self._engine.begin() as connection:
            connection.execute(CASES.update().where(CASES.c.desk_id == desk_id).values(**values))

    def _first(self, which: sa.sql.elements.ColumnElement[bool]) -> Case | None:
        query = sa.select(CASES).where(which).order_by(CASES.c.touched.desc())
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return Case(**row._mapping) if row else None
