"""`runbook.toml`: a project's own defaults for options. Flag > environment variable > this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.source.document import Problem, Problems, Span, read_bounded, show_path

NAME = "runbook.toml"
PASSWORDS = "vault_password_file"
"""Its files are looked for beside the project file, wherever the program is started."""
MANY = ("inventory", "extra", "tags", "skip_tags", "reports", "confirm_name", "vault_id", PASSWORDS)
"""Options that may be given several times: a single text is one of them."""
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
    common = _options(data.get("defaults", {}), path.parent)
    commands = ("run", "verify", "plan", "inventory", "explain", "validate")
    groups = {"vault": dict.fromkeys(("encrypt", "decrypt", "view", "edit", "rekey", "encrypt-string"), common)}
    return {**{name: {**common, **_options(data.get(name, {}), path.parent)} for name in commands}, **groups}


def _options(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    options = {key.replace("-", "_"): value for key, value in table.items()}
    options |= {name: [options[name]] for name in MANY if isinstance(options.get(name), str)}
    if files := options.get(PASSWORDS):
        options[PASSWORDS] = [str(folder / Path(file).expanduser()) for file in files]
    return options
