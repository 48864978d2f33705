"""Passwords of the vault: from files, from programs that print them, from a person; each with its label."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from runbook.vault.format import VaultError

PROGRAM_TIMEOUT = 60.0
"""Seconds for a program that prints a password."""
PROMPTS = ("prompt", "prompt_ask_vault_pass")

_LABEL = re.compile(r"[^;\s]+\Z")

Ask = Callable[[str], str]
"""Asks a person for the password with this label."""


def read_passwords(sources: Iterable[str], ask: Ask) -> dict[str, bytes]:
    """Passwords by label; each source is `PATH`, `LABEL@PATH`, or one of these with `prompt` as its PATH.

    A label may come twice (with the old and the new password, say). Raises VaultError when a password cannot be read.
    """
    passwords: dict[str, bytes] = {}
    for source in sources:
        label, at, origin = source.partition("@")
        if not at or Path(source).exists():
            label, origin = "default", source
        if not _LABEL.match(label):
            raise VaultError(f"{label!r} cannot be a label: it may have no space and no semicolon")
        password = _asked(label, ask) if origin in PROMPTS else _of_path(Path(origin).expanduser(), label)
        passwords[label if label not in passwords else f"{label} of {origin}"] = password
    return passwords


def _asked(label: str, ask: Ask) -> bytes:
    password = ask(label).strip().encode()
    if not password:
        raise VaultError(f"the password of the vault ({label}) is empty")
    return password


def _of_path(path: Path, label: str) -> bytes:
    try:
        runs = path.is_file() and os.access(path, os.X_OK)
        password = _printed(path, label).strip(b"\r\n") if runs else path.read_bytes().strip()
    except OSError as error:
        raise VaultError(f"the file of the vault's password, {path}, cannot be read: {error.strerror}") from None
    if not password:
        raise VaultError(f"the file of the vault's password, {path}, is empty")
    return password


def _printed(path: Path, label: str) -> bytes:
    """What a program prints. One whose name ends in `-client` is told the label, as Ansible does."""
    import subprocess

    told = ["--vault-id", label] if path.stem.endswith("-client") else []
    try:
        done = subprocess.run([path.absolute(), *told], stdout=subprocess.PIPE, timeout=PROGRAM_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise VaultError(f"{path} printed no password within {PROGRAM_TIMEOUT:g} s") from None
    if done.returncode:
        raise VaultError(f"{path}, which should print the vault's password, ended with {done.returncode}")
    return done.stdout
