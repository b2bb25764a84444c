"""Keeps conversations: their state, not their words."""

from __future__ import annotations

import json
import time
from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsDict, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from waymark import settings
from waymark.referrals.counter import counter_of
from waymark.sqlite import write_ahead

WINDOW = 48
"""Events of a conversation that are kept and replayed; about eight turns."""

DELETE_SLOT = "delete_chat"
"""A conversation that ends a turn with this slot set is deleted instead of saved."""

KEPT = ("intent", "crisis", "language")
"""What stays of a message's parse."""

PRIVATE = "callback_"
"""Slots whose names begin so hold contact details: they are kept in this process's memory and never written."""

LOST_SLOT = "answers_lost"
"""Set on a conversation whose private slots went with the process that held them."""

MOST_PRIVATE = 10_000
"""Conversations whose private slots are held at once; past that the oldest are forgotten."""

CRISIS_SLOT, CRISIS_REPLY = "crisis", "utter_crisis_"
"""The slot of the crisis protocol's state, and how the ids of its replies begin: these are counted."""

METADATA = sa.MetaData()
CONVERSATIONS = sa.Table(
    "waymark_conversation",
    METADATA,
    sa.Column("sender_id", sa.String(255), primary_key=True),
    sa.Column("updated", sa.Float, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
)


class PrivateSlots:
    """Contact details of requests that are being filled in: in memory, for an hour from the last message."""

    def __init__(self, seconds: float = settings.SESSION_MINUTES * 60) -> None:
        """Start with none."""
        self._seconds = seconds
        self._held: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()

    def hold(self, sender_id: str, slots: dict[str, Any]) -> None:
        """Keep a conversation's slots in place of the last ones, and forget what is too old."""
        self._held.pop(sender_id, None)
        if slots:
            self._held[sender_id] = (time.monotonic(), slots)
        while self._held and (len(self._held) > MOST_PRIVATE or self._is_old(next(iter(self._held.values()))[0])):
            self._held.popitem(last=False)

    def of(self, sender_id: str) -> dict[str, Any]:
        """A conversation's slots; none if there are none, or if they are too old."""
        since, slots = self._held.get(sender_id, (0.0, {}))
        return {} if not slots or self._is_old(since) else slots

    def _is_old(self, since: float) -> bool:
        return time.monotonic() - since > self._seconds


class ConversationStore(TrackerStore, SerializedTrackerAsDict):
    """One row a conversation: its slots and its last events, without any text that was typed or said.

    Contact details that a visitor is giving do not even get into the row: `PrivateSlots` has them until
    the request is sent, left, or an hour old. After a restart the form says that it has to ask again.

    Rasa's SQL store keeps every event for good and replays all of them on each message, so that
    a turn costs more the longer a talk lasts. Here a turn costs the same from the eighth on.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        url: str | None = None,
        window: int = WINDOW,
        **kwargs: Any,
    ) -> None:
        """Open the store.

        Args:
            domain: The assistant's domain.
            event_broker: Where Rasa streams events, if anywhere.
            host: What Rasa passes for `url:` in endpoints.yml.
            url: A database address; without one DATABASE_URL or a SQLite file is used.
            window: Events to keep.
            kwargs: What else Rasa's base class takes.
        """
        super().__init__(domain, event_broker, **kwargs)
        self._window = window
        address = url or host or settings.database_url()
        self._referrals = counter_of(address)
        self._engine = open_database(address)
        METADATA.create_all(self._engine)
        self._private = PrivateSlots()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation as it was left, or None if there is none."""
        query = sa.select(CONVERSATIONS.c.state).where(CONVERSATIONS.c.sender_id == sender_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        state = json.loads(row.state)
        private = self._private.of(sender_id)
        lost = {LOST_SLOT: True} if state.get("private") and not private else {}
        # Slots come back as events, after those of the talk: a form looks at nothing else.
        slots = {**state["slots"], **private, **lost}
        known = {slot.name for slot in self.domain.slots}
        events = [*state["events"], *(SlotSet(name, slots[name]).as_dict() for name in slots if name in known)]
        return DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep the conversation's state in place of the last one, or delete it if it asks for that."""
        if not any(isinstance(event, UserUttered) for event in tracker.events):
            return  # Rasa saves a new conversation also before its first message, and needs nothing of it.
        self._count_referral(tracker)
        if tracker.get_slot(DELETE_SLOT):
            self.delete(tracker.sender_id)
            return
        await self.stream_events(tracker)
        slots = {name: slot.value for name, slot in tracker.slots.items() if slot.value != slot.initial_value}
        private = {name: slots.pop(name) for name in list(slots) if name.startswith(PRIVATE)}
        self._private.hold(tracker.sender_id, private)
        state = json.dumps({"slots": slots, "private": bool(private), "events": self._last_events(tracker)})
        key = CONVERSATIONS.c.sender_id == tracker.sender_id
        with self._engine.begin() as connection:
            changed = connection.execute(CONVERSATIONS.update().where(key).values(updated=time.time(), state=state))
            if not changed.rowcount:
                connection.execute(
                    CONVERSATIONS.insert().values(sender_id=tracker.sender_id, updated=time.time(), state=state)
                )

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        with self._engine.connect() as connection:
            return [row.sender_id for row in connection.execute(sa.select(CONVERSATIONS.c.sender_id))]

    def delete(self, sender_id: str) -> None:
        """Delete one conversation."""
        self._private.hold(sender_id, {})
        with self._engine.begin() as connection:
            connection.execute(CONVERSATIONS.delete().where(CONVERSATIONS.c.sender_id == sender_id))

    def purge(self, days: float) -> int:
        """Delete conversations untouched for so many days; returns how many."""
        old = CONVERSATIONS.c.updated < time.time() - days * 86_400
        with self._engine.begin() as connection:
            return int(connection.execute(CONVERSATIONS.delete().where(old)).rowcount)

    def _count_referral(self, tracker: DialogueStateTracker) -> None:
        """Count the turn's crisis reply, if it had one: its kind and the day, nothing of the conversation."""
        said = (event for event in _since_last_message(tracker) if isinstance(event, BotUttered))
        state = tracker.get_slot(CRISIS_SLOT)
        if state and any(str(event.metadata.get("utter_action", "")).startswith(CRISIS_REPLY) for event in said):
            self._referrals.count(state["category"], state["tier"], state["about"], state["language"])

    def _last_events(self, tracker: DialogueStateTracker) -> list[dict[str, Any]]:
        """The last events from the start of a turn on, without texts and slots, an open form kept open."""
        events = deque(event for event in tracker.applied_events() if not isinstance(event, SlotSet))
        is_cut = len(events) > self._window
        while is_cut and (len(events) > self._window or (events and not _starts_turn(events[0]))):
            events.popleft()
        loop = tracker.active_loop_name
        if loop and not any(isinstance(event, ActiveLoop) for event in events):
            events.appendleft(ActiveLoop(loop))
        said = [event for event in events if isinstance(event, BotUttered)]
        return [_slim(event, is_last=bool(said) and event is said[-1]) for event in events]

    async def stream_events(self, tracker: DialogueStateTracker) -> None:
        """Streams what is stored and nothing else: a broker's readers get no text and no slot either."""
        if self.event_broker is None:
            return
        for event in _since_last_message(tracker):
            self.event_broker.publish({"sender_id": tracker.sender_id, **_slim(event, is_last=False)})


def _since_last_message(tracker: DialogueStateTracker) -> list[Event]:
    """The events of this turn: the message and all that came of it, without slots."""
    events = list(tracker.events)
    last = max((place for place, event in enumerate(events) if isinstance(event, UserUttered)), default=0)
    return [event for event in events[last:] if not isinstance(event, SlotSet)]


def _starts_turn(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME


def _slim(event: Event, is_last: bool) -> dict[str, Any]:
    """An event as stored: what was typed and said is blanked, only what a later turn may read stays."""
    stored: dict[str, Any] = event.as_dict()
    if isinstance(event, UserUttered):
        parsed = stored["parse_data"]
        stored["text"] = ""
        stored["parse_data"] = {"text": "", **{key: parsed[key] for key in KEPT if key in parsed}}
        stored["parse_data"]["intent_ranking"] = parsed.get("intent_ranking", [])[:4]
    elif isinstance(event, BotUttered):
        stored["text"] = ""
        stored["data"] = {"buttons": event.data.get("buttons")} if is_last else {}
        stored["metadata"] = {"utter_action": event.metadata.get("utter_action")}
    return stored


def open_database(url: str) -> sa.engine.Engine:
    """An engine whose errors never quote what was being stored."""
    address = sa.engine.make_url(url)
    if address.get_backend_name() != "sqlite":
        return sa.create_engine(address, hide_parameters=True)
    # To open the file anew for each query, as SQLAlchemy 1.4 does, costs more than the queries of a turn.
    in_a_file = address.database and address.database != ":memory:"
    pool = {"poolclass": sa.pool.QueuePool, "connect_args": {"check_same_thread": False}} if in_a_file else {}
    engine = sa.create_engine(address, hide_parameters=True, **pool)

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        write_ahead(connection)
        connection.execute("PRAGMA synchronous=NORMAL")  # with the log, a turn costs no disk sync

    return engine
