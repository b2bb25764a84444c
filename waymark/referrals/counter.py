"""Counts crisis replies beside the conversation: a reply never waits for it and never fails with it."""

from __future__ import annotations

import atexit
import logging
import threading
from collections import Counter
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from waymark import settings
from waymark.content.clinic import Clinic
from waymark.referrals.store import Referral, ReferralStore

logger = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between two tries while the database does not answer."""


class ReferralCounter:
    """Takes a count at once and writes it from a thread of its own.

    What cannot be written is kept in memory and tried again; it is lost only when the process ends before the
    database is back. There are only so many kinds, so this memory cannot grow with the number of visitors.
    """

    def __init__(self, store: ReferralStore, time_zone: str = "UTC", first_wait: float = FIRST_WAIT) -> None:
        """Count into a store, by the days of a time zone; `first_wait` is in seconds."""
        self._store, self._zone, self._first_wait = store, ZoneInfo(time_zone), first_wait
        self._waiting: Counter[Referral] = Counter()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._has_more = threading.Event()
        self._thread: threading.Thread | None = None

    def count(self, category: str, tier: str, about: str, language: str) -> None:
        """Count one crisis reply. Returns at once and never raises."""
        try:
            kind = Referral(datetime.now(self._zone).date(), category, tier, about, language)
            with self._lock:
                self._waiting[kind] += 1
                # Begun with the first count, so that it lives in the process that serves and not in its parent.
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._write, name="referrals", daemon=True)
                    self._thread.start()
            self._has_more.set()
        except Exception as error:
            logger.error("A crisis referral was not counted: %s", type(error).__name__)

    def flush(self) -> bool:
        """Write what is waiting now; False if the database did not take it."""
        with self._writing:
            with self._lock:
                taken, self._waiting = self._waiting, Counter()
            try:
                self._store.add(taken)
            except Exception as error:
                with self._lock:
                    self._waiting.update(taken)
                logger.error("Crisis referrals are not written yet: %s", type(error).__name__)
                return False
        return True

    def _write(self) -> None:
        wait = self._first_wait
        while True:
            self._has_more.wait()
            self._has_more.clear()
            if self.flush():
                wait = self._first_wait
                continue
            threading.Event().wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)
            self._has_more.set()


@lru_cache(maxsize=8)
def counter_of(url: str) -> ReferralCounter:
    """The one counter of this process for a database address; it writes what is left as the process ends."""
    counter = ReferralCounter(ReferralStore(url), Clinic.load(settings.CLINIC).time_zone)
    atexit.register(counter.flush)
    return counter
