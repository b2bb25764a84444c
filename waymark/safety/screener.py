"""Screens a message for a crisis, before anything else is done with it.

A rule layer over the lexicons in `data/crisis/`: rules find, guards lower what they explain, raises make a
finding more urgent for what is said beside it. Every clause of a message is read and the worst finding counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from waymark.safety.lexicon import (
    CATEGORIES,
    TIERS,
    About,
    Category,
    Guard,
    Language,
    Lexicon,
    LexiconError,
    Pattern,
    Rule,
    Tier,
    load_lexicon,
    words_of,
)
from waymark.safety.text import Unmasker, clauses, clean, english_counts

__all__ = ["CATEGORIES", "TIERS", "About", "Category", "Finding", "LexiconError", "Screener", "Tier", "severity"]

SEVERITY: tuple[Category, ...] = (
    "medical",
    "suicide",
    "danger",
    "child_abuse",
    "sexual_assault",
    "self_harm",
    "harm_to_others",
)
"""Which category counts when tiers tie, worst first: what can kill soonest, and the visitor's life first."""

_LEXICONS = ("lexicon.yml", "lexicon_es.yml")
_ABOUT_REACH = 10


@dataclass(frozen=True)
class Finding:
    """What was noticed in a message. Holds no word of the message."""

    category: Category
    tier: Tier
    about: About
    reasons: tuple[str, ...]
    language: Language

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values, fit for JSON and for a message's metadata."""
        return asdict(self) | {"reasons": list(self.reasons)}


def severity(finding: Finding | None) -> int:
    """Returns a number that is larger the worse a finding is; 0 for none.

    The tier counts first, then the category in the order of `SEVERITY`, then the visitor before others.
    """
    if finding is None:
        return 0
    rank = len(SEVERITY) - SEVERITY.index(finding.category)
    return 100 * (1 + TIERS.index(finding.tier)) + 2 * rank + (finding.about == "self")


class Screener:
    """Finds the worst crisis sign in a message. Holds no state between messages."""

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        """Prepares the lexicons; `load` is the usual way in."""
        keywords = {word for lexicon in lexicons for word in lexicon.keywords}
        self._lexicons = tuple(lexicons)
        self._unmasker = Unmasker(keywords, keywords | set(english_counts()))
        self._guards: dict[int, tuple[Guard, ...]] = {
            id(rule): tuple(guard for guard in lexicon.guards if guard.covers(rule))
            for lexicon in lexicons
            for rule in lexicon.rules
        }

    @classmethod
    def load(cls, folder: Path) -> Screener:
        """Reads and compiles the lexicons of a folder.

        Args:
            folder: The folder that holds `lexicon.yml` (English) and `lexicon_es.yml` (Spanish).

        Returns:
            A screener, ready to use.

        Raises:
            LexiconError: If a lexicon is missing or has a fault; the message says where.
        """
        paths = [folder / name for name in _LEXICONS]
        for path in paths:
            if not path.is_file():
                raise LexiconError(f"{path}: not found; restore it from the repository")
        words = {path: words_of(path) for path in paths}
        return cls([load_lexicon(path, frozenset().union(*(words[p] for p in paths if p != path))) for path in paths])

    def screen(self, text: str) -> Finding | None:
        """Returns the worst finding of a message, or None.

        Args:
            text: The message as it was typed, of any length.

        Returns:
            The finding, with the ids of the rules, guards and raises behind it.
        """
        return max(self.findings(text), key=severity, default=None)

    def findings(self, text: str) -> list[Finding]:
        """Returns every finding of a message, in the order found."""
        parts = list(dict.fromkeys(clauses(self._unmasker.plain(clean(text)))))
        found: list[Finding] = []
        for lexicon in self._lexicons:
            found += _Reading(lexicon, self._lexicons, self._guards, parts).findings()
        return found


class _Reading:
    """One message read with one lexicon."""

    def __init__(
        self,
        lexicon: Lexicon,
        lexicons: Sequence[Lexicon],
        guards: dict[int, tuple[Guard, ...]],
        parts: Sequence[str],
    ) -> None:
        self._lexicon = lexicon
        self._guards = guards
        others = [other for other in lexicons if other is not lexicon]
        self._clauses: list[tuple[tuple[str, ...], frozenset[str]]] = []
        for part in parts:
            chunks = part.split()
            mine = sum(chunk in lexicon.common for chunk in chunks)
            theirs = max((sum(chunk in other.common for chunk in chunks) for other in others), default=0)
            words = lexicon.spelling.words(part, correct=mine >= theirs)
            self._clauses.append((words, frozenset(words)))
        self._signs: dict[str, bool] = {}

    def findings(self) -> list[Finding]:
        found: list[Finding] = []
        for words, said in self._clauses:
            for rule, pattern in self._candidates(said):
                for start, end in pattern.spans(words):
                    finding = self._judge(rule, pattern, words, said, start, end)
                    if finding is not None and finding not in found:
                        found.append(finding)
        return found

    def _candidates(self, said: frozenset[str]) -> list[tuple[Rule, Pattern]]:
        index = self._lexicon.index
        seen: dict[int, tuple[Rule, Pattern]] = {}
        for word in said:
            for entry in index.get(word, ()):
                if id(entry[1]) not in seen and entry[1].may_match(said):
                    seen[id(entry[1])] = entry
        return sorted(seen.values(), key=lambda entry: entry[0].id)

    def _judge(
        self, rule: Rule, found: Pattern, words: tuple[str, ...], said: frozenset[str], start: int, end: int
    ) -> Finding | None:
        if rule.not_by_visitor and self._subject(words, start) == "self":
            return None
        if not all(self._sign(name) for name in rule.needs):
            return None
        tier: Tier = rule.tier
        category: Category = rule.category
        about = self._about(rule, words, start, end)
        reasons = [rule.id]
        for guard in self._guards[id(rule)]:
            if guard.to is not None and TIERS.index(guard.to) >= TIERS.index(tier):
                continue
            if self._holds(guard, found, words, said, start, end):
                if guard.to is None:
                    return None
                tier = guard.to
                reasons.append(guard.id)
        for more in self._lexicon.raises:
            if category not in more.categories or rule.id in more.spares or TIERS.index(tier) < TIERS.index(more.at_least):
                continue
            if (more.about or about) != about or (more.becomes is None and more.tier == tier):
                continue
            if any(self._sign(name) for name in more.signs):
                tier = max(tier, more.tier, key=TIERS.index)
                category = more.becomes or category
                reasons.append(more.id)
        return Finding(category, tier, about, tuple(reasons), self._lexicon.language)

    def _holds(
        self, guard: Guard, found: Pattern, words: tuple[str, ...], said: frozenset[str], start: int, end: int
    ) -> bool:
        ends = found.ends_from(words, start) if guard.where == "after" else {end}
        if not any(
            self._fits(guard.where, pattern, words, said, start, stop) for pattern in guard.patterns for stop in ends
        ):
            return False
        if any(pattern.may_match(said) and pattern.spans(words) for pattern in guard.but_not):
            return False
        if not all(self._sign(name) for name in guard.needs):
            return False
        return not any(self._sign(name) for name in guard.unless)

    def _fits(
        self, where: str, pattern: Pattern, words: tuple[str, ...], said: frozenset[str], start: int, end: int
    ) -> bool:
        if where == "message":
            return self._anywhere(pattern)
        if not pattern.may_match(said):
            return False
        if where == "before":
            return pattern.ends_at(words, start)
        if where == "after":
            return pattern.starts_at(words, end)
        if where == "over":
            return any(begin < end and start < stop for begin, stop in pattern.spans(words))
        return bool(pattern.spans(words))

    def _sign(self, name: str) -> bool:
        """Tells whether a sign is somewhere in the message, and not right after a negation."""
        if name not in self._signs:
            negators = self._lexicon.negators
            self._signs[name] = any(
                pattern.may_match(said)
                and any(start == 0 or words[start - 1] not in negators for start, _ in pattern.spans(words))
                for pattern in self._lexicon.signs[name]
                for words, said in self._clauses
            )
        return self._signs[name]

    def _anywhere(self, pattern: Pattern) -> bool:
        return any(pattern.may_match(said) and pattern.spans(words) for words, said in self._clauses)

    def _about(self, rule: Rule, words: tuple[str, ...], start: int, end: int) -> About:
        if rule.about == "victim":
            return self._victim(words, start, end)
        if rule.about != "subject":
            return rule.about
        subjects = self._lexicon.subjects
        for at in range(start, end):
            if words[at] in subjects["other_inside"]:
                return "other"
            if words[at] in subjects["self_inside"]:
                return "other" if self._is_quoted(words, at) else "self"
        return self._subject(words, start) or ("other" if words[start] in subjects["third_verbs"] else "self")

    def _victim(self, words: tuple[str, ...], start: int, end: int) -> About:
        """Returns who is hurt when the pattern does not say: "i was raped", "she was", "hit her face"."""
        subjects = self._lexicon.subjects
        inside = words[start:end]
        if not subjects["self_object"].isdisjoint(inside) or inside[0] in subjects["self"]:
            return "self"
        if not subjects["other_object"].isdisjoint(inside):
            return "other"
        for at in range(start, end - 1):
            if words[at] in subjects["self_owner"] and not subjects["other"].isdisjoint(words[at + 1 : at + 3]):
                return "other"
        return "other" if inside[0] in subjects["other"] and subjects["self_owner"].isdisjoint(inside) else "self"

    def _is_quoted(self, words: tuple[str, ...], at: int) -> bool:
        """Tells whether the nearest "I" at or before a place is somebody else's words."""
        for place in range(at, max(-1, at - 6), -1):
            if words[place] in self._lexicon.subjects["quoted"]:
                return self._is_reported(words, place)
        return False

    def _subject(self, words: tuple[str, ...], start: int) -> About | None:
        """Returns who the nearest subject before a place is."""
        subjects = self._lexicon.subjects
        for at in range(start - 1, max(-1, start - 1 - _ABOUT_REACH), -1):
            if words[at] in subjects["self"]:
                return "other" if self._is_reported(words, at) else "self"
            if words[at] in subjects["other"]:
                return "other"
        return None

    def _is_reported(self, words: tuple[str, ...], at: int) -> bool:
        """Tells whether an "I" is somebody else's: "my friend texted me: I want to die"."""
        subjects = self._lexicon.subjects
        before = words[max(0, at - 7) : at]
        verbs = [place for place, word in enumerate(before) if word in subjects["report_verbs"]]
        if not verbs or len(before) - verbs[-1] > 4:
            return False
        for word in reversed(before[: verbs[-1]]):
            if word in subjects["other"]:
                return True
            if word in subjects["self"]:
                return False
        return False
