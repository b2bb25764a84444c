"""Makes the README's pictures from the running assistant: `make pictures`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
TALK = ["whats the diffrence btwn trama bond n codependancy", "ok and the 2nd one"]
CRISIS = ["what are the stages of recovery because i feel like theres no recovery and id be better off dead"]
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> None:
    """Serve on a free port, talk in a browser, save the pictures, end the server."""
    browser_path = shutil.which("chromium")
    if not browser_path:
        sys.exit("There is no Chromium here. Run 'make browser' first.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "waymark.cli", "serve"], cwd=ROOT, env={**os.environ, "PORT": str(port)}
    )
    try:
        _wait_until_ready(port)
        PICTURES.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=CHROMIUM)
            for name, messages, size, scheme in (
                ("talk", TALK, (900, 820), "light"),
                ("crisis-phone", CRISIS, (390, 780), "light"),
            ):
                page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
                page.goto(f"http://127.0.0.1:{port}/")
                for text in messages:
                    _say(page, text)
                page.screenshot(path=str(PICTURES / f"{name}.png"))
                page.close()
            browser.close()
    finally:
        server.terminate()
        server.wait(20)


def _say(page: Page, text: str) -> None:
    page.wait_for_timeout(4_000)
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_timeout(4_000)


def _wait_until_ready(port: int) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready") as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    sys.exit("The server did not become ready in two minutes.")


if __name__ == "__main__":
    main()
