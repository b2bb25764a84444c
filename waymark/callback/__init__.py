"""The talk that ends in a callback request: what is asked, how answers are read, what comes next.

Plain Python, no Rasa; `actions/callback.py` is the shell that Rasa calls.
"""
