"""Every rule that problems are named after, in one table: how bad it is, and what it says.

`run` and `plan` hold what they read against those of the loader; `validate` against all of them.
"""

from __future__ import annotations

from runbook.common.frozen import Frozen
from runbook.source.document import Place, Problem, Severity, Span

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


class Rule(Frozen):
    """`severity` is the usual one. `lint` says that only `validate` looks, and that a comment may silence it."""

    severity: Severity
    text: str
    lint: bool = False


def _lint(severity: Severity, text: str) -> Rule:
    return Rule(severity, text, lint=True)


RULES: dict[str, Rule] = {
    # What the loader finds: nothing runs before it is mended.
    "unreadable": Rule(ERROR, "A file is not there, not readable, too large, or not UTF-8 text."),
    "syntax": Rule(ERROR, "A file is not YAML, or is nested too deeply."),
    "tag": Rule(ERROR, "A YAML tag that makes something else than plain data."),
    "duplicate-key": Rule(ERROR, "A key stands twice in one mapping."),
    "unknown-key": Rule(ERROR, "A key or a kind of step that there is not."),
    "missing-key": Rule(ERROR, "A key is missing that must be there."),
    "kind": Rule(ERROR, "A step has no kind, or more than one."),
    "type": Rule(ERROR, "A value of another type than its key takes."),
    "value": Rule(ERROR, "A value that its key does not take."),
    "template": Rule(ERROR, "A template or an expression that cannot be parsed."),
    "include": Rule(ERROR, "An included file is not there, lies outside the project, or is no list of steps."),
    "vars-file": Rule(ERROR, "A file of `vars_files` is not there, or lies outside the project."),
    "cycle": Rule(ERROR, "A file includes itself, or a remediation leads to itself."),
    "size": Rule(
        ERROR, "The playbook has too many steps, or steps too deep in each other, once all of it is followed."
    ),
    "unknown-remediation": Rule(ERROR, "`remediate` names a branch that there is not."),
    "unknown-database": Rule(ERROR, "A query names a database that there is not."),
    "schedule": Rule(ERROR, "`schedule` has times or a time zone that mean nothing."),
    # What only `validate` looks at.
    "inventory": Rule(ERROR, "With -i: something in the inventory is wrong."),
    "pattern": Rule(ERROR, "With -i: a host pattern that cannot be read."),
    "no-host": Rule(ERROR, "With -i: no host of the inventory matches."),
    "unknown-tag": Rule(ERROR, "With -t or --skip-tags: no step has the tag."),
    "unknown-input": _lint(ERROR, "`inputs.NAME` that the playbook does not declare."),
    "undefined-name": _lint(
        NOTE, "A name that nothing sets. With -i, or where it is nearly one that is set: an error."
    ),
    "unknown-field": _lint(ERROR, "A field that the outcome under a registered name, or `failure`, does not have."),
    "used-before-set": _lint(WARNING, "A registered name is read before the step that sets it. With -i: an error."),
    "missing-file": _lint(WARNING, "A file of this machine that a step names, such as `src`, is not there."),
    "constant-condition": _lint(WARNING, "A condition that is always true, or never."),
    "changes-false": _lint(WARNING, "`changes: false` on a command that plainly changes the host."),
    "free-form": _lint(WARNING, "An option in the text of a command, as `creates=/x`, where it is a word like others."),
    "needs-shell": _lint(WARNING, "A pipe, a redirection, a variable or `cd` in `command`, which has no shell."),
    "no-become": _lint(WARNING, "`become_user`, and nothing turns `become` on."),
    "duplicate-name": _lint(WARNING, "Two steps of a stage have one name."),
    "clear-secret": _lint(WARNING, "A secret stands in the file in clear text."),
    "bad-ignore": Rule(WARNING, "An ignore comment without a reason, of no such rule, or that silences nothing."),
    "unused-variable": _lint(NOTE, "A variable that nothing reads."),
    "unused-input": _lint(NOTE, "An input that nothing reads."),
    "unused-register": _lint(NOTE, "A registered outcome that nothing reads."),
    "unused-remediation": _lint(NOTE, "A remediation that no step refers to."),
    "unused-database": _lint(NOTE, "A database that no step asks."),
}


def found(
    rule: str, at: Place | Span, message: str, hint: str = "", *, severity: Severity | None = None, hidden: bool = False
) -> Problem:
    """A problem of a rule of the table, with the rule's usual severity where none is given."""
    span = at.value if isinstance(at, Place) else at
    return Problem(message, span, hint, rule, severity or RULES[rule].severity, hidden)
