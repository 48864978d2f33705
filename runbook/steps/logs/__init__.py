"""Kinds about what was logged since some moment: `log`, `mark`.

A file, a unit, a service or an application comes in with a moment or a mark; the lines that are new since leave. Open
`log.py` first.
"""
