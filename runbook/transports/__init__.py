"""The ways to a host: a room each, and a row here for each name that `ansible_connection` has for it.

A host's variables come in at `connect.transport_for`, and what is run at `Transport.run`; results leave, and bytes as
they arrive. Open `base.py` first: what every way can do.
"""

TRANSPORTS = {
    "local": "local.transport",
    "ssh": "ssh.transport",
    "paramiko": "ssh.transport",
    "paramiko_ssh": "ssh.transport",
    "smart": "ssh.transport",
}
"""Name → the module that makes it (`connect.Maker`), imported when a host needs it."""
