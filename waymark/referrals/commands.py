"""`waymark referrals`: how often a crisis reply was shown."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from waymark import settings


def add_commands(commands: Any) -> None:
    """Add this module's command to `waymark`."""
    referrals = commands.add_parser("referrals", help="how often a crisis reply was shown, by month and kind")
    form = referrals.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="as CSV by month and kind")
    form.add_argument("--report", type=int, metavar="YEAR", help="write the report of a year, with plots, to reports/")
    referrals.set_defaults(run=_referrals)


def _referrals(options: argparse.Namespace) -> int:
    from waymark.referrals.report import as_csv, as_table, write_report
    from waymark.referrals.store import ReferralStore

    store = ReferralStore(settings.database_url())
    if options.report is not None:
        if not 2000 <= options.report <= 9999:
            raise ValueError(f"--report wants a year such as {date.today().year}, not {options.report}.")
        path = write_report(store.numbers(options.report), options.report, settings.ROOT / "reports", date.today())
        print(f"Wrote {path} and its plots.")
        return 0
    numbers = store.numbers()
    if options.csv:
        print(as_csv(numbers), end="")
    else:
        print(as_table(numbers) if numbers else "No crisis reply was shown yet.")
    return 0
