"""Rasa's RulePolicy, with its rules found by intent instead of tried one by one."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import State
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

Place = tuple[str | None, str | None]
"""The intent and the action before it that the last state of a rule asks for; None: any."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class IndexedRulePolicy(RulePolicy):
    """Predicts exactly what RulePolicy predicts.

    RulePolicy holds every rule against every state of the conversation, several times a message: with some
    190 rules that was an eighth of the time of a reply. Here only the rules whose last state can fit the
    conversation's last state are tried.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See RulePolicy."""
        super().__init__(*args, **kwargs)
        self._indexes: dict[int, dict[Place, list[str]]] = {}

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        if not states:
            return set(super()._get_possible_keys(lookup, states))
        # The lookup tables are filled while training and stay as they are afterwards.
        known = id(lookup) + len(lookup)
        if known not in self._indexes:
            self._indexes[known] = _index(lookup)
        index = self._indexes[known]
        intent, action = _place(states[-1])
        places: set[Place] = {(intent, action), (None, action), (intent, None), (None, None)}
        fitting = {key: lookup[key] for place in places for key in index.get(place, ())}
        return set(super()._get_possible_keys(fitting, states))


def _index(lookup: dict[str, str]) -> dict[Place, list[str]]:
    index: dict[Place, list[str]] = defaultdict(list)
    for key in lookup:
        index[_place(json.loads(key)[-1])].append(key)
    return index


def _place(state: State) -> Place:
    def named(part: str, key: str) -> str | None:
        value = (state.get(part) or {}).get(key)
        return str(value) if value and value != SHOULD_NOT_BE_SET else None

    return named(USER, INTENT), named(PREVIOUS_ACTION, ACTION_NAME)
