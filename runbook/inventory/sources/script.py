"""Executables that print an inventory as JSON: `--list`, and `--host NAME` where `_meta.hostvars` is missing."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runbook.common.nesting import MAX_LEVELS, deeper
from runbook.inventory.builder import InventoryBuilder
from runbook.source.document import Span

TIMEOUT = 60.0
"""Seconds for each call."""
MAX_BYTES = 64 * 1024 * 1024


class ScriptError(Exception):
    """What a script did wrong, with what it wrote to its standard error."""

    def __init__(self, message: str, stderr: str = "") -> None:
        self.message, self.stderr = message, stderr
        super().__init__(message)


class NotExecutable(Exception):
    """The system does not know how to run it: a text file that has its executable bit by accident."""


def parse_script(path: Path, file: str, builder: InventoryBuilder, timeout: float = TIMEOUT) -> None:
    """Run it and put what it prints into the builder, problems too. `timeout` is for each call, in seconds.

    Raises NotExecutable.
    """
    span = Span(file, 1, 1)
    try:
        _Script(path, span, builder, timeout).read()
    except ScriptError as error:
        shown = error.stderr.strip()[-2000:]
        builder.problem(error.message, span, f"it wrote to stderr:\n{shown}" if shown else "run it by hand: its --list")


class _Script:
    def __init__(self, path: Path, span: Span, builder: InventoryBuilder, timeout: float) -> None:
        self.path, self.span, self.builder, self.timeout = path, span, builder, timeout
        self.hosts: dict[str, None] = {}

    def read(self) -> None:
        data = self._call("--list")
        meta = data.get("_meta")
        known = meta.get("hostvars") if isinstance(meta, Mapping) else None
        if known is not None and not isinstance(known, Mapping):
            raise ScriptError("`_meta.hostvars` of its output must be an object")
        for name, group in data.items():
            if name != "_meta":
                self._group(name, group)
        for host in self.hosts:
            self._set(host, known.get(host) if known is not None else self._call("--host", host))

    def _call(self, *arguments: str) -> dict[str, Any]:
        output, stderr = run(self.path, arguments, self.timeout)
        if arguments[0] == "--host" and not output.strip():
            return {}
        try:
            data = json.loads(output)
        except (ValueError, RecursionError) as error:
            raise ScriptError(f"what it printed for {' '.join(arguments)} is not JSON: {error}", stderr) from None
        if deeper(data):
            raise ScriptError(f"what it printed for {' '.join(arguments)} has more than {MAX_LEVELS} levels", stderr)
        if not isinstance(data, dict):
            raise ScriptError(f"what it printed for {' '.join(arguments)} is not a JSON object", stderr)
        return data

    def _group(self, name: str, data: Any) -> None:
        if not name:
            raise ScriptError("a group of its output has no name")
        self.builder.add_group(name)
        if not isinstance(data, dict):
            data = {"hosts": data}
        elif not data.keys() & {"hosts", "vars", "children"}:
            data = {"hosts": [name], "vars": data}  # what scripts of old print for a single host
        for host in self._names(name, data, "hosts"):
            self.hosts[host] = None
            self.builder.add_host(host, name, self.span)
        self._set(name, data.get("vars"))
        for child in self._names(name, data, "children"):
            self.builder.add_group(child)
            self.builder.add_child(name, child, self.span)

    def _names(self, group: str, data: Mapping[str, Any], key: str) -> list[str]:
        names = data.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            raise ScriptError(f"`{key}` of the group {group!r} in its output must be a list of names")
        return names

    def _set(self, entity: str, variables: Any) -> None:
        if variables is not None and not isinstance(variables, Mapping):
            raise ScriptError(f"the variables of {entity!r} in its output must be an object")
        for name, value in (variables or {}).items():
            self.builder.set_variable(entity, name, value, self.span)


def run(path: Path, arguments: tuple[str, ...], timeout: float) -> tuple[str, str]:
    """What an executable prints: stdout and stderr. Raises ScriptError, NotExecutable."""
    called = " ".join(arguments)
    process = _start(path, arguments)
    try:
        out, err = _collect(process, time.monotonic() + timeout)
    except TimeoutError as error:
        raise ScriptError(f"{called} did not end within {timeout:g} s", str(error)) from None
    finally:
        _end(process)
    stderr = err.decode(errors="replace")
    if process.returncode:
        raise ScriptError(f"{called} ended with exit status {process.returncode}", stderr)
    try:
        return out.decode(), stderr
    except UnicodeDecodeError:
        raise ScriptError(f"what it printed for {called} is not UTF-8", stderr) from None


def _start(path: Path, arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
    argv = [str(path.absolute()), *arguments]
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise ScriptError("it cannot be run: the interpreter that its first line names is not there") from None
    except OSError as error:
        if error.errno == errno.ENOEXEC:
            raise NotExecutable(str(path)) from None
        raise ScriptError(f"it cannot be run: {error.strerror}") from None


def _collect(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, bytes]:
    """Everything it writes until it ends. Raises TimeoutError with its stderr, ScriptError when that is too much."""
    read: dict[Any, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in read:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ended = process.poll() is not None
            ready = selector.select(0 if ended else 0.1)
            if ended and not ready:
                break  # a child that it left behind still holds the pipes
            for key, _ in ready:
                piece = os.read(key.fd, 65536)
                read[key.fileobj] += piece
                if not piece:
                    selector.unregister(key.fileobj)
            if sum(map(len, read.values())) > MAX_BYTES:
                raise ScriptError(f"it printed more than {MAX_BYTES // 1024 // 1024} MiB")
            if time.monotonic() > deadline:
                raise TimeoutError(read[process.stderr].decode(errors="replace"))
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TimeoutError(read[process.stderr].decode(errors="replace")) from None
    return bytes(read[process.stdout]), bytes(read[process.stderr])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with everything it has started, when it still runs; close its pipes."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
