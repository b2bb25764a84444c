"""Crisis referrals for people to read: a table, CSV, and a yearly report with plots."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from waymark.referrals.store import Referral
from waymark.safety.lexicon import CATEGORIES, TIERS

Numbers = Mapping[Referral, int]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
COLUMNS = ("month", "category", "tier", "about", "language", "number")
NAMES = {
    "suicide": "thoughts of suicide",
    "self_harm": "self-harm",
    "danger": "danger from another person",
    "sexual_assault": "sexual assault",
    "child_abuse": "harm to a child",
    "harm_to_others": "thoughts of harming someone",
    "medical": "medical emergency",
    "self": "the visitor",
    "other": "someone else",
    "en": "English",
    "es": "Spanish",
}
"""How a report names the kinds."""

BESIDE: tuple[tuple[str, Callable[[Referral], str]], ...] = (
    ("tier", lambda kind: kind.tier),
    ("whom it was about", lambda kind: kind.about),
    ("language", lambda kind: kind.language),
)
"""Tables of a yearly report beside the one by month."""

ABOUT_IT = (
    "A referral is a crisis reply that was shown: a reply that names a crisis line or the emergency number. One "
    "conversation can have several. The day is that of the clinic's time zone. No text, name, address, device or "
    "conversation is recorded with a count, so nothing here can be led back to a person by the system. Numbers are "
    "not rounded or hidden: a small one, beside what staff know of their visitors, could point to somebody. "
    "docs/crisis.md says who may see them."
)


def by_month(numbers: Numbers) -> list[tuple[str, str, str, str, str, int]]:
    """Rows of month ("2026-11") and kind with their number, in order."""
    summed: Counter[tuple[str, str, str, str, str]] = Counter()
    for kind, number in numbers.items():
        summed[(f"{kind.day:%Y-%m}", kind.category, kind.tier, kind.about, kind.language)] += number
    return [(*key, number) for key, number in sorted(summed.items())]


def as_csv(numbers: Numbers) -> str:
    """The months and kinds as CSV with a head line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(by_month(numbers))
    return out.getvalue()


def as_table(numbers: Numbers) -> str:
    """The months and kinds as a table for a terminal, with a sum."""
    rows = [COLUMNS, *(tuple(map(str, row)) for row in by_month(numbers))]
    rows.append(("all", "", "", "", "", str(sum(numbers.values()))))
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = (
        "  ".join(
            cell.rjust(width) if cell.isdecimal() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def write_report(numbers: Numbers, year: int, folder: Path, today: date) -> Path:
    """Write the report of a year: Markdown, and two plots beside it.

    Args:
        numbers: The numbers of that year.
        year: Which year.
        folder: Where to write; made if it is not there.
        today: The day that is named as the day of writing.

    Returns:
        The Markdown file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crisis-referrals-{year}.md"
    plots = {by: folder / f"crisis-referrals-{year}-{by}.png" for by in ("category", "tier")}
    _plot(
        numbers, lambda kind: kind.category, CATEGORIES, f"Crisis referrals in {year}, by category", plots["category"]
    )
    _plot(numbers, lambda kind: kind.tier, TIERS, f"Crisis referrals in {year}, by tier", plots["tier"])
    parts = [
        f"# Crisis referrals in {year}",
        f"{sum(numbers.values())} crisis replies were shown. Written on {today.isoformat()}"
        + (", before the year was over." if today <= date(year, 12, 31) else "."),
        ABOUT_IT,
        f"![Crisis referrals by month and category]({plots['category'].name})",
        f"![Crisis referrals by month and tier]({plots['tier'].name})",
        "## By month and category",
        _markdown(numbers, CATEGORIES),
    ]
    for title, of in BESIDE:
        summed: Counter[str] = Counter()
        for kind, number in numbers.items():
            summed[of(kind)] += number
        lines = [f"| {_named(name)} | {number} |" for name, number in summed.most_common()]
        parts += [f"## By {title}", "\n".join(["| | |", "|---|--:|", *lines]) if lines else "None."]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path


def _named(name: str) -> str:
    return NAMES.get(name, name)


def _markdown(numbers: Numbers, categories: tuple[str, ...]) -> str:
    cells: Counter[tuple[int, str]] = Counter()
    for kind, number in numbers.items():
        cells[(kind.day.month, kind.category)] += number
    lines = [f"| | {' | '.join(map(_named, categories))} | all |", f"|---|{'--:|' * (len(categories) + 1)}"]
    for month, name in enumerate(MONTHS, 1):
        row = [cells[(month, category)] for category in categories]
        lines.append(f"| {name} | {' | '.join(map(str, row))} | {sum(row)} |")
    sums = [sum(cells[(month, category)] for month in range(1, 13)) for category in categories]
    return "\n".join([*lines, f"| all | {' | '.join(map(str, sums))} | {sum(sums)} |"])


def _plot(numbers: Numbers, of: Callable[[Referral], str], names: tuple[str, ...], title: str, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    figure, axes = plt.subplots(figsize=(8, 4.5))
    colors = plt.get_cmap("tab10").colors
    below = [0] * len(MONTHS)
    for color, name in zip(colors, names, strict=False):
        heights = [0] * len(MONTHS)
        for kind, number in numbers.items():
            if of(kind) == name:
                heights[kind.day.month - 1] += number
        axes.bar(MONTHS, heights, bottom=below, label=_named(name), color=color)
        below = [under + height for under, height in zip(below, heights, strict=True)]
    axes.set_ylabel("crisis replies shown in the month")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, max(*below, 1) * 1.05)
    axes.set_title(title)
    axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
