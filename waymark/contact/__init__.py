"""Requests to be contacted: stored, delivered to staff, handled and deleted. Plain Python, no Rasa."""
