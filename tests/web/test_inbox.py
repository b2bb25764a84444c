"""The staff inbox in a real browser, on a phone, with the server that ships."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
import uvicorn
from playwright.sync_api import Browser, Page, expect
from serving import axe_faults

from waymark import settings
from waymark.contact.desk import Desk
from waymark.contact.inbox.app import SERVER, create_app
from waymark.contact.request import ContactRequest, RequestStore
from waymark.contact.staff import FAILURES, Staff
from waymark.contact.vault import Vault
from waymark.content.clinic import Clinic

pytestmark = pytest.mark.usefixtures("quick_hashes")

PASSWORD = "several words make one"
PHONE = {"width": 360, "height": 740}
ASKED = ContactRequest(
    call_me="Sam",
    means="text",
    address="+14246446486",
    when="when he is at work, not Mondays",
    time_zone="America/Los_Angeles",
    voicemail=None,
    say_who=False,
    note="He answers my phone. <b>Please</b> only say it's about Thursday.",
    code_word="tangerine",
    language="en",
    topic="Something else",
    consent_version="2026-11",
    urgent=False,
)


@dataclass
class Inbox:
    """A running inbox."""

    address: str
    store: RequestStore
    staff: Staff


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    store = RequestStore.open(f"sqlite:///{tmp_path}/contact.sqlite", Vault.new_key())
    staff = Staff(store.engine)
    for name, role in (("vera", "viewer"), ("ann", "agent"), ("ben", "agent"), ("ada", "admin")):
        staff.add(name, role, PASSWORD, by="test")
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(store, Clinic.load(settings.CLINIC))
    server = uvicorn.Server(uvicorn.Config(app, **SERVER))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield Inbox(f"http://127.0.0.1:{listener.getsockname()[1]}", store, staff)
    server.should_exit = True
    thread.join()


@pytest.fixture
def open_page(browser: Browser, inbox: Inbox) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(name: str | None = None, **options: object) -> Page:
        context = browser.new_context(viewport=PHONE, base_url=inbox.address, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.goto("/")
        if name:
            log_in(page, name)
        return page

    yield open_page
    for context in contexts:
        context.close()


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def post(page: Page, path: str, **fields: str) -> int:
    """Post a form that no page has, from the page's own origin; returns the status."""
    make = """([path, fields]) => {
        const form = document.createElement("form");
        form.method = "post"; form.action = path;
        for (const [name, value] of Object.entries(fields)) {
            const input = document.createElement("input");
            input.name = name; input.value = value; form.append(input);
        }
        document.body.append(form); form.submit();
    }"""
    with page.expect_navigation() as navigation:
        page.evaluate(make, [path, fields])
    return navigation.value.status


def check(page: Page) -> None:
    """Accessible, within a phone's width, and nothing cut off."""
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is None or box["height"] >= 44


def test_a_request_is_claimed_tried_and_closed(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    inbox.store.add(replace(ASKED, urgent=True), "other")
    reference = inbox.store.add(ASKED, "one")
    page = open_page()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    check(page)
    log_in(page, "ann")
    expect(page.get_by_role("heading", name="Open requests")).to_be_visible()
    expect(page.get_by_text("Urgent")).to_have_count(1)
    assert not any(word in page.content() for word in ("6486", "Sam", "tangerine", "at work"))
    check(page)
    page.get_by_role("link", name=reference).click()
    expect(page.get_by_text("Text only, never call")).to_be_visible()
    expect(page.get_by_text("Read their words first")).to_be_visible()
    expect(page.get_by_text("<b>Please</b> only say it's about Thursday")).to_be_visible()
    expect(page.get_by_role("link", name="+1 424-644-6486")).to_have_attribute("href", "sms:+14246446486")
    check(page)
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text("claimed by ann")).to_be_visible()
    page.get_by_label("What happened?").select_option("Vague voicemail left")
    page.get_by_label("A note").fill("Somebody picked up and hung up.")
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_text("Vague voicemail left. Somebody picked up")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("heading", name="Open requests")).to_be_visible()
    expect(page.get_by_role("link", name=reference)).to_have_count(0)
    page.get_by_role("link", name="Closed").click()
    expect(page.get_by_role("link", name=reference)).to_have_count(1)
    check(page)


def test_two_people_do_not_call_the_same_person(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    reference = inbox.store.add(ASKED, "one")
    page = open_page("ann")
    page.get_by_role("link", name=reference).click()
    Desk(inbox.store, "ben").claim(reference)
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text("claimed by ben, so it cannot be claimed")).to_be_visible()
    check(page)


def test_withdrawing_wipes(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    reference = inbox.store.add(ASKED, "one")
    page = open_page("ann")
    page.get_by_role("link", name=reference).click()
    page.get_by_text("The visitor asks to withdraw it").click()
    page.get_by_role("button", name="Withdraw and wipe").click()
    page.goto(f"/requests/{reference}")
    expect(page.get_by_text("do not contact them")).to_be_visible()


def test_the_link_of_a_notice_leads_there_after_the_login(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    reference = inbox.store.add(ASKED, "one")
    page = open_page()
    page.goto(f"/requests/{reference}")
    log_in(page, "ann")
    expect(page.get_by_role("heading", name=reference)).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.goto("/login?next=https://evil.example/")
    log_in(page, "ann")
    expect(page).to_have_url(f"{inbox.address}/")


def test_roles_hold(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    reference = inbox.store.add(ASKED, "one")
    page = open_page("vera")
    page.goto(f"/requests/{reference}")
    expect(page.get_by_text("Text only")).to_be_visible()
    expect(page.get_by_role("button", name="Claim")).to_have_count(0)
    token = page.locator("header input[name=csrf_token]").get_attribute("value") or ""
    for path in (f"/requests/{reference}", f"/requests/{reference}/claim", "/export"):
        assert post(page, path, csrf_token=token, outcome="Reached them", note="") == 403
        expect(page.get_by_text("vera, viewer")).to_be_visible()
    answer = page.goto("/audit")
    assert answer and answer.status == 403
    (line,) = Desk(inbox.store, "test").lines()
    assert line.state == "open"
    page = open_page("ada")
    page.get_by_role("link", name="Audit trail").click()
    expect(page.get_by_role("cell", name="opened")).to_be_visible()
    check(page)
    page.goto("/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export all").click()
    assert "424-644-6486" in Path(download.value.path()).read_text()


def test_wrong_passwords_lock_the_account(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    page = open_page()
    for _ in range(FAILURES):
        log_in(page, "ann", "wrong password")
        expect(page.get_by_role("alert")).to_be_visible()
    check(page)
    log_in(page, "ann")
    expect(page.get_by_role("alert")).to_be_visible()
    inbox.staff.set_password("ann", PASSWORD, by="test")
    log_in(page, "ann")
    expect(page.get_by_role("heading", name="Open requests")).to_be_visible()


def test_a_session_ends_everywhere(
    inbox: Inbox, open_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_page("ann"), open_page("ann")
    (cookie,) = first.context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (
        "__Host-waymark",
        True,
        True,
        "Strict",
    )
    first.get_by_role("button", name="Log out").click()
    second.goto("/")
    expect(second.get_by_role("heading", name="Log in")).to_be_visible()
    log_in(second, "ann")
    now = time.time()
    monkeypatch.setattr("waymark.contact.inbox.guard.time.time", lambda: now + 1_801)
    second.goto("/")
    expect(second.get_by_role("heading", name="Log in")).to_be_visible()


def test_in_the_dark(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    reference = inbox.store.add(replace(ASKED, urgent=True), "one")
    page = open_page(color_scheme="dark")
    check(page)
    log_in(page, "ada")
    check(page)
    page.goto(f"/requests/{reference}")
    check(page)
    page.goto("/audit")
    check(page)


def test_forms_without_their_token_are_refused(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    reference = inbox.store.add(ASKED, "one")
    page = open_page()
    token = page.locator("input[name=csrf_token]").get_attribute("value") or ""
    assert post(page, "/login", name="ann", password=PASSWORD) == 400
    stranger = {"name": "ann", "password": PASSWORD, "csrf_token": token}
    answer = requests.post(f"{inbox.address}/login", stranger, allow_redirects=False)
    assert answer.status_code == 400, "a token is worth nothing without its session"
    page.goto("/login")
    log_in(page, "ann")
    expect(page.get_by_role("heading", name="Open requests")).to_be_visible()
    for bad in ("", token):  # none, and the one from before the login
        for act in ("claim", "close", "cancel"):
            assert post(page, f"/requests/{reference}/{act}", csrf_token=bad) == 403
            page.goto("/")
        assert post(page, f"/requests/{reference}", csrf_token=bad, outcome="Reached them", note="") == 400
        page.goto("/")
    (line,) = Desk(inbox.store, "test").lines()
    assert line.state == "open"
    assert not Desk(inbox.store, "test").open_request(reference).attempts


@pytest.mark.parametrize("path", ["/", "/login", "/nothing", "/static/inbox.css", "/requests/K7-4PQ2", "/ready"])
def test_every_answer_is_guarded(path: str, inbox: Inbox) -> None:
    answer = requests.get(inbox.address + path, allow_redirects=False)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "server" not in {name.lower() for name in answer.headers}


def test_other_host_names_are_refused(inbox: Inbox) -> None:
    assert requests.get(f"{inbox.address}/login", headers={"Host": "evil.example"}).status_code == 400


def test_a_store_that_is_away_is_said(inbox: Inbox) -> None:
    assert requests.get(f"{inbox.address}/ready").status_code == 200
    Path(inbox.store.engine.url.database).unlink()
    assert requests.get(f"{inbox.address}/ready").status_code == 503
