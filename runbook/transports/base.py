"""What every way to a host can do: run a command, and reach an address from there; and what some can do besides.

Files are read and written by commands over `run` (see `files.py`), so that `become` holds for them too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from runbook.common.frozen import Frozen, astuple, field, repr_without

OnOutput = Callable[[str, bytes], None]
"""Called with (`stdout` or `stderr`, bytes) as output arrives, from any thread."""


class Become(Frozen):
    """Run as another user, by sudo. `password` is asked for by sudo where it needs one."""

    __repr__ = repr_without("password")

    user: str = "root"
    password: str | None = None


class Command(Frozen):
    """Something to run: `script` is POSIX sh text (quote words with shlex), as long as one likes.

    `timeout` is seconds until the whole process group is killed. `stdin` is given to it; nothing else is
    ever on its standard input. `environment` is added to what the host gives.
    """

    script: str
    stdin: bytes = b""
    chdir: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    become: Become | None = None
    timeout: float | None = None
    output_limit: int = 16 * 1024 * 1024
    """Bytes kept of each stream; what comes after is counted and dropped."""
    once: bool = False
    """It may change the host: when it has been sent ahead, it is never sent again. The command is the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Command) and self._what() == other._what()

    def __hash__(self) -> int:
        return hash(self._what())

    def _what(self) -> tuple[Any, ...]:
        return astuple(self)[:-1]


class CommandResult(Frozen):
    """How a command ended. `exit_code` is 128 + N when signal N ended it."""

    command: str
    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""
    dropped: int = 0
    """Bytes of output over the limit that were not kept."""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    @property
    def out(self) -> str:
        """Standard output as text, without the last newline; bytes that are not UTF-8 become U+FFFD."""
        return self.stdout.decode("utf-8", "replace").removesuffix("\n")

    @property
    def err(self) -> str:
        return self.stderr.decode("utf-8", "replace").removesuffix("\n")


class Unreachable(Exception):
    """The host could not be reached or the connection broke. `str()` says what, where, and the way out."""


class UnknownConnection(Unreachable):
    """A connection variable cannot be understood; the sentence names it and says what to write."""


class CommandTimeout(Exception):
    """A command ran past its timeout and its process group was killed. Holds what it had printed."""

    def __init__(self, result: CommandResult, seconds: float) -> None:
        self.result = result
        self.seconds = seconds
        super().__init__(f"still running after {seconds:g} s, killed with all its children")


class Stopped(Exception):
    """The run is being stopped; the command was killed."""


class Transport(Protocol):
    """One host's connection. Used by one thread at a time except `close` and `forward`; opened at first use."""

    @property
    def local(self) -> bool:
        """Is the host this machine? Then nothing is tunnelled."""
        ...

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:
        """Run it to its end. Raises Unreachable, CommandTimeout, Stopped."""
        ...

    def forward(self, host: str, port: int) -> tuple[str, int]:
        """An address on this machine that leads to `host:port` as the managed host sees it.

        The same pair gives the same address again; closed with the transport. Raises Unreachable. For the local
        transport it is (host, port) itself. If nothing listens there, connecting through it is refused or closed.
        """
        ...

    def close(self) -> None:
        """Close it; may be called at any time, from any thread, more than once."""
        ...


class Pipelined(Transport, Protocol):
    """A transport to a host that is far away: what takes a round trip can be begun before it is asked for."""

    def connect_early(self) -> None:
        """Begin to connect, without waiting for it: `run` will be called next, and tells what went wrong.

        Called again, it begins with what comes next as far as it has been answered.
        """
        ...

    def ahead(self, commands: tuple[Command, ...]) -> None:
        """Send these before they are asked for: the `run`s that follow, in this order, take their results.

        The host stops at the first that fails. What was sent ahead before, or is not asked for next, is forgotten: one
        that may change the host (`once`) has to be asked for, unless one before it fails. After a stop, `run` still
        tells what those that had been sent came to.
        """
        ...


def pipelined(transport: Transport | None) -> Pipelined | None:
    """The same transport where it can do that. Nobody else asks for it."""
    able = hasattr(transport, "connect_early") and hasattr(transport, "ahead")
    return cast(Pipelined, transport) if able else None
