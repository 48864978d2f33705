"""What follows a failure: where a repair may begin, what a person's no means, what is kept of it, and what is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runbook.cli.exit_codes import exit_code
from runbook.runs.events import StepProgress
from runbook.runs.record import Result, Run
from runbook.runs.stored_form import from_json, to_json
from runbook.steps.base import Answer, Question
from runbook.transports.base import Command, CommandResult, OnOutput, Unreachable
from tests.engine.support import ends, events, message, play, steps


class Flaky:
    """This machine, away for the first so many commands; counts how often it is tried."""

    local = True

    def __init__(self, away: int) -> None:
        self.away, self.tried = away, 0

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:
        self.tried += 1
        if self.tried <= self.away:
            raise Unreachable("web: no route to host")
        if on_output is not None:
            on_output("stdout", b"")
        return CommandResult(command.script, 0)

    def forward(self, host: str, port: int) -> tuple[str, int]:
        return host, port

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def on(host: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The host `web` of the runs inside is this one."""
    from runbook.testing import ways_to

    monkeypatch.setattr("tests.engine.support.connect", ways_to({"web": host}))
    yield


def one(run: Run, number: str = "1.1") -> Result:
    return next(result for result in run.results() if result.number == number)


def tried(run: Run, number: str = "1.1") -> list[str]:
    return [str(branch) for branch in one(run, number).tried]


def says(value: str) -> Callable[[Question], Answer]:
    return lambda _question: Answer(value, "root", 1.0, "")


# --- a host that is away ---------------------------------------------------------------------------------------


def test_nothing_is_repaired_on_a_host_that_is_away_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Flaky(away=1)
    body = "- {shell: look, remediate: [{name: delete the logs, steps: [{shell: rm}]}]}"

    with on(web, monkeypatch):
        run = play(steps(body), "web")

    assert (ends(run), run.verdict, web.tried) == ({"1.1": "unreachable"}, "unreachable", 1)
    assert tried(run) == [
        "delete the logs not tried: the host is away, and its `when` does not ask for that (failure.unreachable)"
    ]


@pytest.mark.parametrize(
    "when",
    ["failure.unreachable", "failure['unreachable']", "failure is unreachable", "failure.outcome == 'unreachable'"],
)
def test_a_step_is_asked_again_before_its_host_is_woken(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    web = Flaky(away=1)
    branch = f'{{name: wake, when: "{when}", steps: [{{shell: echo woken, delegate_to: localhost}}]}}'

    with on(web, monkeypatch):
        run = play(steps(f"- {{shell: look, remediate: [{branch}]}}"), "web")

    assert (ends(run), web.tried) == ({"1.1": "changed"}, 2)


def test_a_host_that_was_woken_is_remediated(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Flaky(away=2)
    branch = "{name: wake, when: failure.unreachable, steps: [{shell: echo woken, delegate_to: localhost}, {shell: x}]}"

    with on(web, monkeypatch):
        run = play(steps(f"- {{shell: look, remediate: [{{name: other, steps: [{{shell: rm}}]}}, {branch}]}}"), "web")

    assert ends(run) == {"1.1.f2.1": "changed", "1.1.f2.2": "changed", "1.1.f2": "changed", "1.1": "remediated"}
    first = one(run).first
    assert first is not None
    assert first.outcome.message == "web: no route to host"


def test_a_host_that_answers_again_and_is_not_well_is_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    branches = "[{name: wake, when: failure.unreachable, steps: [{shell: x}]}, {name: mend, steps: [{shell: x}]}]"

    with on(Flaky(away=1), monkeypatch):
        run = play(steps(f"- {{shell: look, expect: stdout == 'well', remediate: {branches}}}"), "web")

    assert ends(run) == {"1.1.f1": "skipped", "1.1.f2.1": "changed", "1.1.f2": "changed", "1.1": "failed"}


def test_a_host_that_stays_away_is_tried_once_for_all_that_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Flaky(away=99)
    text = steps("""
- shell: look
  diagnose:
    - shell: disk
      cause: The disk is full
    - file: /etc/hosts
    - steps: [{shell: memory}]
    - shell: echo from here
      delegate_to: localhost
    - note: told
  remediate:
    - {name: one, when: failure.unreachable, steps: [{shell: x}]}
    - {name: two, steps: [{shell: x}]}
""")

    with on(web, monkeypatch):
        run = play(text, "web")

    assert web.tried == 2  # and once more, for a branch asks for hosts that are away
    assert {message(run, f"1.1.d{n}") for n in ("1", "2", "3.1")} == {"could not look: web is away"}
    assert ends(run)["1.1.d4"] == "changed"
    assert ends(run)["1.1.d5"] == "passed"
    assert run.causes == ()
    assert tried(run)[0] == "one failed: web is away"


def test_a_block_is_not_rescued_on_a_host_that_is_away() -> None:
    run = play(steps("- {steps: [{shell: x}], rescue: [{shell: y, delegate_to: localhost}]}"), "down")

    assert ends(run) == {"1.1.1": "unreachable", "1.1": "unreachable"}


def test_waiting_in_a_branch_tries_the_host_again(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = "{wait: {command: x, timeout: 5, every: 0.1}}"

    with on(Flaky(away=4), monkeypatch):
        run = play(
            steps(f"- {{shell: look, remediate: [{{name: w, when: failure.unreachable, steps: [{wait}]}}]}}"), "web"
        )

    assert ends(run)["1.1"] == "remediated"


@pytest.mark.parametrize("loop", ["", ", loop: [1, 2]"])
def test_nothing_is_repaired_where_nothing_was_asked(loop: str) -> None:
    step = f"{{shell: 'echo {{{{ nowhere }}}}'{loop}, remediate: [{{name: delete, steps: [{{note: deleted}}]}}]}}"

    run = play(steps(f"- {step}"))

    assert ends(run) == {"1.1": "failed"}
    assert tried(run) == ["delete not tried: nothing was asked of the host: the step cannot be rendered"]


# --- what a person says ----------------------------------------------------------------------------------------

ASKING = """
- shell: exit 1
  remediate:
    - {name: delete, steps: [{confirm: {question: Delete the logs?ON_NO}}, {note: deleted}]}
    - {name: restart, steps: [{note: restarted}]}
- note: never
"""


@pytest.mark.parametrize("inner", ["CONFIRM", "{steps: [CONFIRM]}", "{steps: [CONFIRM], rescue: [{note: x}]}"])
def test_no_leaves_the_host_alone(inner: str) -> None:
    confirm = inner.replace("CONFIRM", "{confirm: Delete the logs?}")
    text = ASKING.replace("{confirm: {question: Delete the logs?ON_NO}}", confirm)

    run = play(steps(text), ask=says("no"))

    assert "1.1.f2" not in ends(run)
    assert (ends(run)["1.1"], run.verdict) == ("failed", "failed")
    assert tried(run) == ["delete refused by root, so the host is left alone"]


def test_a_no_further_in_ends_the_outer_branches_too() -> None:
    inner = "{shell: exit 1, remediate: [{name: in, steps: [{confirm: Sure?}]}]}"

    run = play(
        steps(f"- shell: exit 1\n  remediate: [{{name: out, steps: [{inner}]}}, {{name: b, steps: [{{note: x}}]}}]"),
        ask=says("no"),
    )

    assert [branch.what for branch in one(run).tried] == ["refused"]
    assert "1.1.f2" not in ends(run)


def test_after_no_the_next_branch_is_tried_where_that_is_said() -> None:
    run = play(steps(ASKING.replace("ON_NO", ", on_no: next")), ask=says("no"))

    assert [branch.what for branch in one(run).tried] == ["failed", "did not help"]


def test_a_repair_that_nobody_answers_waits() -> None:
    run = play(steps(ASKING.replace("ON_NO", "")))

    assert (ends(run)["1.1"], run.verdict, exit_code(run)) == ("waiting", "waiting", 4)
    assert message(run, "1.1") == "Delete the logs? – answer with --answer 1.1.f1.1=yes"
    assert "1.1.f2" not in ends(run)
    assert "1.2" not in ends(run)


def test_no_to_a_check_is_a_failure_that_may_be_repaired() -> None:
    run = play(steps("- confirm: Is it well?\n  remediate: [{name: mend, steps: [{note: x}]}]"), ask=says("no"))

    assert tried(run) == ["mend did not help: no – root"]


# --- a look that could not be made -----------------------------------------------------------------------------

NOBODY = "databases: {app: {host: 127.0.0.1, port: 9, dbname: x, user: x}}"


def test_a_look_that_could_not_be_made_proves_nothing() -> None:
    run = play(
        steps(
            """
- shell: exit 1
  diagnose:
    - {sql: SELECT 1 AS n, expect: n == 0, register: locks, cause: A job is locked}
    - {sql: SELECT 2 AS n, expect: 'rows | default([]) | length == 0', cause: It is read only}
    - {shell: sleep 9, timeout: 0.2, expect: stdout is none, cause: The disk is slow}
    - {assert: nowhere.defined == 1, cause: The variable is wrong}
  remediate:
    - {name: kill, when: locks is failed, steps: [{note: killed}]}
    - {name: kill2, when: locks.rows | length > 0, steps: [{note: killed}]}
    - {name: tell, when: locks.error_class == 'unreachable', steps: [{note: told}]}
""",
            before=NOBODY,
        )
    )

    looks = [result for result in run.results() if ".d" in result.number]
    assert [result.outcome.looked for result in looks] == [False] * 4
    assert all(result.outcome.message.startswith("could not look: ") for result in looks)
    causes = [cause.text for cause in run.causes]
    assert not any(said in text for text in causes for said in ("locked", "read only", "slow", "variable"))
    assert sum("127.0.0.1:9" in text for text in causes) == 1
    assert [branch.what for branch in one(run).tried] == ["not tried", "not tried", "did not help"]
    assert tried(run)[0] == "kill not tried: it rests on locks, where nothing could be seen"


@pytest.mark.parametrize(
    "probe", ["sql: SELECT 1", "{http: 'http://127.0.0.1:9/'}", "{http: 'http://127.0.0.1:9/', expect: status == 200}"]
)
def test_that_nothing_answers_is_what_some_ask(probe: str) -> None:
    probe = probe.strip("{}")
    run = play(steps(f"- shell: exit 1\n  diagnose: [{{{probe}, cause: It does not run}}]", before=NOBODY))

    assert [cause.text for cause in run.causes] == ["It does not run"]


# --- what is kept ----------------------------------------------------------------------------------------------


def test_what_was_wrong_before_the_repair_is_kept(tmp_path: Path) -> None:
    (tmp_path / "disk").write_text("69")
    run = play(
        steps(f"""
- shell: cat {tmp_path}/disk
  expect: stdout | int < 60
  remediate:
    - {{name: useless, steps: [{{note: x}}]}}
    - {{name: clean, steps: [{{shell: 'echo 5 > {tmp_path}/disk'}}]}}
""")
    )

    again = from_json(to_json(run).encode())
    first = one(again).first
    assert first is not None
    assert (first.outcome.status, first.outcome.data["stdout"]) == ("failed", "69")
    assert first.conditions[0].values == (("stdout | int", "69"),)
    assert one(again).outcome.data["stdout"] == "5"
    assert tried(again) == ["useless did not help: expected stdout | int < 60", "clean helped"]


def test_of_a_step_that_stays_failed_both_are_kept(tmp_path: Path) -> None:
    run = play(
        steps(f"""
- shell: 'echo >> {tmp_path}/n; wc -l < {tmp_path}/n'
  expect: stdout | int == 9
  loop: [1]
  remediate: [{{name: useless, steps: [{{note: x}}]}}]
""")
    )

    first = one(run).first
    assert first is not None
    assert [outcome.data["stdout"].strip() for _, outcome in (*first.items, *one(run).items)] == ["1", "2"]


def test_what_is_not_logged_is_not_kept_either(tmp_path: Path) -> None:
    run = play(
        steps(
            f"- {{file: {tmp_path}/x, no_log: true, remediate: [{{name: m, steps: [{{shell: touch {tmp_path}/x}}]}}]}}"
        )
    )

    assert (one(run).status, one(run).first, one(run).tried) == ("remediated", None, ())


def test_after_a_repair_that_nobody_asked_about_the_step_is_changed() -> None:
    run = play(
        steps(
            """
- {shell: echo seen; exit 1, register: x, remediate: [{name: mend, recheck: false, steps: [{note: y}]}]}
- note: '{{ x.stdout }}'
"""
        )
    )

    assert (ends(run)["1.1"], run.verdict) == ("changed", "passed")
    assert message(run, "1.1") == "mend was done, and nothing was asked again; before it: exit code 1: seen"
    assert run.reason == "every check held, but 1 that was repaired and not asked again"
    assert message(run, "1.2") == "seen"


# --- causes, and what is told ----------------------------------------------------------------------------------


def test_a_cause_has_the_names_of_expect() -> None:
    run = play(
        steps("""
- shell: echo 7
  register: own
  expect: stdout | int == 9
  cause: "{{ stdout }} and {{ own.rc }} and {{ failure.stdout }} and {{ nothing | default('none') }}"
  diagnose:
    - shell: echo 3
      register: probe
      expect: stdout == '4'
      cause:
        - {when: stdout == '3' and failure.stdout == '7', text: 'three, not {{ stdout }}{{ probe.stdout }}'}
        - {when: stdout == '5', text: five}
    - assert: probe is failed
      cause: [{when: not failed, text: All of these hold}, {text: Never}]
""")
    )

    assert [cause.text for cause in run.causes] == ["three, not 33", "All of these hold", "7 and 0 and 7 and none"]


def test_a_cause_that_cannot_be_rendered_says_so() -> None:
    run = play(steps("- {shell: exit 1, cause: '{{ never_set }}'}"))

    assert [cause.text.partition(":")[0] for cause in run.causes] == ["(a cause cannot be told"]


def test_what_each_branch_came_to_is_told_when_it_ends() -> None:
    text = steps("""
- shell: echo 500
  register: page
  expect: stdout == '200'
  remediate:
    - {name: restart, steps: [{note: x}]}
    - {name: grow, when: failure.stdout == '503', steps: [{note: x}]}
    - {name: break, steps: [{shell: exit 3}]}
    - {name: odd, when: failure.nowhere.at == 1, steps: [{note: x}]}
""")
    found = events(text)

    told = [event.text for event in found if isinstance(event, StepProgress) and event.stream == "tried"]
    assert told[:3] == [
        "restart did not help: expected stdout == '200'",
        "grow not tried: its when does not hold: failure.stdout == '503' (failure.stdout = \"500\")",
        "break failed: exit code 3",
    ]
    assert told[3].startswith("odd not possible: ")
