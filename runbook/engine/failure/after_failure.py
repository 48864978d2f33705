"""What follows a failure: a diagnosis, and branches that repair, each asked whether it helped.

A branch begins only where something was found wrong. Of a host that is away nothing was: only a branch whose `when`
asks for that begins, once the step has been asked again. A branch that rests on a look that could not be made does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from runbook.common.frozen import Frozen, replace
from runbook.engine.failure.causes import causes_of, reasons
from runbook.engine.host_state import HostState
from runbook.engine.inherited import Inherited
from runbook.engine.outcomes.judge import seen
from runbook.engine.outcomes.looks import rests_on_nothing
from runbook.engine.outcomes.node_result import NodeResult, remedied, unasked
from runbook.engine.step_events import StepEvents
from runbook.model import Block, Common, Node, Remediation, Step
from runbook.runs.events import OUT, UNASKED, First, Outcome, Role, Status, Tried
from runbook.templating.syntax import fields_read

_AWAY = frozenset({"unreachable", "reachable", "outcome"})
"""Fields and tests of `failure` by which a `when` asks for a host that is away."""


class Way(Protocol):
    """What one host's run does for whoever leads it on after a failure."""

    def node(self, node: Node, around: Inherited, kind: str = "", name: str = "") -> NodeResult:
        """A node between its two events; of a branch its kind."""
        ...

    def attempted(self, node: Node, own: Inherited) -> NodeResult:
        """A node until it is good or its attempts are used up."""
        ...

    def chosen(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """Those that tags and --start-at leave in."""
        ...


class _Came(Frozen):
    """What a branch came to: what is told of it, and what the step is now. `ends`: no other branch is tried."""

    tried: Tried
    result: NodeResult
    ends: bool = False


class AfterFailure:
    """Of one host. Used by one thread at a time."""

    def __init__(self, state: HostState, events: StepEvents, way: Way) -> None:
        self._state, self._events, self._way = state, events, way
        self._causes: list[str] | None = None
        """Where steps that point at a likely cause leave it, while something is diagnosed or repaired."""
        self._unseen: list[Outcome] = []
        """Looks of this diagnosis that could not be made."""

    def told(self, node: Node, own: Inherited, result: NodeResult) -> NodeResult:
        """The result of a node with whether it saw anything, and with its causes, for whoever looks for them now."""
        if isinstance(node, Step):
            found = causes_of(node, own, result, self._state)
            result = replace(result, causes=tuple(dict.fromkeys((*result.causes, *found)))) if found else result
            if own.role is Role.DIAGNOSE and not result.outcome.looked:
                self._unseen.append(result.outcome)
                said = f"could not look: {result.outcome.message}"
                result = replace(result, outcome=replace(result.outcome, message=said))
        if self._causes is not None:
            self._causes += [cause for cause in result.causes if cause not in self._causes]
        return result

    # --- diagnosis -------------------------------------------------------------------------------------------

    def diagnose(self, node: Node, own: Inherited, failed: NodeResult) -> tuple[str, ...]:
        """Every diagnosing step, whatever each finds; the causes that they point at, and why others saw nothing."""
        around = _because_of(node, own, failed, Role.DIAGNOSE)
        outer, self._unseen = self._unseen, []
        with self._looking_for_causes() as causes:
            for probe in self._way.chosen(node.common.diagnose):
                self._way.node(probe, around)
        why, self._unseen = reasons(self._unseen, failed.outcome), outer
        return (*why, *causes)

    @contextmanager
    def _looking_for_causes(self) -> Iterator[list[str]]:
        """The causes that steps point at meanwhile."""
        outer, self._causes = self._causes, []
        try:
            yield self._causes
        finally:
            self._causes = outer

    # --- repairs ---------------------------------------------------------------------------------------------

    def remediate(self, node: Node, own: Inherited, failed: NodeResult) -> NodeResult:
        """Branches in order, until after one of them the node is good, or a person says no."""
        first, causes, told = failed, failed.causes, list[Tried]()
        if failed.status is Status.UNREACHABLE and any(map(_asks_when_away, node.common.remediate)):
            failed = self._again(node, own)
            first = first if failed.status in (*_GOOD, Status.UNREACHABLE) else failed
        for index, branch in enumerate(node.common.remediate):
            if failed.outcome.ok:
                break
            name, why = self._name(branch, own), self._barred(branch, failed)
            with self._looking_for_causes() as found:
                if why:
                    came = _Came(Tried(name, "not tried", why), failed)
                else:
                    block, around = _as_block(branch, node, index), _because_of(node, own, failed, Role.REMEDIATE)
                    done = self._way.node(block, around, "remediation")
                    came = self._came(node, own, failed, branch, name, done)
            causes, failed = tuple(dict.fromkeys((*causes, *found))), came.result
            told.append(came.tried)
            self._tell(node, own, came.tried)
            if came.ends:
                break
        return replace(failed, causes=causes, tried=tuple(told), first=_before(first, failed))

    def _came(
        self, node: Node, own: Inherited, failed: NodeResult, branch: Remediation, name: str, done: NodeResult
    ) -> _Came:
        """What a branch has come to, and where it came to its end the node again."""
        if done.status is Status.SKIPPED:
            return _Came(Tried(name, "not tried", _false_when(done)), failed)
        if done.status in OUT:
            return _not_done(name, done, failed)
        if not branch.recheck:
            return _Came(Tried(name, UNASKED, "nothing was asked again"), unasked(failed, name), ends=True)
        again = self._again(node, own)
        if again.outcome.ok:
            return _Came(Tried(name, "helped"), replace(again, outcome=remedied(again.outcome, name)), ends=True)
        return _Came(Tried(name, "did not help", _what_now(failed, again)), again)

    def _again(self, node: Node, own: Inherited) -> NodeResult:
        """Ask again, also a host that was away."""
        self._state.runner.away.clear()
        return self._way.attempted(node, own)

    def _name(self, branch: Remediation, own: Inherited) -> str:
        return self._state.text(branch.name, self._state.scope(own), branch.place / "name")

    def _barred(self, branch: Remediation, failed: NodeResult) -> str:
        """Why a branch does not begin, whatever its `when` comes to."""
        if not failed.ran:
            return "nothing was asked of the host: the step cannot be rendered"
        if failed.status is Status.UNREACHABLE and not _asks_when_away(branch):
            return "the host is away, and its `when` does not ask for that (failure.unreachable)"
        reads = {name: [fields_read(item.text, name) for item in branch.when] for name in self._state.unseen}
        rests = [name for name, found in reads.items() if any(map(rests_on_nothing, found))]
        return f"it rests on {', '.join(sorted(rests))}, where nothing could be seen" if rests else ""

    def _tell(self, node: Node, own: Inherited, tried: Tried) -> None:
        """To whoever watches. That it helped, or waits, is told by the steps themselves."""
        if tried.what not in ("helped", "waits", UNASKED):
            self._events.progress(node.number, "tried", str(tried), own)


_GOOD = (Status.PASSED, Status.CHANGED, Status.SKIPPED)


def _not_done(name: str, done: NodeResult, failed: NodeResult) -> _Came:
    """A branch that did not come to its end. After a no, and until somebody answers, nothing else is done."""
    outcome, said = failed.outcome, done.outcome
    if said.refused:
        tried = Tried(name, "refused", f"by {said.refused}, so the host is left alone")
        return _Came(tried, replace(failed, outcome=replace(outcome, refused=said.refused)), ends=True)
    if said.status is Status.WAITING:
        waits = replace(failed, outcome=replace(outcome, status=Status.WAITING, message=said.message))
        return _Came(Tried(name, "waits", said.message), waits, ends=True)
    if not said.looked:
        return _Came(Tried(name, "not possible", said.message), failed)
    return _Came(Tried(name, "failed", said.message), failed)


def _before(first: NodeResult, last: NodeResult) -> First | None:
    """The first outcome, where the last one is another: a host that stayed away has shown nothing twice."""
    if last.outcome is first.outcome or first.status is last.status is Status.UNREACHABLE:
        return None
    return First(first.outcome, first.conditions, first.items)


def _what_now(failed: NodeResult, again: NodeResult) -> str:
    """What a step gave when it was asked again."""
    still = failed.status is again.status is Status.UNREACHABLE
    return "the host is still away" if still else again.outcome.message


def _false_when(done: NodeResult) -> str:
    """`its when does not hold: failure.status == 503 (failure.status = 500)`."""
    if not done.conditions:
        return done.outcome.message or "nothing in it was to be done"
    values = ", ".join(f"{name} = {value}" for name, value in done.conditions[0].values)
    return f"its when does not hold: {done.conditions[0].text}" + (f" ({values})" if values else "")


def _asks_when_away(branch: Remediation) -> bool:
    return any(fields_read(item.text, "failure") & _AWAY for item in branch.when)


def _because_of(node: Node, own: Inherited, failed: NodeResult, role: Role) -> Inherited:
    """What is around the steps that diagnose or repair a node."""
    around = own.within(node.number, role).with_data(failure=seen(failed.outcome))
    return replace(around, run_once=False)


def _as_block(branch: Remediation, node: Node, index: int) -> Block:
    common = Common(name=branch.name, when=branch.when, vars=branch.vars)
    return Block(f"{node.number}.f{index + 1}", common, branch.place, branch.steps)
