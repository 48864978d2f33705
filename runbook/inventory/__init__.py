"""Inventories as Ansible reads them: files, folders and scripts become hosts and groups with their variables.

The names of sources come in at `load.load_inventory`, and one frozen `model.Inventory` leaves; `patterns` picks hosts
from it, and `show` prints it. Open `load.py` first.
"""
