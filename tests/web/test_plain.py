"""All helplines and the crisis protocol in a real browser, with scripts switched off."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import EXIT_TO, Visit, listened, watch
from playwright.sync_api import Browser, Page, expect
from serving import Server, axe_faults

ADDRESSES = ("help", "crisis-protocol")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1000, "dark")])
def test_axe_finds_nothing_and_nothing_is_cut_off(
    browser: Browser, server: Server, visit: Visit, address: str, width: int, scheme: Any
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme, bypass_csp=True)
    watch(context, visit, server.address)
    page = listened(context.new_page(), visit)
    for language in ("en", "es"):
        page.goto(f"{server.address}{address}?language={language}")
        assert axe_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.foreign == [] and visit.complaints == []
    context.close()


def test_it_works_without_script_under_its_own_policy(browser: Browser, server: Server, visit: Visit) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = listened(context.new_page(), visit)
    page.goto(server.address + "help")
    expect(page).to_have_title("Notes")
    page.get_by_role("link", name="United Kingdom").click()
    assert page.url.endswith("/help#gb")
    expect(page.locator("#gb").get_by_role("link", name="116 123")).to_have_attribute("href", "tel:116123")
    page.get_by_role("link", name="What the guide does in a crisis").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What the guide does in a crisis")
    page.get_by_role("link", name="All helplines, by country").click()
    expect(page.get_by_role("link", name="Exit")).to_have_attribute("href", EXIT_TO.rstrip("/"))
    page.get_by_role("link", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    assert visit.complaints == []
    context.close()


def test_the_safety_notes_lead_to_all_helplines(talk: Page) -> None:
    talk.get_by_role("button", name="Staying safe here").click()
    link = talk.get_by_role("link", name="All helplines, by country")
    expect(link).to_have_attribute("href", "help")
    expect(link).to_have_attribute("target", "_blank")
