"""What a change of a playbook or an inventory does to the actions on hosts, and where less is checked than before.

Two `PlanView`s come in at `diff.diff`; a `PlanDiff` leaves, and from `diff_text.py` a document of it. Open `diff.py`
first.
"""
