"""One process that holds the whole assistant: the model, the actions, the conversations."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiohttp import ClientResponseError
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.model import get_latest_model
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from waymark import settings
from waymark.responses import ResponseGenerator
from waymark.store import ConversationStore

ACTION_SERVER = "ACTION_SERVER_URL"
"""Environment: the address of a separate action server; unset, the actions run in this process."""


class ModelMissing(RuntimeError):
    """There is no trained model to load."""


class ActionsInProcess(EndpointConfig):
    """Rasa's action endpoint without a network: the SDK's executor is called directly."""

    def __init__(self) -> None:
        """Register the actions of the `actions` package."""
        super().__init__(url="", enable_selective_domain=True)
        self._executor = ActionExecutor()
        self._executor.register_package("actions")

    async def request(self, *args: Any, json: dict[str, Any] | None = None, **kwargs: Any) -> dict[str, Any]:
        """Run one action; a rejection comes back the way an action server would send it."""
        call = json or {}
        try:
            result = await self._executor.run(call)
        except ActionExecutionRejection as rejection:
            raise _refusal(400, rejection.action_name, rejection.message) from rejection
        except ActionNotFoundException as missing:
            raise _refusal(404, missing.action_name, missing.message) from missing
        return result.dict() if hasattr(result, "dict") else (result or {})


def _refusal(status: int, action: str, message: str) -> ClientResponseError:
    error = ClientResponseError(None, (), status=status)  # type: ignore[arg-type]
    error.text = json.dumps({"action_name": action, "error": message})  # type: ignore[attr-defined]
    return error


def quiet_logs(level: int = logging.WARNING) -> None:
    """Nothing below `level`, and never what a visitor wrote.

    Rasa's own events carry the message text even at WARNING; those fields are removed before
    anything is printed.
    """
    logging.basicConfig(level=level)
    for name in ("rasa", "rasa_sdk", "matplotlib", "sanic.root", "sanic.error", "sanic.access", "apscheduler"):
        logging.getLogger(name).setLevel(level)

    def without_texts(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        safe = ("event", "level", "timestamp", "policy_name", "action_name")
        return {key: value for key, value in event.items() if key in safe}

    structlog.configure(
        processors=[without_texts, structlog.processors.add_log_level, structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )


def latest_model(folder: Path = settings.MODELS) -> Path:
    """The newest model in a folder, or the model file itself.

    Raises:
        ModelMissing: There is none.
    """
    found = get_latest_model(str(folder)) if folder.is_dir() else (str(folder) if folder.is_file() else None)
    if not found:
        raise ModelMissing(f"There is no trained model in '{folder}'. Run 'waymark train' first.")
    return Path(found)


def load_agent(model: Path | None = None, store: TrackerStore | None = None) -> Agent:
    """Load the assistant.

    Args:
        model: A model file or a folder of models; the newest in `models/` without one.
        store: Where conversations are kept; the configured store without one.

    Raises:
        ModelMissing: There is no trained model.
    """
    address = os.environ.get(ACTION_SERVER)
    return Agent.load(
        model_path=latest_model(model or settings.MODELS),
        generator=ResponseGenerator(),
        tracker_store=store or ConversationStore(),
        action_endpoint=EndpointConfig(url=address, enable_selective_domain=True) if address else ActionsInProcess(),
    )


@dataclass(frozen=True)
class Turn:
    """What one message brought: the replies and how they came about."""

    language: str
    intent: str
    confidence: float
    crisis: dict[str, str] | None
    content: list[str]
    replies: list[dict[str, Any]]


class Guide:
    """The assistant for programs in this process: the command line, the evaluation, the tests."""

    def __init__(self, agent: Agent) -> None:
        """Talk to a loaded agent."""
        self.agent = agent
        self._saved: DialogueStateTracker | None = None
        save = agent.tracker_store.save

        async def save_and_remember(tracker: DialogueStateTracker) -> None:
            # The store keeps no words, and a deleted conversation not even its ids: look before it is stored.
            self._saved = tracker
            await save(tracker)

        agent.tracker_store.save = save_and_remember

    @classmethod
    def load(cls, model: Path | None = None) -> Guide:
        """Load the newest model with conversations kept in memory only."""
        return cls(load_agent(model, store=InMemoryTrackerStore(None)))

    async def say(self, text: str, conversation: str, channel: str = "terminal") -> Turn:
        """Send one message and wait for the whole answer.

        Args:
            text: What the visitor wrote, as it came.
            conversation: Which conversation it belongs to; any string.
            channel: Name of the channel it came through.
        """
        from waymark.channels.gate import admit

        output = CollectingOutputChannel()
        await self.agent.handle_message(UserMessage(admit(text), output, conversation, input_channel=channel))
        events = list(self._saved.events) if self._saved else []
        start = max((i for i, event in enumerate(events) if isinstance(event, UserUttered)), default=0)
        message = events[start].parse_data if events else {}
        intent = message.get("intent") or {}
        return Turn(
            language=message.get("language", "en"),
            intent=intent.get("name") or "",
            confidence=round(float(intent.get("confidence") or 0.0), 4),
            crisis={k: message["crisis"][k] for k in ("category", "tier", "about")} if message.get("crisis") else None,
            content=[
                event.metadata["utter_action"]
                for event in events[start:]
                if isinstance(event, BotUttered) and event.metadata.get("utter_action")
            ],
            replies=[{"text": reply.get("text", ""), "buttons": reply.get("buttons", [])} for reply in output.messages],
        )
