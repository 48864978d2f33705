"""paramiko, imported in the cheapest way and quietly. Whoever needs it imports it from here."""

from __future__ import annotations

import hmac
import logging
import sys

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

_log = logging.getLogger("paramiko")
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.CRITICAL)  # what it has to say is in our errors

__all__ = ["paramiko"]
