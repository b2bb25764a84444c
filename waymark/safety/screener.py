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
    Rule,
    Tier,
    load_lexicon,
    words_of,
)
from waymark.safety.notation import LexiconError, Pattern
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

SET_ASIDE_BY = ("denial.", "past.")
"""Guards whose findings are remembered though they are explained: a denial or a past, but no figure of speech."""

LEARNED = "learned"
"""The reason that the trained layer gives; rules give their ids."""

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
        """Return plain values, fit for JSON and for a message's metadata."""
        return asdict(self) | {"reasons": list(self.reasons)}


def severity(finding: Finding | None) -> int:
    """Return a number that is larger the worse a finding is; 0 for none.

    The tier counts first, then the category in the order of `SEVERITY`, then the visitor before others.
    """
    if finding is None:
        return 0
    return _weight(TIERS.index(finding.tier), _rank(finding.category), finding.about == "self")


def _rank(category: Category) -> int:
    return len(SEVERITY) - SEVERITY.index(category)


def _potential(rule: Rule, lexicon: Lexicon) -> int:
    """Return the most a finding of a rule can weigh, when everything is said that raises it."""
    tier, rank = TIERS.index(rule.tier), _rank(rule.category)
    for more in lexicon.raises:
        if rule.category in more.categories and rule.id not in more.spares:
            tier = max(tier, TIERS.index(more.tier))
            rank = max(rank, _rank(more.becomes or rule.category))
    return _weight(tier, rank, True)


def _weight(tier: int, rank: int, is_visitor: bool) -> int:
    return 100 * (1 + tier) + 2 * rank + is_visitor


class Screener:
    """Finds the worst crisis sign in a message. Holds no state between messages."""

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        """Prepare the lexicons; `load` is the usual way in."""
        keywords = {word for lexicon in lexicons for word in lexicon.keywords}
        self._lexicons = tuple(lexicons)
        self._unmasker = Unmasker(keywords, keywords | set(english_counts()))
        self._guards: dict[int, tuple[Guard, ...]] = {
            id(rule): tuple(guard for guard in lexicon.guards if guard.covers(rule))
            for lexicon in lexicons
            for rule in lexicon.rules
        }
        self._potentials = {id(rule): _potential(rule, lexicon) for lexicon in lexicons for rule in lexicon.rules}

    @classmethod
    def load(cls, folder: Path) -> Screener:
        """Read and compiles the lexicons of a folder.

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
        """Return the worst finding of a message, or None.

        Args:
            text: The message as it was typed, of any length.

        Returns:
            The finding, with the ids of the rules, guards and raises behind it.
        """
        return self.look(text)[0]

    def look(self, text: str) -> tuple[Finding | None, Finding | None]:
        """Return the worst finding of a message and, where it has none, what a denial or a past explained away."""
        worst: Finding | None = None
        aside: Finding | None = None
        for reading in self._readings(text):
            worst = reading.worst(worst)
            aside = max(aside, reading.aside, key=severity)
        return worst, None if worst else aside

    def findings(self, text: str) -> list[Finding]:
        """Return every finding of a message, in the order found."""
        return [finding for reading in self._readings(text) for finding in reading.findings()]

    def _readings(self, text: str) -> list[_Reading]:
        parts = list(dict.fromkeys(clauses(self._unmasker.plain(clean(text)))))
        return [_Reading(lexicon, self._lexicons, self._guards, self._potentials, parts) for lexicon in self._lexicons]


class _Clause:
    """The words of a clause, and where patterns were found in it."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words
        self.said = frozenset(words)
        self._spans: dict[int, list[tuple[int, int]]] = {}

    def spans(self, pattern: Pattern) -> list[tuple[int, int]]:
        """Return where a pattern matches; looked up once."""
        if not pattern.may_match(self.said):
            return []
        key = id(pattern)
        if key not in self._spans:
            self._spans[key] = pattern.spans(self.words)
        return self._spans[key]


class _Reading:
    """One message read with one lexicon."""

    def __init__(
        self,
        lexicon: Lexicon,
        lexicons: Sequence[Lexicon],
        guards: dict[int, tuple[Guard, ...]],
        potentials: dict[int, int],
        parts: Sequence[str],
    ) -> None:
        self._lexicon = lexicon
        self._guards = guards
        self._potentials = potentials
        others = [other for other in lexicons if other is not lexicon]
        self._clauses: list[_Clause] = []
        for part in parts:
            chunks = part.split()
            mine = sum(chunk in lexicon.common for chunk in chunks)
            theirs = max((sum(chunk in other.common for chunk in chunks) for other in others), default=0)
            self._clauses.append(_Clause(lexicon.spelling.words(part, correct=mine >= theirs)))
        self._signs: dict[str, bool] = {}
        self.aside: Finding | None = None
        """The worst that a guard of `SET_ASIDE_BY` explained away so far, as `concern`."""

    def findings(self) -> list[Finding]:
        """Return every finding once."""
        judged = (
            self._judge(rule, pattern, clause, start, end)
            for rule, pattern, clause in self._candidates()
            for start, end in clause.spans(pattern)
        )
        return list(dict.fromkeys(finding for finding in judged if finding is not None))

    def worst(self, worst: Finding | None) -> Finding | None:
        """Return the worst finding, or the one given; a rule that could not be worse is not tried."""
        judged: set[tuple[int, int, int, int]] = set()
        for rule, pattern, clause in sorted(self._candidates(), key=lambda found: -self._potentials[id(found[0])]):
            if self._potentials[id(rule)] <= severity(worst):
                break
            for start, end in clause.spans(pattern):
                hit = (id(rule), id(clause), start, end)
                if hit not in judged:
                    judged.add(hit)
                    worst = max(worst, self._judge(rule, pattern, clause, start, end), key=severity)
        return worst

    def _candidates(self) -> list[tuple[Rule, Pattern, _Clause]]:
        """Return the patterns whose words were said, with the clause they were said in."""
        index = self._lexicon.index
        found: list[tuple[Rule, Pattern, _Clause]] = []
        for clause in self._clauses:
            entries = {id(entry): entry for word in clause.said for entry in index.get(word, ())}
            found += [(rule, pattern, clause) for rule, pattern in entries.values() if pattern.may_match(clause.said)]
        return found

    def _judge(self, rule: Rule, found: Pattern, clause: _Clause, start: int, end: int) -> Finding | None:
        if rule.not_by_visitor and self._subject(clause.words, start) == "self":
            return None
        if not all(self._sign(name) for name in rule.needs):
            return None
        tier: Tier = rule.tier
        reasons = [rule.id]
        for guard in self._guards[id(rule)]:
            if guard.to is not None and TIERS.index(guard.to) >= TIERS.index(tier):
                continue
            if self._holds(guard, found, clause, start, end):
                if guard.to is None:
                    if guard.id.startswith(SET_ASIDE_BY):
                        about = self._about(rule, clause.words, start, end)
                        aside = Finding(rule.category, "concern", about, (rule.id, guard.id), self._lexicon.language)
                        self.aside = max(self.aside, aside, key=severity)
                    return None
                tier = guard.to
                reasons.append(guard.id)
        about = self._about(rule, clause.words, start, end)
        category: Category = rule.category
        for more in self._lexicon.raises:
            if category not in more.categories or rule.id in more.spares:
                continue
            if TIERS.index(tier) < TIERS.index(more.at_least) or (more.about or about) != about:
                continue
            if more.becomes is None and more.tier == tier:
                continue
            if any(self._sign(name) for name in more.signs):
                tier = max(tier, more.tier, key=TIERS.index)
                category = more.becomes or category
                reasons.append(more.id)
        return Finding(category, tier, about, tuple(reasons), self._lexicon.language)

    def _holds(self, guard: Guard, found: Pattern, clause: _Clause, start: int, end: int) -> bool:
        ends = found.ends_from(clause.words, start) if guard.where == "after" else {end}
        if not any(
            self._fits(guard.where, pattern, clause, start, stop) for pattern in guard.patterns for stop in ends
        ):
            return False
        if any(clause.spans(pattern) for pattern in guard.but_not):
            return False
        if not all(self._sign(name) for name in guard.needs):
            return False
        return not any(self._sign(name) for name in guard.unless)

    def _fits(self, where: str, pattern: Pattern, clause: _Clause, start: int, end: int) -> bool:
        if where == "message":
            return any(other.spans(pattern) for other in self._clauses)
        if where == "clause":
            return bool(clause.spans(pattern))
        if where == "over":
            return any(begin < end and start < stop for begin, stop in clause.spans(pattern))
        if not pattern.may_match(clause.said):
            return False
        return pattern.ends_at(clause.words, start) if where == "before" else pattern.starts_at(clause.words, end)

    def _sign(self, name: str) -> bool:
        """Tell whether a sign is somewhere in the message, and not right after a negation."""
        if name not in self._signs:
            negators = self._lexicon.negators
            self._signs[name] = any(
                start == 0 or clause.words[start - 1] not in negators
                for pattern in self._lexicon.signs[name]
                for clause in self._clauses
                for start, _ in clause.spans(pattern)
            )
        return self._signs[name]

    def _about(self, rule: Rule, words: tuple[str, ...], start: int, end: int) -> About:
        if rule.about == "victim":
            return self._victim(words, start, end)
        if rule.about == "clause":
            return self._anyone(words)
        if rule.about != "subject":
            return rule.about
        subjects = self._lexicon.subjects
        for at in range(start, end):
            if words[at] in subjects["other_inside"]:
                return "other"
            if words[at] in subjects["self_inside"]:
                return "other" if self._is_quoted(words, at) else "self"
        for at in range(start, end) if rule.category != "harm_to_others" else ():
            if words[at] in subjects["self_owner"]:
                return "other" if self._owns_person(words, at) else "self"
        if words[start] in subjects["other"] or words[start] in subjects["third_verbs"]:
            return self._subject(words, start + 1) or "other"
        return self._subject(words, start) or "self"

    def _owns_person(self, words: tuple[str, ...], at: int) -> bool:
        """Tell whether a "my" belongs to a person: "my best friend", but not "my arm"."""
        return not self._lexicon.subjects["other"].isdisjoint(words[at + 1 : at + 3])

    def _anyone(self, words: tuple[str, ...]) -> About:
        """Return "self" when the visitor is in the clause other than as the one who tells."""
        subjects = self._lexicon.subjects
        for at, word in enumerate(words):
            if word in subjects["self_inside"]:
                if at + 1 == len(words) or words[at + 1] not in subjects["thinking"]:
                    return "self"
            elif word in subjects["self_owner"] and not self._owns_person(words, at):
                return "self"
        return "other" if not subjects["other"].isdisjoint(words) else "self"

    def _victim(self, words: tuple[str, ...], start: int, end: int) -> About:
        """Return who is hurt when the pattern does not say: "i was raped", "she was", "hit her face"."""
        subjects = self._lexicon.subjects
        inside = words[start:end]
        if not subjects["self_object"].isdisjoint(inside) or inside[0] in subjects["self"]:
            return "self"
        if not subjects["other_object"].isdisjoint(inside):
            return "other"
        if any(words[at] in subjects["self_owner"] and self._owns_person(words, at) for at in range(start, end)):
            return "other"
        if not subjects["self_owner"].isdisjoint(inside):
            return "self"
        return "other" if inside[0] in subjects["other"] else self._subject(words, start) or "self"

    def _is_quoted(self, words: tuple[str, ...], at: int) -> bool:
        """Tell whether the nearest "I" at or before a place is somebody else's words."""
        for place in range(at, max(-1, at - 6), -1):
            if words[place] in self._lexicon.subjects["quoted"]:
                return self._is_reported(words, place)
        return False

    def _subject(self, words: tuple[str, ...], start: int) -> About | None:
        """Return who the nearest subject before a place is."""
        subjects = self._lexicon.subjects
        for at in range(start - 1, max(-1, start - 1 - _ABOUT_REACH), -1):
            if words[at] in subjects["self"]:
                return "other" if self._is_reported(words, at) else "self"
            if words[at] in subjects["other"]:
                return "other"
        return None

    def _is_reported(self, words: tuple[str, ...], at: int) -> bool:
        """Tell whether an "I" is somebody else's: "my friend texted me: I want to die"."""
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
