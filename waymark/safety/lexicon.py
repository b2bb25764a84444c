"""Reads a crisis lexicon: its words, rules, guards, raises and signs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from waymark.safety.notation import Compiler, LexiconError, Pattern, lines_of
from waymark.safety.text import Spelling, english_counts

Category = Literal["suicide", "self_harm", "danger", "sexual_assault", "child_abuse", "harm_to_others", "medical"]
Tier = Literal["concern", "high", "immediate"]
About = Literal["self", "other"]
Language = Literal["en", "es"]

CATEGORIES: tuple[Category, ...] = get_args(Category)
TIERS: tuple[Tier, ...] = get_args(Tier)

_WHERE = ("before", "after", "over", "clause", "message")


@dataclass(frozen=True)
class Rule:
    """Words that make a finding."""

    id: str
    category: Category
    tier: Tier
    about: About | Literal["subject", "victim", "clause"]
    patterns: tuple[Pattern, ...]
    needs: tuple[str, ...] = ()
    ignores: frozenset[str] = frozenset()
    not_by_visitor: bool = False


@dataclass(frozen=True)
class Guard:
    """Words that explain a finding away, or lower it."""

    id: str
    kind: str
    lowers: tuple[str, ...]
    where: str
    to: Tier | None
    patterns: tuple[Pattern, ...]
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    but_not: tuple[Pattern, ...] = ()

    def covers(self, rule: Rule) -> bool:
        """Tell whether the guard may lower a finding of this rule."""
        if self.kind in rule.ignores or self.id in rule.ignores:
            return False
        return any(name in ("all", rule.category) or _is_under(rule.id, name) for name in self.lowers)


@dataclass(frozen=True)
class Raise:
    """Words that make a finding of the same message more urgent."""

    id: str
    categories: tuple[Category, ...]
    at_least: Tier
    tier: Tier
    signs: tuple[str, ...]
    becomes: Category | None = None
    about: About | None = None
    spares: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lexicon:
    """The crisis words of one language, ready to match."""

    language: Language
    spelling: Spelling
    rules: tuple[Rule, ...]
    guards: tuple[Guard, ...]
    raises: tuple[Raise, ...]
    signs: Mapping[str, tuple[Pattern, ...]]
    negators: frozenset[str]
    subjects: Mapping[str, frozenset[str]]
    keywords: frozenset[str]
    words: frozenset[str]
    common: frozenset[str]
    index: Mapping[str, tuple[tuple[Rule, Pattern], ...]] = field(repr=False)


def _is_under(rule_id: str, name: str) -> bool:
    return rule_id == name or rule_id.startswith(f"{name}.")


def load_lexicon(path: Path, also_known: Iterable[str] = ()) -> Lexicon:
    """Read and compiles one lexicon.

    Args:
        path: A YAML file in the format explained at the top of `data/crisis/lexicon.yml`.
        also_known: Words of other lexicons, which are no typos in this one.

    Returns:
        The compiled lexicon.

    Raises:
        LexiconError: If the file cannot be read or an entry cannot be compiled; the message says which.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError) as error:
        raise LexiconError(f"{path}: cannot be read ({error}); restore it from the repository") from error
    if not isinstance(raw, dict):
        raise LexiconError(f"{path}: is not a mapping; see the explanation at its top")
    return _Loader(path, raw, frozenset(also_known)).lexicon()


def words_of(path: Path) -> frozenset[str]:
    """Return every word written in a lexicon file, for use as words known in another language."""
    return frozenset(re.findall(r"[^\W\d_]{3,}", path.read_text(encoding="utf-8")))


class _Loader:
    """Builds a `Lexicon` from what the YAML file says."""

    def __init__(self, path: Path, raw: dict[str, Any], also_known: frozenset[str]) -> None:
        self._path = path
        self._raw = raw
        self._also_known = also_known
        self._forms: dict[str, str] = {key: f"{key} {value or ''}" for key, value in raw.get("forms", {}).items()}
        self._replacements: dict[str, str] = {
            wrong: str(right) for right, all_wrong in raw.get("spellings", {}).items() for wrong in all_wrong.split()
        }
        self._joins: dict[str, str] = {
            part.strip(): str(right) for right, wrong in raw.get("joins", {}).items() for part in wrong.split("|")
        }
        self._fillers = set(str(raw.get("fillers", "")).split())
        self._past = {form for line in raw.get("past_forms", "").split() for form in line.split()}
        self._plain_words: set[str] = set()
        draft = Spelling((), self._replacements, self._joins, self._fillers, (), (), {}, self._past)
        self._negators = frozenset(str(raw.get("negators", "")).split())

        def plain(text: str) -> tuple[str, ...]:
            words = draft.phrase(text)
            self._plain_words.update(words)
            return words

        self._compiler = Compiler(raw.get("classes", {}), self._forms, self._negators, plain)

    def lexicon(self) -> Lexicon:
        rules = tuple(rule for rules in self._each("rules", self._rules) for rule in rules)
        guards = self._each("guards", self._guard)
        raises = self._each("raises", self._raise)
        signs = {name: self._patterns(name, block) for name, block in self._raw.get("signs", {}).items()}
        for entry in (*rules, *guards, *raises):
            named = entry.signs if isinstance(entry, Raise) else entry.needs
            named += entry.unless if isinstance(entry, Guard) else ()
            for name in named:
                if name not in signs:
                    raise self._error(entry.id, f"there is no sign '{name}'; add it under signs")
        words = frozenset(self._plain_words | {form for forms in self._forms.values() for form in forms.split()})
        strong = frozenset(str(self._raw.get("strong", "")).split())
        common = frozenset(str(self._raw.get("common", "")).split())
        known = frozenset(english_counts()) | words | common | self._also_known
        known |= frozenset(str(self._raw.get("not_typos", "")).split())
        spelling = Spelling(
            words, self._replacements, self._joins, self._fillers, known, strong, english_counts(), self._past, common
        )
        index: dict[str, list[tuple[Rule, Pattern]]] = {}
        for rule in rules:
            for pattern in rule.patterns:
                entry = (rule, pattern)
                for word in pattern.anchors[0]:
                    index.setdefault(word, []).append(entry)
        subjects = {who: frozenset(str(names).split()) for who, names in self._raw.get("subjects", {}).items()}
        return Lexicon(
            language=self._raw["language"],
            spelling=spelling,
            rules=rules,
            guards=guards,
            raises=raises,
            signs=signs,
            negators=self._negators,
            subjects=subjects,
            keywords=words | frozenset(self._replacements) | strong,
            words=words,
            common=common,
            index={word: tuple(entries) for word, entries in index.items()},
        )

    def _each(self, section: str, build: Callable[[dict[str, Any]], Any]) -> tuple[Any, ...]:
        built: list[Any] = []
        seen: set[str] = set()
        for entry in self._raw.get(section, []):
            if not isinstance(entry, dict) or "id" not in entry:
                raise self._error(section, "an entry has no id; give it one")
            if entry["id"] in seen:
                raise self._error(entry["id"], "the id is used twice; rename one")
            seen.add(entry["id"])
            try:
                built.append(build(entry))
            except (KeyError, TypeError) as error:
                raise self._error(entry["id"], f"lacks {error}; see the top of the file") from error
        return tuple(built)

    def _rules(self, entry: dict[str, Any]) -> list[Rule]:
        """Build a rule; one about a victim is split into the visitor, somebody else, and whoever is named."""
        if entry.get("about") != "victim":
            return [self._rule(entry)]
        lines = entry["patterns"].splitlines()
        named = "\n".join(line for line in lines if "{victim}" in line)
        mine = {**entry, "about": "self", "patterns": named.replace("{victim}", "{me}")}
        theirs = {**entry, "about": "other", "patterns": named.replace("{victim}", "{them}")}
        rest = {**entry, "patterns": "\n".join(line for line in lines if "{victim}" not in line)}
        return [self._rule(mine), replace(self._rule(theirs), not_by_visitor=True), self._rule(rest)]

    def _rule(self, entry: dict[str, Any]) -> Rule:
        if entry["category"] not in CATEGORIES:
            raise self._error(entry["id"], f"no category '{entry['category']}'; use one of {', '.join(CATEGORIES)}")
        rule = Rule(
            id=entry["id"],
            category=entry["category"],
            tier=self._tier(entry["id"], entry["tier"]),
            about=entry.get("about", "subject"),
            patterns=self._patterns(entry["id"], entry["patterns"]),
            needs=_names(entry.get("needs")),
            ignores=frozenset(_names(entry.get("ignores"))),
        )
        for pattern in rule.patterns:
            if not pattern.anchors:
                raise self._error(rule.id, f"'{pattern.source}' has no word that must be said; add one")
        return rule

    def _guard(self, entry: dict[str, Any]) -> Guard:
        if entry["where"] not in _WHERE:
            raise self._error(entry["id"], f"where is '{entry['where']}'; use one of {', '.join(_WHERE)}")
        to = entry.get("to", "none")
        return Guard(
            id=entry["id"],
            kind=entry["kind"],
            lowers=_names(entry["lowers"]),
            where=entry["where"],
            to=None if to == "none" else self._tier(entry["id"], to),
            patterns=self._patterns(entry["id"], entry["patterns"]),
            needs=_names(entry.get("needs")),
            unless=_names(entry.get("unless")),
            but_not=self._patterns(entry["id"], entry.get("but_not", "")),
        )

    def _raise(self, entry: dict[str, Any]) -> Raise:
        categories: tuple[Any, ...] = _names(entry["categories"])
        return Raise(
            id=entry["id"],
            categories=categories,
            at_least=self._tier(entry["id"], entry["at_least"]),
            tier=self._tier(entry["id"], entry["tier"]),
            signs=_names(entry["signs"]),
            becomes=entry.get("becomes"),
            about=entry.get("about"),
            spares=_names(entry.get("spares")),
        )

    def _tier(self, entry_id: str, name: Any) -> Tier:
        for tier in TIERS:
            if tier == name:
                return tier
        raise self._error(entry_id, f"no tier '{name}'; use one of {', '.join(TIERS)}")

    def _patterns(self, entry_id: str, block: str) -> tuple[Pattern, ...]:
        patterns: list[Pattern] = []
        for line in lines_of(block):
            try:
                patterns.append(self._compiler.compile(line))
            except (LexiconError, ValueError) as error:
                raise self._error(entry_id, f"'{line}': {error}") from error
        return tuple(patterns)

    def _error(self, entry_id: str, what: str) -> LexiconError:
        return LexiconError(f"{self._path}: {entry_id}: {what}")


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(value).split()) if value else ()
