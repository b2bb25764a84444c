"""Reads a crisis lexicon and compiles its phrase notation.

The notation is explained at the top of `data/crisis/lexicon.yml`. A compiled pattern walks over words and
keeps a set of places it may have reached, so the time it takes is bounded by its length times the length of
the clause, whatever a visitor types. Each pattern also knows words it cannot match without; the screener
looks at a pattern only when one of them was said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from waymark.safety.text import Spelling, english_counts

Category = Literal["suicide", "self_harm", "danger", "sexual_assault", "child_abuse", "harm_to_others", "medical"]
Tier = Literal["concern", "high", "immediate"]
About = Literal["self", "other"]
Language = Literal["en", "es"]

CATEGORIES: tuple[Category, ...] = get_args(Category)
TIERS: tuple[Tier, ...] = get_args(Tier)

_WHERE = ("before", "after", "over", "clause", "message")
_RARE = 1_000
_COMMON = 10**9


class LexiconError(ValueError):
    """A lexicon that cannot be used; the message names the file and entry and says what to change."""


# --- The notation -----------------------------------------------------------------------------------------


class _Node:
    """A part of a pattern."""

    firsts: frozenset[str] | None = None
    """Words it can begin with; None where that is open."""
    anchors: tuple[frozenset[str], ...] = ()
    """Sets of words; a match holds at least one word of each."""
    optional = False

    def ends(self, words: tuple[str, ...], at: int) -> Iterable[int]:
        """Returns every place where a match that begins at `at` may end."""
        raise NotImplementedError


class _OneOf(_Node):
    """Any of some words and phrases."""

    def __init__(self, options: Sequence[_Node | tuple[str, ...]]) -> None:
        self._words: set[str] = set()
        self._phrases: dict[str, list[tuple[str, ...]]] = {}
        self._others: list[_Node] = []
        for option in options:
            self._add(option)
        firsts: set[str] | None = set(self._words) | set(self._phrases)
        anchor: set[str] | None = set(self._words)
        if anchor is not None:
            anchor.update(_rarest(phrase) for phrases in self._phrases.values() for phrase in phrases)
        for other in self._others:
            firsts = None if firsts is None or other.firsts is None else firsts | other.firsts
            anchor = None if anchor is None or not other.anchors else anchor | other.anchors[0]
        self.firsts = None if firsts is None else frozenset(firsts)
        self.anchors = () if anchor is None else (frozenset(anchor),)
        if len(options) == 1 and self._others:
            self.anchors = self._others[0].anchors
        self._open = tuple(other for other in self._others if other.optional)
        self.optional = bool(self._open)

    def _add(self, option: _Node | tuple[str, ...]) -> None:
        if isinstance(option, _OneOf):
            self._words |= option._words
            for first, phrases in option._phrases.items():
                self._phrases.setdefault(first, []).extend(phrases)
            self._others += option._others
        elif isinstance(option, _Node):
            self._others.append(option)
        elif len(option) == 1:
            self._words.add(option[0])
        else:
            self._phrases.setdefault(option[0], []).append(option)

    def only_phrase(self) -> tuple[str, ...] | None:
        """Returns the words when there is one choice only, else None."""
        choices = [(word,) for word in self._words] + [p for phrases in self._phrases.values() for p in phrases]
        return choices[0] if len(choices) == 1 and not self._others else None

    def ends(self, words: tuple[str, ...], at: int) -> Iterable[int]:
        if at >= len(words):
            return [end for other in self._open for end in other.ends(words, at)]
        word = words[at]
        found: list[int] = []
        if word in self._words:
            found.append(at + 1)
        for phrase in self._phrases.get(word, ()):
            if words[at : at + len(phrase)] == phrase:
                found.append(at + len(phrase))
        for other in self._others:
            if other.optional or other.firsts is None or word in other.firsts:
                found.extend(other.ends(words, at))
        return found


class _Sequence(_Node):
    """Parts that follow one another."""

    def __init__(self, parts: Sequence[_Node]) -> None:
        self._parts = tuple(parts)
        firsts: set[str] | None = set()
        for part in self._parts:
            firsts = None if part.firsts is None or firsts is None else firsts | part.firsts
            if firsts is None or not part.optional:
                break
        self.firsts = None if firsts is None else frozenset(firsts)
        required = [anchor for part in self._parts if not part.optional for anchor in part.anchors]
        self.anchors = tuple(sorted(required, key=_cost))
        self.optional = all(part.optional for part in self._parts)

    def ends(self, words: tuple[str, ...], at: int) -> Iterable[int]:
        places = {at}
        for part in self._parts:
            places = {end for place in places for end in part.ends(words, place)}
            if not places:
                return ()
        return places


class _Optional(_Node):
    """A part that may be left out."""

    optional = True

    def __init__(self, part: _Node) -> None:
        self._part = part
        self.firsts = part.firsts

    def ends(self, words: tuple[str, ...], at: int) -> Iterable[int]:
        return (at, *self._part.ends(words, at))


class _Gap(_Node):
    """Up to so many words, none of them a negation."""

    optional = True

    def __init__(self, width: int, negators: frozenset[str]) -> None:
        self._width = width
        self._negators = negators

    def ends(self, words: tuple[str, ...], at: int) -> Iterable[int]:
        found = [at]
        for end in range(at, min(at + self._width, len(words))):
            if words[end] in self._negators:
                break
            found.append(end + 1)
        return found


class _AnyWord(_Node):
    """One word that is no negation."""

    def __init__(self, negators: frozenset[str]) -> None:
        self._negators = negators

    def ends(self, words: tuple[str, ...], at: int) -> Iterable[int]:
        return (at + 1,) if at < len(words) and words[at] not in self._negators else ()


class _Number(_Node):
    """A number in digits, or a year; number words are left to a class."""

    def __init__(self, is_year: bool) -> None:
        self._is_year = is_year

    def ends(self, words: tuple[str, ...], at: int) -> Iterable[int]:
        if at >= len(words) or not words[at].isdigit():
            return ()
        return (at + 1,) if not self._is_year or (len(words[at]) == 4 and words[at][:2] in ("19", "20")) else ()


class _Edge(_Node):
    """The beginning or the end of a clause."""

    firsts = frozenset()
    optional = True

    def __init__(self, at_start: bool) -> None:
        self._at_start = at_start

    def ends(self, words: tuple[str, ...], at: int) -> Iterable[int]:
        return (at,) if at == (0 if self._at_start else len(words)) else ()


def _cost(words: frozenset[str]) -> int:
    counts = english_counts()
    return sum(min(counts.get(word, _RARE), _COMMON) for word in words)


def _rarest(phrase: tuple[str, ...]) -> str:
    counts = english_counts()
    return min(phrase, key=lambda word: counts.get(word, _RARE))


class Pattern:
    """A phrase compiled for matching, or several that must all be said in a clause, in any order."""

    def __init__(self, source: str, nodes: Sequence[_Node]) -> None:
        """Keeps the source for error messages and the nodes for matching."""
        self.source = source
        self._nodes = tuple(nodes)
        anchors = sorted((anchor for node in nodes for anchor in node.anchors), key=_cost)
        self.anchors = tuple(anchors[: 2 + len(nodes)])

    def may_match(self, said: frozenset[str]) -> bool:
        """Tells whether every set of words the pattern needs is among those said."""
        return not any(anchor.isdisjoint(said) for anchor in self.anchors)

    def spans(self, words: tuple[str, ...]) -> list[tuple[int, int]]:
        """Returns where it matches: begin and furthest end, at most one for each beginning."""
        if len(self._nodes) == 1:
            return _spans(self._nodes[0], words)
        each = [_spans(node, words) for node in self._nodes]
        if not all(each):
            return []
        return [(min(spans[0][0] for spans in each), max(spans[0][1] for spans in each))]

    def ends_at(self, words: tuple[str, ...], end: int) -> bool:
        """Tells whether a match ends just before the word at `end`."""
        node = self._nodes[0]
        for at in range(end - 1, max(-1, end - 14), -1):
            if (node.firsts is None or words[at] in node.firsts) and end in node.ends(words, at):
                return True
        return False

    def ends_from(self, words: tuple[str, ...], at: int) -> set[int]:
        """Returns every place where a match that begins at `at` may end."""
        return {end for node in self._nodes for end in node.ends(words, at)}

    def starts_at(self, words: tuple[str, ...], at: int) -> bool:
        """Tells whether a match of one word or more begins at the word at `at`."""
        return any(end > at for end in self._nodes[0].ends(words, at))


def _spans(node: _Node, words: tuple[str, ...]) -> list[tuple[int, int]]:
    firsts = node.firsts
    found: list[tuple[int, int]] = []
    for at, word in enumerate(words):
        if firsts is not None and word not in firsts:
            continue
        end = max(node.ends(words, at), default=None)
        if end is not None and end > at:
            found.append((at, end))
    return found


class _Compiler:
    """Compiles the phrases of one lexicon."""

    def __init__(
        self,
        classes: Mapping[str, str],
        forms: Mapping[str, str],
        negators: frozenset[str],
        plain: Callable[[str], tuple[str, ...]],
    ) -> None:
        self._class_sources = classes
        self._forms = forms
        self._negators = negators
        self._plain = plain
        self._classes: dict[str, _Node] = {}
        self._open: list[str] = []

    def compile(self, source: str) -> Pattern:
        nodes: list[_Node] = []
        for part in source.split(" & "):
            parts, rest = self._sequence(_tokens(part))
            if rest is not None:
                raise LexiconError(f"unexpected '{rest}'; check the brackets")
            node = _Sequence(parts)
            if node.optional:
                raise LexiconError("matches nothing for certain; make one word of it required")
            nodes.append(node)
        return Pattern(source, nodes)

    def _sequence(self, tokens: list[str]) -> tuple[list[_Node], str | None]:
        parts: list[_Node] = []
        while tokens:
            token = tokens.pop(0)
            if token in (")", ")?", "|"):
                return parts, token
            parts += self._part(token, tokens)
        return parts, None

    def _part(self, token: str, tokens: list[str]) -> list[_Node]:
        if token == "(":
            group = self._group(tokens)
            return [group] if group is not None else []
        if token.startswith(".."):
            return [_Gap(3 if token == "..." else int(token[2:]), self._negators)]
        if token == "_":
            return [_AnyWord(self._negators)]
        if token in ("^", "$"):
            return [_Edge(token == "^")]
        node = self._alternatives(token.removesuffix("?").split("|"))
        if node is None:
            return []
        return [_Optional(node) if token.endswith("?") else node]

    def _group(self, tokens: list[str]) -> _Node | None:
        options: list[_Node | tuple[str, ...]] = []
        while True:
            parts, closing = self._sequence(tokens)
            if parts:
                options.append(_option(parts))
            if closing is None:
                raise LexiconError("a bracket is not closed")
            if closing != "|":
                if not options:
                    return None
                node = _OneOf(options)
                return _Optional(node) if closing == ")?" else node

    def _alternatives(self, names: list[str]) -> _Node | None:
        """Returns the choice between some names; None when all are filler words, which no message keeps."""
        options: list[_Node | tuple[str, ...]] = []
        for name in names:
            if name in ("{number}", "{year}"):
                options.append(_Number(name == "{year}"))
            elif name.startswith("{"):
                options.append(self._class(name.strip("{}")))
            elif name.startswith("+"):
                if name[1:] not in self._forms:
                    raise LexiconError(f"'{name}' has no entry under forms; add its forms there")
                options += [(form,) for form in self._forms[name[1:]].split()]
            elif name == "just":
                options.append((name,))
            else:
                words = self._plain(name)
                options += (words,) if words else ()
        if len(options) == 1 and isinstance(options[0], _Node):
            return options[0]
        return _OneOf(options) if options else None

    def _class(self, name: str) -> _Node:
        if name not in self._classes:
            if name not in self._class_sources:
                raise LexiconError(f"there is no class {{{name}}}; add it under classes")
            if name in self._open:
                raise LexiconError(f"the class {{{name}}} refers to itself")
            self._open.append(name)
            options: list[_Node | tuple[str, ...]] = []
            for line in _lines(self._class_sources[name]):
                tokens = _tokens(f"({line})")[1:]
                closing: str | None = "|"
                while closing == "|":
                    parts, closing = self._sequence(tokens)
                    if parts:
                        options.append(_option(parts))
            self._open.pop()
            self._classes[name] = _OneOf(options)
        return self._classes[name]


def _option(parts: list[_Node]) -> _Node | tuple[str, ...]:
    """Returns the parts of an alternative; plain words as a tuple, which matches faster."""
    words: list[str] = []
    for part in parts:
        phrase = part.only_phrase() if isinstance(part, _OneOf) else None
        if phrase is None:
            return parts[0] if len(parts) == 1 else _Sequence(parts)
        words += phrase
    return tuple(words)


def _tokens(source: str) -> list[str]:
    """Splits a phrase into tokens; `|` stands alone inside brackets and binds two words outside."""
    tokens: list[str] = []
    depth = 0
    for piece in re.findall(r"\(|\)\??|\||[^\s()|]+|\s+", source):
        depth += (piece == "(") - piece.startswith(")")
        binds = depth == 0 and (piece == "|" or (bool(tokens) and tokens[-1].endswith("|")))
        if piece.isspace():
            continue
        if binds and (not tokens or tokens[-1].startswith(")")):
            raise LexiconError("'|' beside a bracket; put brackets around the whole choice")
        if binds:
            tokens[-1] += piece
        else:
            tokens.append(piece)
    return tokens


def _lines(block: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in block.splitlines())
    return [line for line in lines if line]


# --- The lexicon ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """Words that make a finding."""

    id: str
    category: Category
    tier: Tier
    about: About | Literal["subject", "victim"]
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
        """Tells whether the guard may lower a finding of this rule."""
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
    """Reads and compiles one lexicon.

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
    """Returns every word written in a lexicon file, for use as words known in another language."""
    text = path.read_text(encoding="utf-8")
    return frozenset(word for word in "".join(c if c.isalpha() else " " for c in text).split() if len(word) > 2)


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

        self._compiler = _Compiler(raw.get("classes", {}), self._forms, self._negators, plain)

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
                for word in pattern.anchors[0]:
                    index.setdefault(word, []).append((rule, pattern))
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
        """Builds a rule; one about a victim is split into the visitor, somebody else, and whoever is named."""
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
        for line in _lines(block):
            try:
                patterns.append(self._compiler.compile(line))
            except (LexiconError, ValueError) as error:
                raise self._error(entry_id, f"'{line}': {error}") from error
        return tuple(patterns)

    def _error(self, entry_id: str, what: str) -> LexiconError:
        return LexiconError(f"{self._path}: {entry_id}: {what}")


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(value).split()) if value else ()
