"""The difference of two plans as text and as Markdown. What checks less comes first."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from runbook.documents.markdown import LIMIT, Part, code, escaped, fenced, fitted, plain
from runbook.plan.compare.diff import (
    ADDED,
    CHANGED,
    MOVED,
    REMOVED,
    FieldChange,
    PlanDiff,
    StageChange,
    StepChange,
)
from runbook.plan.show.words import counted, hosts_of

SIGNS = {ADDED: "+", REMOVED: "-", CHANGED: "~", MOVED: ">"}
NONE = "No difference: the same is done on the same hosts."
CONTEXT = 2
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def summary(diff: PlanDiff) -> str:
    """How much differs, in one sentence."""
    if diff.same:
        return NONE
    steps = list(diff.steps())
    counts = [(sum(step.what == what for step in steps), what) for what in (ADDED, REMOVED, CHANGED, MOVED)]
    parts = [f"{counted(number, 'step')} {what}" for number, what in counts if number]
    parts += [f"{counted(len(diff.gained), 'host')} gained"] if diff.gained else []
    parts += [f"{counted(len(diff.lost), 'host')} lost"] if diff.lost else []
    only = [stage for stage in diff.stages if stage.what or stage.gained or stage.lost]
    parts += [f"{counted(len(only), 'stage')} changed"] if only else []
    weak = sum(1 for _ in weakened(diff))
    said = ", ".join(parts) + "."
    return f"{said} Checks less: {counted(weak, 'place')}." if weak else said


def weakened(diff: PlanDiff) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Where, in which way, and on which hosts something checks less."""
    for stage in diff.stages:
        for said in stage.weaker:
            yield f"{stage.number} {stage.name}", said, ()
        for step in stage.steps:
            for said in step.weaker:
                yield f"{step.number} {step.name}", said, step.hosts


def as_text(diff: PlanDiff) -> str:
    return "\n".join(line.rstrip() for line in _lines(diff)) + "\n"


def _lines(diff: PlanDiff) -> Iterator[str]:
    title = diff.head if diff.base == diff.head else f"{diff.base} → {diff.head}"
    yield f"Plan diff: {title}"
    yield summary(diff)
    weak = list(weakened(diff))
    if weak:
        yield ""
        yield "Checks less than before"
        for place, said, hosts in weak:
            yield f"  ! {place}: {said}{_on(hosts)}"
    for sign, names, said in (("+", diff.gained, "gained"), ("-", diff.lost, "lost")):
        if names:
            yield ""
            yield f"Hosts {said}"
            yield from (f"  {sign} {name}" for name in names)
    if diff.inputs and not diff.same:
        yield ""
        yield "Inputs"
        yield from (f"  {one.name} = {one.before or '(none)'} → {one.after or '(none)'}" for one in diff.inputs)
    for stage in diff.stages:
        yield ""
        yield from _stage(stage)


def _stage(stage: StageChange) -> Iterator[str]:
    yield f"{stage.number}  {stage.name}" + (f"  ({stage.what})" if stage.what else "")
    if stage.gained:
        yield f"   also on: {hosts_of(stage.gained)}"
    if stage.lost:
        yield f"   no longer on: {hosts_of(stage.lost)}"
    for field in stage.fields:
        yield from _field(field, "   ")
    for step in stage.steps:
        yield f"   {SIGNS[step.what]} {_head(step)}{_on(step.hosts)}"
        if step.what in (ADDED, REMOVED) and step.text:
            yield f"       {step.kind}: {' '.join(step.text.split())}"
        for field in step.fields:
            yield from _field(field, "       ")


def _head(step: StepChange) -> str:
    was = f" (was {step.was})" if step.was not in ("", step.number) else ""
    said = {ADDED: "added", REMOVED: "removed", MOVED: "moved", CHANGED: "changed"}[step.what]
    if step.what == CHANGED and step.moved:
        said = "changed and moved"
    where = f" {step.moved}" if step.moved else ""
    inside = f", with {counted(step.inside, 'step')} in it" if step.inside else ""
    changes = ", changes the host" if step.changes and step.what == ADDED else ""
    return f"{step.number} {step.name}{was}: {said}{where}{inside}{changes}".strip()


def _on(hosts: tuple[str, ...]) -> str:
    return f"  [{hosts_of(hosts, 3)}]" if hosts else ""


def _field(field: FieldChange, indent: str) -> Iterator[str]:
    if "\n" not in field.before.strip() + field.after.strip():
        yield f"{indent}{field.name}: {changed_words(field.before, field.after)}"
        return
    yield f"{indent}{field.name}:"
    yield from (f"{indent}  {line}" for line in changed_lines(field))


def changed_lines(field: FieldChange) -> list[str]:
    """The changed lines of a text with a few around, `-` and `+` before them."""
    made = difflib.unified_diff(field.before.splitlines(), field.after.splitlines(), lineterm="", n=CONTEXT)
    return [line for line in made if not line.startswith(("---", "+++"))]


def changed_words(before: str, after: str) -> str:
    """One line with what went as [-…-] and what came as {+…+}.

    >>> changed_words("restart app now", "restart web now")
    'restart [-app-]{+web+} now'
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if before and after and matcher.ratio() < 0.4:
        return f"[-{before}-]{{+{after}+}}"
    out = []
    for what, left, left_end, right, right_end in matcher.get_opcodes():
        gone, come = "".join(old[left:left_end]), "".join(new[right:right_end])
        if what == "equal":
            out.append(gone)
        else:
            out.append((f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else ""))
    return "".join(out)


# --- Markdown --------------------------------------------------------------------------------------------------


def as_markdown(diff: PlanDiff, limit: int = LIMIT) -> str:
    """The summary and what checks less above the fold; the longest stages shortened to keep the limit."""
    return fitted("\n".join(_markdown_head(diff)), "", [_markdown_stage(stage) for stage in diff.stages], limit)


def _markdown_head(diff: PlanDiff) -> Iterator[str]:
    yield f"### Plan diff: {escaped(diff.head)}\n"
    yield f"{summary(diff)}\n"
    weak = list(weakened(diff))
    if weak:
        yield "> [!WARNING]\n> **Checks less than before**"
        yield from (f"> - {escaped(place)}: {escaped(said)}{escaped(_on(hosts))}" for place, said, hosts in weak[:30])
        if len(weak) > 30:
            yield f"> - and {len(weak) - 30} more"
        yield ""
    for names, said in ((diff.gained, "gained"), (diff.lost, "lost")):
        if names:
            yield f"**Hosts {said}:** {escaped(hosts_of(names, 20))}\n"
    if diff.inputs and not diff.same:
        pairs = (f"{code(one.name)} {code(one.before or ' ')} → {code(one.after or ' ')}" for one in diff.inputs[:20])
        yield f"**Inputs:** {', '.join(pairs)}\n"


def _markdown_stage(stage: StageChange) -> Part:
    lines = [f"~ {field.name}: {changed_words(field.before, field.after)}" for field in stage.fields]
    if stage.gained:
        lines.append(f"+ also on: {hosts_of(stage.gained, 20)}")
    if stage.lost:
        lines.append(f"- no longer on: {hosts_of(stage.lost, 20)}")
    for step in stage.steps:
        lines += _markdown_step(step)
    said = f" ({stage.what})" if stage.what else ""
    title = f"{plain(stage.number)} {plain(stage.name)}{said}: {counted(len(stage.steps), 'change')}"
    return Part(title, tuple(fenced("\n".join(lines), "diff").rstrip().split("\n")), open=True)


def _markdown_step(step: StepChange) -> Iterator[str]:
    sign = {ADDED: "+", REMOVED: "-"}.get(step.what, "!")
    yield f"{sign} {_head(step)}{_on(step.hosts)}"
    if step.what in (ADDED, REMOVED) and step.text:
        yield f"{sign}     {step.kind}: {' '.join(step.text.split())}"
    for field in step.fields:
        if "\n" in field.before.strip() + field.after.strip():
            yield f"  {field.name}:"
            yield from changed_lines(field)
        else:
            yield from ([f"-     {field.name}: {field.before}"] if field.before else [])
            yield from ([f"+     {field.name}: {field.after}"] if field.after else [])
