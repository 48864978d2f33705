"""Makes the plan: which steps run on which hosts, in which batches, with which variables. Pure: no host is asked.

A playbook, an inventory and a `PlanRequest` come in at `request.make_plan`; a checked `Plan` leaves, or all problems at
once. Open `plan.py` first.
"""
