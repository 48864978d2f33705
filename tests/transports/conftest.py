"""The ways to a host, each to be held against the same contract."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runbook.transports.base import Transport
from runbook.transports.local.transport import LocalTransport
from runbook.transports.ssh.transport import SshTransport
from tests.lab.sshd import Sshd
from tests.transports.ways import ssh, variables


@pytest.fixture
def stop() -> threading.Event:
    """What the run sets when it is to end."""
    return threading.Event()


@pytest.fixture(params=["local", *(pytest.param(way, marks=pytest.mark.lab) for way in ("bash", "csh"))])
def transport(request: pytest.FixtureRequest, stop: threading.Event) -> Iterator[Transport]:
    """This machine; a host as root; a host as a user whose login shell is csh."""
    if request.param == "local":
        yield LocalTransport(stop)
        return
    sshd: Sshd = request.getfixturevalue("sshd")
    with closing(ssh(variables(sshd, sshd.csh if request.param == "csh" else None), stop)) as made:
        yield made


@pytest.fixture
def host(sshd: Sshd, stop: threading.Event) -> Iterator[SshTransport]:
    """A host over SSH, as root."""
    with closing(ssh(variables(sshd), stop)) as made:
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user of every host of the lab may write into."""
    path = Path(tempfile.mkdtemp(prefix="rb-way-", dir="/tmp"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)
