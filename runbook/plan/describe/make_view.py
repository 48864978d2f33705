"""From a plan to what is shown of it: hosts with the same steps together, and how much of what there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runbook.common.masking import Masker
from runbook.plan.describe.actions import Reader
from runbook.plan.describe.host_steps import Describer
from runbook.plan.describe.known_values import without_passwords
from runbook.plan.describe.notes import notes_of_stage
from runbook.plan.describe.view import InputView, Label, PlanView, StageView, StepView, Variant, totals
from runbook.plan.make.plan import Plan, PlannedStage
from runbook.plan.make.secrets import encrypted

DIFFERS = "(differs between hosts)"


def view_of(plan: Plan) -> PlanView:
    """Describes every step for every host. Reads files that steps use (`src`), and reaches no host."""
    describer = Describer(plan, Reader())
    stages = tuple(_stage(describer, planned) for planned in plan.stages)
    playbook = plan.playbook
    view = PlanView(
        name=playbook.name,
        file=Path(playbook.file).name,
        description=playbook.description.strip(),
        labels=tuple(Label(name, text) for name, text in playbook.labels.items()),
        inputs=tuple(_inputs(describer)),
        stages=stages,
        totals=totals(stages),
    )
    # The playbook's own text may hold what is encrypted elsewhere.
    return Masker(encrypted(playbook, plan.variables)).mask(view)


def _stage(describer: Describer, planned: PlannedStage) -> StageView:
    # Equal lines are one object, so that hosts are told apart by the identity of their lines.
    groups: dict[tuple[int, ...], tuple[list[str], tuple[StepView, ...]]] = {}
    for host in planned.hosts:
        steps = describer.stage(planned, host)
        groups.setdefault(tuple(map(id, steps)), ([], steps))[0].append(host.name)
    return StageView(
        number=planned.stage.number,
        name=planned.stage.name,
        notes=notes_of_stage(planned.stage, describer.questions(planned)),
        batches=tuple(tuple(host.name for host in batch) for batch in planned.batches),
        variants=tuple(Variant(tuple(names), steps) for names, steps in groups.values()),
    )


def _inputs(describer: Describer) -> Iterator[InputView]:
    for item in describer.plan.playbook.inputs.values():
        texts = {describer.input(item, host) for host in describer.plan.hosts}
        text = texts.pop() if len(texts) == 1 else DIFFERS
        yield InputView(item.name, text if describer.plan.hosts else "", without_passwords(item.description))
