"""Binds a run to the plan that was reviewed: a plan file, what it was made of, and a seal over both.

A `PlanView` and the files that it came of come in; a `PlanFile` leaves, or, where something has become another, what
that is. Open `plan_file.py` first.
"""
