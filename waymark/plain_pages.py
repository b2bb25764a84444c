"""Pages that need no script, no build and no model: all helplines by country, and the crisis protocol.

Rendered from `data/crisis/lines.yml`, `data/crisis/protocol.yml` and `web/strings.json`, so that a page cannot say
something else than the assistant does.
"""

from __future__ import annotations

import gettext
import html
import re
from collections.abc import Iterable
from functools import lru_cache

import pycountry

from waymark import settings
from waymark.content.clinic import Clinic
from waymark.content.strings import LANGUAGES, Strings, directory
from waymark.safety.lexicon import CATEGORIES
from waymark.safety.lines import Country, Line
from waymark.safety.protocol import ASKED, CALM, QUIET, STEPS, URGENT, Protocol

HELP, PROTOCOL = "help", "protocol"
STATES = (CALM, ASKED, URGENT, STEPS, QUIET)
ANYWHERE = "findahelpline.com"

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""What these pages may load: our own style sheets, and nothing that runs."""

_NUMBER = re.compile(r"\+?\d[\d\- ]*\d")


class PlainPages:
    """The two pages for one clinic, in each language; rendered once."""

    def __init__(self, clinic: Clinic) -> None:
        """Read the strings and the protocol."""
        self._clinic = clinic
        self._strings = Strings.load(clinic)
        self._protocol = Protocol.load(settings.CRISIS)
        self._template = (settings.WEB / "plain.html").read_text(encoding="utf-8")
        self._rendered: dict[tuple[str, str], str] = {}

    def page(self, name: str, language: str) -> str:
        """One of the pages (`HELP` or `PROTOCOL`) as HTML."""
        key = (name, language if language in LANGUAGES else LANGUAGES[0])
        if key not in self._rendered:
            self._rendered[key] = self._render(*key)
        return self._rendered[key]

    def _render(self, name: str, language: str) -> str:
        texts = {key: html.escape(text) for key, text in self._strings.texts(HELP, language).items()}
        if name == PROTOCOL:
            texts |= {key: html.escape(text) for key, text in self._strings.texts(PROTOCOL, language).items()}
        values = {
            **texts,
            "lang": language,
            "other": next(other for other in LANGUAGES if other != language),
            "safety": html.escape(self._strings.text("page", "safety", language)),
            "title": html.escape(self._clinic.page_title),
            "exit_to": html.escape(self._clinic.exit_to),
        }
        values["body"] = self._help(texts, language) if name == HELP else self._protocol_body(values)
        return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], self._template)

    # All helplines

    def _help(self, texts: dict[str, str], language: str) -> str:
        names = {code: _country_name(code, here.name, language) for code, here in directory().countries.items()}
        codes = sorted(names, key=lambda code: (code != self._clinic.country, names[code]))
        links = "".join(f'<li><a href="#{code.lower()}">{html.escape(names[code])}</a></li>' for code in codes)
        parts = [
            self._first(texts, language),
            *_paragraphs(texts, "intro", "notice", "traces", "checked"),
            f'<nav id="countries" aria-label="{texts["countries"]}"><ul class="countries">{links}'
            f'<li><a href="#other">{texts["other"]}</a></li></ul></nav>',
            *(self._country(directory().countries[code], names[code], texts, language) for code in codes),
            f'<section id="other"><h2>{texts["other"]}</h2><p>{texts["other_text"]} {_outside(ANYWHERE)}</p></section>',
            f'<p><a href="crisis-protocol?language={language}">{texts["to_protocol"]}</a></p>',
        ]
        return "\n".join(parts)

    def _first(self, texts: dict[str, str], language: str) -> str:
        """The clinic's country's numbers, before anything else is said."""
        here = directory().countries.get(self._clinic.country) or Country("", "", "112", ANYWHERE)
        line = directory().lines.get(here.needs.get("helpline", ""))
        ways = f"<span>{texts['emergency']} {_emergency(here, language)}</span>"
        return f'<p class="reach">{ways}{_reach(line, texts) if line else ""}</p>'

    def _country(self, here: Country, name: str, texts: dict[str, str], language: str) -> str:
        silent = here.silent_es if language == "es" else here.silent
        lines = "\n".join(self._line(line, texts, language) for line in directory().of(here.code))
        return (
            f'<section id="{here.code.lower()}"><h2>{html.escape(name)}</h2>\n'
            f"<p><strong>{texts['emergency']}</strong> {_emergency(here, language)}. {html.escape(silent)}</p>\n"
            f"{lines}\n"
            f"<p>{texts['directory']}: {_outside(here.directory)}</p>\n"
            f'<p><a href="#countries">{texts["top"]}</a></p></section>'
        )

    def _line(self, line: Line, texts: dict[str, str], language: str) -> str:
        second = directory().lines.get(line.second)
        checked = line.checked.isoformat() if line.checked else texts["not_dated"]
        hours = f"{line.hours} ({texts['zone']} {line.time_zone})" if line.time_zone else line.hours
        facts = [
            (texts["for"], _english(line.whom, language)),
            (texts["hours"], _english(hours, language) if hours else texts["hours_unknown"]),
            (texts["languages"], html.escape(", ".join(_language_name(code, language) for code in line.languages))),
            (texts["no_voice"], _english(line.silent, language)),
            (texts["trace"], _english(line.trace, language)),
            (texts["second"], html.escape(second.name) if second else ""),
            (texts["checked_on"], checked),
        ]
        # Some lines want another word or key in Spanish, which only the Spanish words of a reply say.
        own = (
            f"{html.escape(line.say_es[:1].upper() + line.say_es[1:])}.<br>\n"
            if language == "es" and line.say_es
            else ""
        )
        rows = own + "<br>\n".join(f"{name}: {value}" for name, value in facts if value)
        voice = f"<br>\n{texts['voice']}" if line.voice_needed else ""
        return (
            f'<div class="line"><h3 lang="{_tongue(line)}">{html.escape(line.name)}</h3>\n'
            f'<p class="reach">{_reach(line, texts)}</p>\n<p class="more">{rows}{voice}</p></div>'
        )

    # The crisis protocol

    def _protocol_body(self, texts: dict[str, str]) -> str:
        kinds = "".join(f"<li>{texts[category]}</li>" for category in CATEGORIES)
        return "\n".join(
            [
                *_paragraphs(texts, "intro"),
                f"<p>{texts['dated']} {html.escape(self._protocol.date)}. {texts['by']}</p>",
                f"<h2>{texts['notices']}</h2>",
                *_paragraphs(texts, "notices_how"),
                f"<ul>{kinds}</ul>",
                *_paragraphs(texts, "each"),
                f"<h2>{texts['tiers']}</h2>",
                *_paragraphs(texts, "immediate", "high", "concern", "not_crisis"),
                f"<h2>{texts['says']}</h2>",
                *_paragraphs(texts, "says_first", "says_parts", "says_immediate", "says_open", "says_reviewed"),
                f"<h2>{texts['cannot']}</h2>",
                *_paragraphs(texts, "cannot_call", "cannot_watch", "cannot_sure", "cannot_promise"),
                f'<p><a href="safety">{texts["safety"]}</a></p>',
                *_paragraphs(texts, "broken"),
                f"<h2>{texts['states']}</h2>",
                *_paragraphs(texts, "states_text"),
                *(self._state(state, texts) for state in STATES),
                f"<h2>{texts['counted']}</h2>",
                *_paragraphs(texts, "counted_text", "counted_use"),
                f"<h2>{texts['people']}</h2>",
                f'<p><a href="help">{texts["help"]}</a></p>',
            ]
        )

    def _state(self, state: str, texts: dict[str, str]) -> str:
        arrows = [arrow for arrow in self._protocol.arrows() if arrow.start == state]
        rows = "".join(
            f"<li>{texts[f'when_{arrow.when}']} → "
            f"{texts['same'] if arrow.to == state else texts[f'state_{arrow.to}']}</li>"
            for arrow in arrows
        )
        return (
            f'<div class="state"><h3>{texts[f"state_{state}"]}</h3><p>{texts[f"state_{state}_text"]}</p>'
            f"<ul>{rows}</ul></div>"
        )


def _paragraphs(texts: dict[str, str], *names: str) -> Iterable[str]:
    return (f"<p>{texts[name]}</p>" for name in names)


def _emergency(here: Country, language: str) -> str:
    """A country's emergency number with its links, in the words of the directory."""
    number = (language == "es" and here.emergency_es) or here.emergency
    return _NUMBER.sub(lambda match: _link("tel", match[0], match[0]), html.escape(number))


def _reach(line: Line, texts: dict[str, str]) -> str:
    """The ways to reach a line."""
    ways = []
    if line.call:
        ways.append(f"{texts['call']} {_link('tel', line.call, line.call)}")
    if line.text_to:
        to, word = _link("sms", line.text_to, line.text_to), html.escape(line.text_word)
        ways.append(f"{texts['text_word']} {word} {texts['text_word_to']} {to}" if word else f"{texts['text']} {to}")
    if line.chat:
        ways.append(f'<a href="{html.escape(line.chat)}" rel="noopener noreferrer">{texts["chat"]}</a>')
    return "".join(f"<span>{way}</span>" for way in ways)


def _link(scheme: str, number: str, words: str) -> str:
    digits = re.sub(r"[^\d+*#]", "", number)
    return f'<a href="{scheme}:{digits}">{html.escape(words)}</a>'


def _outside(address: str) -> str:
    return f'<a href="https://{html.escape(address)}" rel="noopener noreferrer">{html.escape(address)}</a>'


def _english(words: str, language: str) -> str:
    """Words that the directory has in English only, marked so for a Spanish screen reader."""
    return html.escape(words) if language == "en" or not words else f'<span lang="en">{html.escape(words)}</span>'


def _tongue(line: Line) -> str:
    """The language a line's name is most likely in, for screen readers."""
    spoken = [code for code in line.languages if len(code) == 2]
    return spoken[0] if len(spoken) == 1 else "en"


@lru_cache(maxsize=8)
def _translations(domain: str, language: str) -> gettext.NullTranslations:
    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=[language], fallback=True)


def _country_name(code: str, name: str, language: str) -> str:
    """A country's name: the directory's own in English, the standard's in other languages."""
    known = pycountry.countries.get(alpha_2=code)
    if language == "en" or known is None:
        return name
    return _translations("iso3166-1", language).gettext(getattr(known, "common_name", known.name))


def _language_name(code: str, language: str) -> str:
    known = pycountry.languages.get(**{f"alpha_{len(code)}": code})
    if known is None:
        return code
    return known.name if language == "en" else _translations("iso639-3", language).gettext(known.name)
