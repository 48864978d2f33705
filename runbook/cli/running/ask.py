"""Asking the person at the terminal: inputs before a run, `confirm` steps during it."""

from __future__ import annotations

import getpass
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from runbook.common.spelling import nearest
from runbook.model import Input, Playbook, walk
from runbook.steps.base import Answer, Question

if TYPE_CHECKING:
    from runbook.reports.console.progress_view import View

LOOK = 0.1
"""Seconds between looks at the stop flag while somebody thinks."""

_WORDS = {"y": "yes", "yes": "yes", "n": "no", "no": "no", "na": "na", "n/a": "na", "-": "na"}


def input_prompt() -> Callable[[Input], Any] | None:
    """How to ask for an input; None without a terminal."""
    return _ask_input if _at_a_terminal() else None


def _at_a_terminal() -> bool:
    """By the descriptors: what the live view puts for stderr says, before rich 15, that it is no terminal."""
    return os.isatty(0) and os.isatty(2)


def _ask_input(item: Input) -> Any:
    text = item.description or item.name
    choices = item.schema.get("enum")
    kind = click.Choice([str(choice) for choice in choices]) if choices else None
    return click.prompt(f"{item.name} – {text}", hide_input=item.secret, type=kind, err=True)


class Operator:
    """Answers questions: those given beforehand, else the person at the terminal, else nobody."""

    def __init__(self, answers: tuple[str, ...], view: View, stop: threading.Event) -> None:
        self._given = dict(_parse(text) for text in answers)
        self._view, self._stop = view, stop

    def check(self, playbook: Playbook) -> None:
        """Raises UsageError for an answer to a step that there is not: somebody counts on it."""
        numbers = {node.number for stage in playbook.stages for node in walk((stage.block,))}
        for number in self._given:
            if number not in numbers and ".f" not in number:  # a remediation's are made when it runs
                hint = nearest(number, numbers) or "`runbook plan` shows the steps' numbers"
                raise click.UsageError(f"--answer: there is no step {number}; {hint}")

    def ask(self, question: Question) -> Answer | None:
        """Called from a worker thread; the live view is put aside while the person thinks."""
        if question.number in self._given:
            value, comment = self._given[question.number]
            return Answer(value, _user(), time.time(), comment)
        if not _at_a_terminal():
            return None
        with self._view.suspended():
            return self._prompt(question)

    def _prompt(self, question: Question) -> Answer | None:
        where = f" on {question.host}" if question.host else ""
        click.echo(f"\n[{question.number}]{where} {question.text}", err=True)
        while (word := self._line("yes, no, or na (not applicable)")) is not None:
            if word.lower() in _WORDS:
                comment = self._line("comment (or nothing)")
                return Answer(_WORDS[word.lower()], _user(), time.time(), comment or "")
        return None

    def _line(self, text: str) -> str | None:
        """One line that the person types; None at the end of input, and when the run is being stopped."""
        click.echo(f"{text}: ", nl=False, err=True)
        while not self._stop.is_set():
            if select.select([sys.stdin], [], [], LOOK)[0]:
                line = sys.stdin.readline()
                return line.strip() if line else None
        return None


def _parse(text: str) -> tuple[str, tuple[str, str]]:
    number, equals, rest = text.partition("=")
    word, _, comment = rest.partition(":")
    if not equals or word.strip().lower() not in _WORDS:
        raise click.UsageError(f"--answer {text!r} is not STEP=yes, STEP=no or STEP=na (a comment may follow a colon)")
    return number.strip(), (_WORDS[word.strip().lower()], comment.strip())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
