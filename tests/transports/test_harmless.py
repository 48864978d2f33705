"""Which short commands need no process of their own, and that they are told as if they had one."""

from __future__ import annotations

import subprocess

import pytest

from runbook.transports.base import Command, Transport
from runbook.transports.shell.script import harmless, simple
from tests.transports.ways import in_turn


def test_who_asks_who_it_is_gets_a_shell_of_its_own() -> None:
    alike = ["true", "systemctl restart web", "cd /srv && ls | wc -l", "echo '$HOME' \"$HOME\"", "test -f a.b", "x=1"]
    asking = [
        "echo $$",
        "kill ${$}",
        "echo $!",
        "kill $PPID",
        "echo $0",
        ". ./env; run",
        "ls; . ./x",
        "a\nb",
        "set -e; x",
    ]

    assert all(simple(script) for script in alike)
    assert not any(simple(script) for script in asking)


HARMLESS = [
    "true",
    "false",
    ":",
    "test -d /",
    "test 3 -gt 4",
    "[ a = a ]",
    "[ a != a ]",
    "[ -e /no/such ]",
    "echo",
    "echo a b",
]


@pytest.mark.parametrize("script", HARMLESS)
def test_a_builtin_that_only_looks_is_told_as_by_a_shell_of_its_own(transport: Transport, script: str) -> None:
    alone = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=False)
    chain = (Command(script), Command("echo $?; pwd"))
    found = in_turn(transport, chain)

    assert harmless(Command(script))
    assert (found[0].exit_code, found[0].stdout, found[0].stderr) == (alone.returncode, alone.stdout, alone.stderr)
    assert found[1].out.splitlines()[0] == "0"


MISUNDERSTOOD = [
    "test",
    "test -d / -o",
    "test a -o",
    "test a = a -a",
    "[ a",
    "[ ]",
    "[ ! -e / ]",
    "test 1 -eq x",
    "test ( a",
    "test =",
]


@pytest.mark.parametrize("script", MISUNDERSTOOD)
def test_a_builtin_used_wrongly_ends_no_shell(transport: Transport, script: str) -> None:
    """dash reads over the end of some of these, and dies of it at times."""
    transport.run(Command(script))

    assert not harmless(Command(script))
    assert transport.run(Command("echo after")).out == "after"


def test_what_may_leave_something_behind_gets_a_process_of_its_own() -> None:
    words = ["cd /", "export a=1", "x=1", "exit 1", "read x", "trap", "printf %s a", "/bin/true", "echo -n", ""]
    signs = ["true; exit 1", "true\ncd /", "true\n", "true &", "echo a >b", "echo `id`", "echo  a"]
    expanded = ["test -f $x", "test -f *", "test -f ~/a", "echo \\a"]
    own = ["test -e /dev/fd/7", "[ -p /proc/self/fd/9 ]"]

    assert not any(harmless(Command(script)) for script in (*words, *signs, *expanded, *own))
    assert not harmless(Command("true", chdir="/"))
    assert not harmless(Command("true", stdin=b"x"))
    assert not harmless(Command("true", environment={"a": "1"}))
