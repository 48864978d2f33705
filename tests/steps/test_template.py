"""The `template` step, with real files of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.files.template as kind
from runbook.runs.events import Outcome, Status
from runbook.templating.errors import TemplateError
from runbook.testing import examples, options, problems, run_step, step_context

Fill = Callable[..., Outcome]


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Renders a text as the template `templates/<name>` into the file `out`."""

    def run(text: str | bytes, name: str = "app.conf.j2", dest: str = "out", **variables: Any) -> Outcome:
        folder = tmp_path / "templates"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        context = step_context(base=tmp_path, variables=variables)
        return run_step(kind, {"src": f"templates/{name}", "dest": f"{tmp_path}/{dest}"}, context=context)

    return run


def rendered(fill: Fill, tmp_path: Path, text: str | bytes, **variables: Any) -> bytes:
    outcome = fill(text, **variables)
    assert outcome.status is Status.CHANGED, outcome.message
    again = fill(text, **variables)
    assert (again.status, again.changed) == (Status.PASSED, False)
    return (tmp_path / "out").read_bytes()


def mistake(fill: Fill, tmp_path: Path, text: str, **variables: Any) -> tuple[str, str, str]:
    """The place, the message and the hint of a template that cannot be rendered; the host is not touched."""
    with pytest.raises(TemplateError) as caught:
        fill(text, **variables)
    assert not (tmp_path / "out").exists()
    error = caught.value
    return str(error.span).removeprefix("templates/app.conf.j2:"), error.message, error.hint


@pytest.mark.parametrize("step", examples(kind), ids=lambda step: str(step["name"]))
def test_the_example_is_right(step: dict[str, Any]) -> None:
    args = options(kind, step["template"])
    assert kind.changes(args)
    assert kind.plan(args) == "templates/app.conf.j2 → /etc/app.conf"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("port = {{ port }}\n", "port = 80\n"),
        ("{{ port }}", "80"),
        ("{{ port }}\n", "80\n"),
        ("no tags", "no tags"),
        ("", ""),
        ("a\n{% for h in hosts %}\n- {{ h }}\n{% endfor %}\nb\n", "a\n- w1\n- w2\nb\n"),
        ("{% if port == 80 %}\nyes\n{% else %}\nno\n{% endif %}\n", "yes\n"),
        ("{# a remark #}{% raw %}{{ port }}{% endraw %};\n", "{{ port }};\n"),
        ("{{ hosts | join(',') }} {{ nothing.at.all | default('-') }}\n\n", "w1,w2 -\n\n"),
        ("ä→🜁\u2028{{ word }}", "ä→🜁\u2028é\x00"),
    ],
)
def test_what_is_rendered(fill: Fill, tmp_path: Path, text: str, after: str) -> None:
    assert rendered(fill, tmp_path, text, port=80, hosts=["w1", "w2"], word="é\x00") == after.encode()


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (b"a\r\n{% if true %}\r\n{{ x }}\r\n{% endif %}\r\n", b"a\r\n1\r\n2\r\n"),
        (b"\xef\xbb\xbfa {{ x }}", b"\xef\xbb\xbfa 1\n2"),
        (b"a\r\n", b"a\r\n"),
    ],
)
def test_the_line_ends_of_the_template_stay(fill: Fill, tmp_path: Path, text: bytes, after: bytes) -> None:
    assert rendered(fill, tmp_path, text, x="1\n2") == after


@pytest.mark.parametrize("value", ["{{ secret }}", "{% raw %}", "{#", "{{ 7 * 7 }}", "<&'\">", "$(id) `id`", "%s"])
def test_what_a_variable_holds_is_data(fill: Fill, tmp_path: Path, value: str) -> None:
    data = {"stdout": value}
    assert rendered(fill, tmp_path, "{{ found.stdout }}|{{ secret }}", found=data, secret=1) == f"{value}|1".encode()


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("a\nb\n  {{ prot }}\n", "3:6", "'prot' is not defined", "did you mean port?"),
        ("{% if true %}\n{% endif %}\n{{ port }}\n{{ port +\n  x.y }}", "5:3", "'x' is not defined", "define it in"),
        ("a\n{% for x in port_s %}\n{% endfor %}", "2:13", "'port_s' is not defined", "did you mean port?"),
        ("a\n{% if %}\n", "2:1", "template syntax: Expected an expression", "in: {% if %}"),
        ("a\n{% if true %}\nb\n", "3:1", "template syntax: Unexpected end of template", "in: b"),
        ("a\n\n b {{ port + 'x' }}\nc", "3:4", "cannot be computed: unsupported operand", "in: b {{ port + 'x' }}"),
        ("a\n{{ 'x' | nofilter }}", "2:1", "template syntax: No filter named 'nofilter'", "in: {{ 'x' | nofilter }}"),
        ("a\n{{ ''.__class__ }}", "2:1", "not allowed in a template", "in: {{ ''.__class__ }}"),
        ("{% macro m() %}\n{{ lost }}\n{% endmacro %}\n{{ m() }}", "2:4", "'lost' is not defined", "define it in"),
        ("a\n{% include 'b' %}", "2:1", "cannot be computed: no loader", "in: {% include 'b' %}"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    fill: Fill, tmp_path: Path, text: str, place: str, message: str, hint: str
) -> None:
    seen = mistake(fill, tmp_path, text, port=80)
    assert seen[0] == place
    assert seen[1].startswith(message)
    assert seen[2].startswith(hint)


def test_dest_that_is_a_folder_gets_the_name_without_j2(fill: Fill, tmp_path: Path) -> None:
    assert fill("x", "a b.conf.j2", "").data["path"] == f"{tmp_path}/a b.conf"
    assert fill("x", "plain", "").data["path"] == f"{tmp_path}/plain"


def test_diff_backup_and_what_was_there(fill: Fill, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("a\nport = 1\n")
    path.chmod(0o604)
    outcome = fill("a\nport = {{ port }}\n", port=80)
    assert "-port = 1\n+port = 80\n" in outcome.diff
    assert Path(outcome.data["backup"]).read_text() == "a\nport = 1\n"
    assert path.stat().st_mode & 0o777 == 0o604


def test_what_validate_refuses_is_not_done(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("{{ word }}")
    (tmp_path / "out").write_text("good")
    context = step_context(base=tmp_path, variables={"word": "evil"})
    outcome = run_step(kind, {"src": "t", "dest": f"{tmp_path}/out", "validate": "grep good %s"}, context=context)
    assert outcome.status is Status.FAILED
    assert (tmp_path / "out").read_text() == "good"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out", "t"]


def test_a_template_that_is_no_text(fill: Fill) -> None:
    outcome = fill(b"\xff\xfe")
    assert outcome.status is Status.FAILED
    assert outcome.message.startswith("templates/app.conf.j2 is not UTF-8 text")


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    outcome = run_step(kind, {"src": "none.j2", "dest": f"{tmp_path}/out"}, context=step_context(base=tmp_path))
    assert outcome.message == "none.j2 cannot be read beside the playbook: No such file or directory"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"src": "x"}, "missing key 'dest'"),
        ({"dest": "x"}, "missing key 'src'"),
        ({"src": "x", "dest": "y", "content": "z"}, "unknown key 'content'"),
    ],
)
def test_options_are_held_against_the_schema(args: dict[str, Any], said: str) -> None:
    assert problems(kind, args) == [said]
