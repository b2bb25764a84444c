"""A browser, the server, and pages that cannot reach anything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from answering import Agent
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from serving import CHROMIUM, NO_BROWSER, Server, answering, chromium

from waymark.pages import DIST

EXIT_TO = "https://www.google.com/"


@dataclass
class Visit:
    """What became of a visit."""

    foreign: list[str] = field(default_factory=list)
    """What was asked of hosts that are not ours."""
    complaints: list[str] = field(default_factory=list)
    """Errors of the console, of the page and of its policy."""
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip(NO_BROWSER)
    if not (DIST / "waymark.js").is_file():
        pytest.fail("The page was not built yet: run 'make widget'.")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def lasting_server() -> Iterator[Server]:
    server = Server(answering())
    yield server
    server.stop()


@pytest.fixture
def server(browser: Browser, lasting_server: Server) -> Iterator[Server]:
    """The server with an assistant that remembers nothing of other tests."""
    agent = answering()
    lasting_server.use(agent)
    yield lasting_server
    agent.open.set()


@pytest.fixture
def agent(server: Server) -> Agent:
    agent: Agent = server.agent
    return agent


@pytest.fixture
def visit() -> Visit:
    return Visit()


@pytest.fixture
def context(browser: Browser, server: Server, visit: Visit) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    watch(context, visit, server.address)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, visit: Visit) -> Page:
    """A page with nothing loaded yet."""
    return listened(context.new_page(), visit)


@pytest.fixture
def talk(page: Page, server: Server) -> Page:
    """The page after its opening came."""
    page.goto(server.address)
    expect(page.locator("#log .entry")).to_have_count(1)
    return page


def watch(context: BrowserContext, visit: Visit, *own: str) -> None:
    """Notes every request, and lets none reach another host."""

    def elsewhere(route: Route) -> None:
        visit.foreign.append(route.request.url)
        if route.request.url == EXIT_TO:
            route.fulfill(body="<title>Elsewhere</title>", content_type="text/html")
        else:
            route.abort()

    context.route(lambda url: not url.startswith(own), elsewhere)
    context.on("request", lambda request: visit.requests.append(request.url))
    context.on("request", lambda request: visit.headers.append(request.headers))


def listened(page: Page, visit: Visit) -> Page:
    """Notes every complaint of a page."""
    page.on("console", lambda said: said.type in ("error", "warning") and visit.complaints.append(said.text))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    return page
