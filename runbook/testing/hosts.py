"""Hosts for tests: one that answers from a script, this machine as if it were far away, and one that is not there."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from runbook.common.frozen import replace
from runbook.transports.base import Command, CommandResult, OnOutput, Unreachable
from runbook.transports.local.transport import LocalTransport

Answer = str | bytes | tuple[int, str] | CommandResult | Exception
"""What is printed; or the exit code with what is printed on standard error; or a whole result; or what is raised."""


class ScriptedHost:
    """Answers each command by the first row whose text stands in it, and remembers what was run.

    >>> host = ScriptedHost({"uname": "Linux", "df": (1, "df: /srv: no such directory")})
    >>> host.run(Command("uname -s")).out, host.run(Command("df -P /srv")).exit_code
    ('Linux', 1)
    >>> host.scripts
    ['uname -s', 'df -P /srv']

    A list gives its answers in turn, the last one for ever. A command that no row knows fails the test. Every address
    leads to `port` of this machine, or nowhere where none is given.
    """

    def __init__(self, answers: Mapping[str, Answer | Sequence[Answer]] | None = None, *, port: int | None = None):
        self._rows = {words: _in_turn(answer) for words, answer in (answers or {}).items()}
        self._port = port
        self.commands: list[Command] = []
        """What was run, in order."""
        self.wanted: list[tuple[str, int]] = []
        """The addresses to which a way was asked for."""
        self.closed = False

    @property
    def local(self) -> bool:
        return False

    @property
    def scripts(self) -> list[str]:
        """The text of every command that was run."""
        return [command.script for command in self.commands]

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:
        self.commands.append(command)
        for words, answers in self._rows.items():
            if words in command.script:
                return _told(command, answers.pop(0) if len(answers) > 1 else answers[0], on_output)
        raise AssertionError(f"nobody expected this command:\n{command.script}")

    def shell(self, script: str) -> CommandResult:
        """The same for a service manager, which is given no more than a shell."""
        return self.run(Command(script))

    def forward(self, host: str, port: int) -> tuple[str, int]:
        self.wanted.append((host, port))
        return _led(host, port, self._port)

    def close(self) -> None:
        self.closed = True


class FarHost(LocalTransport):
    """This machine as if it were far away: commands are run for real, and every address leads to `port`, or nowhere.

    `by` is the beginning of a command line that runs sh text somewhere else: `nsenter -t 80 -a -- sh -c`.
    """

    def __init__(self, port: int | None = None, *, by: str = ""):
        super().__init__()
        self._port, self._by = port, by
        self.wanted: list[tuple[str, int]] = []
        """The addresses to which a way was asked for."""

    @property
    def local(self) -> bool:
        return False

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:
        if self._by:
            exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in command.environment.items())
            script = f"exec {self._by} {shlex.quote(exports + command.script)}"
            command = replace(command, script=script, environment={})
        return super().run(command, on_output)

    def forward(self, host: str, port: int) -> tuple[str, int]:
        self.wanted.append((host, port))
        return _led(host, port, self._port)


class LostHost(ScriptedHost):
    """A host that cannot be reached."""

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:  # noqa: ARG002 - the signature of a transport
        self.commands.append(command)
        raise Unreachable("no route to host")


def _in_turn(answer: Answer | Sequence[Answer]) -> list[Answer]:
    return list(answer) if isinstance(answer, list) else [answer]  # type: ignore[list-item] # a tuple or a text is one answer


def _told(command: Command, answer: Answer, on_output: OnOutput | None) -> CommandResult:
    if isinstance(answer, Exception):
        raise answer
    result = _result(command.script, answer)
    for stream, data in (("stdout", result.stdout), ("stderr", result.stderr)):
        if on_output is not None and data:
            on_output(stream, data)
    return result


def _result(script: str, answer: str | bytes | tuple[int, str] | CommandResult) -> CommandResult:
    match answer:
        case CommandResult():
            return answer
        case str():
            return CommandResult(script, 0, answer.encode())
        case bytes():
            return CommandResult(script, 0, answer)
        case exit_code, said:
            return CommandResult(script, exit_code, stderr=said.encode())


def _led(host: str, port: int, near: int | None) -> tuple[str, int]:
    if near is None:
        raise Unreachable(f"no way to {host}:{port}")
    return "127.0.0.1", near
