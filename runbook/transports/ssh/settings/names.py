"""Names of hosts and users that must not come near a shell: `%h` and `%r` go into the text of a ProxyCommand.

OpenSSH refuses the same ones. An inventory is data, and may come from another program.
"""

from __future__ import annotations

import re

_HOST = re.compile(r"-|[^\x00-\x20\x7f'\"`$\\;&<>|(){}]*[\x00-\x20\x7f'\"`$\\;&<>|(){}]")
_USER = re.compile(r"-|[^\x00-\x20\x7f'\"`$;&<>|(){}]*[\x00-\x20\x7f'\"`$;&<>|(){}]")
WAY_OUT = "no name or address may begin with `-` or hold spaces, quotes, or any of $ ` \\ ; & < > | ( ) { }"


def odd_host(name: str) -> str:
    """What is wrong with the name or the address of a host; empty when it is fit for a command."""
    return f"{name!r} cannot be the name or address of a host" if _HOST.match(name) else ""


def odd_user(name: str) -> str:
    """The same for the name of a user, which may hold a backslash: DOMAIN\\user."""
    return f"{name!r} cannot be the name of a user" if _USER.match(name) else ""
