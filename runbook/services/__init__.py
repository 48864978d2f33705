"""The service managers: one file each, one row here each.

A service, a wish and a shell on its host come in at `state_change.py`, which asks the manager what it needs; what was
done, and the proof of it, leaves to the step. Open `base.py` first: what a manager must be able to say.
"""

from __future__ import annotations

from runbook.services import compose, pm2, process, supervisor, systemd
from runbook.services.base import Manager

MANAGERS: dict[str, Manager] = {
    "process": process,
    "systemd": systemd,
    "supervisor": supervisor,
    "pm2": pm2,
    "compose": compose,
}
"""In the order in which `manager: auto` asks them: the cheapest to ask first."""
