"""The end of a step, found in what a session shell prints: pure, fed with bytes as they come.

After each step the shell prints a frame on both of its streams: a boundary that nobody can guess, some words, a
newline. What stands before it belongs to the step, byte for byte.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from runbook.transports.base import Command, CommandResult, OnOutput

STREAMS = ("stdout", "stderr")


class Reply:
    """What one step has printed so far. `done` is set at its end, or when the shell has gone."""

    __slots__ = ("_limit", "_lock", "_missing", "_on_output", "done", "dropped", "failure", "kept", "words")

    def __init__(self, limit: int, on_output: OnOutput | None = None) -> None:
        self._limit, self._on_output = limit, on_output
        self._missing = len(STREAMS)
        self.kept = {name: bytearray() for name in STREAMS}
        self.dropped = 0
        self.words: tuple[bytes, ...] | None = None
        """Of the frame on standard output; None as long as the step has not ended."""
        self._lock = threading.Lock()
        self.failure: BaseException | None = None
        """What `on_output` raised."""
        self.done = threading.Event()

    @property
    def complete(self) -> bool:
        """Has it ended with its frames on both streams?"""
        return self._missing == 0

    @property
    def skipped(self) -> bool:
        """Was it sent ahead, and not run because the step before it failed?"""
        return self.words == (b"skipped",)

    def result(self, command: Command, exit_code: int) -> CommandResult:
        """What the command has come to, with what it has printed so far."""
        kept = self.kept
        return CommandResult(command.script, exit_code, bytes(kept["stdout"]), bytes(kept["stderr"]), self.dropped)

    def follow(self, on_output: OnOutput | None) -> None:
        """Tell somebody what is printed, beginning with what has been."""
        with self._lock:
            self._on_output = on_output
            for stream, kept in self.kept.items():
                if kept:
                    self._tell(stream, bytes(kept))

    def take(self, stream: str, data: bytes) -> None:
        with self._lock:
            self._take(stream, data)

    def _take(self, stream: str, data: bytes) -> None:
        kept = self.kept[stream]
        room = self._limit - len(kept)
        if len(data) <= room:
            kept += data
        else:
            room = max(0, room)
            kept += data[:room]
            self.dropped += len(data) - room
        self._tell(stream, data)

    def _tell(self, stream: str, data: bytes) -> None:
        if self._on_output is not None:
            try:
                self._on_output(stream, data)
            except Exception as error:  # noqa: BLE001 - it is raised again where the command was started
                self.failure, self._on_output = error, None

    def ended(self, stream: str, words: Sequence[bytes]) -> None:
        if stream == "stdout":
            self.words = tuple(words)
        self._missing -= 1
        if self._missing == 0:
            self.done.set()


class Frames:
    """Both streams of one session shell. Fed by one thread; replies may be announced by another, ahead of time."""

    def __init__(self, boundary: bytes) -> None:
        self._streams = {name: _Stream(name, boundary) for name in STREAMS}

    @property
    def stray(self) -> bool:
        """Has anything been printed that belongs to no step? It comes from a process that outlived its own."""
        return any(stream.stray for stream in self._streams.values())

    def expect(self, reply: Reply) -> None:
        """Announce the next step's reply, before the step is sent."""
        for stream in self._streams.values():
            stream.waiting.append(reply)

    def feed(self, stream: str, data: bytes) -> None:
        self._streams[stream].feed(data)

    def gone(self) -> None:
        """The shell has gone: what was held back belongs to the step, and no reply will get any more."""
        for stream in self._streams.values():
            stream.flush()
        for stream in self._streams.values():
            while stream.waiting:
                stream.waiting.popleft().done.set()


class _Stream:
    """One stream: passes on all that cannot be the beginning of a boundary."""

    def __init__(self, name: str, boundary: bytes) -> None:
        self._name, self._boundary = name, boundary
        self._held = b""
        self.waiting: deque[Reply] = deque()
        self.stray = False

    def feed(self, data: bytes) -> None:
        data = self._held + data if self._held else data
        boundary = self._boundary
        while data:
            at = data.find(boundary)
            if at < 0:
                held = _overlap(data, boundary)
                self._give(data[: len(data) - held] if held else data)
                self._held = data[len(data) - held :]
                return
            end = data.find(b"\n", at + len(boundary))
            if end < 0:
                self._give(data[:at])
                self._held = data[at:]
                return
            self._give(data[:at])
            if self.waiting:
                self.waiting.popleft().ended(self._name, data[at + len(boundary) : end].split())
            data = data[end + 1 :]
        self._held = b""

    def flush(self) -> None:
        self._give(self._held)
        self._held = b""

    def _give(self, data: bytes) -> None:
        if data and self.waiting:
            self.waiting[0].take(self._name, data)
        elif data:
            self.stray = True


def _overlap(data: bytes, boundary: bytes) -> int:
    """How many bytes at the end of `data` may be the beginning of the boundary."""
    start = max(0, len(data) - len(boundary) + 1)
    at = data.find(boundary[:1], start)
    while at >= 0:
        if boundary.startswith(data[at:]):
            return len(data) - at
        at = data.find(boundary[:1], at + 1)
    return 0
