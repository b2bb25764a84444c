"""The notice to staff that a request waits: a reference, its urgency and a link; by mail and by signed webhook."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiohttp
import aiosmtplib

logger = logging.getLogger(__name__)

TIMEOUT = 20
"""Seconds that a server has to take a notice."""


class NotDelivered(Exception):
    """A server did not take the notice; the message is the kind of failure, without content."""


@dataclass(frozen=True)
class Notice:
    """What staff are told. `id` is the idempotency key: the same however often it is sent."""

    id: str
    reference: str
    kind: str
    urgent: bool

    def subject(self) -> str:
        """One line, fit for a locked screen that others see."""
        if self.kind == "cancelled":
            return f"Request {self.reference} was cancelled"
        return f"{'Urgent request' if self.urgent else 'Request'} {self.reference}"


class Channel(Protocol):
    """A way to tell staff."""

    @property
    def name(self) -> str:
        """Marks in the outbox that this channel has a notice."""

    async def send(self, notice: Notice) -> None:
        """Deliver.

        Raises:
            NotDelivered: It has to be tried again.
        """


@dataclass(frozen=True)
class Mail:
    """Notices by SMTP."""

    url: str = field(repr=False)
    """smtp://user:password@host:587 (STARTTLS required, but not on this machine) or smtps://host:465."""
    sender: str
    to: tuple[str, ...]
    link: str
    name: str = "mail"

    async def send(self, notice: Notice) -> None:
        """Deliver to at least one of the recipients."""
        server = urlsplit(self.url)
        try:
            # The library's own limit counts each step of the talk with a server; this one counts all of them.
            refused, _ = await asyncio.wait_for(
                aiosmtplib.send(
                    self._message(notice),
                    hostname=server.hostname,
                    port=server.port,
                    username=unquote(server.username) if server.username else None,
                    password=unquote(server.password) if server.password else None,
                    use_tls=server.scheme == "smtps",
                    start_tls=server.scheme == "smtp" and not _is_here(server.hostname),
                    timeout=TIMEOUT,
                ),
                TIMEOUT,
            )
        except (aiosmtplib.SMTPException, asyncio.TimeoutError, OSError, ValueError) as error:
            raise NotDelivered(_kind(error)) from None
        if refused:
            logger.error("The mail server refused %d of %d recipients of notices.", len(refused), len(self.to))

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(self.to)
        message["Subject"] = notice.subject()
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{notice.id}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"
        message["Idempotency-Key"] = notice.id
        message["Auto-Submitted"] = "auto-generated"
        what = "was cancelled: please do not contact them." if notice.kind == "cancelled" else "is waiting."
        message.set_content(f"{notice.subject().split(' was')[0]} {what}\n\n{_address(self.link, notice)}\n")
        return message


@dataclass(frozen=True)
class Webhook:
    """Notices by HTTP POST, signed so that the receiver knows who sent them and when.

    `X-Waymark-Signature` is `sha256=` and the hex HMAC-SHA256 of "{X-Waymark-Timestamp}.{body}".
    """

    url: str
    secret: str = field(repr=False)
    link: str
    name: str = "webhook"

    async def send(self, notice: Notice) -> None:
        """Deliver; any answer but 2xx is a failure, and redirects are not followed."""
        body = json.dumps(
            {
                "id": notice.id,
                "event": f"request_{notice.kind}",
                "reference": notice.reference,
                "urgent": notice.urgent,
                "link": _address(self.link, notice),
            }
        ).encode()
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": notice.id,
            "X-Waymark-Timestamp": stamp,
            "X-Waymark-Signature": sign(self.secret, stamp, body),
        }
        limit = aiohttp.ClientTimeout(total=TIMEOUT)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as session,
                session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise NotDelivered(_kind(error)) from None
        if not 200 <= status < 300:
            raise NotDelivered(f"HTTP {status}")


def sign(secret: str, stamp: str, body: bytes) -> str:
    """The signature of a webhook's body; receivers compare it in constant time and refuse old stamps."""
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def channels(environment: Mapping[str, str] = os.environ) -> list[Channel]:
    """The channels that the environment sets up.

    Raises:
        ValueError: There is none, or one is set up by half; says what is missing.
    """
    found: list[Channel] = []
    link = checked_url("WAYMARK_INBOX_URL", environment.get("WAYMARK_INBOX_URL", "http://127.0.0.1:5006"), "https")
    if environment.get("WAYMARK_SMTP_URL"):
        missing = [name for name in ("WAYMARK_NOTICE_FROM", "WAYMARK_NOTICE_TO") if not environment.get(name)]
        if missing:
            raise ValueError(f"WAYMARK_SMTP_URL is set but {missing[0]} is not: notices need a sender and recipients.")
        server = urlsplit(environment["WAYMARK_SMTP_URL"])
        if server.scheme not in ("smtp", "smtps") or not server.hostname:
            raise ValueError("WAYMARK_SMTP_URL has to look like smtp://user:password@host:587 or smtps://host:465.")
        to = tuple(each.strip() for each in environment["WAYMARK_NOTICE_TO"].split(",") if each.strip())
        found.append(Mail(environment["WAYMARK_SMTP_URL"], environment["WAYMARK_NOTICE_FROM"], to, link))
    if environment.get("WAYMARK_WEBHOOK_URL"):
        secret = environment.get("WAYMARK_WEBHOOK_SECRET", "")
        if len(secret) < 32:
            raise ValueError("WAYMARK_WEBHOOK_SECRET needs at least 32 characters: receivers check notices with it.")
        url = checked_url("WAYMARK_WEBHOOK_URL", environment["WAYMARK_WEBHOOK_URL"], "https")
        found.append(Webhook(url, secret, link))
    if not found:
        raise ValueError(
            "nothing to deliver to: set WAYMARK_SMTP_URL, WAYMARK_NOTICE_FROM and WAYMARK_NOTICE_TO, or "
            "WAYMARK_WEBHOOK_URL and WAYMARK_WEBHOOK_SECRET, or all of them."
        )
    return found


def checked_url(name: str, url: str, scheme: str) -> str:
    """An address without a slash at its end.

    Raises:
        ValueError: It has another scheme, unless it is plain http to this machine.
    """
    parts = urlsplit(url)
    if parts.scheme == scheme or (parts.scheme == "http" and _is_here(parts.hostname)):
        return url.rstrip("/")
    raise ValueError(f"{name} has to start with {scheme}:// (plain http only to this machine).")


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _address(link: str, notice: Notice) -> str:
    return f"{link}/requests/{notice.reference}"


def _kind(error: Exception) -> str:
    # The text of an error can quote addresses; its kind and a server's code say enough.
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if isinstance(code, int) else type(error).__name__
