"""The service managers: one file each, one row here each."""

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
