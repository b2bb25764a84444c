"""The trained layer can raise what the rules found and never lowers it."""

from __future__ import annotations

import pytest

from waymark.safety.learned import join
from waymark.safety.screener import Finding

CONCERN = Finding("suicide", "concern", "self", ("rule",), "en")
IMMEDIATE = Finding("danger", "immediate", "self", ("rule",), "en")
LEARNED_HIGH = Finding("danger", "high", "other", ("learned",), "en")


@pytest.mark.parametrize(
    ("by_rule", "learned", "tier", "category"),
    [
        (None, None, None, None),
        (CONCERN, None, "concern", "suicide"),
        (None, LEARNED_HIGH, "high", "danger"),
        (CONCERN, LEARNED_HIGH, "high", "suicide"),
        (IMMEDIATE, LEARNED_HIGH, "immediate", "danger"),
    ],
)
def test_join(by_rule: Finding | None, learned: Finding | None, tier: str | None, category: str | None) -> None:
    joined = join(by_rule, learned)
    assert (joined and joined.tier, joined and joined.category) == (tier, category)


def test_both_reasons_are_kept() -> None:
    joined = join(CONCERN, LEARNED_HIGH)
    assert joined is not None
    assert joined.reasons == ("rule", "learned")
