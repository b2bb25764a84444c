"""What a clinic's inbox has to be able to do for us. A second one is one module beside `chatwoot_desk.py`."""

from __future__ import annotations

from typing import Literal, Protocol

Reason = Literal["asked", "unclear", "crisis"]
"""Why a person is wanted: the visitor asked, the guide failed twice, or a crisis is open."""


class NotReached(Exception):
    """The desk did not take it; the message is the kind of failure, without content."""


class HandoverDesk(Protocol):
    """The inbox where staff talk with visitors. Every call raises `NotReached` if the desk does not take it."""

    def serves(self, channel: str) -> bool:
        """Whether visitors of a channel can be handed over."""

    def owns(self, conversation: str) -> bool:
        """Whether a conversation is the desk's own already: its visitor writes there, nothing has to be passed on."""

    async def open(self, reason: Reason, topics: tuple[str, ...], language: str, conversation: str) -> str:
        """Hand a conversation to staff, with a note of the reason and the topics.

        Args:
            reason: Why.
            topics: What was talked about, in words; empty if the visitor did not agree to name it.
            language: The visitor's, as ISO 639-1.
            conversation: The conversation's name here.

        Returns:
            The desk's id of the conversation.
        """

    async def say(self, desk_id: str, text: str) -> None:
        """Pass the visitor's words on."""

    async def note(self, desk_id: str, text: str) -> None:
        """Leave a note that staff read and the visitor does not."""

    async def release(self, desk_id: str) -> None:
        """Take the conversation back from staff."""
