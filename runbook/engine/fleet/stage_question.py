"""The question of a stage: asked once, of the hosts that the stage would touch, as their variables have it."""

from __future__ import annotations

from collections.abc import Iterable

from runbook.common.frozen import Frozen
from runbook.steps.base import Answer, Question

NAMED = 5
"""Hosts that the question names, where there are more."""


class Asked(Frozen):
    """A question to one host: its text; `why` where it cannot be rendered there; neither where `when` leaves it out."""

    host: str
    text: str = ""
    why: str = ""


def question_of(number: str, asked: Iterable[Asked]) -> Question | None:
    """One question for all of them, each text with its hosts; None where nobody has to be asked."""
    hosts_of: dict[str, list[str]] = {}
    for one in asked:
        if one.text:
            hosts_of.setdefault(one.text, []).append(one.host)
    if not hosts_of:
        return None
    if len(hosts_of) == 1:
        ((text, hosts),) = hosts_of.items()
        return Question(number, named(hosts), text)
    return Question(number, "", "\n".join(f"{named(hosts)}: {text}" for text, hosts in hosts_of.items()))


def named(hosts: list[str]) -> str:
    """`web1, web2, web3 and 4 more`."""
    more = f" and {len(hosts) - NAMED} more" if len(hosts) > NAMED else ""
    return ", ".join(hosts[:NAMED]) + more


def refusal(number: str, text: str, answer: Answer | None) -> str:
    """Why the stage is not begun, and how it goes on."""
    if answer is None:
        return f"{text} – answer with --answer {number}=yes"
    said = f": {answer.comment}" if answer.comment else ""
    return f"{text} – answered {answer.value} by {answer.by}{said}"
