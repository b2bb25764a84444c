"""How often a crisis reply was shown: by day and kind, without anything that could name a visitor. No Rasa."""
