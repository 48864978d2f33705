"""Options that several commands share.

What was typed comes in by a decorator that adds the options, and leaves as one frozen class that the command gets as an
argument: `HostOptions`, `ChoiceOptions`, `ConnectionOptions`, `OutputOptions`. Open `groups.py` first.
"""
