"""A host over SSH: dialling, host keys, logging in, session shells on one connection, tunnels, jump hosts.

An `SshTarget` comes in, made of the inventory's variables; a `Command` at `SshTransport.run`, and its result leaves.
Open `transport.py` first, then `session_shell.py`.
"""
