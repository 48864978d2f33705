"""Keys that people bring from other tools, and hints for them."""

from __future__ import annotations

from runbook.common.frozen import replace
from runbook.common.spelling import nearest
from runbook.playbook.schema import STRUCTURES
from runbook.source.document import Problem
from runbook.steps import KINDS

_SHELL = "no kind of step does that: write `shell:`, with `creates` or a `when` that asks whether it is needed"
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
    "roles": "write `include:` among the `steps:`",
    "include_role": "write `include:`",
    "import_role": "write `include:`",
    "handlers": "write the step behind the one that changes something, with a `when` that asks whether it did",
    "gather_facts": "there are no facts: ask the host for what you need with `shell`, and `register` it",
    "setup": "there are no facts: ask the host for what you need with `shell`, and `register` it",
    "become": "write it on a stage or a step, or under `defaults:` for all",
    "become_method": "sudo is the only way",
    "async": "write `timeout:`, or start it with `service:`",
    "poll": "write `timeout:`, or start it with `service:`",
    "check_mode": "run the playbook with --check",
    "replace": "write `edit:` with `replace`",
    "raw": "write `shell:`: nothing has to be installed on the host",
    **dict.fromkeys(
        ("apt", "dnf", "yum", "package", "pip", "user", "group", "cron", "git", "get_url", "unarchive"), _SHELL
    ),
}
"""What people bring from other tools, and what stands for it here."""


def foreign(key: str) -> str:
    """What to write for a key of other tools, be it with its collection's name; empty for any other."""
    own = key.removeprefix("ansible.builtin.").removeprefix("ansible.legacy.")
    return f"write `{own}:`" if own != key and own in KINDS else FOREIGN.get(own, "")


def better(problem: Problem, kind: str = "") -> Problem:
    """For a key that other tools have, or that belongs to the step's kind or is nearly one: what to write here."""
    key = problem.message.removeprefix("unknown key ").strip("'")
    if problem.rule != "unknown-key":
        return problem
    if known := foreign(key):
        return replace(problem, hint=known)
    if kind and key in KINDS[kind].SCHEMA.get("properties", {}):
        return replace(problem, hint=f"it is an option of {kind}: write {example(kind, KINDS[kind].SHORT, key)}")
    other = nearest(key, [*KINDS, *STRUCTURES]) if problem.hint.startswith("known here") else ""
    return replace(problem, hint=f"{other} A step has one kind, and this one has it already") if other else problem


def no_mapping(problem: Problem, kind: str) -> Problem:
    """For a text where a kind's options should stand, such as `name=web state=restarted`."""
    schema = KINDS[kind].SCHEMA
    first = schema.get("required") or list(schema.get("properties", {}))[:1]
    return replace(problem, hint=f"write {example(kind, *first)}, or the options on lines of their own")


def example(kind: str, *options: str) -> str:
    """How these options of a kind are written, each of them once; an empty name is none."""
    return f"`{kind}: {{{', '.join(f'{name}: …' for name in dict.fromkeys(options) if name)}}}`"
