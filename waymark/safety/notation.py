"""The phrase notation of the crisis lexicons, compiled for matching.

The notation is explained at the top of `data/crisis/lexicon.yml`. A compiled pattern walks over words and
keeps a set of places it may have reached, so the time it takes is bounded by its length times the length of
the clause, whatever a visitor types. Each pattern also knows words it cannot match without; the screener
looks at a pattern only when one of them was said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from waymark.safety.text import english_counts

_RARE = 1_000
_COMMON = 10**9


class LexiconError(ValueError):
    """A lexicon that cannot be used; the message names the file and entry and says what to change."""


class _Node:
    """A part of a pattern."""

    firsts: frozenset[str] | None = None
    """Words it can begin with; None where that is open."""
    anchors: tuple[frozenset[str], ...] = ()
    """Sets of words; a match holds at least one word of each."""
    optional = False

    def ends(self, words: tuple[str, ...], at: int) -> Collection[int]:
        """Return every place where a match that begins at `at` may end."""
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
        """Return the words when there is one choice only, else None."""
        choices = [(word,) for word in self._words] + [p for phrases in self._phrases.values() for p in phrases]
        return choices[0] if len(choices) == 1 and not self._others else None

    def ends(self, words: tuple[str, ...], at: int) -> Collection[int]:
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

    def ends(self, words: tuple[str, ...], at: int) -> Collection[int]:
        places: Collection[int] = (at,)
        for part in self._parts:
            if len(places) == 1:
                (place,) = places
                places = part.ends(words, place)
            else:
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

    def ends(self, words: tuple[str, ...], at: int) -> Collection[int]:
        return (at, *self._part.ends(words, at))


class _Gap(_Node):
    """Up to so many words, none of them a negation."""

    optional = True

    def __init__(self, width: int, negators: frozenset[str]) -> None:
        self._width = width
        self._negators = negators

    def ends(self, words: tuple[str, ...], at: int) -> Collection[int]:
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

    def ends(self, words: tuple[str, ...], at: int) -> Collection[int]:
        return (at + 1,) if at < len(words) and words[at] not in self._negators else ()


class _Number(_Node):
    """A number in digits, or a year; number words are left to a class."""

    def __init__(self, is_year: bool) -> None:
        self._is_year = is_year

    def ends(self, words: tuple[str, ...], at: int) -> Collection[int]:
        if at >= len(words) or not words[at].isdigit():
            return ()
        return (at + 1,) if not self._is_year or (len(words[at]) == 4 and words[at][:2] in ("19", "20")) else ()


class _Edge(_Node):
    """The beginning or the end of a clause."""

    firsts = frozenset()
    optional = True

    def __init__(self, at_start: bool) -> None:
        self._at_start = at_start

    def ends(self, words: tuple[str, ...], at: int) -> Collection[int]:
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
        """Keep the source for error messages and the nodes for matching."""
        self.source = source
        self._nodes = tuple(nodes)
        anchors = sorted((anchor for node in nodes for anchor in node.anchors), key=_cost)
        self.anchors = tuple(anchors[: 2 + len(nodes)])

    def may_match(self, said: frozenset[str]) -> bool:
        """Tell whether every set of words the pattern needs is among those said."""
        return not any(anchor.isdisjoint(said) for anchor in self.anchors)

    def spans(self, words: tuple[str, ...]) -> list[tuple[int, int]]:
        """Return where it matches: begin and furthest end, at most one for each beginning."""
        if len(self._nodes) == 1:
            return _spans(self._nodes[0], words)
        each = [_spans(node, words) for node in self._nodes]
        if not all(each):
            return []
        return [(min(spans[0][0] for spans in each), max(spans[0][1] for spans in each))]

    def ends_at(self, words: tuple[str, ...], end: int) -> bool:
        """Tell whether a match ends just before the word at `end`."""
        node = self._nodes[0]
        for at in range(end - 1, max(-1, end - 14), -1):
            if (node.firsts is None or words[at] in node.firsts) and end in node.ends(words, at):
                return True
        return False

    def ends_from(self, words: tuple[str, ...], at: int) -> set[int]:
        """Return every place where a match that begins at `at` may end."""
        return {end for node in self._nodes for end in node.ends(words, at)}

    def starts_at(self, words: tuple[str, ...], at: int) -> bool:
        """Tell whether a match of one word or more begins at the word at `at`."""
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


class Compiler:
    """Compiles the phrases of one lexicon."""

    def __init__(
        self,
        classes: Mapping[str, str],
        forms: Mapping[str, str],
        negators: frozenset[str],
        plain: Callable[[str], tuple[str, ...]],
    ) -> None:
        """Prepare for one lexicon.

        Args:
            classes: The class blocks by name.
            forms: The forms of each verb, the verb among them.
            negators: Words over which no gap runs.
            plain: Writes a word as messages are written before matching.
        """
        self._class_sources = classes
        self._forms = forms
        self._negators = negators
        self._plain = plain
        self._classes: dict[str, _Node] = {}
        self._open: list[str] = []
        self._seen: dict[str, _Node | None] = {}

    def compile(self, source: str) -> Pattern:
        """Compile a line of patterns.

        Raises:
            LexiconError: If the line does not follow the notation, names an unknown class or verb, or could
                match without a word said.
        """
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
        bare = token.removesuffix("?")
        if bare not in self._seen:
            self._seen[bare] = self._alternatives(bare.split("|"))
        node = self._seen[bare]
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
        """Return the choice between some names; None when all are filler words, which no message keeps."""
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
            for line in lines_of(self._class_sources[name]):
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
    """Return the parts of an alternative; plain words as a tuple, which matches faster."""
    words: list[str] = []
    for part in parts:
        phrase = part.only_phrase() if isinstance(part, _OneOf) else None
        if phrase is None:
            return parts[0] if len(parts) == 1 else _Sequence(parts)
        words += phrase
    return tuple(words)


def _tokens(source: str) -> list[str]:
    """Split a phrase into tokens; `|` stands alone inside brackets and binds two words outside."""
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


def lines_of(block: str) -> list[str]:
    """Return the lines of a block without comments and blanks."""
    lines = (line.partition("#")[0].strip() for line in block.splitlines())
    return [line for line in lines if line]
