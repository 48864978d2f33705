"""`runbook`, and `python -m runbook`."""

from __future__ import annotations

import gc


def main() -> None:
    """The program. Leaves with the exit code that the documentation gives a meaning."""
    # What is made while modules are imported stays: looking for garbage among it costs 15 ms.
    gc.set_threshold(50_000, 20, 20)
    from runbook.cli.main import entry

    entry()


if __name__ == "__main__":
    main()
