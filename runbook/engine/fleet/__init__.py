"""What the hosts agree on: how many may be in a step at a time, which one does it for all, what a stage asks first.

A host's own thread comes in and waits for its turn, or for the outcome of the host that does it for all; the wait ends
when the run is stopped. Open `throttle.py` first.
"""
