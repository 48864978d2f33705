"""Files that are encrypted, decrypted or given another password: read with bounds, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook.common.atomic_file import NEW_MODE, write_whole
from runbook.source.document import read_bounded
from runbook.vault.format import Revealed, Vault, VaultError, is_encrypted

MAX_BYTES = 64 * 1024 * 1024
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, which nobody else can enter


def read_plain(path: Path) -> bytes:
    """What is to be encrypted. Raises VaultError, also when it is encrypted already."""
    raw = _read(path)
    if is_encrypted(raw[:100].decode("ascii", "replace")):
        raise VaultError("is encrypted already; another password is given by: runbook vault rekey")
    return raw


def read_encrypted(path: Path, vault: Vault) -> Revealed:
    """What an encrypted file holds. Raises VaultError."""
    return reveal(_read(path), vault)


def reveal(raw: bytes, vault: Vault) -> Revealed:
    """What encrypted bytes hold. Raises VaultError."""
    text = raw.decode("ascii", "replace")
    if not is_encrypted(text):
        raise VaultError("is not encrypted with ansible-vault")
    return vault.open(text)


def _read(path: Path) -> bytes:
    try:
        raw = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise VaultError(f"cannot be read: {error.strerror or error}") from None
    if len(raw) > MAX_BYTES:
        raise VaultError(f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return raw


def write(path: Path, data: bytes) -> None:
    """Put the data there, whole or not at all. Raises VaultError."""
    try:
        write_whole(path, data, sync=True)
    except OSError as error:
        raise VaultError(f"cannot be written: {error.strerror or error}") from None


def edited(data: bytes, name: str, editor: Callable[[Path], None]) -> bytes:
    """What `editor` makes of the data. It works on a file that nobody else can read, in memory where the system has
    such a folder, and that is gone afterwards with all that the editor left beside it."""
    with _private_folder() as folder:
        copy = folder / name
        copy.touch(NEW_MODE)
        copy.write_bytes(data)
        editor(copy)
        return copy.read_bytes()


@contextmanager
def _private_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="runbook-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
