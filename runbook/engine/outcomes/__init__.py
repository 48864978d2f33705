"""What a step came to: judged, made one of several, or in the place of what could not be rendered.

An `Outcome` of a kind comes in, with the expressions of its step; an outcome with its conditions leaves, and for what
holds steps one of all of theirs. Open `judge.py` first.
"""
