"""Another user by sudo, on this machine and over SSH: with and without a password, which no command ever sees."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from runbook.testing.processes import PATIENCE, all_end, pids
from runbook.transports.base import Become, Command, CommandResult, CommandTimeout, Stopped, Unreachable
from tests.lab.sshd import Account, Sshd
from tests.transports.ways import ssh, variables

Do = Callable[..., CommandResult]
"""do(account, script, become, stop_after=None, **of the command)"""

ROOT = Path(__file__).parents[2]
FAMILY = "echo $$; sleep 300 & echo $!; setsid sh -c 'echo $$; sleep 300; :' & sleep 300"


def _local(sshd: Sshd, account: Account, command: Command, stop_after: float | None) -> CommandResult:
    """In the lab's mount namespace, where that user is known."""
    argv = ["nsenter", f"--target={sshd.daemon.pid}", "--mount", f"--wdns={ROOT}", "--"]
    argv += [sys.executable, "-m", "tests.transports.local_as"]
    given = pickle.dumps((account.name, command, stop_after))
    done = subprocess.run(argv, input=given, capture_output=True, timeout=60, check=False)
    assert not done.returncode, done.stderr.decode()
    kind, text, result = pickle.loads(done.stdout)
    assert kind != "bug", text
    if kind == "timeout":
        raise CommandTimeout(result, float(text))
    if kind:
        raise {"Unreachable": Unreachable, "Stopped": Stopped}[kind](text)
    assert isinstance(result, CommandResult)
    return result


def _over_ssh(sshd: Sshd, account: Account, command: Command, stop_after: float | None) -> CommandResult:
    stop = threading.Event()
    with closing(ssh(variables(sshd, account), stop)) as transport:
        timer = threading.Timer(stop_after or PATIENCE, stop.set)
        timer.start()
        try:
            return transport.run(command)
        finally:
            timer.cancel()


@pytest.fixture(params=["local", "ssh"])
def do(request: pytest.FixtureRequest, sshd: Sshd) -> Do:
    way = {"local": _local, "ssh": _over_ssh}[request.param]

    def run(
        account: Account, script: str, become: Become, stop_after: float | None = None, **how: object
    ) -> CommandResult:
        fields: dict[str, object] = {"timeout": PATIENCE, **how}
        return way(sshd, account, Command(script, become=become, **fields), stop_after)  # type: ignore[arg-type]  # as given

    return run


@pytest.fixture(params=["without a password", "with a password"])
def root(request: pytest.FixtureRequest, sshd: Sshd) -> tuple[Account, Become]:
    """Who logs in, and how it becomes root."""
    if request.param == "without a password":
        return sshd.sudo, Become("root")
    return sshd.sudo_with_password, Become("root", sshd.sudo_with_password.password)


def test_it_is_that_user_with_its_home(do: Do, root: tuple[Account, Become]) -> None:
    account, become = root
    result = do(account, 'id -un; cd; pwd | sed "s|.*/||"; echo e >&2; exit 3', become)
    assert (result.stdout, result.stderr, result.exit_code) == (b"root\nroot\n", b"e\n", 3)


def test_another_user_than_root(do: Do, root: tuple[Account, Become], sshd: Sshd) -> None:
    account, become = root
    assert do(account, "id -un", Become("nobody", become.password)).out == "nobody"
    assert do(account, "id -un", Become(sshd.csh.name, become.password)).out == sshd.csh.name


@pytest.mark.parametrize("size", [1000, 1_000_000])
def test_the_input_is_the_command_s_alone(do: Do, root: tuple[Account, Become], size: int) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    result = do(root[0], "cat; echo end >&2", root[1], stdin=data)
    assert (result.stdout, result.stderr) == (data, b"end\n")


def test_a_long_script_with_any_writing(do: Do, root: tuple[Account, Become]) -> None:
    script = f"printf '%s\\n' 'żółw \\n %b'; : '{'x' * 200_000}'\ncat <<'E'\nit's \\here\nE\n"
    assert do(root[0], script, root[1]).stdout == "żółw \\n %b\nit's \\here\n".encode()


def test_environment_and_folder_are_that_user_s(do: Do, root: tuple[Account, Become], folder: Path) -> None:
    folder.chmod(0o700)
    result = do(
        root[0], 'pwd; printf %s "$MINE"', root[1], chdir=str(folder), environment={"MINE": "it's\n\\n", "script": "x"}
    )
    assert result.stdout == f"{folder}\nit's\n\\n".encode()
    missing = do(root[0], "echo ran", root[1], chdir=str(folder / "none"))
    assert (missing.exit_code, missing.stdout) == (126, b"")
    assert missing.err == f"chdir: there is no folder {folder}/none"


def test_its_children_are_ended_with_it(do: Do, root: tuple[Account, Become]) -> None:
    with pytest.raises(CommandTimeout) as caught:
        do(root[0], FAMILY, root[1], timeout=0.7)
    found = pids(caught.value.result.stdout)
    assert len(found) == 3
    all_end(found)


def test_children_of_a_user_who_is_not_root_are_ended_too(do: Do, root: tuple[Account, Become]) -> None:
    with pytest.raises(CommandTimeout) as caught:
        do(root[0], FAMILY, Become("nobody", root[1].password), timeout=0.7)
    all_end(pids(caught.value.result.stdout))


def test_a_stop_ends_it(do: Do, root: tuple[Account, Become], folder: Path) -> None:
    with pytest.raises(Stopped):
        do(root[0], f"({FAMILY}) >{folder}/pids", root[1], stop_after=1.1)
    all_end(pids((folder / "pids").read_bytes()))


def test_what_it_leaves_running_stalls_nothing(do: Do, root: tuple[Account, Become]) -> None:
    result = do(root[0], "sleep 4 & echo $!; echo done >&2", root[1], timeout=3.0)
    assert result.stderr == b"done\n"


def test_the_password_is_in_no_command_s_sight(do: Do, sshd: Sshd) -> None:
    """Not in its input, not in its environment, not in anybody's arguments."""
    account = sshd.sudo_with_password
    result = do(account, "cat; env; ps -A -ww -o args", Become("root", account.password))
    assert account.password.encode() not in result.stdout
    assert b"PATH=" in result.stdout


def test_a_wrong_password_is_said_and_tried_once(do: Do, sshd: Sshd) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"sudo does not take the password for root: check ansible_become_password"):
        do(sshd.sudo_with_password, "id", Become("root", "wrong"))
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("user", "password", "said"),
    [
        ("root", None, r"sudo to root is refused: .*password is required.*ansible_become_password, or -K"),
        ("no such user", None, r"sudo to no such user is refused: .*unknown user"),
        ("$(touch /tmp/no); id", None, r"is refused"),
    ],
)
def test_what_sudo_refuses_is_said(do: Do, sshd: Sshd, user: str, password: str | None, said: str) -> None:
    account = sshd.sudo_with_password if user == "root" else sshd.sudo
    with pytest.raises(Unreachable, match=said):
        do(account, "echo ran", Become(user, password))
    assert not Path("/tmp/no").exists()


def test_who_may_not_use_sudo_is_told(do: Do, sshd: Sshd) -> None:
    with pytest.raises(Unreachable, match=r"sudo to root is refused: .*(sudoers|not allowed)"):
        do(sshd.csh, "echo ran", Become("root", sshd.csh.password))


def test_nobody_needs_sudo_to_stay_who_they_are(do: Do, sshd: Sshd) -> None:
    assert do(sshd.csh, "id -un", Become(sshd.csh.name)).out == sshd.csh.name


def test_users_take_turns_on_one_connection(sshd: Sshd) -> None:
    account = sshd.sudo_with_password
    root = Become("root", account.password)
    with closing(ssh(variables(sshd, account))) as transport:
        for become, name in ((None, account.name), (root, "root"), (None, account.name), (root, "root")):
            result = transport.run(Command("id -un; echo $PPID; cat", become=become, stdin=b"in", timeout=PATIENCE))
            assert result.stdout.startswith(name.encode() + b"\n")
            assert result.stdout.endswith(b"\nin")
