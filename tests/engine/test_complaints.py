"""What people have complained of in Ansible's check mode, one by one: each test has the number of the complaint."""

from __future__ import annotations

from pathlib import Path

from runbook.engine.mode import Mode
from runbook.runs.record import Run
from tests.engine.support import ends, message, play, steps


def check(text: str) -> Run:
    return play(text, mode=Mode.CHECK)


def test_ansible_6108(tmp_path: Path) -> None:
    """A registered variable was missing, and the `when` that reads it an error. A command that looks is run."""
    rules = tmp_path / "rules"
    rules.write_text(":22 open\n")
    run = check(
        steps(f"""
- {{shell: "cat {rules}", changes: false, register: rules}}
- {{command: "sed -i s/22/1234/ {rules}", when: "':1234' not in rules.stdout"}}
- {{command: "sed -i s/22/1234/ {rules}", when: "':22' not in rules.stdout"}}
""")
    )

    assert ends(run) == {"1.1": "passed", "1.2": "unknown", "1.3": "skipped"}
    assert message(run, "1.2") == f"would run: sed -i s/22/1234/ {rules}"
    assert rules.read_text() == ":22 open\n"


def test_ansible_6845() -> None:
    """`changed_when` and `failed_when` that read the step's own result were an error where it did not run."""
    run = check(steps("- {command: 'true', register: r, changed_when: r.rc == 0, failed_when: \"'x' in r.stdout\"}"))

    assert ends(run) == {"1.1": "unknown"}
    assert message(run, "1.1") == "would run: true"


def test_ansible_8753() -> None:
    """A command that fails was taken for a success, and what follows it ran in the check alone."""
    looks = "{command: 'false', changes: false, ignore_errors: true, register: r}"
    not_run = "{command: 'false', register: s}"
    run = check(
        steps(f"- {looks}\n- {{note: x, when: r is succeeded}}\n- {not_run}\n- {{note: x, when: s is succeeded}}")
    )

    assert ends(run) == {"1.1": "warned", "1.2": "skipped", "1.3": "unknown", "1.4": "unknown"}


def test_ansible_14693() -> None:
    """A check that looked at nothing was a success."""
    run = check(steps("- {note: x, when: false}"))

    assert (run.verdict, run.reason) == ("failed", "nothing was checked")


def test_ansible_29837(tmp_path: Path) -> None:
    """Commands that only read did not run, so that a check knew nothing. `changes: false` says so."""
    (tmp_path / "version").write_text("16\n")
    run = check(
        steps(f"""
- {{command: cat {tmp_path}/version, changes: false, register: version}}
- {{assert: version.stdout == '16'}}
- {{copy: {{dest: {tmp_path}/new, content: "v{{{{ version.stdout }}}}"}}}}
""")
    )

    assert ends(run) == {"1.1": "passed", "1.2": "passed", "1.3": "changed"}
    (copied,) = [result for result in run.steps() if result.number == "1.3"]
    assert "+v16" in copied.outcome.diff
    assert not (tmp_path / "new").exists()


def test_ansible_31113(tmp_path: Path) -> None:
    """A `when` over what a command would have told took the wrong branch. Here both are shown, and none is taken."""
    run = check(
        steps(f"""
- {{command: touch {tmp_path}/made, register: made}}
- {{shell: touch {tmp_path}/yes, when: made.rc == 0}}
- {{copy: {{dest: {tmp_path}/no, content: "no\\n"}}, when: made.rc != 0}}
- {{file: {tmp_path}, when: made.rc == 0}}
""")
    )

    assert set(ends(run).values()) == {"unknown"}
    known = "(known after step 1.1 has run)"
    assert message(run, "1.2") == f"if made.rc == 0 {known}: would run: touch {tmp_path}/yes; else skipped"
    assert message(run, "1.3") == f"if made.rc != 0 {known}: {tmp_path}/no would be written; else skipped"
    assert message(run, "1.4") == f"if made.rc == 0 {known}: would run file: {tmp_path} is present; else skipped"
    (copied,) = [result for result in run.steps() if result.number == "1.3"]
    assert "+no" in copied.outcome.diff
    assert list(tmp_path.iterdir()) == []


def test_ansible_76010() -> None:
    """`changed_when: false` was ignored: every command counted as a change. What follows `changed` is then wrong."""
    run = check(
        steps("""
- {shell: echo a, changes: false, changed_when: "'b' in stdout", register: looked}
- {note: x, when: looked is changed}
- {shell: echo a, changed_when: false, register: said}
- {note: x, when: said is changed}
- {file: /nowhere/at/all}
""")
    )

    assert ends(run) == {"1.1": "passed", "1.2": "skipped", "1.3": "unknown", "1.4": "skipped", "1.5": "failed"}
    assert "`changes: false` lets it run here" in message(run, "1.3")


def test_ansible_76127(tmp_path: Path) -> None:
    """A script that was not run was reported as a change, and as skipped elsewhere: it is neither."""
    script = tmp_path / "look.sh"
    script.write_text("ls\n")

    assert ends(check(steps(f"- script: {script}"))) == {"1.1": "unknown"}


def test_ansible_84674(tmp_path: Path) -> None:
    """A command with `creates` was skipped, though it can be seen whether it would do anything."""
    (tmp_path / "there").touch()
    run = check(
        steps(f"""
- command: {{cmd: touch {tmp_path}/there, creates: {tmp_path}/there}}
- shell: {{cmd: touch {tmp_path}/new, creates: "{tmp_path}/n*"}}
- shell: {{cmd: rm {tmp_path}/old, removes: {tmp_path}/old}}
""")
    )

    assert ends(run) == {"1.1": "passed", "1.2": "unknown", "1.3": "passed"}
    assert message(run, "1.1") == f"nothing to do: {tmp_path}/there is there"
    assert message(run, "1.2") == f"would run: touch {tmp_path}/new"
    assert not (tmp_path / "new").exists()


def test_ansible_modules_core_960() -> None:
    """`until` over the result of a command that did not run was an error."""
    run = check(steps("- {shell: echo true, register: r, until: r.stdout == 'true', retries: 5, delay: 60}"))

    assert ends(run) == {"1.1": "unknown"}
