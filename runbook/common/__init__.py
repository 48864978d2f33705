"""What the whole house stands on: frozen data, JSON, masking, durations, the nearest name.

Plain values come in and leave, none of which knows of runbooks; nothing is kept but what `memo` keeps. Open `frozen.py`
first: nearly every class of the house is one of those.
"""
