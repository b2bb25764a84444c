"""What may be said: the fact ledger, the responses, the checks on both. Knows nothing of Rasa."""
