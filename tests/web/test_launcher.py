"""The script on a clinic's own site, which is another host than ours, in a real browser."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from answering import Agent
from conftest import EXIT_TO, Visit, listened, watch
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect
from serving import OPENING, Server, answering, axe_faults, clinic_site

from waymark.pages import DIST, Pages

KB = 1024


@pytest.fixture(scope="module")
def embedded(browser: Browser) -> Iterator[tuple[Server, str]]:
    """The server, and the address of a site that carries its script."""
    server = Server(answering())
    with clinic_site(f"{server.address}waymark.js") as site:
        server.stop()
        server.sites = (site,)
        server.start()
        yield server, site
    server.stop()


@pytest.fixture
def agent(embedded: tuple[Server, str]) -> Iterator[Agent]:
    agent = answering()
    embedded[0].use(agent)
    yield agent
    agent.open.set()


@pytest.fixture
def context(browser: Browser, embedded: tuple[Server, str], visit: Visit) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    watch(context, visit, embedded[0].address, embedded[1])
    yield context
    context.close()


@pytest.fixture
def site(context: BrowserContext, embedded: tuple[Server, str], agent: Agent, visit: Visit) -> Page:
    """A clinic's page with the chat still closed."""
    page = listened(context.new_page(), visit)
    page.goto(embedded[1] + "/about")
    expect(page.get_by_role("button", name="Ask a question")).to_be_visible()
    return page


@pytest.fixture
def opened(site: Page) -> Page:
    site.get_by_role("button", name="Ask a question").click()
    expect(chat(site).locator("#log .entry")).to_have_count(1)
    return site


def chat(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title=Notes]")


def say(page: Page, words: str) -> None:
    chat(page).get_by_role("textbox").fill(words)
    chat(page).get_by_role("textbox").press("Enter")


def test_before_it_is_opened_only_the_script_was_asked_for(
    site: Page, embedded: tuple[Server, str], agent: Agent, visit: Visit
) -> None:
    assert [url for url in visit.requests if url.startswith(embedded[0].address)] == [
        f"{embedded[0].address}waymark.js"
    ]
    assert agent.asked == []
    assert axe_faults(site) == []


def test_it_opens_with_a_talk_and_hides_without_losing_it(opened: Page, agent: Agent, visit: Visit) -> None:
    expect(chat(opened).locator("#log .entry")).to_have_text(f"Guide: {OPENING['text']}")
    expect(chat(opened).get_by_role("textbox")).to_be_focused()
    say(opened, "hello")
    expect(chat(opened).locator("#log .entry")).to_have_count(3)
    chat(opened).get_by_role("button", name="Hide").click()
    opener = opened.get_by_role("button", name="Ask a question")
    expect(opener).to_be_focused()
    expect(opened.get_by_role("dialog")).to_have_count(0)
    opener.press("Enter")
    expect(chat(opened).locator("#log .entry")).to_have_count(3)
    opened.keyboard.press("Escape")
    expect(opener).to_be_focused()
    assert len(agent.senders) == 1
    assert visit.complaints == [] and visit.foreign == []


@pytest.mark.parametrize("way", ["click", "Shift in the chat", "Shift on the site"])
def test_leaving_takes_the_whole_page_away(opened: Page, agent: Agent, way: str) -> None:
    say(opened, "secret")
    expect(chat(opened).locator("#log .entry")).to_have_count(3)
    if way == "click":
        chat(opened).get_by_role("button", name="Exit").click()
    else:
        where = chat(opened).get_by_role("textbox") if "chat" in way else opened.get_by_role("link", name="More")
        where.focus()
        for _ in range(3):
            opened.keyboard.press("Shift")
    opened.wait_for_url(EXIT_TO)
    opened.go_back()
    assert opened.url == "about:blank"
    for _ in range(100):
        if agent.deleted:
            break
        opened.wait_for_timeout(20)
    assert agent.deleted == list(agent.senders)


def test_going_on_to_another_page_of_the_site_ends_the_talk(opened: Page, agent: Agent) -> None:
    say(opened, "secret")
    expect(chat(opened).locator("#log .entry")).to_have_count(3)
    opened.goto(opened.url + "-more")
    opened.go_back()
    expect(opened.get_by_role("button", name="Ask a question")).to_be_visible()
    assert opened.locator("iframe").count() == 0
    assert agent.deleted == list(agent.senders)


def test_nothing_is_stored_on_either_side(opened: Page, embedded: tuple[Server, str]) -> None:
    say(opened, "hello")
    expect(chat(opened).locator("#log .entry")).to_have_count(3)
    assert opened.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}
    # A browser may refuse storage to a frame altogether.
    stored = "() => { try { return localStorage.length + sessionStorage.length } catch { return 0 } }"
    for frame in opened.frames:
        assert (frame.evaluate("document.cookie"), frame.evaluate(stored)) == ("", 0)


def test_a_script_of_the_site_cannot_read_the_talk(opened: Page) -> None:
    say(opened, "secret")
    expect(chat(opened).locator("#log .entry")).to_have_count(3)
    seen = "document.querySelector('body > div:last-child').shadowRoot.querySelector('iframe').contentDocument"
    assert opened.evaluate(seen) is None
    assert "secret" not in opened.content()


def test_a_site_that_is_not_listed_cannot_show_the_page(browser: Browser, server: Server) -> None:
    page = browser.new_page()
    with clinic_site(f"{server.address}waymark.js") as stranger:
        page.goto(stranger)
        page.get_by_role("button", name="Ask a question").click()
        page.wait_for_timeout(500)
        assert page.locator("iframe").count() == 1
        assert not any("Hi. I'm" in frame.content() for frame in page.frames if frame.url.startswith("http://127"))
        expect(page.get_by_role("dialog").get_by_role("link", name="911")).to_be_visible()
    page.close()


def test_a_server_that_is_gone_leaves_the_numbers_and_a_way_out(site: Page, embedded: tuple[Server, str]) -> None:
    site.clock.install()
    site.context.set_offline(True)
    site.get_by_role("button", name="Ask a question").click()
    dialog = site.get_by_role("dialog", name="Notes")
    expect(dialog.get_by_role("link", name="911")).to_have_attribute("href", "tel:911")
    expect(dialog.get_by_role("link", name="text 988")).to_have_attribute("href", "sms:988")
    expect(dialog.get_by_role("button", name="Exit")).to_be_focused()
    site.clock.fast_forward(9_000)
    expect(dialog).to_contain_text("can't be reached")
    assert axe_faults(site) == []
    site.context.set_offline(False)
    dialog.get_by_role("button", name="Try again").click()
    expect(chat(site).locator("#log .entry")).to_have_count(1)


@pytest.mark.parametrize(("width", "height"), [(1000, 800), (390, 780), (320, 568)])
def test_open_on_phone_and_desktop(opened: Page, width: int, height: int) -> None:
    chat(opened).get_by_role("button", name="Hide").click()
    opened.set_viewport_size({"width": width, "height": height})
    opened.get_by_role("button", name="Ask a question").click()
    window = opened.get_by_role("dialog", name="Notes").bounding_box()
    assert window
    assert (window["width"] == width) is (width < 480)
    for name in ("Exit", "Hide", "Send"):
        expect(chat(opened).get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    for name in ("Call 911", "Call 988", "Text 988"):
        expect(chat(opened).get_by_role("link", name=name)).to_be_in_viewport(ratio=1)
    for frame in opened.frames:
        assert axe_faults(frame) == []


def test_it_is_as_light_as_promised() -> None:
    launcher = len(gzip.compress(Pages().launcher().encode()))
    rest = sum(len(gzip.compress((DIST / name).read_bytes())) for name in ("page.js", "page.css"))
    page = len(gzip.compress(Pages().page("en").encode()))
    assert launcher < 20 * KB
    assert launcher + rest + page < 160 * KB
