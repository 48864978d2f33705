"""Runs a plan on its hosts. A plan and `session.Tools` come in at `run.execute`, and events leave it, one by one.

Open `host.py` first: the way of every step, from its beginning over `when`, attempts, diagnosis and repairs to what is
told of it; `attempts.py` and `outcomes/judge.py` are the next two. No other room starts threads.
"""
