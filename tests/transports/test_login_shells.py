"""Whatever the login shell is: fish, a restricted bash, dash, busybox's ash. (bash and csh run the whole contract.)"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing

import pytest

from runbook.testing.processes import all_end, pids, run
from runbook.transports.base import CommandTimeout
from runbook.transports.ssh.transport import SshTransport
from tests.lab.sshd import SHELLS, Account, Sshd
from tests.lab.tools import missing
from tests.transports.ways import ssh, variables

PACKAGES = {"ash": "busybox-static", "dash": "dash", "fish": "fish", "rbash": "bash"}


@pytest.fixture(params=SHELLS)
def host(request: pytest.FixtureRequest, sshd: Sshd) -> Iterator[SshTransport]:
    """A host as a user with that login shell."""
    shell: str = request.param
    if not shutil.which("busybox" if shell == "ash" else shell):
        missing(shell, f"apt-get install {PACKAGES[shell]}")
    with closing(ssh(variables(sshd, Account(f"runbook-lab-{shell}", "")))) as made:
        assert shell in run(made, "getent passwd $(id -u)").out.rpartition("/")[2]
        yield made


def test_a_script_is_plain_sh(host: SshTransport) -> None:
    done = run(host, "x='a  b'; echo \"$x\" | { read -r one two; echo $two-$one; }; echo err >&2; exit 7")
    assert (done.out, done.err, done.exit_code) == ("b-a", "err", 7)
    assert run(host, "cd /tmp\npwd", environment={"IT": "it's"}, chdir="/").out == "/tmp"


@pytest.mark.parametrize("size", [0, 20_000, 500_000])
def test_input_and_output_arrive_byte_for_byte(host: SshTransport, size: int) -> None:
    data = bytes(range(256)) * (size // 256)
    assert run(host, "cat", stdin=data).stdout == data


def test_it_is_ended_in_time_with_its_children(host: SshTransport) -> None:
    with pytest.raises(CommandTimeout) as caught:
        run(host, "sleep 300 & echo $$ $!; wait", timeout=0.5)
    all_end(pids(caught.value.result.stdout))
    assert run(host, "echo next").out == "next"
