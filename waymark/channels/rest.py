"""REST for programs on this machine: one POST a message, the replies come back in the answer."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from waymark import settings
from waymark.channels.card import static_card
from waymark.channels.gate import admit

logger = logging.getLogger(__name__)

LOOPBACK = ("127.", "::1", "::ffff:127.")
SENDER = re.compile(r"[\w.:@+-]{1,128}")


class RestChannel(InputChannel):
    """Rasa's REST format (`sender`, `message`), with the input checked and never an empty answer."""

    @classmethod
    def name(cls) -> str:
        """The same name and address as Rasa's own REST channel: /webhooks/rest/webhook."""
        return "rest"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The two routes of the channel."""
        routes = Blueprint("waymark_rest")

        @routes.get("/")
        async def health(_: Request) -> HTTPResponse:
            return json_response({"status": "ok"})

        @routes.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            if not request.ip.startswith(LOOPBACK):
                return _refuse(403, "This address answers programs on the same machine only.")
            try:
                sender, text = read_message(request.body)
            except ValueError as error:
                return _refuse(400, str(error))
            return json_response(await reply_to(on_new_message, sender, text, self.name()), ensure_ascii=False)

        return routes


def read_message(body: bytes) -> tuple[str, str]:
    """The sender and the message of a request's body.

    Raises:
        ValueError: The body is too large or not of the right shape; the text says what to send.
    """
    if len(body) > settings.BODY_LIMIT:
        raise ValueError(f"The body is over {settings.BODY_LIMIT} bytes.")
    try:
        read = json.loads(body)
    except ValueError as error:
        raise ValueError('The body is no JSON. Send {"sender": "...", "message": "..."}.') from error
    if not isinstance(read, dict):
        raise ValueError('The body is no JSON object. Send {"sender": "...", "message": "..."}.')
    sender, text = read.get("sender"), read.get("message")
    if not isinstance(sender, str) or not SENDER.fullmatch(sender):
        raise ValueError("'sender' has to be a string of 1 to 128 letters, digits or . : @ + - _ characters.")
    if not isinstance(text, str):
        raise ValueError("'message' has to be a string.")
    return sender, text


async def reply_to(
    on_new_message: Callable[[UserMessage], Awaitable[Any]], sender: str, text: str, channel: str
) -> list[dict[str, Any]]:
    """Hand a message to the assistant; if anything fails, the numbers to call still come back."""
    output = CollectingOutputChannel()
    try:
        await on_new_message(UserMessage(admit(text), output, sender, input_channel=channel))
    except Exception as error:
        # The message of an error may quote what was typed: only its kind is logged.
        logger.error("A message could not be answered: %s", type(error).__name__)
    return output.messages or [{"recipient_id": sender, **reply} for reply in static_card(text)]


def _refuse(status: int, reason: str) -> HTTPResponse:
    return json_response({"error": reason}, status=status)
