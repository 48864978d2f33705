"""What a run would do: worked out, described, shown, compared, and bound to what it was made of.

A playbook, an inventory and what was asked for come in at `make/request.py`. A `Plan` leaves to the engine; a
`PlanView`, which is data alone, to reviewers. Open `make/plan.py` first.
"""
