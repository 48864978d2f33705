"""paramiko, imported in the cheapest way and quietly. Whoever needs it imports it from here."""

from __future__ import annotations

import hmac
import logging
import sys
from typing import Any

_absent = "invoke" not in sys.modules
if _absent:
    # paramiko wants it for `Match exec` of its own ssh_config alone, which is not used here: a third of its import.
    sys.modules["invoke"] = None  # type: ignore[assignment]  # the documented way to make an import fail
try:
    import paramiko
finally:
    if _absent:
        del sys.modules["invoke"]

# It compares the MAC of every packet byte by byte in Python; this takes as long whatever the bytes are, too.
paramiko.util.constant_time_bytes_eq = hmac.compare_digest  # type: ignore[assignment]  # as good


def _compute_hmac(key: bytes, message: bytes, digest: Any) -> bytes:
    return hmac.digest(key, message, digest)


# The same in one call of OpenSSL: a third of the time that an HMAC object takes.
paramiko.packet.compute_hmac = _compute_hmac  # type: ignore[assignment]  # as good


def _do_nothing(*_: object) -> None:
    """Stands for what is not needed here."""


# Nobody reads its log of a connection: making the texts is a tenth of a handshake.
paramiko.Transport._log = _do_nothing  # type: ignore[attr-defined]  # not in the stubs
# A thread for each handshake, to end it in time, and a look at it for each message: `connection` has its own deadline.
paramiko.packet.Packetizer.start_handshake = _do_nothing  # type: ignore[method-assign, assignment]  # as told

_log = logging.getLogger("paramiko")
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.CRITICAL)  # what it has to say is in our errors

__all__ = ["paramiko"]
