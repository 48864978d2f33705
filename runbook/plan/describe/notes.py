"""What a reviewer has to know of a step beside its action, and the words for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runbook.model import Node, Stage, Step
from runbook.plan.describe.known_values import KnownValues, without_passwords, without_secrets
from runbook.plan.describe.view import Note, note
from runbook.templating.scope import Scope

UNTIL_RETRIES = 3
"""What the engine takes for `retries` when only `until` is given."""


def notes_of(node: Node, scope: Scope, known: KnownValues) -> tuple[Note, ...]:
    """All but `when`, in the order in which they are told."""
    return (*_of_step(node, scope, known), *_common(node, scope, known))


def _of_step(node: Node, scope: Scope, known: KnownValues) -> Iterator[Note]:
    if not isinstance(node, Step):
        return
    if node.loop is not None:
        yield _rendered("loop", node.loop, scope, known)
    for key in ("expect", "failed_when", "changed_when"):
        for item in getattr(node, key):
            yield Note(key, item.text)
    if node.changes is not None:
        yield note("changes", node.changes)
    for cause in node.causes:
        when = " and ".join(item.text for item in cause.when)
        yield _rendered("cause", f"{cause.text} (when {when})" if when else cause.text, scope, known)


def _common(node: Node, scope: Scope, known: KnownValues) -> Iterator[Note]:
    common = node.common
    for item in common.until:
        yield Note("until", item.text)
    for key in ("retries", "delay", "timeout", "delegate_to", "throttle"):
        value = getattr(common, key)
        if value is not None:
            yield _rendered(key, value, scope, known)
    if common.run_once:
        yield note("run_once", True)
    if common.become is not None:
        yield _rendered("become", common.become, scope, known)
    if common.become_user:
        yield _rendered("become_user", common.become_user, scope, known)
    if common.environment:
        yield _rendered("environment", common.environment, scope, known)
    if common.severity != "fail":
        yield Note("severity", common.severity)
    for key in ("ignore_errors", "no_log"):
        value = getattr(common, key)
        if value is not False:
            yield _rendered(key, value, scope, known)


def _rendered(key: str, value: Any, scope: Scope, known: KnownValues) -> Note:
    return note(key, without_secrets(known.value(value, scope)))


def notes_of_stage(stage: Stage, questions: Mapping[str, Sequence[str]]) -> tuple[Note, ...]:
    """What holds for all of its steps. `questions`: the hosts of each text that its `confirm` has."""
    found: list[Note] = []
    if stage.serial:
        found.append(Note("serial", ", ".join(map(str, stage.serial))))
    if stage.max_fail_percentage is not None:
        found.append(note("max_fail_percentage", stage.max_fail_percentage))
    if stage.any_errors_fatal:
        found.append(note("any_errors_fatal", True))
    if stage.order != "inventory":
        found.append(Note("order", stage.order))
    for text, hosts in questions.items():
        where = f" ({', '.join(hosts[:_NAMED])}{' …' if len(hosts) > _NAMED else ''})" if len(questions) > 1 else ""
        found.append(Note("confirm", without_passwords(text) + where))
    return tuple(found)


_NAMED = 5
"""Hosts that are named beside a text that is not the same for all."""


def words(notes: tuple[Note, ...]) -> Iterator[str]:
    """Each as a person says it."""
    by_key = {one.key: one for one in notes}
    for one in notes:
        if one.key in ("become_user", "retries", "delay") and {"become", "retries", "until"} & set(by_key):
            continue
        if one.key == "until" and one is not by_key["until"]:
            continue
        if said := _words(one, by_key):
            yield f"{said} ({one.said})" if one.said.startswith("known") else said
    if "retries" in by_key and "until" not in by_key:
        yield f"tried up to {_tries(by_key)} times{_delay(by_key)}"


def _words(one: Note, by_key: dict[str, Note]) -> str:
    text = one.text
    match one.key:
        case "when":
            return f"when {text}" if not one.said or one.said.startswith("known") else f"when {text}: {one.said}"
        case "until":
            return f"tried up to {_tries(by_key)} times until {text}{_delay(by_key)}"
        case "become":
            return _become(text, by_key)
        case "throttle":
            return f"at most {'one host' if text == '1' else f'{text} hosts'} at a time"
    plain = _SAID.get((one.key, text))
    return plain if plain is not None else _FORMS.get(one.key, one.key + ": {}").format(text)


def _become(text: str, by_key: dict[str, Note]) -> str:
    if text == "false":
        return "without sudo"
    user = by_key["become_user"].text if "become_user" in by_key else "root"
    return f"as {user}" if text == "true" else f"as {user}, if {text}"


def _tries(by_key: dict[str, Note]) -> str:
    retries = by_key["retries"].text if "retries" in by_key else str(UNTIL_RETRIES)
    return str(1 + int(retries)) if retries.isdigit() else f"1 + {retries}"


def _delay(by_key: dict[str, Note]) -> str:
    return f", {by_key['delay'].text} s apart" if "delay" in by_key else ""


_SAID = {
    ("severity", "warn"): "a failure is a warning",
    ("ignore_errors", "true"): "errors are ignored",
    ("run_once", "true"): "once, on the first host",
    ("no_log", "true"): "not logged: shown as it is written",
    ("changes", "false"): "said to change nothing",
    ("changes", "true"): "said to change the host",
    ("recheck", "false"): "the failed step is not run again afterwards",
    ("recheck", "true"): "then the block is run again",
    ("accepted", "true"): "that it was rescued is only a warning",
    ("any_errors_fatal", "true"): "one failure ends the run for all hosts",
}
_FORMS = {
    "loop": "for each of {}",
    "expect": "expects {}",
    "failed_when": "failed when {}",
    "changed_when": "changed when {}",
    "cause": "likely cause, if it fails: {}",
    "timeout": "within {}",
    "delegate_to": "on {} instead",
    "become_user": "as {} where sudo is turned on",
    "environment": "environment {}",
    "ignore_errors": "errors are ignored if {}",
    "database": "database {}",
    "serial": "in batches of {}",
    "max_fail_percentage": "ends when more than {} % of the hosts have failed",
    "order": "hosts in the order {}",
    "confirm": "asks first: {}",
}
