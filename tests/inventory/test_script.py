"""Inventories that are programs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from runbook.inventory.builder import InventoryBuilder
from runbook.inventory.load import load_inventory
from runbook.inventory.sources.script import parse_script, run
from runbook.source.document import Problem, Problems
from runbook.testing.processes import alive, wait_until


def script(folder: Path, body: str, first: str = "#!/bin/sh") -> Path:
    path = folder / "inventory"
    path.write_text(f"{first}\n{body}\n")
    path.chmod(0o755)
    return path


def wrong(path: Path) -> Problem:
    with pytest.raises(Problems) as caught:
        load_inventory([str(path)])
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo '[1]'", "what it printed for --list is not a JSON object"),
        ("echo oops", "what it printed for --list is not JSON"),
        ("true", "what it printed for --list is not JSON"),
        ("""echo '{"web": {"hosts": "w1"}}'""", "`hosts` of the group 'web' in its output must be a list of names"),
        ("""echo '{"web": {"hosts": [1]}}'""", "`hosts` of the group 'web' in its output must be a list of names"),
        ("""echo '{"web": {"vars": [1]}}'""", "the variables of 'web' in its output must be an object"),
        ("""echo '{"_meta": {"hostvars": []}}'""", "`_meta.hostvars` of its output must be an object"),
        ("""echo '{"a": {"children": ["b"]}, "b": {"children": ["a"]}}'""", "groups contain each other: a → b → a"),
        (f"""echo '{{"a": {"[" * 101}{"]" * 101}}}'""", "what it printed for --list has more than 100 levels"),
        ("printf '\\377'", "what it printed for --list is not UTF-8"),
        ("yes '                                              '", "it printed more than 64 MiB"),
        ("""[ $1 = --list ] && echo '{"a": ["h"]}' || exit 7""", "--host h ended with exit status 7"),
    ],
)
def test_output_that_is_no_inventory(tmp_path: Path, body: str, message: str) -> None:
    assert wrong(script(tmp_path, body)).message.startswith(message)


def test_a_script_that_fails_shows_what_it_wrote_to_stderr(tmp_path: Path) -> None:
    found = wrong(script(tmp_path, "echo 'no credentials in AWS_PROFILE' >&2; exit 4"))
    assert found.message == "--list ended with exit status 4"
    assert "no credentials in AWS_PROFILE" in found.hint


def test_a_script_without_its_interpreter(tmp_path: Path) -> None:
    assert "interpreter" in wrong(script(tmp_path, "", first="#!/no/such/program")).message


def test_a_script_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    path = script(tmp_path, "echo waiting for the API >&2\nsleep 1000 &\necho $! > child\nwait")
    builder, begin = InventoryBuilder(), time.monotonic()
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        parse_script(path, "inventory", builder, timeout=2)
    finally:
        os.chdir(here)
    assert time.monotonic() - begin < 20
    assert [problem.message for problem in builder.problems] == ["--list did not end within 2 s"]
    assert "waiting for the API" in builder.problems[0].hint
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not alive(child), "the script's child has ended")


def test_a_child_left_behind_does_not_hold_us_up(tmp_path: Path) -> None:
    path = script(tmp_path, "sleep 30 &\necho $! > \"$0.child\"\necho '{}'")
    begin = time.monotonic()
    try:
        assert run(path, ("--list",), 20)[0] == "{}\n"
        assert time.monotonic() - begin < 10
    finally:
        os.kill(int((tmp_path / "inventory.child").read_text()), 9)


def test_names_are_data(tmp_path: Path) -> None:
    """A host's name is one argument of the script, whatever is in it."""
    body = """[ "$1" = --list ] && echo '{"a": ["$(touch pwned); x"]}' || printf '{"got": "%s"}' "$2" """
    path = script(tmp_path, body)
    host = load_inventory([str(path)]).hosts["$(touch pwned); x"]
    assert host.get("got") == "$(touch pwned); x"
    assert not (tmp_path / "pwned").exists()
