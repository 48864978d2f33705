"""What the hosts of a batch agree on: `throttle`, how many may be in a step at a time; `run_once`, one for all.

Both are asked by each host's own thread, and end the wait when the run is stopped.
"""
