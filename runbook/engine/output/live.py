"""Output as it arrives, in whole lines, so that a secret is never shown in halves."""

from __future__ import annotations

import codecs
from collections.abc import Callable

LONGEST = 4000
"""Characters of one shown line; a longer one is cut in the live view (the outcome has it whole)."""


class LiveOutput:
    """Collects bytes of two streams and passes them on line by line."""

    def __init__(self, show: Callable[[str, str], None], mask: Callable[[str], str]) -> None:
        self._show, self._mask = show, mask
        self._rest: dict[str, str] = {}
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}

    def add(self, stream: str, data: bytes) -> None:
        decoder = self._decoders.setdefault(stream, codecs.getincrementaldecoder("utf-8")("replace"))
        *lines, rest = (self._rest.get(stream, "") + decoder.decode(data)).split("\n")
        self._rest[stream] = rest[: 2 * LONGEST]
        if lines:
            self._show(stream, "\n".join(map(self._shown, lines)))

    def close(self) -> None:
        for stream, rest in self._rest.items():
            if rest:
                self._show(stream, self._shown(rest))
        self._rest.clear()

    def _shown(self, line: str) -> str:
        # Masked before it is cut: half a secret would not be known as one.
        return self._mask(line[: 2 * LONGEST])[:LONGEST]
