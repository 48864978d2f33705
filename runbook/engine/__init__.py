"""Runs a plan on its hosts. A plan and `session.Tools` come in at `run.execute`, and events leave it, one by one.

Open `host` first: the way of every step, from its beginning over `when`, attempts, diagnosis and repairs to what is
told of it; `attempts` and `judge` are the next two. No other room starts threads.
"""
