"""Rasa custom actions, a module a conversation.

`rasa run actions` serves them; `waymark serve` runs them in its own process.
"""

import waymark  # noqa: F401  (switches telemetry off before Rasa is imported)
