"""Playbooks whose steps stand so many levels deep in each other, in every way that steps can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

DEEPEST = "{note: the deepest}"
IN_ONE_FILE = 10
"""Levels after which a file is included, which is one more: YAML has a bound of its own."""
_FAILS = "shell: exit 1, changes: false"

LEVELS: Mapping[str, str] = {
    "blocks": "{{steps: [{}]}}",
    "rescues": "{{steps: [{{" + _FAILS + "}}], rescue: [{}]}}",
    "always": "{{steps: [{{note: x}}], always: [{}]}}",
    "choices": "{{choose: {{by: \"'a'\", options: {{a: {{steps: [{}]}}}}}}}}",
    "remediations": "{{" + _FAILS + ", remediate: [{{name: repair, steps: [{}]}}]}}",
    "diagnoses": "{{" + _FAILS + ", cause: it is so, diagnose: [{}]}}",
    "attempts": "{{steps: [{}], when: inventory_hostname == 'localhost', vars: {{a: b}}, until: true, retries: 1}}",
}
"""One level around a step, in one line."""


def _files(folder: Path, levels: int, around: Callable[[int], str]) -> None:
    step, in_file = DEEPEST, 0
    for level in range(levels):
        if in_file == IN_ONE_FILE:
            (folder / f"{level}.yml").write_text(f"- {step}\n")
            step, in_file = f"{{include: {level}.yml}}", 0
        else:
            step, in_file = around(level).format(step), in_file + 1
    _playbook(folder, step)


def _playbook(folder: Path, step: str, more: str = "") -> None:
    (folder / "deep.yml").write_text(
        f"name: Deep\nhosts: all\nstages:\n  - name: One\n    steps:\n      - {step}\n{more}"
    )


def _includes(folder: Path, levels: int) -> None:
    for level in range(1, levels):
        (folder / f"{level}.yml").write_text(f"- include: {level + 1}.yml\n")
    (folder / f"{levels}.yml").write_text(f"- {DEEPEST}\n")
    _playbook(folder, "include: 1.yml")


def _named_remediations(folder: Path, levels: int) -> None:
    lines = [f"  r{level}: {{steps: [{{{_FAILS}, remediate: r{level + 1}}}]}}\n" for level in range(1, levels)]
    last = f"  r{levels}: {{steps: [{DEEPEST}]}}\n"
    _playbook(folder, f"{{{_FAILS}, remediate: r1}}", "".join(["remediations:\n", *lines, last]))


def _everything(folder: Path, levels: int) -> None:
    ways = tuple(way for name, way in LEVELS.items() if name != "attempts")  # a failure in them would run all again
    _files(folder, levels, lambda level: ways[level % len(ways)])


WRITERS: Mapping[str, Callable[[Path, int], None]] = {
    **{
        name: lambda folder, levels, around=around: _files(folder, levels, lambda _level: around)
        for name, around in LEVELS.items()
    },
    "includes": _includes,
    "named remediations": _named_remediations,
    "everything": _everything,
}
"""Writes `deep.yml`, and what it includes, to a folder."""
