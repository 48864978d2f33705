"""Commands that run: `run`, `run --plan`, `verify`; and what asks a person before and during a run.

A plan comes in, is shown while the engine runs it, and leaves as a record that is kept and reported, and as an exit
code. Open `run.py` first, then `run_loop.py`.
"""
