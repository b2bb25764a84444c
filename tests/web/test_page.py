"""The page in a real browser: the real server and channel, and an assistant that answers by a table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from answering import Agent
from conftest import EXIT_TO, Visit, listened
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect
from serving import ANSWERS, OPENING, ROOT, Server, axe_faults

from waymark.handover.cases import Cases
from waymark.handover.handover import Handover
from waymark.runtime import Guide
from waymark.store import open_database

NUMBERS = {"Call 988": "tel:988", "Text 988": "sms:988", "Call 911": "tel:911"}


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Your message")


def entries(page: Page) -> Locator:
    return page.locator("#log .entry")


def words(bubble: Locator) -> str:
    """What was said in a bubble, with its line breaks and without the hidden name of who said it."""
    return str(bubble.evaluate("e => [...e.childNodes].slice(1).map(n => n.textContent).join('')"))


def say(page: Page, words: str) -> None:
    box(page).fill(words)
    box(page).press("Enter")


def press_shift(page: Page, times: int = 3) -> None:
    for _ in range(times):
        page.keyboard.press("Shift")


def answer_with(page: Page, path: str, status: int, body: str) -> None:
    """Put an answer in the place of the server's."""
    page.route(f"**/talk/{path}", lambda route: route.fulfill(status=status, body=body))


def expect_numbers(page: Page) -> None:
    """The helplines are one tap away."""
    for name, address in NUMBERS.items():
        line = page.get_by_role("navigation", name="Helplines").get_by_role("link", name=name)
        expect(line).to_be_in_viewport(ratio=1)
        expect(line).to_have_attribute("href", address)


# ---- A talk -----------------------------------------------------------------


def test_a_talk_by_keyboard_and_buttons(talk: Page, agent: Agent, visit: Visit) -> None:
    expect(entries(talk)).to_have_text(f"Guide: {OPENING['text']}")
    expect(entries(talk).get_by_role("link", name="911")).to_have_attribute("href", "tel:911")
    talk.get_by_role("button", name="Helplines").click()
    expect(entries(talk)).to_have_count(3)
    expect(entries(talk).nth(1)).to_have_text("You: Helplines")
    assert words(entries(talk).nth(2).locator(".bubble").first) == ANSWERS["/ask_helplines"][0]["text"]
    expect(talk.get_by_role("button", name="What is a trauma bond?")).to_have_count(0)
    expect(talk.get_by_role("button", name="I feel unsafe")).to_have_count(1)
    expect(box(talk)).to_be_focused()

    talk.keyboard.type("first")
    talk.keyboard.press("Shift+Enter")
    talk.keyboard.type("second")
    talk.keyboard.press("Enter")
    expect(entries(talk)).to_have_count(5)
    assert words(entries(talk).nth(3).locator(".bubble")) == "first\nsecond"
    expect(talk.get_by_role("button", name="I feel unsafe")).to_have_count(0)
    expect(box(talk)).to_have_value("")
    expect(box(talk)).to_be_focused()
    assert agent.texts == ["/want_start_over", "/ask_helplines", "first\nsecond"]
    assert len(agent.senders) == 1
    assert visit.complaints == [] and visit.foreign == []


def test_a_full_talk_with_the_real_assistant(
    browser: Browser, guide: Guide, context: BrowserContext, visit: Visit
) -> None:
    real = Server(guide.agent)
    expect.set_options(timeout=15_000)
    try:
        page = listened(browser.new_page(), visit)
        page.goto(real.address)
        expect(entries(page)).to_have_count(1)
        say(page, "whats the diffrence btwn trama bond n codependancy")
        expect(entries(page).nth(2)).to_contain_text("odependen")
        page.locator("#choices button").first.click()
        expect(entries(page)).to_have_count(5)
        say(page, "id be better off dead")
        expect(entries(page).nth(6)).to_contain_text("988")
        expect(page.locator("#choices button")).not_to_have_count(0)
        page.get_by_role("button", name="Delete my chat").click()
        expect(entries(page)).to_have_count(1)
        expect(entries(page)).to_contain_text("deleted")
        assert visit.complaints == []
        page.close()
    finally:
        expect.set_options(timeout=5_000)
        real.stop()


def test_a_choice_can_be_typed_by_its_number(talk: Page, agent: Agent) -> None:
    say(talk, "2")
    expect(entries(talk).nth(1)).to_have_text("You: Helplines")
    expect(entries(talk)).to_have_count(3)
    say(talk, "7")
    expect(entries(talk)).to_have_count(5)
    assert agent.texts == ["/want_start_over", "/ask_helplines", "7"]


@pytest.mark.parametrize("size", [(1000, 800), (390, 700), (320, 568)])
def test_a_crisis_shows_its_question_and_numbers_as_links(talk: Page, size: tuple[int, int]) -> None:
    talk.set_viewport_size({"width": size[0], "height": size[1]})
    say(talk, "i want to die")
    reply = entries(talk).nth(2)
    expect(reply.get_by_role("link", name="text 988")).to_have_attribute("href", "sms:988")
    expect(reply.get_by_role("link", name="Call 988")).to_have_attribute("href", "tel:988")
    for name in ("Yes", "No", "I'm not sure"):
        expect(talk.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    expect_numbers(talk)


def test_two_tabs_are_two_conversations(talk: Page, context: BrowserContext, agent: Agent, server: Server) -> None:
    other = context.new_page()
    other.goto(server.address)
    expect(entries(other)).to_have_count(1)
    say(talk, "one")
    say(other, "two")
    expect(entries(talk)).to_have_count(3)
    expect(entries(other)).to_have_count(3)
    assert len(agent.senders) == 2
    assert "two" not in talk.locator("#log").inner_text()
    other.close()
    say(talk, "three")
    expect(entries(talk)).to_have_count(5)


def test_the_next_words_wait_for_the_answer_before_them(talk: Page, agent: Agent) -> None:
    agent.open.clear()
    say(talk, "one")
    expect(talk.locator("#typing")).to_be_visible()
    say(talk, "two")
    expect(box(talk)).to_have_value("two")
    expect(talk.locator("#note")).to_contain_text("as soon as")
    agent.open.set()
    expect(entries(talk).nth(4)).to_have_text("Guide: About: two")
    expect(talk.locator("#typing")).to_be_hidden()
    assert agent.texts == ["/want_start_over", "one", "two"]


def test_words_sent_before_the_opening_came_are_kept(page: Page, server: Server, agent: Agent) -> None:
    agent.open.clear()
    page.goto(server.address)
    expect(page.locator("#typing")).to_be_visible()
    say(page, "hello")
    agent.open.set()
    expect(entries(page).nth(2)).to_have_text("Guide: About: hello")


def test_a_long_message_gets_a_kind_note_and_a_longer_one_a_kind_answer(talk: Page, agent: Agent) -> None:
    box(talk).fill("a" * 4_000)
    expect(talk.locator("#note")).to_be_empty()
    box(talk).fill("a" * 4_001)
    expect(talk.locator("#note")).to_contain_text("short question")
    say(talk, "a" * 20_001)
    expect(talk.locator("#failure")).to_contain_text("more than I can read")
    expect(box(talk)).to_have_value("a" * 20_001)
    assert agent.texts == ["/want_start_over"]


def test_a_long_answer_is_read_from_its_beginning(talk: Page, agent: Agent) -> None:
    agent.answers["much"] = [{"text": "\n".join(f"Line {n}" for n in range(200))}]
    say(talk, "much")
    expect(entries(talk)).to_have_count(3)
    expect(entries(talk).nth(1)).to_be_in_viewport(ratio=1)


def test_a_reply_that_comes_later_is_shown(browser: Browser, server: Server, agent: Agent) -> None:
    quick = Server(agent, poll=0.2)
    try:
        page = browser.new_page()
        page.goto(quick.address)
        expect(entries(page)).to_have_count(1)
        assert quick.channel.sessions.deliver(agent.asked[0].sender_id, {"text": "A person: I am here now."})
        expect(entries(page).nth(1)).to_have_text("Guide: A person: I am here now.")
        page.wait_for_timeout(700)
        expect(entries(page)).to_have_count(2)
        page.close()
    finally:
        quick.stop()


class Desk:
    """A desk that takes everything."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def owns(self, conversation: str) -> bool:
        return False

    async def say(self, desk_id: str, text: str) -> None:
        self.said.append(text)


def test_words_for_a_person_are_passed_on_and_answered_later(
    browser: Browser, server: Server, agent: Agent, tmp_path: Path
) -> None:
    quick, desk = Server(agent, poll=0.2), Desk()
    cases = Cases(open_database(f"sqlite:///{tmp_path}/cases.sqlite"))
    here = quick.channel.handover = Handover(desk, cases, quick.channel.clinic)  # type: ignore[arg-type]
    try:
        page = browser.new_page()
        page.goto(quick.address)
        expect(entries(page)).to_have_count(1)
        sender = agent.asked[-1].sender_id
        cases.add("1", sender)
        say(page, "is somebody there?")
        expect(entries(page)).to_have_count(2)
        expect(box(page)).to_be_empty()
        page.wait_for_timeout(700)
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)
        assert desk.said == ["is somebody there?"]
        assert quick.channel._leave(sender, "utter_handover_says", said="Yes, I am Ann.")
        expect(entries(page).nth(2)).to_contain_text("writes: Yes, I am Ann.")
        case = here.case(sender)
        assert case is not None
        here.deliver = quick.channel._leave
        here.resolved(case)
        expect(entries(page).nth(3)).to_contain_text("the automated guide")
        page.close()
    finally:
        quick.stop()


# ---- Replies are words ------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("call or text 988 (any time)", ["call tel:988", "text 988 sms:988"]),
        ("Text or call 988.", ["Text sms:988", "call 988 tel:988"]),
        ("call or text Name, 1-844-762-8483", ["call tel:18447628483", "text Name, 1-844-762-8483 sms:18447628483"]),
        ("llame o envíe un mensaje de texto al 988", ["llame tel:988", "envíe un mensaje de texto al 988 sms:988"]),
        ("If you can't call, text 988.", ["988 sms:988"]),
        ("call 1-800-799-7233, or text START to 88788", ["1-800-799-7233 tel:18007997233", "88788 sms:88788"]),
        ("llame al 1-800-799-7233, o envíe START al 88788", ["1-800-799-7233 tel:18007997233", "88788 sms:88788"]),
        ("text HOME to 741741. Or text START to 678-678.", ["741741 sms:741741", "678-678 sms:678678"]),
        ("If you can't speak, try texting 911; if it doesn't go through, call.", ["911 sms:911"]),
        ("Call the clinic: 424.644.6486.", ["424.644.6486 tel:4246446486"]),
        ("call 999 (112 also works)", ["999 tel:999", "112 tel:112"]),
        ("call Lifeline, 13 11 14, or +603-7627 2929", ["13 11 14 tel:131114", "+603-7627 2929 tel:+60376272929"]),
        ("call (011) 5275-1135 or *4141 from a mobile", ["(011) 5275-1135 tel:01152751135", "*4141 tel:*4141"]),
        ("call Healing119, 119, extension 8", ["119 tel:119"]),
        ("or use WhatsApp, 9151 1767 (any time)", []),
        ("988 is there any time, for this too.", ["988 tel:988"]),
        ("See https://chat.988lifeline.org/.", ["https://chat.988lifeline.org/ https://chat.988lifeline.org/"]),
        ("(findahelpline.com/countries/us)", ["findahelpline.com/countries/us https://findahelpline.com/countries/us"]),
        ("In 1997, the 1980s, July 2022, 2026-11-22: 20 minutes, 100 days, 1,000 people, $150, 10:30 am.", []),
        ("javascript:alert(1) http://example.org/ data:text/html,x a@example.org", []),
    ],
)
def test_numbers_and_addresses_become_links_and_the_words_stay(
    talk: Page, agent: Agent, text: str, links: list[str]
) -> None:
    agent.answers["go"] = [{"text": text}]
    say(talk, "go")
    reply = entries(talk).nth(2).locator(".bubble")
    expect(reply).to_be_visible()
    assert reply.evaluate("e => [...e.querySelectorAll('a')].map(a => `${a.firstChild.data} ${a.href}`)") == links
    reply.evaluate("e => e.querySelectorAll('a .unseen').forEach(u => u.remove())")
    assert words(reply) == text


def test_script_in_a_message_a_reply_and_a_link_is_inert(talk: Page, agent: Agent, visit: Visit) -> None:
    markup = '<script>hit = 1</script><img src=x onerror="hit = 1"><a href="javascript:hit = 1">x</a> javascript:hit=1'
    agent.answers[markup] = [{"text": markup, "buttons": [{"title": markup, "payload": "javascript:hit = 1"}]}]
    say(talk, markup)
    expect(entries(talk).nth(1)).to_have_text(f"You: {markup}")
    expect(entries(talk).nth(2)).to_have_text(f"Guide: {markup}")
    talk.locator("#choices button").click()
    expect(entries(talk)).to_have_count(5)
    assert talk.locator("#page :is(script, img, a[href^='javascript'])").count() == 0
    assert talk.evaluate("window.hit") is None
    assert visit.complaints == []


def test_the_page_takes_nothing_from_its_address(page: Page, server: Server, visit: Visit) -> None:
    page.goto(server.address + "?text=hello&sender=me#<img src=x onerror=hit=1>")
    expect(entries(page)).to_have_count(1)
    assert page.evaluate("window.hit") is None
    assert "hello" not in page.locator("body").inner_text()
    assert visit.complaints == []


# ---- Leaving ----------------------------------------------------------------


def test_exit_is_first_in_tab_order_and_always_in_view(talk: Page, agent: Agent) -> None:
    exit_button = talk.get_by_role("button", name="Exit")
    talk.keyboard.press("Tab")
    expect(exit_button).to_be_focused()
    agent.answers["much"] = [{"text": "\n".join(f"Line {n}" for n in range(300))}]
    for size in ({"width": 320, "height": 256}, {"width": 320, "height": 568}, {"width": 1280, "height": 800}):
        talk.set_viewport_size(size)  # type: ignore[arg-type]
        say(talk, "much")
        talk.mouse.wheel(0, 3_000)
        expect(exit_button).to_be_in_viewport(ratio=1)
        expect_numbers(talk)
        assert talk.evaluate("document.documentElement.scrollWidth <= innerWidth")


def watch_leaving(page: Page) -> list[str]:
    """What is left of the page right after each click and key, before any other page could come."""
    left: list[str] = []
    page.on("console", lambda said: said.type == "info" and left.append(said.text))
    page.evaluate(
        """() => {
          const [said, typed] = [log, box];
          const left = () => [document.body.childNodes.length, said.childNodes.length, typed.value, document.title];
          for (const kind of ["click", "keydown", "keyup"])
            addEventListener(kind, () => console.info(JSON.stringify(left())));
        }"""
    )
    return left


BLANK = [0, 0, "", "Notes"]


@pytest.mark.parametrize(
    "way", ["click", "Enter", "Space", "Shift on the page", "Shift in the text box", "the bot's button"]
)
def test_leaving_blanks_the_page_at_once_and_ends_the_session(
    talk: Page, agent: Agent, server: Server, way: str
) -> None:
    say(talk, "leave")
    expect(entries(talk)).to_have_count(3)
    box(talk).fill("half a thought")
    left = watch_leaving(talk)
    if way == "click":
        talk.get_by_role("button", name="Exit").click()
    elif way.startswith("Shift"):
        (box(talk) if "box" in way else talk.locator("#talk")).focus()
        press_shift(talk)
    elif way == "the bot's button":
        talk.get_by_role("button", name="Leave this page fast").click()
    else:
        talk.get_by_role("button", name="Exit").press(way)
    talk.wait_for_url(EXIT_TO)
    assert json.loads(left[-1]) == BLANK
    talk.go_back()
    assert talk.url == "about:blank"  # this page's place in the history was taken
    for _ in range(100):
        if agent.deleted:
            break
        talk.wait_for_timeout(20)
    assert agent.senders <= set(agent.deleted)  # the beacon came
    assert server.channel.sessions._open.get(agent.deleted[0].removeprefix("web-")) is None


def test_leaving_works_with_the_network_cut(talk: Page) -> None:
    say(talk, "secret")
    expect(entries(talk)).to_have_count(3)
    talk.context.set_offline(True)
    talk.context.route(EXIT_TO, lambda route: route.abort("internetdisconnected"))
    left = watch_leaving(talk)
    with talk.expect_event("requestfailed", lambda request: request.url == EXIT_TO):
        press_shift(talk)
    assert json.loads(left[-1]) == BLANK
    talk.wait_for_function("location.protocol === 'chrome-error:'")  # the browser's own page says that it is offline
    talk.go_back()
    assert talk.url == "about:blank"


def test_back_from_another_page_does_not_show_the_chat(talk: Page, agent: Agent, server: Server) -> None:
    say(talk, "secret")
    expect(entries(talk)).to_have_count(3)
    talk.goto(EXIT_TO)
    talk.go_back()
    expect(entries(talk)).to_have_text(f"Guide: {OPENING['text']}")
    assert "secret" not in talk.content()
    assert len(agent.senders) == 2


def test_lights_count_the_shifts_and_capital_letters_are_none(talk: Page) -> None:
    box(talk).focus()
    for key in ("Shift+H", "Shift+E", "Shift+Y", "Shift+Enter"):
        talk.keyboard.press(key)
    press_shift(talk, 2)
    expect(talk.locator(".govuk-exit-this-page__indicator-light--on")).to_have_count(2)
    expect(talk.locator("#leave [role=status]")).to_have_text("Shift, press 1 more time to exit.")
    talk.keyboard.type("x")
    press_shift(talk, 2)
    expect(box(talk)).to_have_value("HEY\nx")
    expect(talk.get_by_role("button", name="Exit")).to_be_visible()


def test_a_page_kept_for_back_is_emptied_and_starts_afresh(talk: Page, agent: Agent) -> None:
    say(talk, "secret")
    expect(entries(talk)).to_have_count(3)
    box(talk).fill("half a thought")
    talk.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    expect(entries(talk)).to_have_count(0)
    expect(box(talk)).to_have_value("")
    with talk.expect_navigation():
        talk.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(entries(talk)).to_have_text(f"Guide: {OPENING['text']}")
    assert len(agent.senders) == 2


def test_a_chat_left_alone_is_cleared(page: Page, server: Server, agent: Agent) -> None:
    page.clock.install()
    page.goto(server.address)
    expect(entries(page)).to_have_count(1)
    say(page, "secret")
    expect(entries(page)).to_have_count(3)
    page.clock.fast_forward("31:00")
    expect(entries(page)).to_have_count(1)
    expect(entries(page)).to_contain_text("cleared")
    page.get_by_role("button", name="Start again").click()
    expect(entries(page).nth(1)).to_have_text(f"Guide: {OPENING['text']}")


def test_deleting_empties_the_page_and_the_store(talk: Page, agent: Agent) -> None:
    say(talk, "secret")
    expect(entries(talk)).to_have_count(3)
    talk.get_by_role("button", name="Delete my chat").click()
    expect(entries(talk)).to_have_count(1)
    expect(entries(talk)).to_contain_text("deleted")
    assert agent.senders <= set(agent.deleted)
    say(talk, "hello")
    expect(entries(talk).nth(2)).to_have_text("Guide: About: hello")
    assert len(agent.senders) == 2


def test_a_failed_deletion_is_not_called_one(talk: Page) -> None:
    answer_with(talk, "delete", 500, "{}")
    talk.get_by_role("button", name="Delete my chat").click()
    expect(talk.locator("#failure")).to_contain_text("could not be deleted")
    talk.unroute("**/talk/delete")
    talk.get_by_role("button", name="Try again").click()
    expect(entries(talk)).to_contain_text("deleted")


# ---- Nothing left behind, nothing given away --------------------------------


def test_nothing_is_stored_and_nobody_else_is_asked(talk: Page, visit: Visit) -> None:
    say(talk, "hello")
    expect(entries(talk)).to_have_count(3)
    talk.get_by_role("button", name="Staying safe here").click()
    assert talk.context.cookies() == []
    assert talk.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}
    assert talk.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    assert talk.evaluate("indexedDB.databases()") == []
    assert talk.evaluate("caches.keys()") == []
    assert talk.evaluate("navigator.serviceWorker.getRegistrations().then(found => found.length)") == 0
    assert visit.foreign == []
    assert not any({"cookie", "referer"} & headers.keys() for headers in visit.headers)
    assert visit.complaints == []


def test_title_and_address_give_nothing_away(talk: Page, server: Server) -> None:
    say(talk, "hello")
    expect(entries(talk)).to_have_count(3)
    assert talk.title() == "Notes"
    assert talk.url == server.address
    assert talk.evaluate("history.length") <= 2


def test_no_file_of_the_page_names_another_host_to_load_from() -> None:
    for path in [*(ROOT / "web" / "src").iterdir(), *(ROOT / "web").glob("*.html")]:
        text = path.read_text(encoding="utf-8")
        found = re.search(r"(src|url\(|@import|import )\s*=?\s*[\"'(]?\s*(https?:)?//(?!guide\.example)", text)
        assert not found, path.name


# ---- When no answer comes ---------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((500, "{}"), (403, '{"error": "no"}'), (502, ""), (200, "[]"), (200, "{}"), (200, "<html>")),
        *((200, '{"replies": [{}]}'), (200, '{"session": "a", "replies": []}')),
    ],
)
def test_a_failure_keeps_the_words_and_shows_the_numbers(talk: Page, agent: Agent, status: int, body: str) -> None:
    answer_with(talk, "say", status, body)
    say(talk, "my words")
    failure = talk.locator("#failure")
    expect(failure).to_contain_text("988")
    expect(failure.get_by_role("link", name="911")).to_have_attribute("href", "tel:911")
    expect(box(talk)).to_have_value("my words")
    expect(entries(talk)).to_have_count(1)
    expect_numbers(talk)

    talk.unroute("**/talk/say")
    talk.get_by_role("button", name="Try again").click()
    expect(entries(talk).nth(2)).to_have_text("Guide: About: my words")
    expect(failure).to_be_empty()
    expect(box(talk)).to_have_value("")
    assert agent.texts.count("my words") == 1


def test_an_answer_lost_on_its_way_is_not_made_twice(talk: Page, agent: Agent) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    talk.route("**/talk/say", lose)
    say(talk, "my words")
    expect(talk.locator("#failure")).to_contain_text("988")
    talk.unroute("**/talk/say")
    talk.get_by_role("button", name="Try again").click()
    expect(entries(talk).nth(2)).to_have_text("Guide: About: my words")
    assert agent.texts.count("my words") == 1


def test_a_tap_that_failed_can_be_tried_again(talk: Page, agent: Agent) -> None:
    answer_with(talk, "say", 500, "{}")
    talk.get_by_role("button", name="Helplines").click()
    expect(talk.locator("#failure")).to_be_visible()
    expect(box(talk)).to_have_value("")
    talk.unroute("**/talk/say")
    talk.get_by_role("button", name="Try again").click()
    expect(talk.get_by_role("button", name="I feel unsafe")).to_be_visible()
    assert agent.texts[-1] == "/ask_helplines"


def test_a_slow_answer_is_spoken_of_and_ends_in_the_numbers(page: Page, server: Server, agent: Agent) -> None:
    page.clock.install()
    page.goto(server.address)
    expect(entries(page)).to_have_count(1)
    agent.open.clear()
    say(page, "my words")
    expect(page.locator("#typing")).to_be_visible()
    page.clock.fast_forward(6_000)
    expect(page.locator("#note")).to_have_text("Still looking for an answer.")
    page.clock.fast_forward(15_000)
    expect(page.locator("#failure")).to_contain_text("988")
    expect(box(page)).to_have_value("my words")


def test_a_server_that_does_not_answer_the_opening_still_gives_the_numbers(page: Page, server: Server) -> None:
    answer_with(page, "start", 503, "")
    page.goto(server.address)
    card = page.locator("#failure")
    expect(card).to_contain_text("automated guide")
    hrefs = card.evaluate("e => [...e.querySelectorAll('a')].map(a => a.href)")
    assert hrefs == ["tel:911", "tel:988", "sms:988", "tel:18007997233", "sms:88788"]
    page.unroute("**/talk/start")
    page.get_by_role("button", name="Try again").click()
    expect(entries(page)).to_have_text(f"Guide: {OPENING['text']}")


def test_offline_and_back(talk: Page) -> None:
    talk.context.set_offline(True)
    expect(talk.locator("#note")).to_contain_text("offline")
    say(talk, "my words")
    expect(talk.locator("#failure")).to_contain_text("988")
    expect(box(talk)).to_have_value("my words")
    expect_numbers(talk)
    talk.context.set_offline(False)
    expect(talk.locator("#note")).to_contain_text("online again")
    talk.get_by_role("button", name="Try again").click()
    expect(entries(talk).nth(2)).to_have_text("Guide: About: my words")


def test_a_server_that_restarts_goes_on_as_a_new_talk(browser: Browser, server: Server, agent: Agent) -> None:
    other = Server(agent)
    page = browser.new_page()
    page.goto(other.address)
    expect(entries(page)).to_have_count(1)
    other.stop()
    say(page, "my words")
    expect(page.locator("#failure")).to_contain_text("988")
    expect(box(page)).to_have_value("my words")
    other.start()
    page.get_by_role("button", name="Try again").click()
    expect(entries(page).last).to_have_text("Guide: About: my words")
    expect(page.locator(".remark")).to_contain_text("new one")
    assert len(agent.senders) == 2
    # A choice from before the restart is said in words.
    page.close()
    other.stop()


def test_a_choice_the_server_no_longer_knows_is_said_in_words(talk: Page, agent: Agent, server: Server) -> None:
    for session in server.channel.sessions._open.values():
        session.choices.clear()
    talk.get_by_role("button", name="Helplines").click()
    expect(entries(talk).nth(2)).to_have_text("Guide: About: Helplines")


def test_without_script_the_numbers_and_a_way_out_are_there(browser: Browser, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for address in (server.address, server.address + "safety"):
        page.goto(address)
        expect(page.get_by_role("link", name="Call 988")).to_be_visible()
        assert page.locator("#exit").get_attribute("href") == EXIT_TO.rstrip("/")
    expect(page.get_by_text("does not erase what your browser")).to_be_visible()
    context.close()


# ---- Safety notes and language -----------------------------------------------


def test_the_safety_notes_open_over_the_talk_and_leave_it_as_it_was(talk: Page) -> None:
    box(talk).fill("half a thought")
    talk.get_by_role("button", name="Staying safe here").click()
    notes = talk.get_by_role("main", name="Staying safe here")
    expect(notes).to_be_focused()
    for part in ("Back button", "does not erase", "private window", "different device"):
        expect(notes).to_contain_text(part)
    press_shift(talk, 1)
    talk.get_by_role("button", name="Back to the chat").click()
    expect(entries(talk)).to_have_count(1)
    expect(box(talk)).to_have_value("half a thought")
    expect(talk.get_by_role("button", name="Staying safe here")).to_be_focused()


def test_the_safety_page_asks_the_server_for_no_session(page: Page, server: Server, agent: Agent) -> None:
    page.goto(server.address + "safety")
    expect(page.get_by_role("heading", name="Staying safe here")).to_be_visible()
    assert agent.asked == []
    page.get_by_role("button", name="Back to the chat").click()
    expect(entries(page)).to_have_count(1)


def test_everything_changes_to_spanish(talk: Page, agent: Agent) -> None:
    talk.get_by_role("button", name="Español").click()
    expect(entries(talk)).to_have_text("Guía: Soy una guía automática.")
    assert talk.locator("html").get_attribute("lang") == "es"
    expect(talk.get_by_role("button", name="Salir")).to_be_visible()
    expect(talk.get_by_role("textbox", name="Su mensaje")).to_have_attribute("placeholder", "Escriba aquí")
    expect(
        talk.get_by_role("navigation", name="Líneas de ayuda").get_by_role("link", name="Llamar 988")
    ).to_be_visible()
    assert agent.texts == ["/want_start_over", "/speak_spanish"]


# ---- For everyone -----------------------------------------------------------


def test_targets_on_a_phone_are_large_enough(talk: Page) -> None:
    talk.set_viewport_size({"width": 320, "height": 568})
    for target in talk.locator("header a, #row button, #row textarea, #choices button").all():
        size = target.bounding_box()
        assert size and size["width"] >= 44 and size["height"] >= 44, target.inner_text()
    for target in talk.locator("a:visible, button:visible").all():
        size = target.bounding_box()
        if target.locator("xpath=ancestor::*[@id='log']").count():
            continue  # a link in running text may be as low as its line
        assert size and size["width"] >= 24 and size["height"] >= 24, target.inner_text()


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = (c) => c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c[3] === 255) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll("h1, .exit, .when, .lines a, .notice, .bubble, .bubble a, button, textarea")]
    .map((e) => { const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
      return [e.className || e.tagName, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]; });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(talk: Page, scheme: Any) -> None:
    talk.emulate_media(color_scheme=scheme)
    talk.get_by_role("button", name="Helplines").click()
    expect(talk.get_by_role("button", name="I feel unsafe")).to_be_visible()
    measured = talk.evaluate(CONTRAST)
    assert len(measured) > 10
    assert [(name, ratio) for name, ratio in measured if ratio < 4.5] == []


def set_state(page: Page, state: str, agent: Agent) -> None:
    if state == "long transcript":
        agent.answers["much"] = [{"text": "\n".join(f"Line {n}" for n in range(40))}]
        for number in range(3):
            say(page, "much")
            expect(entries(page)).to_have_count(3 + 2 * number)
    elif state in ("crisis", "dark", "320 px", "200% zoom", "forced colors"):
        say(page, "i want to die")
        expect(entries(page)).to_have_count(3)
    elif state == "form":
        asks = {"text": "What number can they text?", "buttons": [{"title": "Skip", "payload": "/callback_skip"}]}
        agent.answers["text me"] = [{"text": "Okay, a text."}, asks]
        say(page, "text me")
        expect(entries(page)).to_have_count(3)
        box(page).fill("424 310 2288")
    elif state == "waiting":
        agent.open.clear()
        say(page, "hello")
        expect(page.locator("#typing")).to_be_visible()
    elif state == "error":
        answer_with(page, "say", 500, "{}")
        say(page, "hello")
        expect(page.locator("#failure")).to_contain_text("988")
    elif state == "safety":
        page.get_by_role("button", name="Staying safe here").click()
    elif state == "deleted":
        page.get_by_role("button", name="Delete my chat").click()
        expect(entries(page)).to_contain_text("deleted")
    elif state == "spanish":
        page.get_by_role("button", name="Español").click()
        expect(entries(page)).to_contain_text("Soy")
    elif state == "shift once":
        press_shift(page, 1)


STATES = (
    *("opened", "long transcript", "crisis", "form", "waiting", "error", "safety", "deleted"),
    *("spanish", "shift once", "dark", "320 px", "200% zoom", "forced colors"),
)


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(browser: Browser, server: Server, agent: Agent, state: str) -> None:
    size = {"320 px": (320, 568), "200% zoom": (640, 400)}.get(state, (1000, 800))
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2 if state == "200% zoom" else 1,
        color_scheme="dark" if state == "dark" else "light",
        forced_colors="active" if state == "forced colors" else "none",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(server.address)
    expect(entries(page)).to_have_count(1)
    set_state(page, state, agent)
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_the_log_gains_one_entry_a_reply_and_nothing_else_in_it_changes(talk: Page) -> None:
    talk.evaluate(
        """() => { window.seen = []; new MutationObserver((all) => all.forEach((one) => seen.push(
             [one.type, one.target.id, one.addedNodes.length, one.removedNodes.length, one.addedNodes[0]?.className])))
             .observe(log, { childList: true, subtree: true, characterData: true, attributes: true }); }"""
    )
    talk.get_by_role("button", name="Helplines").click()  # an answer of two replies
    expect(entries(talk)).to_have_count(3)
    say(talk, "hello")
    expect(entries(talk)).to_have_count(5)
    mine, guide = (["childList", "log", 1, 0, f"entry {kind}"] for kind in ("mine", "guide"))
    assert talk.evaluate("seen") == [mine, guide, mine, guide]
    expect(talk.get_by_role("log")).to_have_attribute("aria-live", "polite")
    expect(talk.get_by_role("log").locator("button")).to_have_count(0)
    expect(talk.locator("#typing")).to_have_attribute("aria-hidden", "true")


def test_the_tab_key_goes_from_exit_to_the_numbers_to_the_talk_to_the_box(talk: Page) -> None:
    order = []
    for _ in range(12):
        talk.keyboard.press("Tab")
        order.append(talk.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert order == [
        *("exit", "Call 911", "Call 988", "Text 988", "talk", "911", "1What is a trauma bond?", "2Helplines"),
        *("box", "send", "show_safety", "delete"),
    ]


def test_nothing_moves_where_less_motion_is_asked_for(page: Page, server: Server, agent: Agent) -> None:
    agent.open.clear()
    page.emulate_media(reduced_motion="reduce")
    page.goto(server.address)
    expect(page.locator("#typing")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0
