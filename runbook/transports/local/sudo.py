"""sudo on this machine: its password, told when it asks and once, then the script and its input, on one pipe. Pure."""

from __future__ import annotations

import re
import secrets
import shlex

from runbook.transports.base import Become, Command
from runbook.transports.shell import script

_SAID_LIMIT = 16 * 1024

# sudo closes every file but the three, so the script comes by standard input, on a line of its own: `read` takes not a
# byte more than that, and the rest of the input is the command's.
_READER = """printf %s {ready} >&2
IFS= read -r before
IFS= read -r script
eval "unset before script
$(printf %b "$before")
$(printf %b "$script")\""""


class Sudo:
    """What is said between us and sudo until the command runs."""

    def __init__(self, command: Command, become: Become) -> None:
        self._become = become
        self._prompt, self._ready = (f"{word}{secrets.token_hex(8)}" for word in ("password", "ready"))
        self._lines = b"%s\n%s\n%s" % (
            _on_one_line(script.prologue(command)),
            _on_one_line(command.script),
            command.stdin,
        )
        self._said = bytearray()
        self._asked = 0
        self.started = False
        """Has the command's shell come up? What was printed before that is sudo's."""
        self.input = bytearray()
        """What to write to its standard input now."""

    @property
    def argv(self) -> tuple[str, ...]:
        how = ("-n",) if self._become.password is None else ("-S", "-p", self._prompt)
        reader = _READER.format(ready=shlex.quote(self._ready))
        return ("sudo", *how, "-H", "-u", self._become.user, "--", "/bin/sh", "-c", reader)

    @property
    def told_all(self) -> bool:
        """May its standard input be closed, once `input` is written? A second question is answered by its end."""
        return self.started or self._asked > 1

    def heard(self, stream: str, data: bytes) -> bytes:
        """Something was printed before the start. Returns what of it is the command's own already."""
        if stream != "stderr":
            return b""
        self._said += data
        before, ready, after = bytes(self._said).partition(self._ready.encode())
        if ready:
            self.started = True
            self.input += self._lines
            return after
        asked = before.count(self._prompt.encode())
        if asked > self._asked:
            self._asked = asked
            if asked == 1 and self._become.password is not None:
                self.input += f"{self._become.password}\n".encode()
        del self._said[_SAID_LIMIT:]
        return b""

    @property
    def refusal(self) -> str:
        """Why the command did not start."""
        if self._asked > 1:
            return f"sudo does not take the password for {self._become.user}: check ansible_become_password"
        said = bytes(self._said).decode("utf-8", "replace").replace(self._prompt, "").strip()
        hint = (
            "" if self._become.password is not None else ". If it asks for a password: ansible_become_password, or -K"
        )
        return (
            f"sudo to {self._become.user} is refused: {' / '.join(said.splitlines()[-3:]) or 'it said nothing'}{hint}"
        )


def _on_one_line(text: str) -> bytes:
    """sh text as one line that `printf %b` makes into the same text again."""
    data = text.encode("utf-8", "surrogateescape")
    return re.sub(rb"[\\\n\r]", lambda match: b"\\0%03o" % match[0][0], data)
