"""Shades of the clinic's color that can be read: every pair of words and ground has a contrast of 4.5 or more."""

from __future__ import annotations

from dataclasses import dataclass

READABLE = 4.5
"""Contrast that WCAG 2.2 AA asks of text."""

LIGHT = ("#f6f3ee", "#fffdfa", "#e9e0d4")
DARK = ("#1c1a17", "#292521", "#423a32")
"""Grounds that links stand on, as in `web/src/page.css`: the page, a reply, the visitor's own words."""

_STEPS = 40


@dataclass(frozen=True)
class Shades:
    """The clinic's color in one scheme: for links, for filled buttons, and for the words on those."""

    link: str
    strong: str
    on_strong: str

    def rules(self) -> str:
        """As declarations of a style sheet."""
        return f"--link:{self.link};--strong:{self.strong};--on-strong:{self.on_strong}"


def shades(accent: str, grounds: tuple[str, ...]) -> Shades:
    """The shades nearest to an accent ("#rrggbb") that can be read on all the grounds."""
    towards = "#000000" if contrast("#000000", grounds[0]) > contrast("#ffffff", grounds[0]) else "#ffffff"
    link = next(
        shade
        for shade in (_mixed(accent, towards, step / _STEPS) for step in range(_STEPS + 1))
        if all(contrast(shade, ground) >= READABLE for ground in grounds)
    )
    return Shades(link, link, max("#ffffff", "#000000", key=lambda words: contrast(words, link)))


def style_sheet(accent: str) -> str:
    """The clinic's colors as a style sheet, light first."""
    dark = shades(accent, DARK).rules()
    return f":root{{{shades(accent, LIGHT).rules()}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def contrast(one: str, other: str) -> float:
    """The contrast of two colors, 1 to 21, as WCAG 2.2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    linear = [(v / 12.92) if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in _parts(color))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mixed(color: str, towards: str, share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(_parts(color), _parts(towards), strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _parts(color: str) -> tuple[int, ...]:
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))
