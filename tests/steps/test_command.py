"""The `command` step, with real programs of this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.commands.command as kind
from runbook.runs.events import Status
from runbook.testing import examples, options, problems, run_step, step_context

HOSTILE = ["-n", "a b", "a\nb", "'\"", "$HOME `id` $(id)", "*", "~", "ä→🜁", "\\", ";|&<>", "", "#x"]


@pytest.mark.parametrize("step", examples(kind), ids=lambda step: str(step["name"]))
def test_the_example_runs(step: dict[str, Any]) -> None:
    outcome = run_step(kind, {"cmd": step["command"]})
    assert outcome.status is Status.CHANGED, outcome.message
    assert outcome.data["stdout"]


def test_words_arrive_as_they_are() -> None:
    show = [sys.executable, "-c", "import sys; print(sys.argv[1:])"]
    outcome = run_step(kind, {"argv": [*show, *HOSTILE]})
    assert outcome.data["stdout"] == repr(HOSTILE)


def test_text_is_split_but_not_expanded(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = run_step(
        kind, {"cmd": "printf '%s|' $HOME * 'a  b' \"c d\" e\\ f >x\n  ~ ; true", "chdir": str(tmp_path)}
    )
    assert outcome.data["stdout"] == "$HOME|*|a  b|c d|e f|>x|~|;|true|"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_numbers_and_truths_are_words_as_in_yaml() -> None:
    assert run_step(kind, {"argv": ["echo", True, False, 1, 2.5]}).data["stdout"] == "true false 1 2.5"
    assert kind.plan({"argv": ["set", True, "a b"]}) == "set true 'a b'"
    assert kind.plan({"argv": "{{ words }}"}) == "{{ words }}"


def test_what_an_outcome_holds() -> None:
    outcome = run_step(kind, {"argv": ["sh", "-c", "echo one; echo two; echo bad >&2"]})
    assert (outcome.status, outcome.changed, outcome.message) == (Status.CHANGED, True, "two")
    elapsed = outcome.data["elapsed"]
    assert 0 <= elapsed < 10
    assert outcome.data == {
        "rc": 0,
        "stdout": "one\ntwo",
        "stderr": "bad",
        "stdout_lines": ["one", "two"],
        "stderr_lines": ["bad"],
        "cmd": "sh -c 'echo one; echo two; echo bad >&2'",
        "elapsed": elapsed,
    }


@pytest.mark.parametrize(
    ("argv", "rc", "said"),
    [
        (["sh", "-c", "echo why >&2; exit 3"], 3, "exit code 3: why"),
        (["sh", "-c", "echo only this; exit 3"], 3, "exit code 3: only this"),
        (["false"], 1, "exit code 1"),
        (["sh", "-c", "exit 255"], 255, "exit code 255"),
        (["sh", "-c", "kill -9 $$"], 137, "exit code 137 (SIGKILL)"),
        (["sh", "-c", "echo inner: not found >&2; exit 1"], 1, "exit code 1: inner: not found"),
        (
            ["no-such-program", "x"],
            127,
            "exit code 127: there is no program 'no-such-program' on the host; give its whole path, or install it",
        ),
    ],
)
def test_a_bad_exit_code_fails_and_says_why(argv: list[str], rc: int, said: str) -> None:
    outcome = run_step(kind, {"argv": argv})
    assert (outcome.status, outcome.data["rc"], outcome.message) == (Status.FAILED, rc, said)


def test_a_failure_shows_the_ends_of_its_output() -> None:
    outcome = run_step(kind, {"argv": ["sh", "-c", "seq 5000; echo bad >&2; exit 1"]})
    assert [(e.title, e.text.splitlines()[-1]) for e in outcome.evidence] == [("stderr", "bad"), ("stdout", "5000")]
    assert len(outcome.evidence[1].text) == 4000
    assert outcome.data["stdout_lines"][0] == "1"


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("x")
    outcome = run_step(kind, {"argv": [str(plain)]})
    assert (outcome.status, outcome.data["rc"]) == (Status.FAILED, 126)
    assert "ermission denied" in outcome.message


@pytest.mark.parametrize("name", ["", "-c", "--help"])
def test_what_is_no_name_of_a_program(name: str) -> None:
    outcome = run_step(kind, {"argv": [name, "x"]})
    assert outcome.status is Status.FAILED
    assert outcome.message.startswith(f"{name!r} is not the name of a program")


@pytest.mark.parametrize(("cmd", "said"), [("echo 'a", "No closing quotation"), ("  ", "cmd is empty")])
def test_text_that_is_no_command(cmd: str, said: str) -> None:
    outcome = run_step(kind, {"cmd": cmd})
    assert outcome.status is Status.FAILED
    assert said in outcome.message


def test_standard_input_is_what_is_given_and_nothing_else() -> None:
    assert run_step(kind, {"cmd": "cat"}).data["stdout"] == ""
    assert run_step(kind, {"cmd": "cat", "stdin": "ä\n'x'"}).data["stdout"] == "ä\n'x'"


def test_the_environment_of_the_step() -> None:
    context = step_context(environment={"GREETING": "it's\nme"})
    assert run_step(kind, {"cmd": "printenv GREETING"}, context=context).data["stdout"] == "it's\nme"


@pytest.mark.parametrize("name", ["plain", "a b", "-x", "a\nb", "'q\"", "Ü"])
def test_the_folder_it_runs_in(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    assert run_step(kind, {"cmd": "pwd", "chdir": str(folder)}).data["stdout"] == str(folder)


@pytest.mark.parametrize("guards", [{}, {"creates": "x"}, {"removes": "x"}])
def test_a_folder_that_is_not_there(tmp_path: Path, guards: dict[str, str]) -> None:
    outcome = run_step(kind, {"cmd": "pwd", "chdir": str(tmp_path / "none"), **guards})
    assert outcome.status is Status.FAILED
    assert f"there is no folder {tmp_path / 'none'}" in outcome.message


@pytest.mark.parametrize("name", ["plain", "a b", "-x", "(", "a\nb", "'q\"", "[a", "x*", "$HOME"])
def test_creates_and_removes(tmp_path: Path, name: str) -> None:
    touch = [sys.executable, "-c", "import sys; open(sys.argv[1], 'x').close()", name]
    here = {"chdir": str(tmp_path)}
    assert (
        run_step(kind, {"argv": ["rm", "--", name], "removes": name, **here}).message
        == f"nothing to do: {name} is not there"
    )
    assert run_step(kind, {"argv": touch, "creates": name, **here}).status is Status.CHANGED
    again = run_step(kind, {"argv": touch, "creates": name, **here})
    assert (again.status, again.message, again.data["rc"]) == (Status.PASSED, f"nothing to do: {name} is there", 0)
    assert run_step(kind, {"argv": ["rm", "--", name], "removes": name, **here}).status is Status.CHANGED
    assert list(tmp_path.iterdir()) == []


def test_creates_may_be_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "my logs").mkdir()
    pattern = str(tmp_path / "my logs" / "*.lo[fg]")
    assert run_step(kind, {"cmd": "true", "creates": pattern}).status is Status.CHANGED
    (tmp_path / "my logs" / "b.log").touch()
    assert run_step(kind, {"cmd": "true", "creates": pattern}).status is Status.PASSED


def test_a_link_that_leads_nowhere_is_there(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    assert run_step(kind, {"cmd": "true", "creates": str(tmp_path / "link")}).status is Status.PASSED


def test_output_beyond_all_bounds_is_cut_and_says_so() -> None:
    outcome = run_step(kind, {"cmd": "head -c 16777226 /dev/zero"})
    assert len(outcome.data["stdout"]) == 16 * 1024 * 1024
    assert "went on for 10 bytes that were not kept" in outcome.message


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, ["missing key 'cmd'"]),
        ({"cmd": "a", "argv": ["b"]}, ["has both `cmd` and `argv`: it takes one of them"]),
        ({"cmd": ""}, ["must not be empty"]),
        ({"argv": []}, ["needs at least 1 item(s)"]),
        ({"cmd": "a", "createz": "b"}, ["unknown key 'createz'"]),
    ],
)
def test_options_are_held_against_the_schema(args: dict[str, Any], said: list[str]) -> None:
    assert problems(kind, args) == said


def test_it_counts_as_changing() -> None:
    assert kind.changes(options(kind, {"cmd": "true"}))
    assert kind.plan({"cmd": "uname -r"}) == "uname -r"


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("json", '{"a": [1, 2]}', {"a": [1, 2]}),
        (
            "kv",
            "# a comment\nA=1\nexport B='two words'\n\nkey: value=x\n",
            {"A": "1", "B": "two words", "key": "value=x"},
        ),
        ("lines", "one\n\n two\n", ["one", " two"]),
        (
            "table",
            "NAME     READY  LAST SEEN\nweb one  1/1    2 minutes ago\ndb       0/1    now\n",
            [
                {"NAME": "web one", "READY": "1/1", "LAST SEEN": "2 minutes ago"},
                {"NAME": "db", "READY": "0/1", "LAST SEEN": "now"},
            ],
        ),
        ("table", "PID USER COMMAND\n1 root init --all\n", [{"PID": "1", "USER": "root", "COMMAND": "init --all"}]),
        ("table", "ONE\n", []),
    ],
)
def test_output_is_parsed_as_the_step_says(form: str, text: str, value: Any) -> None:
    outcome = run_step(kind, {"argv": ["printf", "%s", text], "parse": form})
    assert (outcome.status, outcome.data.get("parsed")) == (Status.CHANGED, value), outcome.message


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("json", "oops", "the output is no JSON: Expecting value at line 1, column 1 (it begins with 'oops')"),
        ("json", "", "the output is no JSON: it is empty"),
        ("kv", "a=1\nno pair\n", "line 2 of the output is no `key=value` and no `key: value`: 'no pair'"),
        ("table", "", "the output is no table: it is empty"),
        ("table", "A B\n1\n", "line 2 of the output has 1 columns, its head 2: '1'"),
        ("table", "A A\n1 2\n", "the output is no table: two columns of its head have one name: A A"),
    ],
)
def test_output_that_is_not_what_the_step_says_fails(form: str, text: str, said: str) -> None:
    outcome = run_step(kind, {"argv": ["printf", "%s", text], "parse": form})
    assert (outcome.status, outcome.message) == (Status.FAILED, f"parse: {form}: {said}")
    assert "parsed" not in outcome.data


def test_output_that_is_json_is_there_as_data() -> None:
    assert run_step(kind, {"argv": ["echo", '{"spec": {"replicas": 3}}']}).data["json"] == {"spec": {"replicas": 3}}
    outcome = run_step(kind, {"argv": ["echo", "ready"]})
    assert "json" not in outcome.data
    assert outcome.gaps["json"].startswith("the output is no JSON: Expecting value")


def test_output_that_was_not_all_kept_is_told_field_by_field() -> None:
    outcome = run_step(kind, {"argv": ["head", "-c", str(17 * 1024 * 1024), "/dev/zero"]})
    assert set(outcome.gaps) == {"stdout", "stderr", "stdout_lines", "stderr_lines", "json"}
    assert outcome.gaps["stdout"] == "1048576 bytes of the output were not kept"
    parsed = run_step(kind, {"argv": ["head", "-c", str(17 * 1024 * 1024), "/dev/zero"], "parse": "lines"})
    assert (parsed.status, parsed.message) == (Status.FAILED, "parse: lines: 1048576 bytes of the output were not kept")


def test_a_preview_fails_where_the_program_or_its_folder_is_not_there() -> None:
    def previewed(**args: Any) -> Any:
        return kind.preview(options(kind, args), step_context())

    assert previewed(cmd="true").status is Status.UNKNOWN
    missing = previewed(cmd="no-such-program --now")
    assert (missing.status, "there is no program 'no-such-program'" in missing.message) == (Status.FAILED, True)
    assert previewed(cmd="true", chdir="/no/such/folder").status is Status.FAILED
    assert previewed(cmd="no-such-program", creates="/").status is Status.PASSED, "then it is not run"
