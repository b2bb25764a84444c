"""A small run of tests/contact_chaos.py: kills, cuts, crashes, and nothing lost."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cluster import MISSING, programs

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from contact_chaos import run


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_promised_is_lost(database: str) -> None:
    if database == "postgresql" and not programs():
        pytest.skip(MISSING)
    report = run(45, is_sqlite=database == "sqlite", limit=180, pause=0.2)
    assert not report.faults
    assert report.told == report.stored == 45
    assert report.trouble.writer_kills and report.trouble.mail_outages
    assert report.trouble.database_crashes or database == "sqlite"
