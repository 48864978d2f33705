"""This machine as a host.

A `Command` comes in at `LocalTransport.run`; its result leaves when it has ended with all its children. Open
`transport.py` first.
"""
