"""The ways to a host: a room each, and a row here for each name that `ansible_connection` has for it.

`connect` picks a host's by its variables; `base` is what all of them can do; `shell` is what the ways share that run
commands in a POSIX shell.
"""

TRANSPORTS = {
    "local": "local.transport",
    "ssh": "ssh.transport",
    "paramiko": "ssh.transport",
    "paramiko_ssh": "ssh.transport",
    "smart": "ssh.transport",
}
"""Name → the module that makes it (`connect.Maker`), imported when a host needs it."""
