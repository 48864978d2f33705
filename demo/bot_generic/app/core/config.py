"""Settings: from the environment, else from `.env` in the working directory, else the defaults below."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError


class Settings(BaseModel):
    """Each field is set by the variable of its name in capitals: `log_file` by LOG_FILE."""

    debug: bool = False
    secret_key: str = Field(default="change-me", min_length=1)
    token_ttl_seconds: int = 8 * 3600

    log_file: str = "logs/bot-generic.log"
    log_level: str = "INFO"

    # Either database_url, or the parts.
    database_url: str = ""
    database_host: str = "127.0.0.1"
    database_port: int = 5432
    database_name: str = "bot_generic"
    database_user: str = "postgres"
    database_password: str = ""

    # Rate limiter
    rate_limit_per_minute: int = 120


def read_env_file(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of a file; {} where there is none.

    A value may stand in quotes; without them, ` #` begins a comment.
    """
    if not path.is_file():
        return {}
    values = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            values[name.strip()] = _plain(value.strip())
    return values


def _plain(value: str) -> str:
    if value[:1] in ("'", '"'):
        return value[1:].partition(value[0])[0]
    return f" {value}".partition(" #")[0].strip()


def load_settings(environment: Mapping[str, str], env_file: Path) -> Settings:
    """The settings of this process. A value of the wrong type ends the start with a sentence that names it."""
    given = {**read_env_file(env_file), **environment}
    known = {name: given[name.upper()] for name in Settings.model_fields if name.upper() in given}
    try:
        return Settings(**known)  # type: ignore[arg-type]  # every value is text here: pydantic converts
    except ValidationError as error:
        wrong = "; ".join(f"{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors())
        raise SystemExit(f"ERROR bot-generic cannot start: wrong settings ({env_file}): {wrong}") from None


settings = load_settings(os.environ, Path(".env"))
