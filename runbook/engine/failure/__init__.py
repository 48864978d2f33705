"""What follows a failure: its diagnosis with likely causes, and the branches that may repair it.

A step's failed result comes in; the result that it has in the end leaves, with what was tried and what it was at first.
Open `after_failure.py` first.
"""
