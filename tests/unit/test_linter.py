"""`waymark check`: the real project passes, and each check finds the fault it is there for, and only that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from waymark import settings
from waymark.content import linter
from waymark.content.ledger import Ledger
from waymark.content.library import read_yaml
from waymark.content.linter import Problem, article_shingles, check, contacts, reading_grade
from waymark.safety.lines import Lines

TODAY = date(2026, 11, 22)
"""A day on which no line is overdue: that time goes by is for `waymark check` to see, not for the tests."""

HELP, CRISIS, RULES, PHRASES = (
    *("data/responses/help.yml", "data/responses/crisis.yml"),
    *("data/rules/help.yml", "data/nlu/help.yml"),
)
CRISIS_REPLIES = [
    name + language
    for name in ("utter_crisis_danger_immediate", "utter_crisis_suicide_unsure", "utter_crisis_suicide_no")
    for language in ("", "_es")
]
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
LINES = Lines.load(settings.CRISIS)
LEDGER = Ledger.load(settings.SOURCES)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the linter reads, with fewer crisis replies and lines: a check takes a third of the time."""
    root = tmp_path_factory.mktemp("small")
    shutil.copytree(settings.DATA, root / "data", ignore=shutil.ignore_patterns("lexicon.yml"))
    for name in ("domain.yml", "clinic.yml"):
        shutil.copy(settings.ROOT / name, root / name)
    (root / "web").mkdir()
    shutil.copy(settings.WEB / "strings.json", root / "web" / "strings.json")
    with editing(root / CRISIS) as read:
        read["responses"] = {name: read["responses"][name] for name in CRISIS_REPLIES}
    with editing(root / "data/crisis/lines.yml") as read:
        read["countries"] = {"US": read["countries"]["US"]}
        read["lines"] = [line for line in read["lines"] if line["country"] == "US"]
    return root


@pytest.fixture(scope="module")
def before(small: Path) -> list[Problem]:
    """What is wrong before a fault is planted: crisis replies that were left out."""
    return check(small, TODAY)


@pytest.fixture
def root(small: Path, tmp_path: Path) -> Path:
    """A copy to plant a fault in."""
    return Path(shutil.copytree(small, tmp_path / "project"))


@pytest.fixture
def found(root: Path, before: list[Problem]) -> Callable[[], list[tuple[str, str, str]]]:
    """What the linter finds in the copy that it did not find before: path, where, what."""

    def look(today: date = TODAY) -> list[tuple[str, str, str]]:
        return [(each.path, each.where, each.what) for each in check(root, today) if each not in before]

    return look


@contextmanager
def editing(path: Path) -> Iterator[Any]:
    """A YAML file's content, written back when it was changed."""
    read = read_yaml(path)
    yield read
    path.write_text(yaml.dump(read, Dumper=DUMPER, allow_unicode=True, sort_keys=False), encoding="utf-8")


@contextmanager
def helplines(root: Path) -> Iterator[dict[str, Any]]:
    """The one wording of `utter_ask_helplines`, to plant a fault in."""
    with editing(root / HELP) as read:
        yield read["responses"]["utter_ask_helplines"][0]


Found = Callable[..., list[tuple[str, str, str]]]


def test_the_project_has_no_problem() -> None:
    assert [str(problem) for problem in check(settings.ROOT, TODAY)] == []


def test_a_problem_prints_as_one_line_with_its_fix() -> None:
    problem = Problem("data/responses/help.yml", "utter_ask_helplines", "it offers no next step", "add a button")
    assert str(problem) == "data/responses/help.yml: utter_ask_helplines: it offers no next step. Fix: add a button."


# What the responses rest on


def test_a_fact_that_no_response_names(root: Path, found: Found) -> None:
    with editing(root / "data/sources/facts.yml") as read:
        read["ketamine"]["ket.new"] = {"fact": "Something nobody says."}
    assert found() == [("data/sources/facts.yml", "ket.new", "no response names this fact")]


def test_a_note_that_no_response_names(root: Path, found: Found) -> None:
    with editing(root / "data/sources/practice.yml") as read:
        read["help"]["practice.help.new"] = {"note": "Something nobody says.", "basis": "safety.md rule 1"}
    assert found() == [("data/sources/practice.yml", "practice.help.new", "no response names this note")]


@pytest.mark.parametrize(
    ("kind", "name", "what"),
    [
        ("facts", "ket.unheard", "there is no fact 'ket.unheard'"),
        ("practice", "practice.help.unheard", "there is no practice note 'practice.help.unheard'"),
    ],
)
def test_an_unknown_source(root: Path, found: Found, kind: str, name: str, what: str) -> None:
    with helplines(root) as wording:
        wording["metadata"][kind].append(name)
    assert found() == [(HELP, "utter_ask_helplines", what)]


def test_a_response_that_rests_on_nothing(root: Path, found: Found) -> None:
    with editing(root / "data/responses/trauma_bond.yml") as read:
        read["responses"]["utter_ask_term_origin"].append(
            {**read["responses"]["utter_ask_term_origin"][0], "metadata": {"review": "awaiting", "date": "2026-11-22"}}
        )
    what = "it names no fact and no practice note"
    assert found() == [("data/responses/trauma_bond.yml", "utter_ask_term_origin, wording 2", what)]


def test_small_talk_that_rests_on_a_fact_alone(root: Path, found: Found) -> None:
    with editing(root / "data/responses/social.yml") as read:
        read["responses"]["utter_thank"][1]["metadata"].update(facts=["heal.process"], practice=[])
    assert found() == [("data/responses/social.yml", "utter_thank, wording 2", "it names no practice note")]


@pytest.mark.parametrize("key", ["note", "basis"])
def test_a_practice_note_without_words_or_ground(root: Path, found: Found, key: str) -> None:
    with editing(root / "data/sources/practice.yml") as read:
        del read["help"]["practice.help.traces"][key]
    assert found() == [("data/sources/practice.yml", "practice.help.traces", f"'{key}' is missing")]


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("review", "", "it has no review state"),
        ("date", "", "'' is no date"),
        ("date", "last week", "'last week' is no date"),
    ],
)
def test_a_response_that_nobody_dated_or_reviewed(root: Path, found: Found, key: str, value: str, what: str) -> None:
    with helplines(root) as wording:
        wording["metadata"][key] = value
    assert found() == [(HELP, "utter_ask_helplines", what)]


# Buttons


def test_a_dead_end(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["buttons"] = []
    assert found() == [(HELP, "utter_ask_helplines", "it offers no next step")]


def test_four_buttons(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["buttons"] = [{"title": f"Choice {n}", "payload": "/want_person"} for n in range(4)]
    assert found() == [(HELP, "utter_ask_helplines", "it has 4 buttons")]


def test_five_buttons_in_a_crisis_where_four_may_be_needed(root: Path, found: Found) -> None:
    with editing(root / CRISIS) as read:
        first, second, *_ = read["responses"]["utter_crisis_danger_immediate"]
        payload = first["buttons"][0]["payload"]
        first["buttons"] += [{"title": f"Choice {n}", "payload": payload} for n in range(4 - len(first["buttons"]))]
        second["buttons"] += [{"title": f"Choice {n}", "payload": payload} for n in range(5 - len(second["buttons"]))]
    assert found() == [(CRISIS, "utter_crisis_danger_immediate, wording 2", "it has 5 buttons")]


def test_a_title_too_long_for_a_phone(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["buttons"][0]["title"] = "Help in a country that is far away"
    what = "the button 'Help in a country that is far away' has 34 characters"
    assert found() == [(HELP, "utter_ask_helplines", what)]


def test_a_button_that_nobody_answers(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["buttons"][:2] = [
            {"title": "In plain words", "payload": "what is a trauma bond"},
            {"title": "Stars", "payload": "/ask_stars"},
        ]
    what = "the button 'Stars' sends '/ask_stars', no intent of the domain"
    assert found() == [(HELP, "utter_ask_helplines", what)]


# Rules, intents and phrases


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("utter_stars", "'utter_stars' is no response"),
        ("action_count_stars", "'action_count_stars' is no action of domain.yml"),
    ],
)
def test_a_rule_that_ends_in_nothing(root: Path, found: Found, action: str, what: str) -> None:
    with editing(root / RULES) as read:
        read["rules"].append({"rule": "Stars are counted", "steps": [{"intent": "greet"}, {"action": action}]})
    assert found() == [(RULES, "Stars are counted", what)]


def test_a_rule_for_an_unknown_intent(root: Path, found: Found) -> None:
    steps = [{"or": [{"intent": "greet"}, {"intent": "ask_stars"}]}, {"action": "utter_greet"}]
    with editing(root / RULES) as read:
        read["rules"].append({"rule": "Stars are greeted", "steps": steps})
    assert found() == [(RULES, "Stars are greeted", "'ask_stars' is no intent of domain.yml")]


def test_an_intent_without_a_rule(root: Path, found: Found) -> None:
    with editing(root / "domain.yml") as read:
        read["intents"] += ["send_stars", "report_stars"]
    # Every slot of a form is told to refuse the new report too; that is another check's business.
    unruled = [problem for problem in found() if not problem[1].startswith("slot ")]
    assert unruled == [("domain.yml", "send_stars", "no rule answers this intent")]


def test_a_rule_that_waits_for_a_second_message(root: Path, found: Found) -> None:
    steps = [{"intent": "greet"}, {"action": "utter_greet"}, {"intent": "thank"}, {"action": "utter_thank"}]
    with editing(root / RULES) as read:
        read["rules"].append({"rule": "Thanks follow a greeting", "steps": steps})
    assert found() == [(RULES, "Thanks follow a greeting", "it has 2 user messages")]


def test_phrases_for_an_unknown_intent(root: Path, found: Found) -> None:
    with editing(root / PHRASES) as read:
        read["nlu"].append({"intent": "send_stars", "examples": "- twinkle\n"})
    assert found() == [(PHRASES, "send_stars", "it is no intent of domain.yml")]


def test_an_intent_with_too_few_examples(root: Path, found: Found) -> None:
    with editing(root / PHRASES) as read:
        examples = read["nlu"][0]["examples"].splitlines(keepends=True)
        read["nlu"][0]["examples"] = "".join(examples[:24])
    assert found() == [(PHRASES, "ask_helplines", "it has 24 examples, and needs 25")]


def test_an_intent_without_any_example(root: Path, found: Found) -> None:
    with editing(root / "domain.yml") as read:
        read["intents"].append("ask_stars")
    with editing(root / RULES) as read:
        read["rules"].append({"rule": "Stars", "steps": [{"intent": "ask_stars"}, {"action": "utter_greet"}]})
    assert found() == [("domain.yml", "ask_stars", "it has 0 examples, and needs 25")]


def test_the_same_example_twice(root: Path, found: Found) -> None:
    with editing(root / PHRASES) as read:
        first = read["nlu"][0]["examples"].splitlines()[0].removeprefix("- ")
        read["nlu"][0]["examples"] += f"- {first.upper()} ??\n"
    what = f"'{first.upper()} ??' stands in this intent already"
    assert found() == [(PHRASES, "ask_helplines", what)]


def test_the_same_example_in_two_intents(root: Path, found: Found) -> None:
    with editing(root / PHRASES) as read:
        read["nlu"][0]["examples"] += "- the stars over [canada](country)\n"
    with editing(root / "data/nlu/therapy.yml") as read:
        read["nlu"][0]["examples"] += "- The stars, over Canada!\n"
    what = f"'The stars, over Canada!' stands in 'ask_helplines' of {PHRASES} already"
    assert found() == [("data/nlu/therapy.yml", read["nlu"][0]["intent"], what)]


def test_a_form_that_would_swallow_a_crisis(root: Path, found: Found) -> None:
    with editing(root / "domain.yml") as read:
        reports = sorted(name for name in read["intents"] if str(name).startswith("report_"))
        safe = {"type": "from_text", "not_intent": reports}
        read["slots"]["name"] = {"type": "text", "mappings": [safe]}
        read["slots"]["number"] = {"type": "text", "mappings": [{**safe, "not_intent": reports[1:]}]}
    what = f"'from_text' would take a message of {reports[0]} for an answer"
    assert found() == [("domain.yml", "slot number", what)]


# Words


def test_a_text_that_is_hard_to_read(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["text"] = (
            "Unfortunately, comprehensive psychological rehabilitation necessitates considerable determination."
        )
    [(path, where, what)] = found()
    assert (path, where) == (HELP, "utter_ask_helplines") and what.startswith("its reading grade is ")


def test_spanish_is_not_graded_and_may_be_longer(root: Path, found: Found) -> None:
    hard = "responsabilidad psicológica interdisciplinaria " * 20
    with editing(root / CRISIS) as read:
        for number in (0, 1):
            read["responses"]["utter_crisis_suicide_no_es"][number]["text"] = f"{number} {{helpline_es}} {hard}"
        read["responses"]["utter_crisis_suicide_no_es"][2]["text"] += " más" * 85
    [(_, where, what)] = found()
    assert where == "utter_crisis_suicide_no_es, wording 3" and what.endswith(" words")


def test_a_text_that_is_too_long(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["text"] = "You can ask us here. " * 14 + "So it is."
    assert found() == [(HELP, "utter_ask_helplines", "it has 73 words")]


def test_placeholders_count_with_what_stands_in_their_place(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["text"] = "You can ask us here. " * 13 + "So it is {dv_line}."
    assert found() == [(HELP, "utter_ask_helplines", "it has 79 words")]


@pytest.mark.parametrize("part", ["text", "title"])
def test_banned_wording(root: Path, found: Found, part: str) -> None:
    with helplines(root) as wording:
        (wording if part == "text" else wording["buttons"][0])[part] = "You are no victim."
    [(path, where, what)] = found()
    assert (path, where, what) == (HELP, "utter_ask_helplines", "it says 'victim': it is a label")


def test_banned_wording_that_is_allowed_where_it_is_quoted(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["text"] = "You are no victim."
    with editing(root / "data/sources/banned.yml") as read:
        [row] = [row for row in read if any("victim" in each for each in row["wording"])]
        row["allow"] = {"utter_ask_helplines": "for this test"}
    assert found() == []


def test_a_permission_that_no_reply_uses(root: Path, found: Found) -> None:
    with editing(root / "data/sources/banned.yml") as read:
        [row] = [row for row in read if any("victim" in each for each in row["wording"])]
        row["allow"] = {"utter_ask_helplines": "for this test"}
    [(path, where, what)] = found()
    assert (path, where) == ("data/sources/banned.yml", "utter_ask_helplines") and what.endswith("does not say it")


def test_a_sentence_of_the_article(root: Path, found: Found) -> None:
    article = "The lighthouse keeper counted seven pale boats before the storm came in from the west."
    with (root / "data/sources/article_shingles.txt").open("a") as file:
        file.write(article_shingles(article))
    with helplines(root) as wording:
        wording["text"] = "We know: the Lighthouse keeper counted seven “pale” boats, before breakfast."
    what = "'the lighthouse keeper counted seven pale boats before' stands in the article"
    assert found() == [(HELP, "utter_ask_helplines", what)]


def test_a_placeholder_that_nothing_fills_in(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["text"] = "Call {police} or {emergency}, or see {directory}."
    assert [what for *_, what in found()] == ["nothing fills in '{police}'", "nothing fills in '{directory}'"]


# Crisis


def test_four_contacts(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["text"] = "Call {emergency}. Or {helpline}. You can reach {dv_line}. You can ask {sexual_line}."
    what = "it names 4 contacts (us.emergency, us.988, us.ndvh, us.rainn)"
    assert found() == [(HELP, "utter_ask_helplines", what)]


def test_talk_of_suicide_without_a_line(root: Path, found: Found) -> None:
    with helplines(root) as wording:
        wording["text"] = "Some people have thoughts of suicide."
    assert found() == [(HELP, "utter_ask_helplines", "it speaks of suicide and names no line")]


@pytest.mark.parametrize("name", ["utter_crisis_suicide_unsure", "utter_crisis_suicide_unsure_es"])
def test_a_crisis_reply_that_is_not_there(root: Path, found: Found, name: str) -> None:
    with editing(root / CRISIS) as read:
        del read["responses"][name]
    assert found() == [("data/crisis/protocol.yml", name, "there is no such response")]


def test_a_crisis_reply_that_says_the_same_twice(root: Path, found: Found) -> None:
    with editing(root / CRISIS) as read:
        wordings = read["responses"]["utter_crisis_suicide_unsure"]
        wordings[1]["text"] = wordings[0]["text"]
    assert found() == [(CRISIS, "utter_crisis_suicide_unsure", "it has 2 different wordings")]


def test_a_spanish_reply_that_leads_elsewhere(root: Path, found: Found) -> None:
    with editing(root / CRISIS) as read:
        for wording in read["responses"]["utter_crisis_suicide_unsure_es"]:
            wording["buttons"] = [{"title": "Salir", "payload": "/want_exit"}]
    [(path, where, what)] = found()
    assert (path, where) == (CRISIS, "utter_crisis_suicide_unsure_es")
    assert what.startswith("its buttons send /want_exit, those of utter_crisis_suicide_unsure ")


def test_a_line_that_was_due_for_a_check(root: Path, found: Found) -> None:
    with editing(root / "data/crisis/lines.yml") as read:
        [line] = [line for line in read["lines"] if line["id"] == "us.988"]
        line["next_check"] = date(2026, 11, 21)
    assert found() == [("data/crisis/lines.yml", "us.988", "it was due to be checked on 2026-11-21")]


def test_time_going_by_makes_lines_overdue(found: Found) -> None:
    assert {path for path, *_ in found(date(2036, 1, 1))} == {"data/crisis/lines.yml"}


def test_a_clinic_in_a_country_without_lines(root: Path, found: Found) -> None:
    with editing(root / "clinic.yml") as read:
        read["country"] = "AQ"
    assert found() == [("clinic.yml", "country", "'country: AQ' is not in data/crisis/lines.yml")]


# The page's own strings


@pytest.mark.parametrize(
    ("part", "language", "name", "text", "what"),
    [
        ("page", "en", "send", None, "it is missing in 'en'"),
        ("page", "en", "send", "{clinic_motto}", "nothing fills in '{clinic_motto}'"),
        ("server", "es", "slow", "Cometió suicidio.", "it says 'Cometió suicidio'"),
        (
            "server",
            "en",
            "slow",
            "Unfortunately comprehensive administrative considerations necessitate waiting a little.",
            "grade",
        ),
        ("launcher", "en", "card", "Call 911, 988, 111 or 222.", "it names 4 contacts"),
    ],
)
def test_a_fault_in_a_string_of_the_page(
    root: Path, found: Found, part: str, language: str, name: str, text: str | None, what: str
) -> None:
    path = root / "web" / "strings.json"
    strings = json.loads(path.read_text(encoding="utf-8"))
    strings[part][language] |= {name: text} if text else {}
    if not text:
        del strings[part][language][name]
    path.write_text(json.dumps(strings), encoding="utf-8")
    [problem] = found()
    assert problem[0] == "web/strings.json" and name in problem[1] and what in problem[2]


# Files that cannot be read


@pytest.mark.parametrize(
    ("path", "text", "what"),
    [
        ("clinic.yml", "name: A\nphone: 1\nform: x\ncountry: US\nmotto: x", "unknown key 'motto'"),
        (HELP, "responses:\n  utter_x: [{text: 'unclosed", "while scanning a quoted scalar"),
        (HELP, "responses:\n  utter_x:\n  - buttons: []", "'utter_x' needs a list of wordings"),
        (RULES, "rules:\n- rule: Without steps", "KeyError('steps')"),
        ("data/crisis/lines.yml", "lines: []", "'countries'"),
        ("data/sources/banned.yml", "- {wording: ['('], why: a, say: b}", "missing ), unterminated subpattern"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_alone(root: Path, path: str, text: str, what: str) -> None:
    (root / path).write_text(text, encoding="utf-8")
    [problem] = check(root, TODAY)
    assert problem.path == path
    assert what in problem.what


def test_a_file_that_is_missing_is_named(root: Path) -> None:
    (root / "domain.yml").unlink()
    [problem] = check(root, TODAY)
    assert (problem.path, problem.where) == ("domain.yml", "FileNotFoundError")


# Measures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call or text 988 (any time), or call 911.", ["us.988", "us.emergency"]),
        ("the Hotline, 1-800-799-7233, or text START to 88788", ["us.ndvh"]),
        ("1-800-799-7233 or 800.799.7233", ["us.ndvh"]),
        ("text HOME to 741741", ["us.crisis_text"]),
        ("the clinic at 424.644.6486. Then 988.", ["424.644.6486", "us.988"]),
        ("about 20 minutes, 14 days, July 2022, page 2 of 7", []),
    ],
)
def test_contacts_are_counted_by_line(text: str, expected: list[str]) -> None:
    assert contacts(text, LINES) == expected


def test_long_names_numbers_and_lists_do_not_make_a_text_harder() -> None:
    assert reading_grade("Codependency is a pattern.") == reading_grade("Love is a pattern.")
    assert reading_grade("You can call 1-800-799-7233 at night.") == reading_grade("You can call Joe at night.")
    listed = reading_grade("You can do this:\n- Talk to a good friend\n- Go for a walk\n- Get some sleep at night")
    assert listed < reading_grade("You can do this, talk to a good friend, go for a walk, get some sleep at night")
    assert reading_grade("Psychological rehabilitation necessitates determination.") > linter.HIGHEST_GRADE


HARMFUL = [
    *("She committed suicide.", "After a failed attempt, people need care.", "Some take pills.", "Do not jump off."),
    *("It is often a cry for help.", "You're not thinking of suicide, are you?", "Promise me you will call."),
    *("Think of your family.", "There is no need to call anyone.", "You should leave.", "Just leave."),
    *("It may be time to end the relationship.", "Going no contact helps.", "Block them.", "You can confront them."),
    *("Try to communicate better.", "Couples therapy may help.", "It takes two.", "Why did you stay?"),
    *("At least they said sorry.", "You are a victim.", "Your abuser may change.", "You seem codependent."),
    *("Your partner is a narcissist.", "You have PTSD.", "That is definitely abuse.", "He may change."),
    *("You must rest.", "You need to rest.", "I feel for you.", "I'm so worried.", "I am here for you."),
    *("I understand how you feel.", "I know what it is like.", "I’m sorry to hear that.", "Sorry for your loss."),
    *("Help is here!", "Take care \U0001f49b", "Take care :)", "It helps — a lot.", "Great job.", "You are so brave."),
    *("Stay strong.", "You've got this.", "Everything will be fine.", "You'll get through this.", "It gets better."),
    *("Ketamine is safe.", "Therapy will help.", "It is 100% confidential.", "You are anonymous.", "It stays private."),
    *("Nobody will know.", "They never call the police.", "They will reply within a day.", "Take 50 mg.", "a low dose"),
    *("You are a good candidate.", "You can safely take ketamine.", "Stop taking your medicine.", "counselling"),
    *("Recognise the signs.", "Es una víctima.", "Es anónimo.", "Todo va a estar bien.", "¡Ánimo", "Lo siento mucho."),
]

HARMLESS = [
    *("Someone died by suicide.", "Are you thinking about killing yourself?", "Try not to hang up."),
    *("Leaving can be the most dangerous time.", "Only you can decide whether to leave.", "Stay on the line."),
    *("Poison Control", "Be away from anything that could be used to hurt you.", "Tap “I feel unsafe.”"),
    *("An urge can be strong.", "Take as long as you need to.", "Sorry, I misread you.", "Abuse is never your fault."),
    *(
        "You do not have to be codependent.",
        "Many codependent relationships exist.",
        "You do not have to keep it to yourself.",
    ),
    *("With the right support, people can heal.", "Only your prescriber can say anything about a dose."),
    *(
        "A trained provider can talk with you.",
        "the person who hurt you",
        "Is it my fault?",
        "What happens in a session?",
    ),
    *("The clinic is at {clinic_phone}; {helpline}.", "It may help to breathe out slowly.", "I'm glad you said that."),
]


@pytest.mark.parametrize("text", HARMFUL)
def test_harmful_wording_is_caught(text: str) -> None:
    assert any(banned.found_in(text) for banned in LEDGER.banned)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_wording_is_left_alone(text: str) -> None:
    assert [banned.found_in(text) for banned in LEDGER.banned if banned.found_in(text)] == []


def test_every_ban_catches_something_here() -> None:
    idle = [banned.why for banned in LEDGER.banned if not any(banned.found_in(text) for text in HARMFUL)]
    assert idle == []
