"""Safety: what is noticed in a message before anything else is done with it."""
