"""Rasa policies: what happens next, when rules must not decide."""
