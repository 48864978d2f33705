"""Commands about runs that are kept: `history`, `show`, `report`; and where reports are written.

The name of a run comes in, and what `runs/store.py` has of it leaves again as a list, a text or a report. Open
`history.py` first.
"""
