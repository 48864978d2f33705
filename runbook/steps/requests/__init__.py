"""Kinds that talk to servers as the host sees them: `http`, `sql`.

A request or a query comes in, and goes through the host's transport; the answer leaves, bounded in time and size. Open
`http.py` first.
"""
