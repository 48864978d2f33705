"""Runs a plan: `run.execute(plan, tools)` yields events. The only package that starts threads."""
