"""What the server shows in a browser: the page, the safety page, the plain pages, the script for a clinic's own site.

The files come from `web/page.html` and from `web/dist/`, which `make widget` builds. The clinic's names, colors and
numbers are written into them as they are served, so the numbers are there before anything else is asked or answered.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from waymark import settings
from waymark.channels.sessions import IDLE
from waymark.content.clinic import Clinic
from waymark.content.palette import DARK, LIGHT, shades, style_sheet
from waymark.content.strings import LANGUAGES, Strings, directory
from waymark.plain_pages import HELP, POLICY, PROTOCOL, PlainPages
from waymark.safety.lines import Country

DIST = settings.WEB / "dist"
POLL = 15
"""Seconds between two looks of an open page for replies that came later."""
SAFETY = tuple(f"safety_{name}" for name in ("exit", "not", "private", "shared", "page", "phone", "people"))

SCRIPT, STYLE, HTML = ("text/javascript; charset=utf-8", "text/css; charset=utf-8", "text/html; charset=utf-8")


def policy(sites: tuple[str, ...], frames: str = "'none'") -> str:
    """The page's Content-Security-Policy: nothing but our own files, and only listed sites may frame it."""
    ancestors = " ".join(("'self'", *sites))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "
        f"frame-src {frames}; frame-ancestors {ancestors}"
    )


class Pages:
    """The page and the scripts for one clinic."""

    def __init__(self, clinic: Clinic | None = None) -> None:
        """Read the clinic, its country's lines and the strings."""
        self.clinic = clinic or Clinic.load(settings.CLINIC)
        self.poll = POLL
        self._strings = Strings.load(self.clinic)
        self._lines = directory()
        self.plain = PlainPages(self.clinic)
        self._template = (settings.WEB / "page.html").read_text(encoding="utf-8")

    def page(self, language: str, view: str = "talk") -> str:
        """The page in a language, with the talk or the safety notes in view."""
        texts = {name: html.escape(text) for name, text in self._strings.texts("page", language).items()}
        config = {
            "language": language,
            "view": view,
            "words": self._strings.words,
            "title": self.clinic.page_title,
            "exit_to": self.clinic.exit_to,
            "poll": self.poll,
            "idle": IDLE,
        }
        values = {
            **texts,
            "lang": language,
            "title": html.escape(self.clinic.page_title),
            "exit_to": html.escape(self.clinic.exit_to),
            "lines": self._lines_html(texts),
            "safety_notes": "\n".join(f'<p data-text="{name}">{texts[name]}</p>' for name in SAFETY),
            "talk_hidden": "hidden" if view == "safety" else "",
            "safety_hidden": "" if view == "safety" else "hidden",
            "config": _for_script(config),
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], self._template)

    def colors(self) -> str:
        """The clinic's colors as a style sheet."""
        return style_sheet(self.clinic.accent)

    def launcher(self) -> str:
        """The script for a clinic's site, with everything it shows before it asks for more."""
        config = {
            "title": self.clinic.page_title,
            "exit_to": self.clinic.exit_to,
            "words": self._strings.words,
            "light": shades(self.clinic.accent, LIGHT).rules(),
            "dark": shades(self.clinic.accent, DARK).rules(),
        }
        return f"(()=>{{const WAYMARK={_for_script(config)};{_built('waymark.js')}}})();"

    def _lines_html(self, texts: dict[str, str]) -> str:
        here = self._lines.countries.get(self.clinic.country) or Country("", "", "112", "findahelpline.com")
        numbers = re.findall(r"\+?\d[\d\- ]*\d", here.emergency)
        rows = [("in_danger", "".join(_link("tel", "call", number, texts) for number in numbers))]
        line = self._lines.lines.get(here.needs.get("helpline", ""))
        links = _link("tel", "call", line.call, texts) if line and line.call else ""
        if line and line.text_to:
            links += _link("sms", "text", line.text_to, texts, f" ({line.text_word})" if line.text_word else "")
        if not links:
            opens = f'href="https://{here.directory}" target="_blank" rel="noopener noreferrer"'
            links = f'<a {opens} data-text="find">{texts["find"]}</a>'
        rows.append(("in_crisis", links))
        return "\n".join(
            f'<p><span class="when" id="{name}" data-text="{name}">{texts[name]}</span> {row}</p>' for name, row in rows
        )


def _link(scheme: str, verb: str, number: str, texts: dict[str, str], after: str = "") -> str:
    digits = re.sub(r"[^\d+]", "", number)
    words = f'<span data-text="{verb}">{texts[verb]}</span> {html.escape(number)}{html.escape(after)}'
    return f'<a href="{scheme}:{digits}">{words}</a> '


def add_pages(app: Sanic, pages: Pages) -> None:
    """The addresses of the page and its files."""

    def add(address: str, kind: str, body: Any, rules: str = "") -> None:
        async def answer(request: Request) -> HTTPResponse:
            frames = "'self'" if address == "/example" else "'none'"
            headers = {"Content-Security-Policy": rules or policy(pages.clinic.sites, frames)}
            try:
                return HTTPResponse(body(request), content_type=kind, headers=headers)
            except FileNotFoundError:
                return HTTPResponse(
                    "The page was not built yet: run 'make widget'.", status=503, content_type="text/plain"
                )

        app.add_route(answer, address, name=f"page_{address.strip('/') or 'index'}".replace(".", "_").replace("-", "_"))

    add("/", HTML, lambda request: pages.page(_language(request)))
    add("/safety", HTML, lambda request: pages.page(_language(request), "safety"))
    unframed = f"{POLICY}; frame-ancestors 'none'"
    add("/help", HTML, lambda request: pages.plain.page(HELP, _language(request)), unframed)
    add("/crisis-protocol", HTML, lambda request: pages.plain.page(PROTOCOL, _language(request)), unframed)
    add("/plain.css", STYLE, lambda _: (settings.WEB / "plain.css").read_text(encoding="utf-8"))
    add("/page.js", SCRIPT, lambda _: _built("page.js"))
    add("/page.css", STYLE, lambda _: _built("page.css"))
    add("/colors.css", STYLE, lambda _: pages.colors())
    add("/waymark.js", SCRIPT, lambda _: pages.launcher())
    add("/icon", "image/x-icon", lambda _: "")  # a browser asks for one, and shows none for this
    add("/example", HTML, lambda _: (settings.WEB / "example.html").read_text(encoding="utf-8"))


def _language(request: Request) -> str:
    asked = str(request.args.get("language") or "")
    if asked in LANGUAGES:
        return asked
    first = request.headers.get("accept-language", "").strip()[:2].lower()
    return first if first in LANGUAGES else "en"


def _built(name: str, folder: Path = DIST) -> str:
    return (folder / name).read_text(encoding="utf-8")


def _for_script(config: dict[str, Any]) -> str:
    """JSON that can stand in a script element and in a script: nothing in it ends the element."""
    return json.dumps(config, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "").replace("\u2029", "")
