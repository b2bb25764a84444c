"""`waymark check`: proves that the content and the domain hold together and keep the house rules.

One function a check; each yields a `Problem` for everything it finds. Nothing is changed, nothing is
fetched, and Rasa is not needed. What a visitor reads is checked as a visitor in the US reads it, with
the placeholders filled.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import textstat

from waymark.content.ledger import BANNED, FACTS, PRACTICE
from waymark.content.project import (
    CLINIC,
    CRISIS,
    DOMAIN,
    GIVEN_BY_ACTIONS,
    PHRASES,
    RESPONSES,
    RULES,
    SOURCES,
    Phrase,
    Problem,
    Project,
    Unreadable,
    file_of,
)
from waymark.safety.lines import Lines

__all__ = ["CHECKS", "Problem", "article_shingles", "check", "contacts", "reading_grade"]

MOST_BUTTONS, MOST_BUTTONS_IN_CRISIS, LONGEST_TITLE = 3, 4, 30
MOST_WORDS, MOST_WORDS_SPANISH, HIGHEST_GRADE = 70, 85, 8.0
MOST_CONTACTS = 3
FEWEST_EXAMPLES, FEWEST_WORDINGS = 25, 3
SHINGLE_WORDS, SHINGLE_DIGITS = 8, 12
SHORT = 7
"""Words up to which a string of the page is a label, too short for a reading grade."""

TALK = ("context", "crisis", "handover", "social")
"""Topics that are talk about the talk: no fact of the article can be their ground, so a practice note has to be."""

CARRIED_ON = (
    *("utter_unsure_first", "utter_lines_country", "utter_same_again"),
    *(f"utter_quiet_line{kind}{es}" for kind in ("", "_danger", "_sexual_assault") for es in ("", "_es")),
    *("utter_callback_closed_now", "utter_callback_have", "utter_callback_again", "utter_callback_cannot_skip"),
    *("utter_callback_too_long", "utter_callback_in_spanish_es", "utter_callback_resume", "utter_callback_lost"),
    "utter_handover_says",
)
"""Responses without buttons of their own: an action adds them, or another reply stands before them."""

NEVER_LEARNED = re.compile(r"report_\w+|send_\w+|stop_patterns|write_other_language")
"""Intents that buttons and the pipeline set: nobody has to type them."""

RASA_INTENTS = ("nlu_fallback",)
RASA_ACTIONS = ("action_listen", "action_deactivate_loop")

SUICIDE = re.compile(
    r"suicid|kill(?:ing)? (?:your|them|him|her)sel|(?:thoughts?|think(?:ing)?) of (?:dying|death|ending)|"
    r"want(?:ing)? to die|end(?:ing)? (?:your|their) life|quitarse la vida|matarse",
    re.IGNORECASE,
)

LONG_NAMES = (
    *("codependency", "codependent", "ketamine-assisted", "ketamine", "esketamine"),
    *("cognitive behavioral therapy", "cognitive processing therapy", "dialectical behavior therapy"),
)
"""Names of what visitors come to ask about. A reading grade takes their syllables for hard words, but there is no
shorter name to put in their place, and the answers explain them: each counts as one plain word."""


def check(root: Path, today: date) -> list[Problem]:
    """All problems of the project in a folder.

    A file that cannot be read at all is reported alone, for nothing can be said of the rest.
    """
    try:
        project = Project.read(root, today)
    except Unreadable as error:
        return [error.problem]
    return [problem for each in CHECKS for problem in each(project)]


def article_shingles(article: str) -> str:
    """The text of `article_shingles.txt`: a hash of every eight words running, one a line, sorted.

    With it anyone can prove that no reply copies the article, without having the article. To make it anew:
    `(root / "data/sources/article_shingles.txt").write_text(article_shingles(article))`.
    """
    return "".join(f"{shingle}\n" for shingle in sorted(set(_shingles(article))))


# What the responses rest on, and who has looked at them


def unsaid_sources(project: Project) -> Iterator[Problem]:
    """Facts that no answer gives, and notes that no answer rests on."""
    facts = {name for response in project.library for name in response.facts}
    notes = {name for response in project.library for name in response.practice}
    for name in project.ledger.facts:
        if name not in facts:
            yield Problem(
                f"{SOURCES}/{FACTS}", name, "no response names this fact", "say it in an answer that names it"
            )
    for name in project.ledger.notes:
        if name not in notes:
            fix = "name it where it is said, or delete it"
            yield Problem(f"{SOURCES}/{PRACTICE}", name, "no response names this note", fix)


def unknown_sources(project: Project) -> Iterator[Problem]:
    """Ids that are not in the ledger."""
    for said in project.said:
        for name in said.wording.facts:
            if name not in project.ledger.facts:
                yield said.problem(f"there is no fact '{name}'", f"name one of {FACTS}")
        for name in said.wording.practice:
            if name not in project.ledger.notes:
                yield said.problem(f"there is no practice note '{name}'", f"name one of {PRACTICE}, or write it there")


def missing_sources(project: Project) -> Iterator[Problem]:
    """Wordings that rest on nothing."""
    for said in project.said:
        if said.response.topic in TALK and not said.wording.practice:
            yield said.problem("it names no practice note", f"name the note of {PRACTICE} that it rests on")
        elif not said.wording.facts and not said.wording.practice:
            yield said.problem("it names no fact and no practice note", "name what it rests on")


def incomplete_notes(project: Project) -> Iterator[Problem]:
    """Practice notes that do not say what is said, or on what ground."""
    for note in project.ledger.notes.values():
        for key, value in (("note", note.note), ("basis", note.basis)):
            if not value:
                yield Problem(f"{SOURCES}/{PRACTICE}", note.id, f"'{key}' is missing", "write it, as its neighbors do")


def missing_review(project: Project) -> Iterator[Problem]:
    """Wordings of which nobody knows whether and when they were looked at."""
    for said in project.said:
        if not said.wording.review:
            yield said.problem("it has no review state", 'set "review: awaiting clinic review", or who approved it')
        if not _is_date(said.wording.date):
            yield said.problem(
                f"'{said.wording.date}' is no date", 'set "date" to the day of the last change, YYYY-MM-DD'
            )


# Buttons


def missing_next_step(project: Project) -> Iterator[Problem]:
    """Dead ends."""
    for said in project.said:
        if not said.wording.buttons and said.response.id not in CARRIED_ON:
            yield said.problem("it offers no next step", "add one to three buttons")


def crowded_buttons(project: Project) -> Iterator[Problem]:
    """More to choose from than a frightened person can take in."""
    for said in project.said:
        most = MOST_BUTTONS_IN_CRISIS if said.response.topic == "crisis" else MOST_BUTTONS
        if len(said.wording.buttons) > most:
            yield said.problem(f"it has {len(said.wording.buttons)} buttons", f"keep the {most} that matter most")


def long_titles(project: Project) -> Iterator[Problem]:
    """Titles that a narrow phone would cut off."""
    for said in project.said:
        for button in said.wording.buttons:
            if len(button.title) > LONGEST_TITLE:
                yield said.problem(
                    f"the button '{button.title}' has {len(button.title)} characters",
                    f"shorten it to {LONGEST_TITLE}",
                )


def dead_payloads(project: Project) -> Iterator[Problem]:
    """Buttons that send an intent nobody answers."""
    for said in project.said:
        for button in said.wording.buttons:
            if button.intent is not None and button.intent not in project.intents:
                yield said.problem(
                    f"the button '{button.title}' sends '{button.payload}', no intent of the domain",
                    f"send one of {DOMAIN}, or add it there",
                )


# Rules, intents and the phrases they are learned from


def rules_without_answer(project: Project) -> Iterator[Problem]:
    """Rules that end in an action nobody wrote, or begin with an intent nobody can have."""
    actions = {*(project.domain.get("actions") or ()), *(project.domain.get("forms") or ()), *RASA_ACTIONS}
    for rule in project.rules:
        for action in rule.actions:
            if action not in actions and action not in project.library:
                kind = f"no action of {DOMAIN}" if action.startswith("action_") else "no response"
                yield Problem(rule.path, rule.name, f"'{action}' is {kind}", "write it, or correct the name")
        for intent in (intent for turn in rule.turns for intent in turn):
            if intent not in project.intents and intent not in RASA_INTENTS:
                yield Problem(
                    rule.path, rule.name, f"'{intent}' is no intent of {DOMAIN}", "add it, or correct the name"
                )


def intents_without_rule(project: Project) -> Iterator[Problem]:
    """Intents that would get no answer. The safety policy answers `report_*` without a rule."""
    ruled = {intent for rule in project.rules for turn in rule.turns for intent in turn}
    for intent in sorted(project.intents - ruled):
        if not intent.startswith("report_"):
            yield Problem(DOMAIN, intent, "no rule answers this intent", f"add one to {RULES}/")


def rules_with_two_turns(project: Project) -> Iterator[Problem]:
    """Rules that are really stories: they break as soon as something comes in between."""
    for rule in project.rules:
        if len(rule.turns) > 1:
            yield Problem(rule.path, rule.name, f"it has {len(rule.turns)} user messages", "write a rule for each")


def unknown_intents(project: Project) -> Iterator[Problem]:
    """Phrases for intents that are not in the domain."""
    for path, intent in dict.fromkeys((phrase.path, phrase.intent) for phrase in project.phrases):
        if intent not in project.intents:
            yield Problem(path, intent, f"it is no intent of {DOMAIN}", "add it there, or correct the name")


def starved_intents(project: Project) -> Iterator[Problem]:
    """Intents with too few phrases to be learned."""
    paths = {phrase.intent: phrase.path for phrase in project.phrases}
    counts = Counter(phrase.intent for phrase in project.phrases)
    for intent in sorted(project.intents | counts.keys()):
        if counts[intent] < FEWEST_EXAMPLES and not NEVER_LEARNED.fullmatch(intent):
            what = f"it has {counts[intent]} examples, and needs {FEWEST_EXAMPLES}"
            yield Problem(paths.get(intent, DOMAIN), intent, what, f"write more in {PHRASES}/")


def repeated_examples(project: Project) -> Iterator[Problem]:
    """Phrases that stand twice: once is enough for one intent, and two intents cannot share one."""
    seen: dict[str, Phrase] = {}
    for phrase in project.phrases:
        # A phrase of signs alone ("??") is all the words it has.
        first = seen.setdefault(re.sub(r"[\W_]", "", phrase.text.casefold()) or phrase.text, phrase)
        if first is not phrase:
            place = "this intent" if first.intent == phrase.intent else f"'{first.intent}' of {first.path}"
            yield Problem(
                phrase.path, phrase.intent, f"'{phrase.text}' stands in {place} already", "keep one of the two"
            )


def swallowing_slots(project: Project) -> Iterator[Problem]:
    """Forms that would take "he is outside my door" for a name: free text must not be read from a report."""
    reports = {intent for intent in project.intents if intent.startswith("report_")}
    for slot, row in (project.domain.get("slots") or {}).items():
        for mapping in row.get("mappings") or ():
            excluded = mapping.get("not_intent") or ()
            missing = reports - set([excluded] if isinstance(excluded, str) else excluded)
            if mapping.get("type") == "from_text" and missing:
                what = f"'from_text' would take a message of {', '.join(sorted(missing))} for an answer"
                yield Problem(DOMAIN, f"slot {slot}", what, "list every report_* intent under 'not_intent'")


# Words


def hard_to_read(project: Project) -> Iterator[Problem]:
    """English above US grade 8."""
    for said in project.said:
        if not said.spanish and (grade := reading_grade(said.text)) > HIGHEST_GRADE:
            yield said.problem(f"its reading grade is {grade}", "use shorter sentences and plainer words")


def too_many_words(project: Project) -> Iterator[Problem]:
    """More than a person in distress reads."""
    for said in project.said:
        words, most = len(said.text.split()), MOST_WORDS_SPANISH if said.spanish else MOST_WORDS
        if words > most:
            yield said.problem(f"it has {words} words", f"keep to {most}")


def banned_wording(project: Project) -> Iterator[Problem]:
    """Words that do harm, whoever finds them useful."""
    for said in project.said:
        for banned in project.ledger.banned:
            found = banned.found_in(said.written)
            if found and said.response.id not in banned.allow:
                yield said.problem(f"it says '{found}': {banned.why}", f"say {banned.say}")


def idle_allowances(project: Project) -> Iterator[Problem]:
    """Permissions to say banned words that no reply uses, where the next such word would slip through."""
    for banned in project.ledger.banned:
        for name in banned.allow:
            written = [said.written for said in project.said if said.response.id == name]
            if not any(banned.found_in(text) for text in written):
                what = f"{name} is allowed '{banned.wording.pattern[:30]}...' and does not say it"
                yield Problem(f"{SOURCES}/{BANNED}", name, what, "take it off the list")


def copied_text(project: Project) -> Iterator[Problem]:
    """Replies that share eight words running with the article: every sentence has to be ours."""
    for said in project.said:
        words = _words(said.wording.text)
        for place, shingle in enumerate(_shingles(said.wording.text)):
            if shingle in project.shingles:
                copied = " ".join(words[place : place + SHINGLE_WORDS])
                yield said.problem(f"'{copied}' stands in the article", "say it in our own words")
                break


def unknown_placeholders(project: Project) -> Iterator[Problem]:
    """Braces that nothing fills in."""
    for said in project.said:
        known = {**project.placeholders, **GIVEN_BY_ACTIONS.get(said.response.id, {})}
        for name in re.findall(r"\{([^{}]*)\}?", said.written):
            if name not in known:
                yield said.problem(f"nothing fills in '{{{name}}}'", f"use one of {', '.join(sorted(known))}")


# Crisis


def too_many_contacts(project: Project) -> Iterator[Problem]:
    """More numbers than anyone can choose from in a crisis."""
    for said in project.said:
        named = contacts(said.text, project.lines)
        if len(named) > MOST_CONTACTS:
            yield said.problem(
                f"it names {len(named)} contacts ({', '.join(named)})", f"keep the {MOST_CONTACTS} that fit"
            )


def suicide_without_line(project: Project) -> Iterator[Problem]:
    """Talk of suicide with nobody to call."""
    for said in project.said:
        if SUICIDE.search(said.wording.text) and not re.search(r"\{helpline(?:_es)?\}", said.wording.text):
            line = "{helpline_es}" if said.spanish else "{helpline}"
            yield said.problem("it speaks of suicide and names no line", f"add {line}")


def gaps_in_protocol(project: Project) -> Iterator[Problem]:
    """Crisis replies missing in one of two languages, or with too few wordings to say none twice running."""
    for name in project.protocol.responses():
        if name not in project.library:
            yield Problem(
                f"{CRISIS}/protocol.yml", name, "there is no such response", f"write it in {RESPONSES}/crisis.yml"
            )
        elif len(set(project.library[name].texts)) < FEWEST_WORDINGS:
            what = f"it has {len(set(project.library[name].texts))} different wordings"
            yield Problem(file_of(project.library[name]), name, what, f"write {FEWEST_WORDINGS}")


def unlike_twins(project: Project) -> Iterator[Problem]:
    """Spanish replies that offer other next steps than the English ones."""
    for twin in project.library:
        name = twin.id.removesuffix("_es")
        if name != twin.id and name in project.library:
            english, spanish = ({b.payload for b in each.buttons} for each in (project.library[name], twin))
            if english != spanish:
                what = f"its buttons send {', '.join(sorted(spanish))}, those of {name} {', '.join(sorted(english))}"
                yield Problem(file_of(twin), twin.id, what, "send the same")


def overdue_lines(project: Project) -> Iterator[Problem]:
    """Numbers that may no longer be right."""
    for line in project.lines.overdue(project.today):
        what = f"it was due to be checked on {line.next_check}"
        yield Problem(
            f"{CRISIS}/lines.yml", line.id, what, f"look at {line.source}, then set 'checked' and 'next_check'"
        )


def clinic_without_lines(project: Project) -> Iterator[Problem]:
    """A clinic in a country whose lines we do not have."""
    if project.clinic.country not in project.lines.countries:
        what = f"'country: {project.clinic.country}' is not in {CRISIS}/lines.yml"
        yield Problem(CLINIC, "country", what, "name one that is, or add its lines")


# The page's own strings


def untranslated_strings(project: Project) -> Iterator[Problem]:
    """Strings that one language has and another lacks."""
    languages = {each.language for each in project.strings}
    known = {(each.part, each.language, each.name) for each in project.strings}
    for each in project.strings:
        for language in sorted(languages):
            if (each.part, language, each.name) not in known:
                yield each.problem(f"it is missing in '{language}'", "write it there too")


def faulty_strings(project: Project) -> Iterator[Problem]:
    """Strings of the page that break the rules for replies."""
    known = {name for name in project.placeholders if not name.endswith("_es")}
    for each in project.strings:
        for name in re.findall(r"\{([^{}]*)\}?", each.text):
            if name not in known:
                yield each.problem(f"nothing fills in '{{{name}}}'", f"use one of {', '.join(sorted(known))}")
        for banned in project.ledger.banned:
            if found := banned.found_in(each.text):
                yield each.problem(f"it says '{found}': {banned.why}", f"say {banned.say}")
        text = re.sub(r"\{(\w+)\}", lambda match: project.placeholders.get(match[1], match[0]), each.text)
        if each.language == "en" and len(text.split()) > SHORT and (grade := reading_grade(text)) > HIGHEST_GRADE:
            yield each.problem(f"its reading grade is {grade}", "use shorter sentences and plainer words")
        if len(named := contacts(text, project.lines)) > MOST_CONTACTS:
            yield each.problem(
                f"it names {len(named)} contacts ({', '.join(named)})", f"keep the {MOST_CONTACTS} that fit"
            )


CHECKS: tuple[Callable[[Project], Iterator[Problem]], ...] = (
    *(unsaid_sources, unknown_sources, missing_sources, incomplete_notes, missing_review),
    *(missing_next_step, crowded_buttons, long_titles, dead_payloads),
    *(rules_without_answer, intents_without_rule, rules_with_two_turns),
    *(unknown_intents, starved_intents, repeated_examples, swallowing_slots),
    *(hard_to_read, too_many_words, banned_wording, idle_allowances, copied_text, unknown_placeholders),
    *(too_many_contacts, suicide_without_line, gaps_in_protocol, unlike_twins, overdue_lines, clinic_without_lines),
    *(untranslated_strings, faulty_strings),
)


# Measures


def reading_grade(text: str) -> float:
    """The Flesch-Kincaid grade of a text.

    Numbers, addresses and the names of `LONG_NAMES` count as a plain word each, and a line of a list
    as a sentence.
    """
    plain = re.sub("|".join(map(re.escape, LONG_NAMES)), "name", text, flags=re.IGNORECASE)
    plain = re.sub(r"\S*(?:\d|\w\.\w)\S*?(?=[.,;:!?)]*(?:\s|$))", "name", plain)
    plain = re.sub(r"[.:;,]?\n-?\s*", ". ", plain)
    return float(textstat.flesch_kincaid_grade(plain))


def contacts(text: str, lines: Lines) -> list[str]:
    """The different contacts of a text: a number, or the name of the line it belongs to.

    A line that can be called and texted is one contact.
    """
    owners: dict[str, str] = {}
    for line in lines.of("US"):
        for number in (line.call, line.text_to):
            owners.setdefault(_digits(number), line.id)
    numbers = re.findall(r"(?<![\w.-])(?:(?:1[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}|\d{5,6}|\d{3})(?![\w-])", text)
    return list(dict.fromkeys(owners.get(_digits(number), number) for number in numbers))


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number).removeprefix("1") if len(number) > 6 else number


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", re.sub("['’]", "", text.casefold()))


def _shingles(text: str) -> Iterator[str]:
    words = _words(text)
    for place in range(len(words) - SHINGLE_WORDS + 1):
        shingle = " ".join(words[place : place + SHINGLE_WORDS])
        yield hashlib.sha256(shingle.encode()).hexdigest()[:SHINGLE_DIGITS]


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
