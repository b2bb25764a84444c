"""The pages that work without script have every line and every state, and load nothing of others."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from sanic import Sanic
from sanic_testing.testing import SanicASGITestClient

from waymark import settings
from waymark.content.clinic import Clinic
from waymark.content.strings import LANGUAGES, directory
from waymark.plain_pages import HELP, PROTOCOL, STATES, PlainPages
from waymark.safety.protocol import Protocol
from waymark.server import create_app

CLINIC = Clinic.load(settings.CLINIC)
PAGES = PlainPages(CLINIC)


class Outline(HTMLParser):
    """What a page links to, names and leaves open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.tags.add(tag)
        self.links += [str(named["href"])] if tag == "a" else []
        self.ids += [str(named["id"])] if "id" in named else []
        assert not {"style", "onclick"} & set(named)
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_has_every_line_of_every_country(language: str) -> None:
    page = PAGES.page(HELP, language)
    outline = Outline(page)
    assert not outline.open and "{" not in page
    assert len(set(outline.ids)) == len(outline.ids)
    for code, country in directory().countries.items():
        assert code.lower() in outline.ids and f"#{code.lower()}" in outline.links
        assert f"https://{country.directory}" in outline.links
    for line in directory().lines.values():
        assert html.escape(line.name) in page
        for scheme, number in (("tel", line.call), ("sms", line.text_to)):
            assert not number or f"{scheme}:{re.sub(r'[^0-9+*#]', '', number)}" in outline.links, line.id
        assert not line.chat or line.chat in outline.links
    assert {"tel:911", "tel:988", "sms:988"} <= set(outline.links)


@pytest.mark.parametrize("country", ["GB", "US"])
def test_the_clinics_country_comes_first(country: str) -> None:
    page = PlainPages(replace(CLINIC, country=country)).page(HELP, "en")
    assert Outline(page).ids[:2] == ["countries", country.lower()]


def test_what_to_know_before_calling_is_said() -> None:
    page = PAGES.page(HELP, "en")
    for words in ("works by voice only", "on its bill", "Without speaking", "24/7", "stays in the call log"):
        assert words in page
    spanish = PAGES.page(HELP, "es")
    assert "Estados Unidos" in spanish and "HOLA o AYUDA" in spanish


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_protocol_page_draws_every_arrow(language: str) -> None:
    page = PAGES.page(PROTOCOL, language)
    protocol = Protocol.load(settings.CRISIS)
    assert not Outline(page).open and "{" not in page
    assert protocol.date in page and CLINIC.phone in page
    states = re.findall(r'<div class="state">.*?</div>', page)
    assert len(states) == len(STATES) == len({arrow.start for arrow in protocol.arrows()})
    for state, drawn in zip(STATES, states, strict=True):
        assert drawn.count("<li>") == sum(arrow.start == state for arrow in protocol.arrows())


@pytest.mark.parametrize("address", ["/help", "/crisis-protocol"])
async def test_they_are_served_without_a_model_and_load_nothing_that_runs(address: str) -> None:
    Sanic.test_mode = True
    Sanic._app_registry.clear()

    class NoModel:
        def is_ready(self) -> bool:
            return False

    app = create_app(agent=NoModel())
    client = SanicASGITestClient(app)
    _, answer = await client.get(address)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy
    assert f"<title>{CLINIC.page_title}</title>" in answer.text
    assert not {"script", "form", "img", "iframe"} & Outline(answer.text).tags
    _, spanish = await client.get(f"{address}?language=es")
    assert '<html lang="es">' in spanish.text
    _, style = await client.get("/plain.css")
    assert style.status == 200 and "url(" not in style.text
