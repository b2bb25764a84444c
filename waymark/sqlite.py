"""SQLite files that several processes open at once."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

WAIT = 10.0
"""Seconds to wait for another process that has the file to itself."""


def write_ahead(connection: Any) -> None:
    """Keep a write-ahead log, so that readers never wait for a writer.

    The change to it wants the file alone and does not wait by itself: two processes that make a file at once
    would fail now and then.

    Raises:
        sqlite3.OperationalError: The file stayed locked.
    """
    until = time.monotonic() + WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
