"""bot-generic: agents behind an HTTP API, with users, usage records and billing accounts."""

from __future__ import annotations

from importlib.util import find_spec

NEEDED = ("fastapi", "psycopg", "pydantic")


def _require(packages: tuple[str, ...]) -> None:
    """Ends the start with one sentence instead of a traceback when a package is not installed."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise SystemExit(
            f"ERROR bot-generic cannot start: not installed: {', '.join(missing)}. "
            "Install what requirements.txt lists: python -m pip install -r requirements.txt"
        )


_require(NEEDED)
