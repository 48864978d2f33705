"""The forms in which people read of a run, and what the parts of a report are made of."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property

from runbook.documents.model import Span
from runbook.runs.results import Result, Run


class Form(StrEnum):
    """`text` is what a console shows at the end of a run."""

    TEXT = "text"
    MARKDOWN = "markdown"
    PAGE = "page"


EVERY = frozenset(Form)
CONSOLE, MARKDOWN, PAGE = frozenset({Form.TEXT}), frozenset({Form.MARKDOWN}), frozenset({Form.PAGE})


class Reported:
    """A run with what several parts ask of it: it is walked through once, and each result has its place on a page."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.many_hosts = len(run.hosts) > 1
        self._hosts: dict[str, int] = {host: index for index, host in enumerate(run.hosts)}

    @cached_property
    def results(self) -> list[Result]:
        """Every one."""
        return list(self.run.results())

    @cached_property
    def steps(self) -> list[Result]:
        """The steps that count."""
        return list(self.run.steps())

    @cached_property
    def _anchors(self) -> dict[int, str]:
        """Links go to the result that counts, so the superseded ones take what names are left."""
        anchors: dict[int, str] = {}
        taken: set[str] = set()
        for result in sorted(self.results, key=lambda result: result.superseded):
            name = f"{self.key(result.host)}-{result.number}"
            while name in taken:
                name += "-earlier"
            taken.add(name)
            anchors[id(result)] = name
        return anchors

    def anchor(self, result: Result) -> str:
        return self._anchors[id(result)]

    def key(self, host: str) -> str:
        """What the anchors of a host's steps begin with."""
        return f"h{self._hosts.setdefault(host, len(self._hosts))}"

    def link(self, host: str, number: str, text: str) -> Span:
        """A text that leads to a step."""
        return Span(text, link=f"{self.key(host)}-{number}")
