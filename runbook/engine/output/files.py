"""The whole output of steps in files, written as it comes: of any length, in bounded memory, without secrets.

`FOLDER/RUN/HOST/STEP/N.stdout` and `.stderr`: N counts how often the step has run a command on that host (attempts,
items of a loop, again after a repair). A file that cannot be written is told, and fails no step.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from pathlib import Path

from runbook.common.masking import Masker
from runbook.transports.base import OnOutput

LONGEST_NAME = 100
"""Characters of a host's or a step's name in a path."""


class Stream:
    """Takes secrets out of bytes that come in pieces, wherever those were cut. All other bytes stay as they are."""

    def __init__(self, masker: Masker) -> None:
        self._masker, self._rest = masker, ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def take(self, data: bytes, *, last: bool = False) -> bytes:
        """What can be written now."""
        text = self._rest + self._decoder.decode(data, last)
        sure = len(text) if last else self._masker.sure(text)
        self._rest = text[sure:]
        return self._masker.part(text[:sure]).encode("utf-8", "surrogateescape")


class Output:
    """The files of one command. Used by one thread at a time."""

    def __init__(self, folder: Path, number: int, masker: Masker) -> None:
        self._folder, self._number, self._masker = folder, number, masker
        self._streams: dict[str, Stream] = {}
        self._files: dict[str, int] = {}
        self.paths: list[str] = []
        self.failure = ""
        """Why the files are not whole."""

    def add(self, stream: str, data: bytes) -> None:
        found = self._streams.setdefault(stream, Stream(self._masker))
        self._written(stream, found.take(data))

    def close(self) -> None:
        for name, stream in self._streams.items():
            self._written(name, stream.take(b"", last=True))
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def _written(self, stream: str, data: bytes) -> None:
        try:
            while data and not self.failure:
                data = data[os.write(self._file(stream), data) :]
        except OSError as error:
            self.failure = f"not whole: {error.strerror or error}"

    def _file(self, stream: str) -> int:
        """Opened when there is something to write."""
        if stream not in self._files:
            _private(self._folder)
            path = self._folder / f"{self._number}.{stream}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            self._files[stream] = os.open(path, flags, 0o600)
            self.paths.append(str(path))
        return self._files[stream]

    def told(self) -> list[str]:
        """For a report: each file, and why they are not whole."""
        return [*self.paths, *([self.failure] if self.failure else [])]


def _private(folder: Path) -> None:
    """Makes it, and what is above it, for nobody else: `mkdir(parents=True)` has a mode for the last one alone."""
    if not folder.is_dir():
        _private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


class Outputs:
    """The files of one host's steps."""

    def __init__(self, folder: Path, host: str, masker: Masker) -> None:
        self._folder, self._masker = folder / safe(host), masker
        self._counts: dict[str, int] = {}

    def of(self, number: str) -> Output:
        """The files of a step's next command."""
        self._counts[number] = self._counts.get(number, 0) + 1
        return Output(self._folder / safe(number), self._counts[number], self._masker)


def both(first: OnOutput, second: OnOutput) -> OnOutput:
    """Output to two takers."""

    def take(stream: str, data: bytes) -> None:
        first(stream, data)
        second(stream, data)

    return take


def safe(name: str) -> str:
    """A name as one part of a path: it leads nowhere else, and two names stay two."""
    plain = re.sub(r"[^\w.,@+=-]", "_", name)[:LONGEST_NAME]
    plain = re.sub(r"^[.-]", "_", plain) or "_"
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
