"""Where things are, and what the environment decides."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(os.environ.get("WAYMARK_HOME", Path(__file__).resolve().parent.parent))
DATA = ROOT / "data"
RESPONSES = DATA / "responses"
CRISIS = DATA / "crisis"
SOURCES = DATA / "sources"
CLINIC = ROOT / "clinic.yml"
MODELS = ROOT / "models"
WEB = ROOT / "web"
VAR = ROOT / "var"

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5005
INBOX_PORT = 5006

SESSION_MINUTES = 60
"""Minutes of silence after which a conversation begins anew; `session_config` of domain.yml has the same number."""

READ_FOR_TOPIC = 1_000
"""Characters of a message that are read for its topic; every one is screened for a crisis."""

MESSAGE_LIMIT = 4_000
"""Characters past which a message is answered as too long, after it was screened."""

BODY_LIMIT = 256 * 1024
"""Bytes of a request body, past which it is refused with 413."""


def database_url() -> str:
    """The address of the conversation store: DATABASE_URL, else a SQLite file in `var/`."""
    return _database("conversations.sqlite")


def contact_database_url() -> str:
    """The address of the store of contact requests: DATABASE_URL, else a SQLite file of its own in `var/`."""
    return _database("contact.sqlite")


def _database(file: str) -> str:
    url = os.environ.get("DATABASE_URL", "")
    if url:
        return url.replace("postgres://", "postgresql://", 1)
    VAR.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{VAR / file}"


def port(name: str = "PORT", default: int = DEFAULT_PORT) -> int:
    """The port to serve on, from the environment.

    Raises:
        ValueError: It is not a whole number from 1 to 65535.
    """
    text = os.environ.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError(f"{name} is '{text}': set it to a whole number from 1 to 65535.")
    return int(text)
