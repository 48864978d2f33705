"""The whole output of commands in files: as it came, but for secrets; private; and a disk that is full ends nothing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.common.masking import MASK, Masker
from runbook.engine.output.files import Output, Outputs, Stream, safe
from runbook.engine.run import execute
from runbook.engine.session import Tools
from runbook.reports import html, json, junit, markdown
from runbook.runs.events import StepProgress
from runbook.runs.record import Run, fold
from tests.cli.terminal import runbook
from tests.engine.support import connect, planned, steps


def play(text: str, folder: Path, hosts: str = "one", secrets: tuple[str, ...] = ()) -> Run:
    tools = Tools(connect, run_id="test", output_dir=folder, secrets=secrets)
    return fold(execute(planned(text, hosts), tools))


def written(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder / "test")): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_every_command_has_its_files(tmp_path: Path) -> None:
    run = play(
        steps("""
- {shell: echo out; echo err >&2, changes: false}
- {shell: "false", retries: 1, delay: 0, ignore_errors: true}
- {shell: "echo try; exit 1", retries: 1, delay: 0, ignore_errors: true}
- {shell: "echo {{ item }}", loop: [a, b]}
- {shell: echo hidden, no_log: true}
- {shell: echo hidden, secrets: [stdout]}
- note: nothing to write
"""),
        tmp_path / "all",
    )

    assert written(tmp_path / "all") == {
        "one/1.1/1.stdout": "out\n",
        "one/1.1/1.stderr": "err\n",
        "one/1.3/1.stdout": "try\n",
        "one/1.3/2.stdout": "try\n",
        "one/1.4/1.stdout": "a\n",
        "one/1.4/2.stdout": "b\n",
    }
    for path in (tmp_path / "all").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if path.is_file() else 0o700)
    for report in (json, html, junit, markdown):
        text = report.render(run)
        assert "1.3/2.stdout" in text, "reports name the file"
        assert "1.4/1.stdout" in text, "those of a loop too"


def test_more_than_is_kept_in_memory_is_in_the_file(tmp_path: Path) -> None:
    size = 20 * 1024 * 1024
    run = play(steps(f"- {{shell: 'head -c {size} /dev/zero | tr \"\\\\0\" x', changes: false}}"), tmp_path)

    assert (tmp_path / "test" / "one" / "1.1" / "1.stdout").stat().st_size == size
    assert len(next(run.steps()).outcome.data["stdout"]) < size


def test_no_secret_is_in_them(tmp_path: Path) -> None:
    secret = "correct horse\nbattery staple"
    text = "printf 'correct horse\\nbatt'; sleep 0.05; printf 'ery staple; the rest'"
    play(steps(f'- {{shell: "{text.replace(chr(92), chr(92) * 2)}"}}'), tmp_path, secrets=(secret,))

    assert written(tmp_path) == {"one/1.1/1.stdout": f"{MASK}; the rest"}


@given(
    st.lists(st.text("abcßé\n", min_size=3, max_size=6), min_size=1, max_size=3),
    st.text("abcßé\n", max_size=60),
    st.lists(st.integers(1, 5)),
)
def test_wherever_it_is_cut_it_is_masked_as_a_whole(secrets: list[str], text: str, sizes: list[int]) -> None:
    masker = Masker(secrets)
    stream, data, found = Stream(masker), text.encode(), b""
    for size in sizes:
        found += stream.take(data[:size])
        data = data[size:]
    found += stream.take(data) + stream.take(b"", last=True)

    assert found.decode() == masker.part(text)


@given(st.binary(max_size=50), st.integers(0, 50))
def test_what_is_no_secret_stays_to_the_byte(data: bytes, at: int) -> None:
    stream = Stream(Masker(["a secret that is not in it, of some length"]))

    assert stream.take(data[:at]) + stream.take(data[at:]) + stream.take(b"", last=True) == data


@given(st.text(), st.text())
def test_names_lead_nowhere_else_and_stay_apart(one: str, other: str) -> None:
    for name in (one, other):
        assert "/" not in safe(name)
        assert safe(name) not in ("", ".", "..")
        assert not safe(name).startswith(("-", "."))
        assert len(safe(name)) < 120
    assert (safe(one) == safe(other)) == (one == other)


@pytest.mark.parametrize("name", ["web1", "web1.example.com", "2.3.f1.1", "4.1.leave.2", "büro-3"])
def test_usual_names_are_as_they_are(name: str) -> None:
    assert safe(name) == name


def test_a_file_that_cannot_be_written_fails_no_step(tmp_path: Path) -> None:
    (tmp_path / "test").write_text("a file where the folder should be")

    run = play(steps("- {shell: echo out, changes: false}"), tmp_path)

    (step,) = run.steps()
    assert (str(step.status), step.outcome.data["stdout"]) == ("passed", "out")
    assert step.outcome.data["output_files"][-1].startswith("not whole: ")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "1.stdout").symlink_to(tmp_path / "elsewhere")
    output = Output(tmp_path, 1, Masker())
    output.add("stdout", b"x")
    output.close()

    assert (tmp_path / "elsewhere").read_text() == "precious"
    assert output.failure


def test_steps_of_one_host_are_counted_apart(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path, "a/b", Masker())
    for number in ("1.1", "1.1", "1.2"):
        output = outputs.of(number)
        output.add("stderr", b"x")
        output.close()

    assert sorted(str(path.relative_to(tmp_path))[-12:] for path in tmp_path.rglob("*.stderr")) == [
        "1.1/1.stderr",
        "1.1/2.stderr",
        "1.2/1.stderr",
    ]


def test_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text(steps("- {shell: echo out; exit 1}"))

    done = runbook("verify", "p.yml", "-i", "localhost,", "--output-dir", "out", cwd=tmp_path)
    assert not (tmp_path / "out").exists(), "nothing was run"
    done = runbook("run", "p.yml", "-i", "localhost,", "--output-dir", "out", cwd=tmp_path)

    wrong = runbook("run", "p.yml", "-i", "localhost,", "--output-dir", "p.yml/out", cwd=tmp_path)
    assert (wrong.returncode, "p.yml is not to be written to" in wrong.stderr) == (2, True)
    (file,) = (tmp_path / "out").rglob("1.stdout")
    assert file.read_text() == "out\n"
    assert str(file.relative_to(tmp_path)) in done.stdout


def test_what_was_printed_before_the_end_of_the_run_is_kept(tmp_path: Path) -> None:
    tools = Tools(connect, run_id="test", output_dir=tmp_path, secrets=("a long secret that makes the text wait",))
    for event in execute(planned(steps("- {shell: echo started; sleep 60, changes: false}")), tools):
        if isinstance(event, StepProgress) and "started" in event.text:
            tools.stop.set()

    assert written(tmp_path) == {"one/1.1/1.stdout": "started\n"}
