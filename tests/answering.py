"""An assistant that answers by a table: what channels and pages are tried against."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import UserMessage


@dataclass
class Agent:
    """Answers by a table, and remembers what it was asked; an answer that is an error is raised."""

    answers: dict[str, list[dict[str, Any]] | Exception] = field(default_factory=dict)
    open: threading.Event = field(default_factory=threading.Event)  # while it is clear, answers wait
    asked: list[UserMessage] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open.set()
        self.tracker_store: Any = self

    async def handle_message(self, message: UserMessage) -> None:
        self.asked.append(message)
        while not self.open.is_set():
            await asyncio.sleep(0.01)
        answer = self.answers.get(message.text, [{"text": f"About: {message.text}"}])
        if isinstance(answer, Exception):
            raise answer
        for reply in answer:
            await message.output_channel.send_response(message.sender_id, dict(reply))

    def delete(self, sender: str) -> None:
        self.deleted.append(sender)

    def is_ready(self) -> bool:
        return True

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.asked]

    @property
    def senders(self) -> set[str]:
        return {message.sender_id for message in self.asked}
