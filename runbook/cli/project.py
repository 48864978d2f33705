"""`runbook.toml`: a project's own defaults for options. Flag > environment variable > this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.source import Problem, Problems, Span, read_bounded, show_path

NAME = "runbook.toml"
MAX_BYTES = 1024 * 1024


def find() -> Path | None:
    """The nearest project file, upwards from the working directory."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / NAME).is_file():
            return folder / NAME
    return None


def defaults() -> dict[str, Any]:
    """Defaults for every command, as click wants them: `[run] forks = 20`, and `[defaults]` for all.

    Raises Problems for a file that is not TOML.
    """
    path = find()
    if path is None:
        return {}
    import tomllib

    try:
        data = tomllib.loads(read_bounded(path, MAX_BYTES)[:MAX_BYTES].decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        span = Span(show_path(path), getattr(error, "lineno", 1) or 1, getattr(error, "colno", 1) or 1)
        raise Problems([Problem(f"not valid TOML: {error}", span, rule="syntax")]) from None
    common = {_option(key): value for key, value in data.get("defaults", {}).items()}
    commands = ("run", "verify", "plan", "inventory", "validate")
    return {name: {**common, **{_option(k): v for k, v in data.get(name, {}).items()}} for name in commands}


def _option(key: str) -> str:
    return key.replace("-", "_")
