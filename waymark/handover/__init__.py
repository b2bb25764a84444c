"""Live handover: a person at the clinic takes a conversation over, and gives it back. Plain Python, no Rasa."""
