"""The crisis lines: what is published, which country a message names, and what the loader refuses."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from waymark import settings
from waymark.safety.lines import NEEDS, Lines, LinesError

LINES = Lines.load(settings.CRISIS)
COUNTRIES = sorted(LINES.countries)
LINE_IDS = sorted(LINES.lines)
VERBS = {"call", "text", "find", "write"}
VERBS_ES = {"llame", "envíe", "busque", "escriba"}


@pytest.mark.parametrize("line_id", LINE_IDS)
def test_a_published_line_is_confirmed_and_reachable(line_id: str) -> None:
    line = LINES.lines[line_id]
    assert line.evidence in {"A", "B"}
    assert line_id.startswith(f"{line.country.split('-')[0].lower()}.")
    assert line.call or line.text_to or line.chat
    assert not (line.voice_needed and line.text_to)
    assert line.say.split()[0] in VERBS
    assert line.say_es.split()[0] in VERBS_ES
    assert not re.search("[{}]", line.say + line.say_es)


@pytest.mark.parametrize("line_id", LINE_IDS)
def test_a_second_line_is_another_one_of_the_same_country(line_id: str) -> None:
    line = LINES.lines[line_id]
    if line.second:
        assert line.second != line_id
        assert line.second in {other.id for other in LINES.of(line.country.split("-")[0])}


@pytest.mark.parametrize("code", COUNTRIES)
def test_a_country_has_an_emergency_number_a_directory_and_every_need(code: str) -> None:
    country = LINES.countries[code]
    words = LINES.placeholders(code)
    assert words["emergency"] and words["emergency_es"]
    assert country.directory == f"findahelpline.com/countries/{code.lower()}"
    assert words["helpline"].split()[0] in VERBS
    assert words["helpline_es"].split()[0] in VERBS_ES
    # The others are nouns: a response says "an advocate at {dv_line}".
    for need in set(NEEDS) - {"helpline"}:
        assert words[need]
        assert words[need].split()[0] not in VERBS
        assert words[f"{need}_es"].split()[0] not in VERBS_ES


@pytest.mark.parametrize("code", COUNTRIES)
def test_a_country_points_only_to_its_own_lines(code: str) -> None:
    own = {line.id for line in LINES.of(code)}
    assert set(LINES.countries[code].needs.values()) <= own
    if f"{code.lower()}.emergency" in own:
        assert LINES.lines[f"{code.lower()}.emergency"].call in LINES.countries[code].emergency


@pytest.mark.parametrize(
    ("line_id", "number"),
    [
        ("us.988", "988"),
        ("us.ndvh", "1-800-799-7233"),
        ("gb.samaritans", "116 123"),
        ("ie.samaritans", "116 123"),
        ("es.016", "016"),
    ],
)
def test_numbers_are_shown_as_published(line_id: str, number: str) -> None:
    assert LINES.lines[line_id].call == number
    assert number in LINES.lines[line_id].say


def test_the_zeros_of_an_emergency_number_are_kept() -> None:
    assert LINES.countries["AU"].emergency == "000"


def test_a_line_that_has_failed_before_names_its_second() -> None:
    line = LINES.lines["za.gbv"]
    assert LINES.lines[line.second].call in line.say


def test_the_press_3_route_of_988_is_not_shown() -> None:
    assert not any("press 3" in line.say or "oprima 3" in line.say_es for line in LINES.of("US"))


def test_regions_belong_to_their_country() -> None:
    assert {"gb.samaritans", "gb.refuge", "gb.sdafmh"} <= {line.id for line in LINES.of("GB")}


def test_a_country_without_an_entry_gets_the_worldwide_directory() -> None:
    words = LINES.placeholders("AT")
    assert words["emergency"] == "your local emergency number"
    assert words["helpline"] == "find a line at findahelpline.com"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I'm in the UK", "GB"),
        ("uk?", "GB"),
        ("i live in Scotland with my mum", "GB"),
        ("london", "GB"),
        ("Belfast, Northern Ireland", "GB"),
        ("im from ireland", "IE"),
        ("Éire", "IE"),
        ("what numbers are there in the U.S.?", "US"),
        ("i live in the US", "US"),
        ("US", "US"),
        ("usa", "US"),
        ("I moved to New Mexico last year", "US"),
        ("vivo en Estados Unidos", "US"),
        ("estoy en EE.UU.", "US"),
        ("Toronto here", "CA"),
        ("i'm in london, ontario", "CA"),
        ("any line in mexico city", "MX"),
        ("estoy en Me\u0301xico", "MX"),
        ("I'm from Mexico but I live in Canada", "CA"),
        ("Sydney, Australia", "AU"),
        ("New South Wales", "AU"),
        ("new  zealand", "NZ"),
        ("hotline for india please", "IN"),
        ("ich bin in Deutschland", "DE"),
        ("él usa mi teléfono y vivo en españa", "ES"),
        ("sao paulo", "BR"),
        ("I’m not in the United States, I’m in South Africa", "ZA"),
        ("phillipines", "PH"),
    ],
)
def test_a_country_is_found_in_a_message(text: str, code: str) -> None:
    assert LINES.find_country(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "talk to us",
        "it hurts us",
        "can you help me",
        "us",
        "he always comes back to us",
        "IT HURTS US",
        "my indian mother-in-law",
        "we met in indiana",
        "somewhere in south america",
        "i am not in the usa",
        "I don't live in the UK",
        "él usa mi teléfono",
        "it is no use",
        "",
    ],
)
def test_a_message_without_a_country_names_none(text: str) -> None:
    assert LINES.find_country(text) is None


def test_a_line_is_overdue_the_day_after_its_next_check() -> None:
    line = min(LINES.lines.values(), key=lambda each: each.next_check)
    assert line not in LINES.overdue(line.next_check)
    assert line in LINES.overdue(line.next_check + timedelta(days=1))


def test_overdue_lists_every_line_in_the_end_and_none_before_the_first_check() -> None:
    assert LINES.overdue(date(2027, 1, 31)) == []
    assert len(LINES.overdue(date(2099, 1, 1))) == len(LINES.lines)


def _small_directory() -> dict[str, Any]:
    line = {
        "id": "gb.samaritans",
        "country": "GB",
        "name": "Samaritans",
        "kind": "suicide_crisis",
        "whom": "anyone",
        "hours": "24/7",
        "languages": ["en"],
        "evidence": "B",
        "source": "https://www.samaritans.org",
        "checked": "2026-10-01",
        "next_check": "2027-04-01",
        "say": "call Samaritans, 116 123 (any time)",
    }
    country = {
        "name": "United Kingdom",
        "emergency": "999",
        "directory": "findahelpline.com/countries/gb",
        "needs": {"helpline": "gb.samaritans"},
    }
    return {"countries": {"GB": country}, "lines": [line]}


def _load(folder: Path, directory: dict[str, Any]) -> Lines:
    (folder / "lines.yml").write_text(yaml.safe_dump(directory), encoding="utf-8")
    return Lines.load(folder)


def test_a_small_directory_loads(tmp_path: Path) -> None:
    assert _load(tmp_path, _small_directory()).placeholders("GB")["helpline"] == "call Samaritans, 116 123 (any time)"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"evidence": "C"}, "grade C"),
        ({"second": "gb.nobody"}, "unknown second line 'gb.nobody'"),
        ({"next_check": None}, "'next_check' is missing"),
        ({"next_check": "soon"}, "soon"),
        ({"country": "XX"}, "unknown country 'XX'"),
        ({"call": 14}, "put it in quotes"),
        ({"languages": "en"}, "put it in .brackets"),
        ({"say": ""}, "no 'say'"),
        ({"fone": "116 123"}, "fone"),
    ],
)
def test_a_faulty_line_is_refused(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    directory = _small_directory()
    directory["lines"][0].update(change)
    with pytest.raises(LinesError, match=complaint):
        _load(tmp_path, directory)


def test_a_line_without_a_next_check_is_refused(tmp_path: Path) -> None:
    directory = _small_directory()
    del directory["lines"][0]["next_check"]
    with pytest.raises(LinesError, match="'next_check' is missing"):
        _load(tmp_path, directory)


def test_the_same_line_twice_is_refused(tmp_path: Path) -> None:
    directory = _small_directory()
    directory["lines"].append(dict(directory["lines"][0]))
    with pytest.raises(LinesError, match="there twice"):
        _load(tmp_path, directory)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"emergency": 0}, "put it in quotes"),
        ({"emergency": ""}, "cannot be empty"),
        ({"needs": {"helpline": "gb.nobody"}}, "names nothing known"),
        ({"needs": {"lawyer": "gb.samaritans"}}, "names nothing known"),
    ],
)
def test_a_faulty_country_is_refused(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    directory = _small_directory()
    directory["countries"]["GB"].update(change)
    with pytest.raises(LinesError, match=complaint):
        _load(tmp_path, directory)


def test_a_name_that_two_countries_claim_is_refused(tmp_path: Path) -> None:
    directory = _small_directory()
    directory["countries"]["IE"] = {
        **directory["countries"]["GB"],
        "name": "Ireland",
        "also_called": ["United Kingdom"],
    }
    with pytest.raises(LinesError, match="names both"):
        _load(tmp_path, directory)
