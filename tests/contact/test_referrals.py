"""Crisis referrals are counted for good, by kind and day, without holding up a reply and without naming anybody."""

from __future__ import annotations

import csv
import io
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from waymark.channels import card
from waymark.cli import main
from waymark.referrals.counter import ReferralCounter
from waymark.referrals.report import as_csv, as_table, by_month, write_report
from waymark.referrals.store import KEY, REFERRALS, Referral, ReferralStore

DAY = Referral(date(2026, 11, 22), "suicide", "high", "self", "en")
NEXT = Referral(date(2026, 12, 1), "danger", "immediate", "other", "es")
KIND = ("suicide", "high", "self", "en")


def test_numbers_add_up_and_outlive_the_process(url: str) -> None:
    store = ReferralStore(url)
    store.add({DAY: 2, NEXT: 1})
    store.add({DAY: 3})
    store.add({})
    store.close()
    assert ReferralStore(url).numbers() == {DAY: 5, NEXT: 1}
    assert ReferralStore(url).numbers(2025) == {}


def test_nothing_is_lost_when_several_count_at_once(url: str) -> None:
    stores = [ReferralStore(url) for _ in range(4)]
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda number: stores[number % 4].add({DAY: 1, NEXT: 2}), range(60)))
    assert stores[0].numbers() == {DAY: 60, NEXT: 120}
    for store in stores:
        store.close()


def test_the_table_has_no_place_for_an_identifier() -> None:
    assert (
        set(REFERRALS.columns.keys())
        == {*KEY, "number"}
        == {
            "day",
            "category",
            "tier",
            "about",
            "language",
            "number",
        }
    )


class Broken(ReferralStore):
    """A store that does not answer until it is mended."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.mended, self.tried, self.is_written = threading.Event(), threading.Event(), threading.Event()

    def add(self, numbers: object) -> None:
        self.tried.set()
        if not self.mended.is_set():
            raise sa.exc.OperationalError("no", None, Exception("no"))
        super().add(numbers)  # type: ignore[arg-type]
        self.is_written.set()


def test_a_failing_database_holds_up_nothing_and_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Broken(f"sqlite:///{tmp_path}/counts.sqlite")
    counter = ReferralCounter(store, first_wait=0.01)
    started = time.perf_counter()
    for _ in range(1000):
        counter.count(*KIND)
    assert time.perf_counter() - started < 1
    assert store.tried.wait(10)
    store.mended.set()
    assert store.is_written.wait(10)
    assert counter.flush()
    assert sum(store.numbers().values()) == 1000
    assert "Error" in caplog.text


def test_the_day_is_that_of_the_clinic(tmp_path: Path) -> None:
    store = ReferralStore(f"sqlite:///{tmp_path}/counts.sqlite")
    days = set()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # 25 hours apart: never the same day
        counter = ReferralCounter(store, zone)
        counter.count(*KIND)
        assert counter.flush()
        days |= {kind.day for kind in store.numbers()}
    assert len(days) == 2


def test_the_card_counts_only_crisis_replies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = ReferralCounter(ReferralStore(f"sqlite:///{tmp_path}/counts.sqlite"))
    monkeypatch.setattr(card, "_counters", [counter])
    card.static_card("what is cbt")
    card.static_card("i want to kill myself")
    assert counter.flush()
    assert [(kind.category, kind.about, number) for kind, number in counter._store.numbers().items()] == [
        ("suicide", "self", 1)
    ]


def test_rows_are_by_month_and_kind() -> None:
    earlier = Referral(date(2026, 11, 1), *KIND)
    assert by_month({DAY: 2, earlier: 1, NEXT: 4}) == [
        ("2026-11", *KIND, 3),
        ("2026-12", "danger", "immediate", "other", "es", 4),
    ]
    rows = list(csv.DictReader(io.StringIO(as_csv({DAY: 2, NEXT: 4}))))
    assert [row["number"] for row in rows] == ["2", "4"]
    assert as_table({DAY: 2, NEXT: 4}).splitlines()[-1].split() == ["all", "6"]


@pytest.mark.parametrize("numbers", [{DAY: 2, NEXT: 4}, {}])
def test_the_report_of_a_year(tmp_path: Path, numbers: dict[Referral, int]) -> None:
    path = write_report(numbers, 2026, tmp_path / "reports", date(2026, 12, 2))
    text = path.read_text(encoding="utf-8")
    assert f"{sum(numbers.values())} crisis replies were shown" in text and "before the year was over" in text
    for name in ("category", "tier"):
        plot = path.with_name(f"crisis-referrals-2026-{name}.png")
        assert plot.read_bytes().startswith(b"\x89PNG") and plot.name in text
    if numbers:
        assert "| Nov | 2 | 0 | 0 | 0 | 0 | 0 | 0 | 2 |" in text
        assert "| Spanish | 4 |" in text


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path}/counts.sqlite"
    monkeypatch.setenv("DATABASE_URL", url)
    assert main(["referrals"]) == 0
    assert "No crisis reply" in capsys.readouterr().out
    ReferralStore(url).add({DAY: 2})
    assert main(["referrals", "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "2026-11,suicide,high,self,en,2"
    assert main(["referrals", "--report", "26"]) == 1
    monkeypatch.setattr("waymark.settings.ROOT", tmp_path)
    assert main(["referrals", "--report", "2026"]) == 0
    assert (tmp_path / "reports" / "crisis-referrals-2026.md").is_file()
    assert "matplotlib" in sys.modules
