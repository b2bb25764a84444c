"""The demo page in a real browser, against a stub that answers like the REST channel and sends the server's headers."""

from __future__ import annotations

import ast
import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ["/usr/bin/chromium", "chromium", "chromium-browser"])), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
EXIT_TO = "https://www.google.com/"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
FILES = {"/": "index.html", "/chat.js": "chat.js", "/chat.css": "chat.css"}

OPENING = {
    "text": "Hi. I'm an automated guide, not a person. What would you like to know? If you are in danger, call 911.",
    "buttons": [
        {"title": "What is a trauma bond?", "payload": "/ask_trauma_bond"},
        {"title": "Helplines", "payload": "/ask_helplines"},
    ],
}
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "/want_start_over": [OPENING],
    "/ask_helplines": [
        {"text": "You can reach these people:\n- In danger now: call 911.\n- In crisis: call or text 988 (any time)."},
        {"text": "It need not be an emergency.", "buttons": [{"title": "I feel unsafe", "payload": "/report_danger"}]},
    ],
}


@lru_cache(maxsize=1)
def server_headers() -> dict[str, str]:
    """HEADERS of waymark/server.py, read without starting what that module imports."""
    tree = ast.parse((ROOT / "waymark" / "server.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "HEADERS":
            return dict(ast.literal_eval(node.value))
    raise AssertionError("waymark/server.py has no HEADERS any more: tell this test where they went.")


@dataclass
class Stub:
    """What the stub answers, and what became of the visit."""

    answers: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: dict(ANSWERS))
    status: int = 200
    body: bytes | None = None  # sent instead of an answer
    open: threading.Event = field(default_factory=threading.Event)  # while it is clear, answers wait
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)  # what the page asked of other hosts
    complaints: list[str] = field(default_factory=list)  # errors of the console, the page and its policy
    address: str = ""

    def __post_init__(self) -> None:
        self.open.set()

    def answer(self, asked: dict[str, str]) -> bytes:
        self.asked.append(asked)
        self.open.wait(60)
        if self.body is not None:
            return self.body
        replies = self.answers.get(asked["message"], [{"text": f"About: {asked['message']}"}])
        return json.dumps([{"recipient_id": asked["sender"], **reply} for reply in replies]).encode()

    def messages(self) -> list[str]:
        return [asked["message"] for asked in self.asked]


def serve(stub: Stub, port: int = 0) -> ThreadingHTTPServer:
    """Serve the page and the stub's answers from a thread."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = FILES.get(self.path)
            if name:
                self._send(200, (ROOT / "web" / name).read_bytes(), TYPES[Path(name).suffix])
            else:
                self._send(404, b"", "text/plain")

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == "/webhooks/rest/webhook"
            self._send(stub.status, stub.answer(asked), "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            stub.headers.append(dict(self.headers))
            try:
                self.send_response(status)
                for name, value in {**server_headers(), "Content-Type": kind, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:
                pass  # the page was left before its answer came

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    stub.address = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("No Chromium at /usr/bin/chromium or on PATH: the page was not tried. Install Debian's chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()
    server = serve(stub)
    yield stub
    stub.open.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser, stub: Stub) -> Iterator[Page]:
    """A page with nothing loaded yet, and no way to other hosts."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()

    def elsewhere(route: Route) -> None:
        stub.foreign.append(route.request.url)
        if route.request.url == EXIT_TO:
            route.fulfill(body="<title>Elsewhere</title>", content_type="text/html")
        else:
            route.abort()

    context.route(lambda url: not url.startswith(stub.address), elsewhere)
    page.on("console", lambda said: said.type in ("error", "warning") and stub.complaints.append(said.text))
    page.on("pageerror", lambda error: stub.complaints.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def talk(page: Page, stub: Stub) -> Page:
    """The page after its opening came."""
    page.goto(stub.address)
    expect(bubbles(page)).to_have_count(1)
    return page


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Your message")


def bubbles(page: Page) -> Locator:
    return page.locator("#log .bubble")


def words(bubble: Locator) -> str:
    """What was said in a bubble, with its line breaks and without the hidden name of who said it."""
    return str(bubble.evaluate("e => [...e.childNodes].slice(1).map(n => n.textContent).join('')"))


def say(page: Page, words: str) -> None:
    box(page).fill(words)
    box(page).press("Enter")


def watch_leaving(page: Page) -> list[str]:
    """What is left of the page right after each click and key, before any other page could come."""
    left: list[str] = []
    page.on("console", lambda said: said.type == "info" and left.append(said.text))
    page.evaluate(
        """() => ["click", "keydown"].forEach((kind) => addEventListener(kind, () =>
             console.info(JSON.stringify([document.body.childNodes.length, log.childNodes.length, box.value]))))"""
    )
    return left


def press_shift(page: Page, times: int = 3) -> None:
    for _ in range(times):
        page.keyboard.press("Shift")


# ---- A talk -----------------------------------------------------------------


def test_a_talk_by_keyboard_and_buttons(talk: Page, stub: Stub) -> None:
    expect(bubbles(talk)).to_have_text(f"Guide: {OPENING['text']}")
    talk.get_by_role("button", name="Helplines").click()
    expect(bubbles(talk)).to_have_count(4)
    expect(bubbles(talk).nth(1)).to_have_text("You: Helplines")
    assert words(bubbles(talk).nth(2)) == ANSWERS["/ask_helplines"][0]["text"]
    expect(talk.get_by_role("button", name="What is a trauma bond?")).to_have_count(0)
    expect(talk.get_by_role("button", name="I feel unsafe")).to_have_count(1)
    expect(box(talk)).to_be_focused()

    talk.keyboard.type("first")
    talk.keyboard.press("Shift+Enter")
    talk.keyboard.type("second")
    talk.keyboard.press("Enter")
    expect(bubbles(talk)).to_have_count(6)
    assert words(bubbles(talk).nth(4)) == "first\nsecond"
    expect(talk.get_by_role("button", name="I feel unsafe")).to_have_count(0)
    expect(box(talk)).to_have_value("")
    expect(box(talk)).to_be_focused()

    assert stub.messages() == ["/want_start_over", "/ask_helplines", "first\nsecond"]
    assert len({asked["sender"] for asked in stub.asked}) == 1
    assert re.fullmatch(r"[0-9a-f-]{36}", stub.asked[0]["sender"])
    assert stub.complaints == [] and stub.foreign == []


def test_every_visit_is_a_new_sender(talk: Page, stub: Stub) -> None:
    talk.reload()
    expect(bubbles(talk)).to_have_count(1)
    assert len({asked["sender"] for asked in stub.asked}) == 2


def test_a_typing_sign_shows_while_an_answer_is_awaited_and_the_next_words_wait_their_turn(
    talk: Page, stub: Stub
) -> None:
    stub.open.clear()
    say(talk, "one")
    expect(talk.locator("#typing")).to_be_visible()
    say(talk, "two")
    expect(box(talk)).to_have_value("two")
    stub.open.set()
    expect(bubbles(talk).nth(4)).to_have_text("Guide: About: two")
    expect(talk.locator("#typing")).to_be_hidden()
    assert stub.messages() == ["/want_start_over", "one", "two"]


def test_words_sent_before_the_opening_came_do_not_wait_for_it(page: Page, stub: Stub) -> None:
    stub.open.clear()
    page.goto(stub.address)
    expect(page.locator("#typing")).to_be_visible()
    say(page, "hello")
    expect(bubbles(page)).to_have_text("You: hello")
    stub.open.set()
    expect(bubbles(page)).to_have_text(["You: hello", "Guide: About: hello"])


def test_a_very_long_message_gets_a_kind_note_and_is_sent_whole(talk: Page, stub: Stub) -> None:
    words = "a" * 4_000
    box(talk).fill(words)
    expect(talk.locator("#note")).to_be_empty()
    box(talk).fill(words + "b")
    expect(talk.locator("#note")).to_contain_text("4,000")
    box(talk).press("Enter")
    expect(bubbles(talk)).to_have_count(3)
    expect(talk.locator("#note")).to_be_empty()
    assert stub.messages()[-1] == words + "b"


def test_a_long_answer_is_read_from_its_beginning(talk: Page, stub: Stub) -> None:
    stub.answers["much"] = [{"text": "\n".join(f"Line {n}" for n in range(200))}]
    say(talk, "much")
    expect(bubbles(talk)).to_have_count(3)
    expect(bubbles(talk).nth(1)).to_be_in_viewport(ratio=1)


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
    talk: Page, stub: Stub, text: str, links: list[str]
) -> None:
    stub.answers["go"] = [{"text": text}]
    say(talk, "go")
    reply = bubbles(talk).nth(2)
    expect(reply).to_be_visible()
    assert reply.evaluate("e => [...e.querySelectorAll('a')].map(a => `${a.firstChild.data} ${a.href}`)") == links
    reply.evaluate("e => e.querySelectorAll('a .unseen').forEach(u => u.remove())")
    assert words(reply) == text


def test_script_in_a_reply_is_inert(talk: Page, stub: Stub) -> None:
    markup = '<script>hit = 1</script><img src=x onerror="hit = 1"><a href="javascript:hit = 1">x</a>'
    stub.answers["go"] = [{"text": markup, "buttons": [{"title": markup, "payload": "javascript:hit = 1"}]}]
    say(talk, "go")
    expect(bubbles(talk).nth(2)).to_have_text(f"Guide: {markup}")
    talk.get_by_role("group", name="Answers to tap").get_by_role("button").click()
    expect(bubbles(talk).nth(3)).to_have_text(f"You: {markup}")
    expect(bubbles(talk)).to_have_count(5)
    assert talk.locator("#log :is(script, img, a[href^='javascript'])").count() == 0
    assert talk.evaluate("window.hit") is None
    assert stub.messages()[-1] == "javascript:hit = 1"
    assert stub.complaints == []


# ---- Leaving ----------------------------------------------------------------


def test_exit_is_first_in_tab_order_and_always_in_view(talk: Page, stub: Stub) -> None:
    exit_button = talk.get_by_role("button", name="Exit")
    talk.keyboard.press("Tab")
    expect(exit_button).to_be_focused()
    stub.answers["much"] = [{"text": "\n".join(f"Line {n}" for n in range(300))}]
    for size in ({"width": 320, "height": 256}, {"width": 320, "height": 568}, {"width": 1280, "height": 800}):
        talk.set_viewport_size(size)  # type: ignore[arg-type]
        say(talk, "much")
        talk.mouse.wheel(0, 3_000)
        expect(exit_button).to_be_in_viewport(ratio=1)
        expect(talk.get_by_role("link", name="Call 988")).to_be_in_viewport(ratio=1)
        assert talk.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("way", ["click", "Enter", "Space", "Shift on the page", "Shift in the text box"])
def test_leaving_blanks_the_page_at_once_and_leads_away(talk: Page, way: str) -> None:
    say(talk, "secret")
    expect(bubbles(talk)).to_have_count(3)
    box(talk).fill("half a thought")
    left = watch_leaving(talk)
    if way == "click":
        talk.get_by_role("button", name="Exit").click()
    elif way.startswith("Shift"):
        (box(talk) if "box" in way else talk.locator("#talk")).focus()
        press_shift(talk)
    else:
        talk.get_by_role("button", name="Exit").press(way)
    talk.wait_for_url(EXIT_TO)
    assert left[-1] == '[0,0,""]'
    talk.go_back()
    assert talk.url == "about:blank"  # this page's place in the history was taken


def test_leaving_works_with_the_network_cut(talk: Page) -> None:
    say(talk, "secret")
    expect(bubbles(talk)).to_have_count(3)
    talk.context.set_offline(True)
    talk.context.route(EXIT_TO, lambda route: route.abort("internetdisconnected"))
    left = watch_leaving(talk)
    with talk.expect_event("requestfailed", lambda request: request.url == EXIT_TO):
        press_shift(talk)
    assert left[-1] == '[0,0,""]'
    talk.wait_for_function("location.protocol === 'chrome-error:'")  # the browser's own page says that it is offline
    talk.go_back()
    assert talk.url == "about:blank"


def test_capital_letters_are_no_exit(talk: Page) -> None:
    box(talk).focus()
    for key in ("Shift+H", "Shift+E", "Shift+Y", "Shift+Enter"):
        talk.keyboard.press(key)
    press_shift(talk, 2)
    expect(box(talk)).to_have_value("HEY\n")
    expect(talk.get_by_role("button", name="Exit")).to_be_visible()


def test_going_elsewhere_empties_the_transcript(talk: Page, stub: Stub) -> None:
    say(talk, "secret")
    expect(bubbles(talk)).to_have_count(3)
    box(talk).fill("half a thought")
    talk.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    expect(bubbles(talk)).to_have_count(0)
    expect(box(talk)).to_have_value("")
    # Coming back starts afresh, as somebody else.
    with talk.expect_navigation():
        talk.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(bubbles(talk)).to_have_text(f"Guide: {OPENING['text']}")
    assert len({asked["sender"] for asked in stub.asked}) == 2


# ---- Nothing left behind, nothing given away --------------------------------


def test_nothing_is_stored_and_nobody_else_is_asked(talk: Page, stub: Stub) -> None:
    say(talk, "hello")
    expect(bubbles(talk)).to_have_count(3)
    assert talk.context.cookies() == []
    assert talk.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    assert talk.evaluate("indexedDB.databases()") == []
    assert talk.evaluate("navigator.serviceWorker.getRegistrations().then(found => found.length)") == 0
    assert stub.foreign == []
    assert not any("Cookie" in headers or "Referer" in headers for headers in stub.headers)
    assert stub.complaints == []


def test_title_and_address_give_nothing_away(talk: Page, stub: Stub) -> None:
    say(talk, "hello")
    expect(bubbles(talk)).to_have_count(3)
    assert talk.title() == "Notes"
    assert talk.url == stub.address


def test_no_file_of_the_page_names_another_host_to_load_from() -> None:
    for path in (ROOT / "web").iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(src|url\(|@import|import )\s*=?\s*[\"'(]?\s*(https?:)?//", text), path.name


# ---- When no answer comes ---------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b"{}"), (403, b'{"error": "no"}'), (200, b"[]"), (200, b"{}"), (200, b"<html>"), (200, b"[{}]")],
)
def test_a_failure_keeps_the_words_and_shows_the_numbers(talk: Page, stub: Stub, status: int, body: bytes) -> None:
    stub.status, stub.body = status, body
    say(talk, "my words")
    failure = talk.locator("#log .failure")
    expect(failure).to_contain_text("988")
    expect(failure.get_by_role("link", name="911")).to_have_attribute("href", "tel:911")
    expect(box(talk)).to_have_value("my words")
    expect(bubbles(talk)).to_have_count(2)

    stub.status, stub.body = 200, None
    talk.get_by_role("button", name="Retry").click()
    expect(bubbles(talk).nth(2)).to_have_text("Guide: About: my words")
    expect(failure).to_have_count(0)
    expect(box(talk)).to_have_value("")
    assert stub.messages().count("my words") == 2


def test_a_tap_that_failed_can_be_tried_again(talk: Page, stub: Stub) -> None:
    stub.status = 500
    talk.get_by_role("button", name="Helplines").click()
    expect(talk.locator("#log .failure")).to_be_visible()
    expect(box(talk)).to_have_value("")
    stub.status = 200
    talk.get_by_role("button", name="Retry").click()
    expect(talk.get_by_role("button", name="I feel unsafe")).to_be_visible()
    assert stub.messages()[-2:] == ["/ask_helplines", "/ask_helplines"]


def test_no_answer_within_twenty_seconds_is_a_failure(page: Page, stub: Stub) -> None:
    page.clock.install()
    page.goto(stub.address)
    expect(bubbles(page)).to_have_count(1)
    stub.open.clear()
    say(page, "my words")
    expect(page.locator("#typing")).to_be_visible()
    page.clock.fast_forward(19_000)
    expect(page.locator("#typing")).to_be_visible()
    page.clock.fast_forward(1_500)
    expect(page.locator("#log .failure")).to_contain_text("988")
    expect(box(page)).to_have_value("my words")


def test_a_server_that_does_not_answer_the_opening_still_gives_the_numbers(page: Page, stub: Stub) -> None:
    stub.status = 503
    page.goto(stub.address)
    opening = page.locator("#log .failure")
    expect(opening).to_contain_text("automated guide")
    hrefs = opening.evaluate("e => [...e.querySelectorAll('a')].map(a => a.href)")
    assert hrefs == ["tel:911", "tel:988", "sms:988", "tel:18007997233", "sms:88788"]
    stub.status = 200
    page.get_by_role("button", name="Retry").click()
    expect(bubbles(page)).to_have_text(f"Guide: {OPENING['text']}")


def test_the_numbers_stay_with_the_network_cut(talk: Page) -> None:
    talk.context.set_offline(True)
    say(talk, "my words")
    expect(talk.locator("#log .failure")).to_contain_text("988")
    expect(box(talk)).to_have_value("my words")
    for name, href in {"Call 988": "tel:988", "Text 988": "sms:988", "Call 911": "tel:911"}.items():
        line = talk.get_by_role("navigation", name="Helplines").get_by_role("link", name=name)
        expect(line).to_be_in_viewport()
        expect(line).to_have_attribute("href", href)
    talk.context.set_offline(False)
    talk.get_by_role("button", name="Retry").click()
    expect(bubbles(talk).nth(2)).to_have_text("Guide: About: my words")


def test_without_script_the_numbers_and_a_way_out_are_there(browser: Browser, stub: Stub) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(stub.address)
    expect(page.get_by_role("link", name="Call 988")).to_be_visible()
    assert page.locator("#exit").get_attribute("href") == EXIT_TO.rstrip("/")
    context.close()


# ---- For everyone -----------------------------------------------------------


def test_targets_on_a_phone_are_large_enough(talk: Page) -> None:
    talk.set_viewport_size({"width": 320, "height": 568})
    for target in talk.locator("header a, .compose button, .compose textarea, .choices button").all():
        size = target.bounding_box()
        assert size and size["width"] >= 44 and size["height"] >= 44, target.inner_text()


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
def test_words_stand_out_from_their_ground(talk: Page, stub: Stub, scheme: Any) -> None:
    talk.emulate_media(color_scheme=scheme)
    say(talk, "/ask_helplines")
    expect(talk.get_by_role("button", name="I feel unsafe")).to_be_visible()
    measured = talk.evaluate(CONTRAST)
    assert len(measured) > 10
    assert [(name, ratio) for name, ratio in measured if ratio < 4.5] == []


def test_the_transcript_is_announced_and_the_typing_sign_is_not(talk: Page) -> None:
    log = talk.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.locator("#typing")).to_have_count(0)
    expect(talk.locator("#typing")).to_have_attribute("aria-hidden", "true")


def test_nothing_moves_where_less_motion_is_asked_for(page: Page, stub: Stub) -> None:
    stub.open.clear()
    page.emulate_media(reduced_motion="reduce")
    page.goto(stub.address)
    expect(page.locator("#typing")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0
