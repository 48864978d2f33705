"""One file for each form in which an inventory is written: INI, YAML, a script; and the files of variables beside it.

The text of a source comes in; hosts, groups and variables go into the `InventoryBuilder` that is handed along. Open
`ini.py` first.
"""
