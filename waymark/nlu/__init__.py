"""Thin Rasa components: tokens, sentence vectors, the intent classifier, the crisis screener."""
