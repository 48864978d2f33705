"""`runbook`, and `python -m runbook`."""

from __future__ import annotations


def main() -> None:
    """The program. Leaves with the exit code that the documentation gives a meaning."""
    from runbook.cli.main import entry

    entry()


if __name__ == "__main__":
    main()
