"""From the text of a playbook to the model, with all that is wrong in it found in one pass.

A path comes in at `load.load_playbook`; a frozen `model.Playbook` leaves, or `Problems`, each at its line and column.
Open `load.py` first, then `nodes.py`.
"""
