"""Commands that show what would be done and touch no host: `plan` and `plan diff`.

A playbook and an inventory come in, or plan files, or two revisions of a repository; a plan or a difference leaves, in
any form. Open `plan.py` first.
"""
