"""Makes the README's pictures from the running assistant: `make pictures`."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect
from running import waymark_serve
from serving import ROOT, chromium

PICTURES = ROOT / "docs" / "pictures"
TALK = ["whats the diffrence btwn trama bond n codependancy", "ok and the 2nd one"]
CRISIS = ["what are the stages of recovery because i feel like theres no recovery and id be better off dead"]


def main() -> None:
    """Talk in a browser and save the pictures."""
    expect.set_options(timeout=20_000)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with waymark_serve() as address, chromium() as browser:
        for name, messages, size, scheme in (
            ("opened", [], (900, 560), "light"),
            ("talk", TALK, (900, 820), "light"),
            ("crisis-phone", CRISIS, (390, 780), "light"),
            ("dark", TALK[:1], (390, 780), "dark"),
        ):
            page = new_page(browser, size, scheme)
            page.goto(address)
            for number, text in enumerate(messages):
                say(page, text, 2 * number)
            save(page, name)
        page = new_page(browser, (1000, 720), "light")
        page.goto(f"{address}example")
        page.get_by_role("button", name="Ask a question").click()
        expect(page.frame_locator("iframe").locator("#choices button")).not_to_have_count(0)
        save(page, "launcher")


def new_page(browser: Browser, size: tuple[int, int], scheme: str) -> Page:
    """A window of a size, in light or dark."""
    width, height = size
    return browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=width < 500,
        is_mobile=width < 500,
    )


def say(page: Page, text: str, before: int) -> None:
    """Send a message when the answer before it is there, and wait for its own."""
    expect(page.locator("#log .entry")).to_have_count(before + 1)
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("#log .entry")).to_have_count(before + 3)


def save(page: Page, name: str) -> None:
    """Save what is seen, and close the window."""
    page.wait_for_timeout(500)
    page.screenshot(path=str(PICTURES / f"{name}.png"))
    page.close()


if __name__ == "__main__":
    main()
