"""The other rules: what each of them finds, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.source.document import render
from tests.lint.support import problems, steps, told


@pytest.mark.parametrize(
    ("condition", "column"),
    [
        ("true", 25),
        ("false", 25),
        ("1 == 1", 25),
        ("\"os == 'a' or 'b'\"", 25),
        ("\"os == 'a' and 1 > 2\"", 25),
        ("\"'text'\"", 25),
        ("not true", 25),
        ("os == os", 25),
        ("[os == 'a', false]", 37),
    ],
)
def test_a_condition_that_goes_one_way(condition: str, column: int) -> None:
    text = steps(f"- {{note: x, when: {condition}}}\n---\nvars: {{os: x}}")

    assert f"5:{column} constant-condition" in told(text)


@pytest.mark.parametrize(
    "condition",
    [
        "os",
        "not os",
        "os == 'a' or os == 'b'",
        "os in ['a', 'b']",
        "(os | default('a')) == 'a'",
        "os and port > 3",
        "os == port",
        "(os | random) == 3",
    ],
)
def test_a_condition_that_depends_on_something(condition: str) -> None:
    text = steps(f"- note: x\n  when: {condition}\n---\nvars: {{os: x, port: 3}}")

    assert [line for line in told(text) if "constant" in line] == []


def test_idioms_that_are_meant_are_left_alone() -> None:
    assert told(steps("- {shell: ls, changed_when: false, failed_when: false, changes: false}")) == []


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf /srv/app/cache",
        "cd /srv && sudo mv a b",
        "systemctl restart app",
        "service nginx reload",
        "sed -i s/a/b/ /etc/hosts",
        "apt-get install -y jq",
        "echo x > /etc/motd",
        "date >> /var/log/x.log",
        "cat <<EOF >/etc/app.conf\nx\nEOF",
        "kill 123",
        "if true; then rm /srv/x; fi",
        "FOO=1 docker compose up -d",
        "kubectl delete pod x",
        "echo a | tee /etc/x",
        "/usr/bin/touch x; /bin/chmod 0600 /srv/x",
    ],
)
def test_a_command_that_plainly_changes(command: str) -> None:
    lines = "\n    ".join(command.splitlines())
    (problem,) = problems(steps(f"- shell: |\n    {lines}\n  changes: false"))

    assert (problem.rule, problem.severity) == ("changes-false", "warning")


@pytest.mark.parametrize(
    "command",
    [
        "df -P / | awk '$5 > 90'",
        "systemctl is-active app",
        "systemctl status app --no-pager",
        "ls > /dev/null 2>&1",
        "[ 3 > 2 ]",
        "[[ a > b ]] && echo yes",
        "grep rm /etc/hosts",
        "echo 'rm -rf /'",
        'tmp=$(mktemp); df > "$tmp"; rm -f "$tmp"',
        "curl -so /tmp/x http://localhost && rm /tmp/x",
        "kill -0 123",
        "sed -n 1p /etc/hosts",
        "docker ps; docker inspect x",
        "apt list --installed",
        "git status",
        'echo "unclosed',
        "python3 - <<'EOF'\nimport os; os.remove('x') > y\nEOF",
    ],
)
def test_a_command_that_only_looks(command: str) -> None:
    lines = "\n    ".join(command.splitlines())

    assert told(steps(f"- shell: |\n    {lines}\n  changes: false")) == []


def test_words_of_a_command_without_a_shell() -> None:
    assert told(steps("- {command: 'rm /srv/x', changes: false}")) == ["5:41 changes-false"]
    assert told(steps("- {command: {argv: [rm, /srv/x]}, changes: false}")) == ["5:50 changes-false"]
    assert told(steps("- {command: 'echo a > b ; rm x', changes: false}")) == ["5:19 needs-shell"], "words for echo"
    assert told(steps("- {command: 'rm /srv/x', changes: true}")) == []


def test_steps_with_one_name() -> None:
    text = steps("- {name: A, note: x}\n- {name: B, steps: [{name: A, note: y}]}\n- {name: '{{ 1 }}', note: z}")

    assert told(text) == ["6:34 duplicate-name"]


def test_names_in_options_and_in_other_stages_may_be_the_same(tmp_path: Path) -> None:
    (tmp_path / "inner.yml").write_text("- {name: A, note: x}\n")
    both = "{a: {steps: [{name: A, note: x}]}, b: {steps: [{name: A, note: x}]}}"
    options = f"- choose:\n    by: inventory_hostname\n    options: {both}"
    other = "  - name: Two\n    steps: [{name: A, note: x}]\n"

    assert told(steps(f"{options}\n---\n{other}")) == []
    assert told(steps("- include: inner.yml\n- include: inner.yml"), root=tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        "- note: x\n---\nvars: {db_password: s3cret-word}",
        "- note: x\n---\ndatabases: {a: {dsn: 'postgresql://app:s3cret-word@db/app'}}",
        "- {shell: 'PGPASSWORD=s3cret-word psql'}",
        "- {shell: 'curl --password s3cret-word x'}",
        "- http: {url: 'http://x', bearer: s3cret-word}",
        "- http: {url: 'http://x', headers: {Authorization: 'Bearer s3cret-word'}}",
        "- http: {url: 'http://x', auth: {user: a, password: s3cret-word}}",
        "- {note: x, environment: {API_TOKEN: s3cret-word}}",
        "- note: x\n---\ninputs: {code: {secret: true, default: s3cret-word}}",
    ],
)
def test_a_secret_in_clear_text_is_pointed_at_and_not_shown(text: str) -> None:
    whole = steps(text)
    (problem,) = [p for p in problems(whole) if p.rule == "clear-secret"]

    shown = render(problem, whole)
    assert whole.splitlines()[problem.span.line - 1][problem.span.column - 1 :].startswith("s3cret-word")
    assert "s3cret" not in shown
    assert "*" * len("s3cret-word") in shown


@pytest.mark.parametrize(
    "text",
    [
        "- {shell: 'curl -u app:{{ db_password }} http://x'}\n---\nvars: {db_password: '{{ env.DB }}'}",
        "- {shell: 'echo $PGPASSWORD; export PASSWORD=\"$x\"', register: token}\n- note: '{{ token.rc }}'",
        "- {shell: 'sed s/PASSWORD=.*/PASSWORD=/ x'}",
        "- note: x\n---\ninputs: {password: {type: string, secret: true, env: APP_PASSWORD}}",
        "- note: x\n---\ndatabases: {a: {password: '{{ password }}'}}",
        "- {http: {url: 'http://user@host/x'}, secrets: [json.access_token]}",
        "- note: x\n---\nvars: {password_file: /etc/x, private_key: ~/.ssh/id, token: <token>}",
        "- note: x\n---\nvars: {ask_password: true, secret: '', update_password: always}",
        "- note: see https://example.com:8443/a@b",
        "- {copy: {content: 'key=value password=\"{{ p }}\"', dest: /x}, vars: {p: '{{ env.P }}'}}",
    ],
)
def test_what_is_no_secret_in_clear_text(text: str) -> None:
    assert [line for line in told(steps(text)) if "secret" in line] == []


def test_a_key_block_in_a_vars_file(tmp_path: Path) -> None:
    (tmp_path / "v.yml").write_text("key: |\n  -----BEGIN OPENSSH PRIVATE KEY-----\n  b3Bl\n")
    (problem,) = problems(steps("- note: x\n---\nvars_files: [v.yml]"), root=tmp_path)

    assert (Path(problem.span.file).name, problem.span.line, problem.rule) == ("v.yml", 2, "clear-secret")


def test_what_is_read_in_a_template_file_is_used(tmp_path: Path) -> None:
    (tmp_path / "app.j2").write_text("port = {{ port }}\n{% for one in names %}{{ one }}{% endfor %}\n")
    text = "- template: {src: app.j2, dest: /x}\n---\nvars: {port: 1, names: [a], idle: 2}"

    assert told(steps(text), root=tmp_path) == ["6:29 unused-variable"]
    assert told(steps(text.replace("app.j2", "'{{ env.X }}'")), root=tmp_path) == []


def test_what_the_inventory_reads_is_used(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: {a: {file: '{{ app_dir }}/x'}}}")
    text = steps("- note: '{{ file }}'\n---\nvars: {app_dir: /srv}")

    assert told(text, str(tmp_path / "hosts.yml")) == []


def test_idle_things_at_their_keys() -> None:
    text = steps(
        "- {shell: ls, register: seen}\n- {set: {flag: 1}}\n- {note: x, vars: {own: 1}}\n---\n"
        "inputs: {a: {}}\nvars: {b: 1, ansible_become: true}\ndatabases: {c: {dbname: x}}\n"
        "remediations: {d: {vars: {e: 1}, steps: [{note: x}]}}"
    )

    assert told(text) == [
        "5:31 unused-register",
        "6:16 unused-variable",
        "7:26 unused-variable",
        "8:10 unused-input",
        "9:8 unused-variable",
        "10:13 unused-database",
        "11:16 unused-remediation",
        "11:27 unused-variable",
    ]


def test_a_missing_source(tmp_path: Path) -> None:
    (tmp_path / "there.txt").touch()
    text = "- copy: {src: %s, dest: /x}\n- script: %s\n- script: '{{ env.X }}'"

    assert told(steps(text % ("there.txt", "there.txt")), root=tmp_path) == []
    assert told(steps(text % ("gone.txt", "gone.sh")), root=tmp_path) == ["5:21 missing-file", "6:17 missing-file"]
    asked = "{url: 'https://x', ca: %s}"
    text = f"- http: {asked}\n- wait: {{http: {asked}}}\n- http: {asked}"
    assert told(steps(text % ("gone.pem", "gone.pem", "~/gone.pem")), root=tmp_path) == [
        "5:38 missing-file",
        "6:45 missing-file",
    ]


@pytest.mark.parametrize(
    ("before", "behind", "left"),
    [
        ("", "# runbook: ignore[unused-register]  kept for the report", []),
        ("# runbook: ignore[unused-register]  kept for the report", "", []),
        ("# runbook: ignore[unused-register]  why\n  # another comment", "", []),
        ("# runbook: ignore[unused-register, duplicate-name]  why", "", ["bad-ignore"]),
        ("", "# runbook: ignore[unused-register]", ["bad-ignore"]),
        ("", "# runbook: ignore[unused-registre]  why", ["bad-ignore", "unused-register"]),
        ("", "# runbook: ignore  why", ["bad-ignore", "unused-register"]),
        ("", "# runbook: ignore[undefined-name]  only some inventories have it", ["unused-register"]),
        ("", "# runbook: ignore[unknown-key]  why", ["bad-ignore", "unused-register"]),
    ],
)
def test_a_comment_silences(before: str, behind: str, left: list[str]) -> None:
    middle = f"\n  {before}" if before else ""
    found = problems(steps(f"- shell: ls{middle}\n  register: seen  {behind}"))

    assert sorted(p.rule for p in found) == left
    assert all(p.severity != "error" for p in found)


def test_the_loaders_errors_cannot_be_silenced() -> None:
    text = steps("- note: x\n  wen: 1  # runbook: ignore[unknown-key]  I like it so")

    assert told(text) == ["6:9 unknown-key!", "6:17 bad-ignore"]


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        ("{command: touch /x creates=/x}", "free-form"),
        ("{shell: pwd chdir=/tmp}", "free-form"),
        ("{file: path=/x state=touch}", "free-form"),
        ("{command: cat /etc/hosts | grep x}", "needs-shell"),
        ("{command: echo $HOME}", "needs-shell"),
        ("{command: cd /tmp && ls}", "needs-shell"),
        ("{command: 'ls /x 2>/dev/null'}", "needs-shell"),
        ("{shell: id, become_user: postgres}", "no-become"),
    ],
)
def test_a_habit_that_means_something_else_here(step: str, rule: str) -> None:
    assert [line.partition(" ")[2] for line in told(steps(f"- {step}"))] == [rule]


@pytest.mark.parametrize(
    "step",
    [
        "{command: {cmd: touch /x, creates: /x}}",
        "{command: dd if=/dev/zero of=/x}",
        "{command: echo 'a | b'}",
        "{command: \"awk '$NF > 1' /x\"}",
        "{command: sh -c 'echo $HOME | cat'}",
        "{shell: echo $HOME | cat >/tmp/x}",
        "{command: 'ls {{ inventory_hostname | upper }}'}",
        "{shell: id, become: true, become_user: postgres}",
    ],
)
def test_what_looks_like_a_habit_is_left_alone(step: str) -> None:
    assert told(steps(f"- {step}")) == []
