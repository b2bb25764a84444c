"""The tables of contact requests, the engine over them, and their migrations."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from waymark.sqlite import write_ahead

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
VERSION_TABLE = "contact_version"
WAIT = 5
"""Seconds to wait for a connection, a lock or a statement: a visitor is waiting too."""

METADATA = sa.MetaData()

REQUESTS = sa.Table(
    "contact_request",
    METADATA,
    sa.Column("reference", sa.String(7), primary_key=True),
    sa.Column("idempotency", sa.String(64), nullable=False, unique=True),  # SHA-256 of the key
    sa.Column("created", sa.Float, nullable=False, index=True),  # seconds since 1970, as all times here
    sa.Column("state", sa.String(12), nullable=False),  # open, claimed, closed, cancelled
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("claimed_by", sa.String(64)),
    sa.Column("changed", sa.Float, nullable=False),
    sa.Column("sealed", sa.Text),  # everything the visitor gave, encrypted; NULL once cancelled
)

ATTEMPTS = sa.Table(
    "contact_attempt",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reference", sa.String(7), nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("who", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),  # one of desk.OUTCOMES
    sa.Column("sealed", sa.Text),  # a note in the staff's words, encrypted
)

NOTICES = sa.Table(
    "contact_notice",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),  # also the idempotency key of its delivery
    sa.Column("reference", sa.String(7), nullable=False, index=True),
    sa.Column("kind", sa.String(12), nullable=False),  # new, cancelled
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("state", sa.String(8), nullable=False, index=True),  # waiting, sent, dead
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("next_at", sa.Float, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("delivered", sa.String(40), nullable=False),  # channels that have it already
    sa.Column("lease", sa.String(36)),
    sa.Column("leased_until", sa.Float, nullable=False),
    sa.Column("sent_at", sa.Float),
    sa.Column("error", sa.String(80)),  # the kind of the last failure, never its text
)

AUDIT = sa.Table(
    "contact_audit",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.Column("who", sa.String(64), nullable=False),
    sa.Column("act", sa.String(20), nullable=False),
    sa.Column("reference", sa.String(7), index=True),
    sa.Column("detail", sa.String(80), nullable=False),
)

STAFF = sa.Table(
    "contact_staff",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(8), nullable=False),  # viewer, agent, admin
    sa.Column("password", sa.String(160), nullable=False),  # argon2id
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("locked_until", sa.Float, nullable=False),
    sa.Column("sessions", sa.Integer, nullable=False),  # raised to end every session of this account
)


def open_engine(url: str) -> sa.engine.Engine:
    """An engine whose errors never quote what was stored, and whose commits survive a crash."""
    address = sa.engine.make_url(url)
    if address.get_backend_name() != "sqlite":
        limits = f"-c statement_timeout={WAIT}s -c lock_timeout={WAIT}s -c idle_in_transaction_session_timeout=60s"
        return sa.create_engine(
            address,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"connect_timeout": WAIT, "options": limits},
        )
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        # Made here so that nobody but its owner can read it; the log files beside it follow its mode.
        os.close(os.open(address.database, os.O_CREAT | os.O_RDWR, 0o600))
    engine = sa.create_engine(address, hide_parameters=True, connect_args={"timeout": WAIT})

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        write_ahead(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")  # deleted rows are overwritten, not just forgotten

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        # Take the write lock at once: a reader that turns writer half-way would fail instead of waiting.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def open_database(url: str) -> sa.engine.Engine:
    """An engine whose tables are up to date."""
    engine = open_engine(url)
    migrate(engine)
    return engine


def migrate(engine: sa.engine.Engine) -> bool:
    """Bring the tables up to date; True if there was something to do. Several processes may do it at once."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if _revision(connection) == head:
            return False
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(726179)"))
        if _revision(connection) == head:
            return False
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def _revision(connection: Any) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
