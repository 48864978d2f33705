"""What of a playbook runs: tags, the place to start at, hosts."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.common.frozen import Frozen
from runbook.common.spelling import nearest
from runbook.model import Block, Choose, Node, Playbook
from runbook.source.document import Problems


class Selection(Frozen):
    tags: frozenset[str] = frozenset()
    skip_tags: frozenset[str] = frozenset()
    start_at: str = ""
    """A step's number or name."""
    hosts: frozenset[str] | None = None
    """Only these of the hosts; None for all."""


def left_out(playbook: Playbook, selection: Selection) -> frozenset[str]:
    """Numbers of the steps that do not run. Raises Problems for a tag or a starting point that is not there."""
    every = list(_leaves(playbook))
    _check_tags(playbook, selection, every)
    out = {node.number for node, tags in every if not _chosen(tags, selection)}
    if selection.start_at:
        out |= set(_before(playbook, selection.start_at, every))
    return frozenset(out)


def _leaves(playbook: Playbook) -> Iterator[tuple[Node, frozenset[str]]]:
    """The steps that stand in stages, blocks and options, in order, each with its own and its inherited tags."""
    for stage in playbook.stages:
        yield from _below(stage.block, frozenset())


def _below(node: Node, inherited: frozenset[str]) -> Iterator[tuple[Node, frozenset[str]]]:
    tags = inherited | set(node.common.tags)
    if isinstance(node, Block):
        for inner in (*node.steps, *node.rescue, *node.always):
            yield from _below(inner, tags)
    elif isinstance(node, Choose):
        for option in node.options:
            for inner in option.steps:
                yield from _below(inner, tags)
    else:
        yield node, tags


def _chosen(tags: frozenset[str], selection: Selection) -> bool:
    """Ansible's rules: `always` runs unless skipped by name, `never` only when one of its tags is asked for."""
    wanted = selection.tags
    if tags & selection.skip_tags or ("tagged" in selection.skip_tags and tags):
        return False
    if "never" in tags and not tags & wanted:
        return False
    if not wanted or "all" in wanted or "always" in tags:
        return True
    return bool(tags & wanted) or ("tagged" in wanted and bool(tags)) or ("untagged" in wanted and not tags)


def _check_tags(playbook: Playbook, selection: Selection, every: list[tuple[Node, frozenset[str]]]) -> None:
    known = {tag for _, tags in every for tag in tags} | {"all", "tagged", "untagged", "always", "never"}
    written = sorted(known - {"all", "tagged", "untagged", "always", "never"})
    its = f"its tags: {', '.join(written) or 'none'}"
    unknown = sorted((selection.tags | selection.skip_tags) - known)
    if unknown:
        raise Problems(
            playbook.place.problem(f"no step has the tag {tag!r}", nearest(tag, known) or its, "unknown-tag")
            for tag in unknown
        )


def _before(playbook: Playbook, start: str, every: list[tuple[Node, frozenset[str]]]) -> Iterator[str]:
    numbers = [node.number for node, _ in every]
    matching = [
        index
        for index, (node, _) in enumerate(every)
        if node.number == start or node.number.startswith(start + ".") or node.common.name == start
    ]
    if not matching:
        names = [node.common.name for node, _ in every if node.common.name]
        hint = nearest(start, [*numbers, *names]) or f"steps are numbered {numbers[0]} to {numbers[-1]}"
        raise Problems([playbook.place.problem(f"there is no step {start!r} to start at", hint, "start-at")])
    yield from numbers[: matching[0]]
