"""What is remembered of a run: its events, the results they come to, the verdict, and where runs are kept.

Events of the engine come in at `record.fold`; a frozen `Run` leaves to reports, and to the store as JSON and back. Open
`events.py` first, then `record.py`.
"""
