"""Kinds about what runs: `service`, `process`, `port`, `reboot`.

A name, a pattern or a port comes in; what runs there leaves, and of a change the proof that it came about. Open
`service.py` first.
"""
