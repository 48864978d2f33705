"""W6: what many held connections cost the client: memory for each, and processor time while nothing happens."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from benchmarks.farm import Farm

IDLE_SECONDS = 20
SCRIPT = Path(__file__).parent / "scripts" / "hold.py"


def section(farm: Farm, count: int, programs: Path) -> str:
    """Opens them with our own transport, one command on each, and looks at the process."""
    inventory = farm.inventory(count)
    argv = [str(programs / "python"), str(SCRIPT), str(inventory), str(IDLE_SECONDS)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=600)
    seen = json.loads(done.stdout)
    return (
        f"## W6: {count} connections held\n\n"
        "Goal: at most 150 KiB of memory for each over the first, and less than 1 % of a core while 1,000 are idle.\n\n"
        f"Opened in {seen['opened']:.1f} s. Memory: {seen['first'] / 1024:.0f} MiB with the first, "
        f"{(seen['all'] - seen['first']) / (count - 1):.0f} KiB for each more. "
        f"Idle for {IDLE_SECONDS} s: {100 * seen['cpu'] / IDLE_SECONDS:.2f} % of a core.\n"
    )
