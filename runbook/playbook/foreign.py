"""Keys that people bring from other tools, and hints for them."""

from __future__ import annotations

from runbook.frozen import replace
from runbook.playbook.schema import STRUCTURES
from runbook.source import Problem
from runbook.steps import KINDS
from runbook.templating.render import nearest

FOREIGN = {
    "block": "write `steps:`",
    "with_items": "write `loop:`",
    "with_dict": 'write `loop: "{{ X | dict2items }}"`',
    "local_action": "write the step with `delegate_to: localhost`",
    "notify": "write the step behind this one, with a `when` that asks whether this one changed",
    "sudo": "write `become: true`",
    "args": "write the options under the kind's own key",
    "import_tasks": "write `include:`",
    "include_tasks": "write `include:`",
    "tasks": "write `steps:`",
    "debug": "write `note:`",
    "set_fact": "write `set:`",
    "pause": "write `wait: {sleep: SECONDS}`, or `confirm:` for a question",
    "uri": "write `http:`",
    "wait_for": "write `wait:`",
    "systemd": "write `service:`",
    "stat": "write `file:`",
    "lineinfile": "write `edit:` with `line` and `regexp`",
    "blockinfile": "write `edit:` with `block`",
    "fail": "write `assert:`",
}
"""What people bring from other tools, and what stands for it here."""


def better(problem: Problem) -> Problem:
    """For a key that other tools have, or that is nearly a kind's: what to write here."""
    key = problem.message.removeprefix("unknown key ").strip("'")
    if problem.rule != "unknown-key":
        return problem
    if key in FOREIGN:
        return replace(problem, hint=FOREIGN[key])
    kind = nearest(key, [*KINDS, *STRUCTURES]) if problem.hint.startswith("known here") else ""
    return replace(problem, hint=f"{kind} A step has one kind, and this one has it already") if kind else problem
