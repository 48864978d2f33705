"""The stages and branches of a plan as a Mermaid flowchart, as GitHub and GitLab draw it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.plan.describe.view import PlanView, StageView, StepView, in_branches
from runbook.plan.show.words import counted, hosts_in

MOST_STAGES = 30
MOST_BRANCHES = 8
"""Of one stage; a diagram with more is no longer looked at."""
LONGEST = 60
_PLAIN = re.compile(r"[^\w .,:;!?()+/–—…-]", re.UNICODE)
_LIST = re.compile(r"(\d*)([.)+*-])(?= )")
"""What begins an item of a list in Markdown, which Mermaid refuses to draw."""


def diagram(view: PlanView) -> str:
    """The text of the diagram, without a fence. What changes hosts has a thick border."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: PlanView) -> Iterator[str]:
    yield "flowchart TD"
    shown = view.stages[:MOST_STAGES]
    for index, stage in enumerate(shown, 1):
        yield f'  s{index}["{_stage(stage)}"]'
        if index > 1:
            yield f"  s{index - 1} --> s{index}"
        yield from _branches(stage, index)
    if len(view.stages) > len(shown):
        yield f'  more["{label(f"and {len(view.stages) - len(shown)} more stages")}"]'
        yield f"  s{len(shown)} --> more"
    changing = [f"s{index}" for index, stage in enumerate(shown, 1) if _changes(stage, repairs=False)]
    if changing:
        yield "  classDef changing stroke-width:3px"
        yield f"  class {','.join(changing)} changing"


def _stage(stage: StageView) -> str:
    hosts = counted(len(hosts_in(stage)), "host")
    batches = f" in {len(stage.batches)} batches" if len(stage.batches) > 1 else ""
    does = "changes" if _changes(stage, repairs=False) else ("may repair" if _changes(stage, repairs=True) else "reads")
    return f"{label(f'{stage.number} {stage.name}')}<br/>{label(f'{hosts}{batches}, {does}')}"


def _changes(stage: StageView, *, repairs: bool) -> bool:
    lines = (line for variant in stage.variants for line in in_branches(variant.steps))
    return any(step.changes and not step.skipped and branch is repairs for step, branch in lines)


def _branches(stage: StageView, index: int) -> Iterator[str]:
    """A node for each branch of the stage; on the line to it stands what it follows."""
    heads: dict[tuple[str, str], dict[str, None]] = {}
    for variant in stage.variants:
        for step, near in _with_owner(variant.steps):
            if step.role in _ON and not step.skipped:
                heads.setdefault((step.role, _said(step)), {})[near] = None
    for number, ((role, said), places) in enumerate(list(heads.items())[:MOST_BRANCHES], 1):
        name = f"s{index}b{number}"
        shape = f'("{label(said)}")' if role != "option" else f'{{{{"{label(said)}"}}}}'
        arrow = "-->" if role in ("always", "option") else "-.->"
        near = ", ".join([*list(places)[:3], *(["…"] if len(places) > 3 else [])])
        yield f"  {name}{shape}"
        yield f'  s{index} {arrow}|"{label(_ON[role].format(near))}"| {name}'
    if len(heads) > MOST_BRANCHES:
        yield f'  s{index}more("{label(f"and {len(heads) - MOST_BRANCHES} more branches")}")'
        yield f"  s{index} -.-> s{index}more"


_ON = {
    "rescue": "if a step fails",
    "always": "in the end",
    "remediation": "if {} fails",
    "diagnose": "if {} fails",
    "option": "{}",
}


def _said(step: StepView) -> str:
    said = {"rescue": "rescue", "always": "always", "diagnose": "look for the cause"}.get(step.role)
    return said or step.name.removeprefix("if it fails, ")


def _with_owner(steps: tuple[StepView, ...]) -> Iterator[tuple[StepView, str]]:
    """Each line with the number of the step that it stands under; `it` for the stage itself."""
    above: list[StepView] = []
    for step in steps:
        while above and above[-1].depth >= step.depth:
            above.pop()
        yield step, next((one.number for one in reversed(above) if one.number), "it")
        if step.role != "stage":
            above.append(step)


def label(text: str) -> str:
    """A text as Mermaid takes it between quotes: what means something to it, or to HTML, is written as its number."""
    line = " ".join(text.split()) or "–"
    cut = line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
    if found := _LIST.match(cut):
        return f"{found[1]}#{ord(found[2])}; {label(cut[found.end() :])}"
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", cut)
