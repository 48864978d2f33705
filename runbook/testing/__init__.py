"""For tests of playbooks and of what one adds to this program: hosts that answer from a script, and contracts to keep.

A kind or a playbook comes in, with the hosts that a test gives, at `steps.run_step` and `playbooks.run_playbook`; what
a report would be made of leaves. The tests of this program use nothing else. Open `hosts.py` first; what every kind,
manager, transport and report keeps stands in `contracts/`, which alone needs pytest.
"""

from __future__ import annotations

from runbook.testing.hosts import FarHost, LostHost, ScriptedHost
from runbook.testing.managers import ScriptedManager
from runbook.testing.playbooks import inventory_of, plan_playbook, run_playbook, ways_to
from runbook.testing.steps import examples, options, problems, run_step, step_context

__all__ = [
    "FarHost",
    "LostHost",
    "ScriptedHost",
    "ScriptedManager",
    "examples",
    "inventory_of",
    "options",
    "plan_playbook",
    "problems",
    "run_playbook",
    "run_step",
    "step_context",
    "ways_to",
]
