"""How to reach a host: what the inventory, `ssh_config` and the files of known host keys say about it.

A host's variables come in at `target.target_of`; a `Login` leaves, with all that a connection needs. Open `target.py`
first.
"""
