"""The table of crisis referrals: a row a day and kind with a number in it, and nothing of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from waymark.contact.tables import open_engine

METADATA = sa.MetaData()
REFERRALS = sa.Table(
    "waymark_referral",
    METADATA,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("category", sa.String(32), primary_key=True),
    sa.Column("tier", sa.String(16), primary_key=True),
    sa.Column("about", sa.String(16), primary_key=True),
    sa.Column("language", sa.String(8), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)
KEY = tuple(column.name for column in REFERRALS.primary_key)


@dataclass(frozen=True, order=True)
class Referral:
    """A day and a kind of crisis reply: all that is known of one."""

    day: date
    category: str
    tier: str
    about: str
    language: str


class ReferralStore:
    """Keeps the numbers, in SQLite or PostgreSQL, from any number of processes at once."""

    def __init__(self, url: str) -> None:
        """Prepare a store at a database address; nothing is opened yet."""
        self._url = url
        self._opened: sa.engine.Engine | None = None

    def add(self, numbers: Mapping[Referral, int]) -> None:
        """Add to the numbers of some days and kinds, all or none.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The database does not answer.
        """
        rows = [
            {**dict(zip(KEY, astuple(kind), strict=True)), "number": number} for kind, number in sorted(numbers.items())
        ]
        if not rows:
            return
        engine = self._engine()
        # Both databases know the same "insert, or add to what is there", which no other process can come between.
        insert = (sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert)(REFERRALS)
        added = {"number": REFERRALS.c.number + insert.excluded.number}
        with engine.begin() as connection:
            for row in rows:
                connection.execute(insert.values(row).on_conflict_do_update(index_elements=KEY, set_=added))

    def numbers(self, year: int | None = None) -> dict[Referral, int]:
        """All numbers, or those of a year, by day and kind."""
        query = sa.select(REFERRALS).order_by(*REFERRALS.primary_key)
        if year is not None:
            query = query.where(REFERRALS.c.day.between(date(year, 1, 1), date(year, 12, 31)))
        with self._engine().connect() as connection:
            return {
                Referral(*(row[name] for name in KEY)): row["number"] for row in connection.execute(query).mappings()
            }

    def close(self) -> None:
        """Let go of the database."""
        if self._opened is not None:
            self._opened.dispose()

    def _engine(self) -> sa.engine.Engine:
        if self._opened is None:
            engine = open_engine(self._url)
            with engine.begin() as connection:
                if engine.dialect.name == "postgresql":
                    # Two processes that make the table at once would get in each other's way.
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(726180)"))
                METADATA.create_all(connection)
            self._opened = engine
        return self._opened
