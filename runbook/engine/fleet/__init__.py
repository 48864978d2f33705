"""What the hosts of a batch agree on: `throttle`, how many may be in a step at a time; `run_once`, one for all.

A host's own thread comes in and waits for its turn, or for the outcome of the host that does it for all; the wait ends
when the run is stopped. Open `throttle.py` first.
"""
