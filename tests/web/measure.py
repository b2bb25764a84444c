"""Measures the widget with the running assistant, in a real browser: `make measure`.

With `--deep-chat` it also measures the ready-made chat part that ours was weighed against. It is installed from npm
into a folder that goes away again, bundled as our own page is, and served with the page's own policy.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from running import waymark_serve
from serving import ROOT, axe_faults, chromium

from waymark.pages import policy

ROUNDS = 15
BEFORE, AFTER = ["waymark.js"], ["", "page.js", "page.css", "colors.css"]
STORED = """async () => (await navigator.storage.estimate()).usage + document.cookie.length
  + JSON.stringify(localStorage).length + JSON.stringify(sessionStorage).length - 4"""
DEEP_CHAT = "deep-chat@2.4.2"
DEEP_CHAT_PAGE = """
import "deep-chat";
const chat = document.createElement("deep-chat");
if (SHIM) chat.style.fontFamily = "sans-serif";
chat.introMessage = { text: "Hi. I'm an automated guide." };
chat.connect = { handler: (body, signals) => signals.onResponse({ text: "An answer." }) };
document.querySelector("main").append(chat);
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deep-chat", action="store_true", help="measure deep-chat too")
    options = parser.parse_args()
    with chromium() as browser:
        with waymark_serve() as address:
            sizes = {name: len(gzip.compress(fetched(address + name))) for name in BEFORE + AFTER}
            before, after = sum(sizes[name] for name in BEFORE), sum(sizes[name] for name in AFTER)
            row("Script before it is opened, gzip", f"{before / 1024:.1f} KB")
            row("All of it, gzip", f"{(before + after) / 1024:.1f} KB")
            row("Page: address to greeting, median", f"{greeting(browser, address, measure_page):.0f} ms")
            row("Launcher: tap to greeting, median", f"{greeting(browser, address, measure_launcher):.0f} ms")
            for name, value in visit(browser, address).items():
                row(name, value)
        if options.deep_chat:
            for name, value in deep_chat(browser).items():
                row(name, value)


def row(name: str, value: Any) -> None:
    """One line of the table."""
    print(f"{name:<55} {value}", flush=True)


def fetched(address: str) -> bytes:
    """A file as it is served."""
    with urllib.request.urlopen(address) as answer:
        return bytes(answer.read())


def greeting(browser: Browser, address: str, measure: Any) -> float:
    """The median of milliseconds until the greeting stands on the page, each in a browser that knows nothing yet."""
    times = []
    for _ in range(ROUNDS + 1):
        context = browser.new_context()
        times.append(measure(context.new_page(), address))
        context.close()
    return statistics.median(times[1:])  # the first one warms the machine


def measure_page(page: Page, address: str) -> float:
    """Milliseconds by the page's own clock, from the beginning of its loading."""
    page.add_init_script(
        """new MutationObserver((_, me) => { if (document.querySelector("#log .entry"))
             { me.disconnect(); requestAnimationFrame(() => { window.greeted = performance.now(); }); } })
             .observe(document, { childList: true, subtree: true });"""
    )
    page.goto(address)
    return float(
        page.evaluate(
            "new Promise((done) => { const look = () => window.greeted ? done(window.greeted)"
            " : requestAnimationFrame(look); look(); })"
        )
    )


def measure_launcher(page: Page, address: str) -> float:
    """Milliseconds from the tap on the launcher, measured from outside."""
    page.goto(f"{address}example")
    opener = page.get_by_role("button", name="Ask a question")
    expect(opener).to_be_visible()
    started = time.perf_counter()
    opener.click()
    page.frame_locator("iframe").locator("#log .entry").wait_for()
    return (time.perf_counter() - started) * 1000


def visit(browser: Browser, address: str) -> dict[str, Any]:
    """A talk with a crisis in it: what it asked for, stored and broke."""
    foreign: list[str] = []
    complaints: list[str] = []
    faults: list[str] = []
    stored = 0
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.on("request", lambda request: request.url.startswith(address) or foreign.append(request.url))
        page.on("console", lambda said: said.type in ("error", "warning") and complaints.append(said.text))
        page.goto(address)
        expect(page.locator("#log .entry")).to_have_count(1)
        faults += axe_faults(page)
        page.get_by_role("textbox").fill("id be better off dead")
        page.keyboard.press("Enter")
        expect(page.locator("#log .entry")).to_have_count(3, timeout=20_000)
        faults += axe_faults(page)
        page.get_by_role("button", name="Staying safe here").click()
        faults += axe_faults(page)
        stored += page.evaluate(STORED) + len(context.cookies())
        context.close()
    return {
        "axe violations (opened, crisis, safety; light and dark)": len(faults),
        "Requests to other hosts": len(foreign),
        "Bytes stored": stored,
        "Complaints of the console and the policy": len(complaints),
    }


def deep_chat(browser: Browser) -> dict[str, Any]:
    """The same of deep-chat, as it comes and with its font set."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["npm", "install", "--silent", "--prefix", name, DEEP_CHAT], check=True, capture_output=True)
        esbuild = ROOT / "web" / "node_modules" / ".bin" / "esbuild"
        (folder / "index.html").write_text(
            '<!doctype html><html lang="en"><title>Notes</title><link rel="icon" href="icon"><body><main><h1>Notes</h1>'
            '</main><script src="page.js"></script>'
        )
        (folder / "icon").write_bytes(b"")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_WithPolicy, directory=name))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        for shim in (False, True):
            (folder / "source.js").write_text(DEEP_CHAT_PAGE.replace("SHIM", str(shim).lower()))
            build = [str(esbuild), "source.js", "--bundle", "--minify", "--format=iife", "--outfile=page.js"]
            subprocess.run(build, check=True, capture_output=True, cwd=name)
            foreign: list[str] = []
            complaints: list[str] = []
            page = browser.new_page()
            page.on("request", lambda r, seen=foreign: r.url.startswith(address) or seen.append(r.url))
            page.on("console", lambda said, seen=complaints: said.type == "error" and seen.append(said.text))
            page.goto(address)
            page.wait_for_timeout(1_000)
            page.locator("#text-input").fill("hello")
            page.keyboard.press("Enter")
            page.wait_for_timeout(500)
            faults = {fault.partition(":")[0] for fault in axe_faults(page)}
            label = "deep-chat, font set" if shim else "deep-chat, as it comes"
            found[f"{label}: gzip"] = f"{len(gzip.compress((folder / 'page.js').read_bytes())) / 1024:.1f} KB"
            found[f"{label}: axe rules broken"] = f"{len(faults)} ({', '.join(sorted(faults))})"
            found[f"{label}: requests to other hosts"] = len(foreign)
            found[f"{label}: complaints of the policy"] = len(complaints)
            found[f"{label}: live regions"] = page.locator("[aria-live], [role=log], [role=status]").count()
            page.close()
        server.shutdown()
    return found


class _WithPolicy(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", policy(()).replace("require-trusted-types-for 'script'; ", ""))
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    main()
