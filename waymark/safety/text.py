"""Turns what a visitor typed into plain words that the lexicons can be matched on.

People in distress write badly, and some hide the words on purpose. The way of a message is::

    clean -> unmask -> clauses -> Spelling.words

`clean` makes the characters safe, `unmask` undoes spaced, starred and leet spellings, `clauses` cuts a
message of any length into short pieces, and `Spelling.words` settles contractions, txt speak and typos.
Nothing here raises on any `str`, and the time taken grows with the length of the message and no faster.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path

import symspellpy
from symspellpy import SymSpell, Verbosity

MAX_CHARACTERS = 200_000
"""Longest message that is read in full; channels set a lower bound of their own."""

WINDOW_WORDS = 48
"""Longest clause, in words. Longer ones are cut into windows."""

OVERLAP_WORDS = 16
"""How many words two neighbouring windows share, so that no phrase is cut in two."""

LONGEST_RUN = 200
"""Longest run of letters without a space that is cut into words."""

_QUOTES = {ord(mark): "'" for mark in "\u2018\u2019\u201a\u201b\u02bc\u00b4`\u2032\u02b9\uff07"}
_QUOTES |= {ord(mark): '"' for mark in "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033"}
_QUOTES |= {ord(mark): " - " for mark in "\u2013\u2014\u2015"}
_QUOTES |= {ord(mark): "\n" for mark in "\r\x0b\x0c\x85\u2028\u2029"}
_QUOTES |= {ord("\t"): " "}

# Pictures that stand for a word in messages of this kind.
_PICTURES = {ord(mark): " lol " for mark in "\U0001f602\U0001f923\U0001f606\U0001f639"}
_PICTURES |= {0x1F52B: " gun ", 0x1F52A: " knife ", 0x1F48A: " pills "}

# Cyrillic and Greek letters that look Latin.
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0458\u0501\u04cf\u043a\u0442\u043c"
    "\u03b1\u03bf\u03bd\u03b5\u03c1\u03c4\u03b9\u03ba\u03c5\u0131",
    "aeopcyxisjdlktmaoveptikui",
)

_LEET: Mapping[str, str] = {
    "0": "o",
    "1": "il",
    "3": "e",
    "4": "a",
    "5": "s",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "il",
    "|": "il",
    "+": "t",
    "\u00a1": "i",
}
_STARS = "*#_%^~\u2022\u25cf\u00d7?-."
_MASKED = re.compile(r"[a-z][^a-z\s']+[a-z]|[a-z][*#_%^0-9@$]|[0-9@$*!|+][a-z]")
_SPACED = re.compile(r"(?<![\w@$*!'])(?:[\w@$*!][\s.\-_*/|,~+]{1,3}){2,}[\w@$!](?![\w@$*'])")
_BREAKS = re.compile(r"[!?;\u00a1\u00bf\n]+|(?<![.\d])\.(?![.\d])|(?<=\d)\.(?=\s|$)")
_RUNS = re.compile(r"(.)\1+")
_LONG_RUN = re.compile(r"(.)\1{2,}")
_PIECES = re.compile(r"[a-z]+|\d+")
_LAUGH = re.compile(r"(?:a?(?:ha){2,}h?|(?:ja){2,}j?|l+o+l+(?:z|ol)*|lm+f?a+o+|rofl\w*|x+d+)")


def clean(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Make any text safe to screen, whatever it means.

    Args:
        text: What was typed, any string at all.
        limit: Characters kept. A longer text keeps its first and last halves, so that what is said last is
            still read.

    Returns:
        The text in NFKC, casefolded, with straight quotes and without control, zero-width and bidi marks.
    """
    text = _bounded(text, limit).translate(_QUOTES)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_PICTURES)).translate(_QUOTES)
        text = _bounded(text, limit)
    if not (text.isascii() and text.replace("\n", "").isprintable()):
        text = "".join(character for character in text if character == "\n" or _is_kept(character))
    return text.casefold()


def _bounded(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]}\n{text[-(limit - limit // 2) :]}"


@lru_cache(maxsize=4096)
def _is_kept(character: str) -> bool:
    return not unicodedata.category(character).startswith("C")


def clauses(text: str) -> list[str]:
    r"""Split a cleaned text into sentences and windows, over any length.

    Lines or sentences of one or two words are joined ("i want\\nto die"), and a sentence without an end is cut
    into windows that overlap.

    Args:
        text: A text from `clean`.

    Returns:
        Clauses in the order of the text, each at most `WINDOW_WORDS` words long.
    """
    sentences: list[list[str]] = []
    for part in _BREAKS.split(text):
        words = part.split()
        if not words:
            continue
        if sentences and len(words) <= 2 and len(sentences[-1]) < WINDOW_WORDS and _is_short(sentences[-1]):
            sentences[-1] += words
        else:
            sentences.append(_Short(words) if len(words) <= 2 else words)
    return [" ".join(window) for words in sentences for window in _windows(words)]


class _Short(list[str]):
    """A clause built from pieces of one or two words."""


def _is_short(words: list[str]) -> bool:
    return isinstance(words, _Short)


def _windows(words: list[str]) -> Iterable[list[str]]:
    step = WINDOW_WORDS - OVERLAP_WORDS
    for start in range(0, max(1, len(words) - OVERLAP_WORDS), step):
        yield words[start : start + WINDOW_WORDS]


def fold(text: str) -> str:
    """Drop accents and turns look-alike letters into Latin ones."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text)
    return "".join(mark for mark in apart if unicodedata.category(mark) != "Mn").translate(_LOOKALIKES)


class Unmasker:
    """Undoes spellings meant to hide a word: "s u i c i d e", "su!cide", "k*ll", "k.m.s", "k1ll"."""

    def __init__(self, keywords: Collection[str], known: Collection[str]) -> None:
        """Prepare the look-ups.

        Args:
            keywords: The words that are worth uncovering.
            known: Words that are left as they are when the masking marks fall away.
        """
        self._keywords = frozenset(keywords)
        self._known = known
        self._splitter = Splitter(self._keywords)
        self._by_shape: dict[tuple[str, int], list[str]] = {}
        for word in sorted(filter(str.isalpha, self._keywords)):
            self._by_shape.setdefault((word[0], len(word)), []).append(word)
        self._unmask = lru_cache(maxsize=20_000)(self._unmask_chunk)

    def plain(self, text: str) -> str:
        """Return a cleaned text with hidden words written out, sentence marks kept.

        Args:
            text: A text from `clean`.

        Returns:
            The same text, accents folded, masked words written plainly where they are keywords.
        """
        text = _SPACED.sub(self._join_spaced, fold(text))
        lines = text.split("\n")
        return "\n".join(" ".join(self._chunk(chunk) for chunk in line.split()) for line in lines)

    def _join_spaced(self, match: re.Match[str]) -> str:
        letters = re.sub(r"[\s.\-_/|,~+]", "", match[0])
        if len(letters) > LONGEST_RUN:
            return match[0]
        if letters in self._keywords:
            return letters
        for guess in _leet_guesses(letters):
            if guess in self._keywords:
                return guess
            pieces = self._splitter.split(guess)
            if pieces and max(map(len, pieces)) >= 3:
                return " ".join(pieces)
        return match[0]

    def _chunk(self, chunk: str) -> str:
        if chunk.isalpha():
            return chunk
        if len(chunk) > 60:
            return chunk
        return self._unmask(chunk)

    def _unmask_chunk(self, chunk: str) -> str:
        if not _MASKED.search(chunk):
            return chunk
        core = chunk.strip("\"'()[]{}<>,:;?.")
        tail = "." if chunk.rstrip("\"')]}>").endswith((".", "?", "!", ";")) else ""
        bare = re.sub(r"[^a-z]", "", core)
        stripped = core.strip("*_~^%#-!.")
        if not stripped or stripped in self._known:
            return stripped + tail if stripped else chunk
        if bare in self._keywords and len(bare) >= 3 and not re.search(r"[0-9@$!|+*#]", stripped):
            parts = re.findall(r"[a-z]+", core)
            if len(parts) == 1 or any(len(part) < 3 or part not in self._known for part in parts):
                return bare + tail
        if re.search(r"[0-9@$!|+]", stripped):
            for guess in _leet_guesses(re.sub(r"[-_.]", "", stripped)):
                if guess in self._keywords:
                    return guess + tail
            if re.fullmatch(r"[a-z]+[0-9@$]+[a-z]+[a-z0-9]*", stripped):
                return next(iter(_leet_guesses(stripped))) + tail
        word = core.lstrip("*_~^%#-!.").rstrip("!")
        if any(mark in _STARS for mark in word) and word[0].isalpha() and (len(word) > 3 or "*" in word):
            for keyword in self._by_shape.get((word[0], len(word)), ()):
                fits = all(mark in _STARS or mark == letter for mark, letter in zip(word, keyword, strict=True))
                if fits and sum(mark in _STARS for mark in word) < len(word) - (len(word) > 4):
                    return keyword + tail
        return chunk


def _leet_guesses(word: str) -> Iterable[str]:
    options = [_LEET.get(letter, letter) for letter in word]
    if len(word) > 40 or sum(len(option) > 1 for option in options) > 4:
        options = [option[0] for option in options]
    for letters in product(*options):
        yield "".join(letters)


class Splitter:
    """Cuts words that were typed together ("killmyself") at words of the lexicon."""

    def __init__(self, words: Collection[str]) -> None:
        """Keep the words that a piece may be."""
        self._words = {word for word in words if len(word) > 2 or word in _SMALL_WORDS}
        self._longest = max(map(len, self._words), default=0)

    def split(self, letters: str) -> list[str] | None:
        """Return the fewest known pieces that spell the letters, or None."""
        best: list[tuple[int, int] | None] = [(0, 0)] + [None] * len(letters)
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - self._longest), end):
                before = best[start]
                if before is None or letters[start:end] not in self._words:
                    continue
                known = best[end]
                if known is None or before[0] + 1 < known[0]:
                    best[end] = (before[0] + 1, start)
        if best[-1] is None:
            return None
        pieces: list[str] = []
        end = len(letters)
        while end:
            step = best[end]
            assert step is not None
            pieces.append(letters[step[1] : end])
            end = step[1]
        return pieces[::-1]


_SMALL_WORDS = frozenset(
    re.findall(r"\w+", "i a u me my to is am it do he of on in so be go no we us at by or if im od")
)


class Spelling:
    """Settles the words of one language: contractions, txt speak, typos, filler words."""

    def __init__(
        self,
        keywords: Collection[str],
        replacements: Mapping[str, str],
        joins: Mapping[str, str],
        fillers: Collection[str],
        known: Collection[str],
        strong: Collection[str],
        counts: Mapping[str, int],
        past_forms: Collection[str] = (),
        common: Collection[str] = (),
    ) -> None:
        """Prepare the look-ups.

        Args:
            keywords: Every word that a pattern of the lexicon uses; typos are corrected to these alone.
            replacements: Word to words ("dont": "do not", "u": "you").
            joins: Words to words, over two or three words ("my self": "myself").
            fillers: Words dropped because they change nothing ("really").
            known: Words of any language in use that are never taken for a typo.
            strong: Words that make it worth splitting a run of letters ("killmyself").
            counts: How common a word is; the commoner one wins when two corrections are as near.
            past_forms: Past forms of verbs; "just" is kept before one of these, because there it means now.
            common: Function words, to which no typo is corrected.
        """
        self._replacements = {key: tuple(value.split()) for key, value in replacements.items()}
        self._joins = {tuple(key.split()): tuple(value.split()) for key, value in joins.items()}
        self._join_starts = {key[0] for key in self._joins}
        self._fillers = frozenset(fillers)
        self._known = frozenset(known) | frozenset(keywords) | frozenset(replacements) | self._fillers
        self._keywords = frozenset(keywords)
        self._strong = frozenset(strong)
        self._past_forms = frozenset(past_forms)
        self._splitter = Splitter(self._keywords | frozenset(replacements))
        self._speller = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        # Sorted, because of two corrections that are equally near and common the first entered wins.
        for word in sorted(self._keywords):
            if len(word) >= 4 and word.isalpha() and word not in common:
                weight = 1000 if word in self._strong else 1
                self._speller.create_dictionary_entry(word, max(1, counts.get(word, 1)) * weight)
        self._settle = lru_cache(maxsize=50_000)(self._settle_word)

    def words(self, clause: str, correct: bool = True) -> tuple[str, ...]:
        """Return the words of a clause as the patterns spell them.

        Args:
            clause: One clause of a plain text.
            correct: Whether typos are corrected; off for text in another language.

        Returns:
            The words, contractions written out, fillers dropped.
        """
        raw: list[str] = []
        for chunk in clause.split():
            raw += (chunk,) if chunk.isalpha() else _split_chunk(chunk)
        settled: list[str] = []
        for word in self._glue(raw) if correct else raw:
            settled += self._settle(word, correct)
        return self._drop_fillers(self._join(settled))

    def phrase(self, text: str) -> tuple[str, ...]:
        """Return a phrase of a pattern as `words` would, without correcting it."""
        settled: list[str] = []
        for word in text.split():
            settled += self._replacements.get(word, (word,))
        return self._drop_fillers(self._join(settled))

    def _glue(self, raw: list[str]) -> list[str]:
        """Join words cut by a space: "sui cide", "my self"."""
        if all(word in self._known for word in raw):
            return raw
        glued: list[str] = []
        at = 0
        while at < len(raw):
            for width in (3, 2):
                parts = raw[at : at + width]
                together = "".join(parts)
                if len(parts) == width and together in self._strong and any(p not in self._known for p in parts):
                    glued.append(together)
                    at += width
                    break
            else:
                glued.append(raw[at])
                at += 1
        return glued

    def _settle_word(self, word: str, correct: bool) -> tuple[str, ...]:
        if word in self._replacements:
            return self._replacements[word]
        if word in self._known or word.isdigit():
            return (word,)
        if _LAUGH.fullmatch(word):
            return ("lol",)
        if _LONG_RUN.search(word):
            for guess in _squeezed(word):
                if guess in self._replacements:
                    return self._replacements[guess]
                if guess in self._known:
                    return (guess,)
            word = _LONG_RUN.sub(r"\1\1", word)
        if not correct or len(word) < 4:
            return (word,)
        nearest = self._nearest(word)
        if nearest is not None:
            return self._replacements.get(nearest, (nearest,))
        if 6 <= len(word) <= LONGEST_RUN:
            pieces = self._splitter.split(word)
            if pieces and not self._strong.isdisjoint(pieces):
                return tuple(part for piece in pieces for part in self._replacements.get(piece, (piece,)))
        return (word,)

    def _nearest(self, word: str) -> str | None:
        if len(word) > 20:
            return None
        reach = 2 if len(word) >= 7 else 1
        for found in self._speller.lookup(word, Verbosity.CLOSEST, max_edit_distance=reach):
            term = found.term
            if found.distance == 2 and len(term) < 6:
                continue
            if term[0] == word[0] or term[:2] == word[1::-1] or (len(term) > 6 and term[1:4] in word[:5]):
                return str(term)
        return None

    def _join(self, words: list[str]) -> list[str]:
        if self._join_starts.isdisjoint(words):
            return words
        joined: list[str] = []
        at = 0
        while at < len(words):
            if words[at] in self._join_starts:
                for width in (4, 3, 2, 1):
                    replacement = self._joins.get(tuple(words[at : at + width]))
                    if replacement is not None:
                        joined += replacement
                        at += width
                        break
                else:
                    joined.append(words[at])
                    at += 1
            else:
                joined.append(words[at])
                at += 1
        return joined

    def _drop_fillers(self, words: Sequence[str]) -> tuple[str, ...]:
        if self._fillers.isdisjoint(words):
            return tuple(words)
        last = len(words) - 1
        return tuple(
            word
            for at, word in enumerate(words)
            if word not in self._fillers or (word == "just" and at < last and words[at + 1] in self._past_forms)
        )


def _split_chunk(chunk: str) -> tuple[str, ...]:
    """Take punctuation off a chunk; an apostrophe joins or marks a shortened verb, other marks part."""
    for short, long in _SHORTENED:
        chunk = chunk.replace(short, long)
    if "'s" in chunk and chunk.partition("'s")[0].strip('"(') not in _IS_NOT_POSSESSIVE:
        chunk = chunk.replace("'s", "")
    return tuple(_PIECES.findall(chunk.replace("'", "")))


_SHORTENED = (("'ll", " will"), ("'re", " are"), ("'ve", " have"), ("'d", " would"), ("'m", " am"))
_IS_NOT_POSSESSIVE = frozenset(
    re.findall(
        r"\w+",
        "he she it that there what who where how here when let everything this tonight today nobody everyone"
        " someone life why",
    )
)


@lru_cache(maxsize=4096)
def _squeezed(word: str) -> tuple[str, ...]:
    """Return spellings of a stretched word ("sooo", "killll"): each run as one letter or two."""
    runs = list(_RUNS.finditer(word))
    if len(runs) > 5 or len(word) > 60:
        return (_RUNS.sub(r"\1", word),)
    guesses = [""]
    end = 0
    for run in runs:
        before, end = word[end : run.start()], run.end()
        guesses = [guess + before + run[1] * width for guess in guesses for width in (2, 1)]
    return tuple(guess + word[end:] for guess in guesses)


@lru_cache(maxsize=1)
def english_counts() -> Mapping[str, int]:
    """Return how often each of 82,765 English words is used (the list that ships with symspellpy)."""
    path = Path(symspellpy.__file__).parent / "frequency_dictionary_en_82_765.txt"
    counts: dict[str, int] = {}
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        word, _, count = line.partition(" ")
        counts[word] = int(count)
    return counts
