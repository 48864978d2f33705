"""The edits that demo/README.md describes, read from it, so that what it says is what is tested.

They stand there as text, not as Python: formatters would straighten the fragments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).parents[2] / "demo" / "README.md"
EDIT = re.compile(
    r"^#### (?P<name>\w+) `(?P<path>[^`]+)`, (?P<verb>replace|after)\n```text\n(?P<before>.*?)```\n"
    r"(?:with|insert)\n```text\n(?P<text>.*?)```",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Edit:
    """One edit of one file; `text` replaces `before`, or is inserted after it."""

    path: str
    verb: str
    before: str
    text: str

    def apply(self, folder: Path) -> bool:
        """Edits the file below the folder; False when it has the edit already. The place must be there once."""
        path = folder / self.path
        old = path.read_text()
        places = len(re.findall(f"^{re.escape(self.before)}", old, re.MULTILINE))
        if self.text in old and (self.verb == "after" or places == 0):
            return False
        assert places == 1, f"{places} places in {self.path} have:\n{self.before}"
        text = self.text if self.verb == "replace" else self.before + self.text
        path.write_text(re.sub(f"^{re.escape(self.before)}", lambda _: text, old, flags=re.MULTILINE))
        return True


def edits(prefix: str) -> list[Edit]:
    """Those whose name begins so: `Repair`, `A`, `B`."""
    found = [match.groupdict() for match in EDIT.finditer(README.read_text())]
    return [Edit(e["path"], e["verb"], e["before"], e["text"]) for e in found if e["name"].startswith(prefix)]
