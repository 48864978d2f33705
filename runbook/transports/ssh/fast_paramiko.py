"""paramiko, imported in the cheapest way and quietly. Whoever needs it imports it from here."""

from __future__ import annotations

import hmac
import importlib
import importlib.util
import logging
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import paramiko

_PARTS = {
    "channel": "Channel",
    "common": "",
    "message": "Message",
    "packet": "",
    "pkey": "PKey PublicBlob",
    "rsakey": "RSAKey",
    "ecdsakey": "ECDSAKey",
    "ed25519key": "Ed25519Key",
    "agent": "AgentKey",
    "auth_handler": "",
    "ssh_exception": "AuthenticationException BadAuthenticationType ChannelException PasswordRequiredException"
    " SSHException",
    "transport": "Transport",
    "util": "",
}
"""The modules that are used here, and what the package gives of them under its own name."""


def _lean() -> ModuleType:
    """The package without its `__init__`, which imports clients, servers and the metadata of what is installed.

    That is done as soon as anybody asks for what is not here.
    """
    spec = importlib.util.find_spec("paramiko")
    if spec is None or spec.loader is None:
        raise ImportError("paramiko is not installed")
    package = importlib.util.module_from_spec(spec)
    whole = spec.loader.exec_module

    def rest(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        del package.__dict__["__getattr__"]
        whole(package)
        return getattr(package, name)

    package.__dict__.update(__version__="lean")  # it stands in the greeting
    sys.modules["paramiko"] = package
    try:
        for part, names in _PARTS.items():
            module = importlib.import_module(f"paramiko.{part}")
            package.__dict__.update({name: getattr(module, name) for name in names.split()})
    except BaseException:
        del sys.modules["paramiko"]
        raise
    package.__dict__["__getattr__"] = rest
    return package


_absent = "invoke" not in sys.modules
if _absent:
    # paramiko wants it for `Match exec` of its own ssh_config alone, which is not used here: a third of its import.
    sys.modules["invoke"] = None  # type: ignore[assignment]  # the documented way to make an import fail
try:
    if not TYPE_CHECKING:
        paramiko = sys.modules.get("paramiko") or _lean()
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


class PatientEvent(threading.Event):
    """Waits for what it is told instead of looking whether it was: whoever ends a connection sets all its events."""

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(None if timeout is None else max(timeout, _LOOK))


# Each thread looks ten times a second whether its connection still lives. Of a thousand, that is all they get to do.
_LOOK = 2.0
_threading = SimpleNamespace(**{**vars(threading), "Event": PatientEvent})
paramiko.transport.threading = paramiko.auth_handler.threading = _threading  # type: ignore[attr-defined]  # as told
paramiko.Transport._active_check_timeout = _LOOK  # type: ignore[attr-defined]  # not in the stubs

_log = logging.getLogger("paramiko")
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.CRITICAL)  # what it has to say is in our errors

__all__ = ["PatientEvent", "paramiko"]
