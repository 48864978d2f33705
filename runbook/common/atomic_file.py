"""Files that are written whole or not at all: at no moment does anybody find half of one."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

NEW_MODE = 0o600


def write_whole(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Puts the data there at once. Raises OSError; then there is what there was before, and nothing is left beside it.

    Mode and owner stay what they are; a new file has mode 0600. A symbolic link stays one. With `sync` it is on the
    disk when this returns.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, NEW_MODE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            _as_before(target, file.fileno())
            if sync:
                os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _as_before(target: Path, handle: int) -> None:
    try:
        before = target.stat()
    except FileNotFoundError:
        os.fchmod(handle, NEW_MODE)
        return
    with suppress(PermissionError):  # only root may give files away
        os.fchown(handle, before.st_uid, before.st_gid)
    os.fchmod(handle, before.st_mode & 0o7777)
