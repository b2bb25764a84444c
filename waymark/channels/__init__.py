"""How messages come in and go out. Each channel is a thin Rasa channel over the same gate."""
