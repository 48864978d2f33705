"""`# runbook: ignore[rule]  reason` on a line, or in a comment above it, silences that rule there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from runbook.common.frozen import Frozen
from runbook.common.spelling import nearest
from runbook.lint.rules import RULES, found
from runbook.source.document import Problem, Span

_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*runbook:\s*ignore\b(?:\[([^\]]*)\])?[ \t]*(.*)$")
_BY_INVENTORY = frozenset({"undefined-name", "used-before-set"})
"""Rules that find nothing with one inventory and something with another: a comment for them is never idle."""


class Comment(Frozen):
    """`covers` is the line that it speaks of: its own, or the next one that is no comment."""

    span: Span
    covers: int
    rules: tuple[str, ...]
    reason: str


def silenced(problems: Sequence[Problem], texts: Mapping[str, str]) -> list[Problem]:
    """The problems that are left, and what is wrong with the comments."""
    comments = [comment for file, text in texts.items() for comment in _comments(file, text)]
    by_line: dict[tuple[str, int], list[Comment]] = {}
    for comment in comments:
        for line in {comment.span.line, comment.covers}:
            by_line.setdefault((comment.span.file, line), []).append(comment)
    used: set[tuple[Span, str]] = set()
    left = []
    for problem in problems:
        over = [c for c in by_line.get((problem.span.file, problem.span.line), ()) if problem.rule in c.rules]
        if over and _may_be(problem.rule):
            used |= {(comment.span, problem.rule) for comment in over}
        else:
            left.append(problem)
    return left + [problem for comment in comments for problem in _wrong(comment, used)]


def _may_be(rule: str) -> bool:
    return rule in RULES and RULES[rule].lint


def _comments(file: str, text: str) -> Iterator[Comment]:
    if "runbook:" not in text:
        return
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if "runbook:" not in line or not (hit := _COMMENT.search(line)):
            continue
        covers = index
        if not line[: hit.start()].strip():  # it stands alone: it speaks of what comes next
            covers = next((n for n in range(index + 1, len(lines)) if not lines[n].lstrip().startswith("#")), index)
        rules = tuple(rule.strip() for rule in (hit[1] or "").split(",") if rule.strip())
        span = Span(file, index + 1, hit.start() + 1, len(line.rstrip()) - hit.start())
        yield Comment(span, covers + 1, rules, hit[2].strip())


def _wrong(comment: Comment, used: set[tuple[Span, str]]) -> Iterator[Problem]:
    if not comment.rules:
        yield found("bad-ignore", comment.span, "it names no rule", "write `# runbook: ignore[RULE]  reason`")
    elif not comment.reason:
        yield found("bad-ignore", comment.span, "it gives no reason", "say behind the bracket why this is right here")
    for rule in comment.rules:
        if rule not in RULES:
            hint = nearest(rule, RULES) or "`runbook validate --rules` lists them"
            yield found("bad-ignore", comment.span, f"no rule is called {rule!r}", hint)
        elif not _may_be(rule):
            yield found("bad-ignore", comment.span, f"{rule!r} cannot be silenced: no run starts with it", "mend it")
        elif (comment.span, rule) not in used and rule not in _BY_INVENTORY:
            yield found("bad-ignore", comment.span, f"it silences nothing: {rule!r} finds nothing here", "remove it")
