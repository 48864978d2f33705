"""`runbook vault`: what it writes ansible-vault reads, the other way round, and nothing is left half done."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from runbook.vault import files
from runbook.vault.format import Vault, VaultError, encrypt, is_encrypted
from tests.cli.terminal import on_terminal
from tests.cli.within import run_within
from tests.inventory.oracle import Oracle, ansible_python, oracle

__all__ = ["oracle"]

PASSWORD, OTHER = "pässword 1", "the other"
PLAIN = "größe: 3\nempty:\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the test works: two passwords and a file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_VAULT_PASSWORD_FILE", "pw")
    Path("pw").write_text(PASSWORD + "\n")
    Path("other").write_text(OTHER)
    Path("file.yml").write_text(PLAIN)
    return tmp_path


def ansible_vault(*words: str) -> None:
    program = str(ansible_python().with_name("ansible-vault"))
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr


def test_ansible_vault_decrypts_what_we_encrypt() -> None:
    Path("labelled.yml").write_bytes(bytes(range(256)))
    assert run_within("vault", "encrypt", "file.yml").code == 0
    two = ("--vault-id", "prod@other", "--encrypt-vault-id", "prod")
    assert run_within("vault", "encrypt", "labelled.yml", *two).code == 0
    assert Path("file.yml").read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert Path("labelled.yml").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")

    ansible_vault("decrypt", "--vault-id", "pw", "--vault-id", "prod@other", "file.yml", "labelled.yml")
    assert Path("file.yml").read_text() == PLAIN
    assert Path("labelled.yml").read_bytes() == bytes(range(256))


def test_we_decrypt_what_ansible_vault_encrypts() -> None:
    ansible_vault("encrypt", "--vault-id", "prod@other", "file.yml")
    assert Path("file.yml").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert run_within("vault", "view", "file.yml", "--vault-id", "prod@other").stdout == PLAIN
    assert "another password" in run_within("vault", "view", "file.yml").stderr
    assert run_within("vault", "decrypt", "file.yml", "--vault-id", "other").code == 0
    assert Path("file.yml").read_text() == PLAIN


def test_ansible_reads_a_string_that_we_encrypt(here: Path, oracle: Oracle) -> None:
    value = run_within("vault", "encrypt-string", "s3cret wörd", "--name", "token").stdout
    Path("hosts.yml").write_text("all:\n  hosts: {w1: }\n  vars:\n" + "".join(f"    {x}\n" for x in value.splitlines()))
    shown = oracle.ask(here, ["hosts.yml"], vault_password=PASSWORD)
    assert "{token = s3cret wörd}" in shown["graph_vars"]
    assert json.loads(run_within("inventory", "-i", "hosts.yml", "--list").stdout) == shown["list"]


@pytest.mark.parametrize("command", ["encrypt-string", "encrypt_string"])
def test_a_string_from_standard_input(command: str) -> None:
    done = run_within("vault", command, "-n", "x", stdin=b"with a line feed\n")
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_constructor("!vault", lambda _loader, node: node.value)  # type: ignore[attr-defined]
    found = yaml.load(done.stdout, loader)
    assert Vault({"default": PASSWORD.encode()}).decrypt(found["x"]) == b"with a line feed\n"
    assert "ends with a line feed" in done.stderr
    assert run_within("vault", command, stdin=b"x").stdout.startswith("!vault |\n          $ANSIBLE_VAULT;1.1;AES256\n")


def test_standard_input_to_standard_output() -> None:
    encrypted = run_within("vault", "encrypt", stdin=PLAIN.encode()).stdout
    assert is_encrypted(encrypted)
    assert run_within("vault", "decrypt", stdin=encrypted.encode()).stdout == PLAIN
    assert run_within("vault", "view", "-", stdin=encrypted.encode()).stdout == PLAIN


def names() -> set[str]:
    return {path.name for path in Path().iterdir()}


def mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def test_modes_links_and_what_lies_beside() -> None:
    Path("file.yml").chmod(0o640)
    Path("link.yml").symlink_to("file.yml")
    before = names()
    assert run_within("vault", "encrypt", "link.yml").code == 0
    assert Path("link.yml").is_symlink()
    assert (mode("file.yml"), names()) == (0o640, before)
    assert run_within("vault", "decrypt", "file.yml", "--output", "new.yml").code == 0
    assert (mode("new.yml"), Path("new.yml").read_text()) == (0o600, PLAIN)
    assert is_encrypted(Path("file.yml").read_text())
    assert run_within("vault", "decrypt", "file.yml", "--output", "-").stdout == PLAIN


def test_a_file_that_cannot_be_replaced_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    before = names()
    done = run_within("vault", "encrypt", "file.yml")
    assert (done.code, done.stderr) == (2, "file.yml cannot be written: No space left on device")
    assert Path("file.yml").read_text() == PLAIN
    assert names() == before


def test_view_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run_within("vault", "encrypt", "file.yml")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file is written")

    ours = "runbook.vault.files.write_whole"
    for name in (ours, "tempfile.mkdtemp", "pathlib.Path.write_bytes", "pathlib.Path.write_text"):
        monkeypatch.setattr(name, refuse)
    assert run_within("vault", "view", "file.yml").stdout == PLAIN


def test_all_that_is_wrong_is_told_before_anything_is_written() -> None:
    Path("done.yml").write_text(encrypt(b"x", PASSWORD.encode()))
    done = run_within("vault", "encrypt", "file.yml", "done.yml", "none.yml")
    assert done.code == 2
    assert "done.yml:1:1: is encrypted already" in done.stderr
    assert "none.yml:1:1: cannot be read: No such file" in done.stderr
    assert Path("file.yml").read_text() == PLAIN
    assert "file.yml:1:1: is not encrypted" in run_within("vault", "decrypt", "done.yml", "file.yml").stderr
    assert is_encrypted(Path("done.yml").read_text())


def test_another_password() -> None:
    Path("one.yml").write_text(encrypt(b"1", PASSWORD.encode()))
    Path("two.yml").write_text(encrypt(b"2", PASSWORD.encode(), "old"))
    assert run_within("vault", "rekey", "one.yml", "two.yml", "--new-vault-id", "new@other").code == 0
    for name, data in (("one.yml", b"1"), ("two.yml", b"2")):
        found = files.read_encrypted(Path(name), Vault({"x": OTHER.encode()}))
        assert (found.data, found.label) == (data, "new")
        with pytest.raises(VaultError, match=r"given \(its label is 'new'\)"):
            files.read_encrypted(Path(name), Vault({"x": PASSWORD.encode()}))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("encrypt file.yml --vault-id prod@other", "say which with --encrypt-vault-id; there are: default, prod"),
        ("encrypt file.yml --encrypt-vault-id nope", "no password has the label 'nope'"),
        ("encrypt file.yml --vault-id none", "cannot be read"),
        ("encrypt file.yml -J", "nobody can be asked"),
        ("encrypt file.yml pw --output x", "--output takes one file"),
        ("rekey file.yml --new-vault-id a@pw --new-vault-password-file pw", "only one can be the new password"),
        ("edit none/none.yml", "cannot be written"),
    ],
)
def test_what_is_refused(words: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "true")
    done = run_within("vault", *words.split())
    assert done.code == 2
    assert said in done.stderr
    assert Path("file.yml").read_text() == PLAIN


def editor(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    Path("editor").write_text(f"#!/bin/sh\n{script}\n")
    Path("editor").chmod(0o755)
    monkeypatch.setenv("VISUAL", "./editor --wait")


def test_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    run_within("vault", "encrypt", "file.yml", "--vault-id", "prod@other", "--encrypt-vault-id", "prod")
    editor(monkeypatch, 'stat -c %a "$2" "$(dirname "$2")" > modes; dirname "$2" > where; echo more: 1 >> "$2"')
    ids = ("--vault-id", "prod@other")
    assert run_within("vault", "edit", "file.yml", *ids).code == 0
    assert Path("file.yml").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert run_within("vault", "view", "file.yml", *ids).stdout == PLAIN + "more: 1\n"
    assert Path("modes").read_text().split() == ["600", "700"]
    assert not Path(Path("where").read_text().strip()).exists()

    editor(monkeypatch, 'echo lost >> "$2"; exit 3')
    before = Path("file.yml").read_bytes()
    assert "ended with 3" in run_within("vault", "edit", "file.yml", *ids).stderr
    editor(monkeypatch, "true")
    assert "is as it was" in run_within("vault", "edit", "file.yml", *ids).stderr
    assert Path("file.yml").read_bytes() == before
    editor(monkeypatch, 'echo new > "$2"')
    assert run_within("vault", "edit", "new.yml").code == 0
    assert (run_within("vault", "view", "new.yml").stdout, mode("new.yml")) == ("new\n", 0o600)


def test_a_person_is_asked(here: Path) -> None:
    quiet = {"RUNBOOK_VAULT_PASSWORD_FILE": ""}
    with on_terminal("vault", "encrypt", "file.yml", cwd=here, env=quiet) as terminal:
        terminal.wait_for("Vault password: ")
        terminal.type("typed\n")
        terminal.wait_for("Again: ")
        terminal.type("typed\n")
        assert terminal.finish() == 0
        assert "typed" not in terminal.text
    Path("site.yml").write_text(
        "name: x\nhosts: localhost\nvars_files: [file.yml]\nstages: [{name: x, steps: [{note: '{{ größe }}'}]}]\n"
    )
    with on_terminal("plan", "site.yml", "-J", cwd=here, env=quiet) as terminal:
        terminal.wait_for("Vault password: ")
        terminal.type("typed\n")
        assert terminal.finish() == 0, terminal.text
        assert "note: 3" in terminal.text


PLAYBOOK = """\
name: Secrets
hosts: localhost
vars_files: [secrets.yml]
vars:
  inline: {value}
stages:
  - name: Use
    steps:
      - name: it is {{{{ inline }}}}
        shell: printf '%s %s %s\\n' "$A" "$B" {{{{ extra | quote }}}}
        environment: {{A: "{{{{ inline }}}}", B: "{{{{ from_file }}}}"}}
        changes: false
        register: out
        expect: out.stdout == 'inline-secret file-secret extra-secret'
"""


def test_encrypted_values_of_a_playbook_are_used_and_masked(here: Path) -> None:
    value = run_within("vault", "encrypt-string", "inline-secret").stdout
    Path("site.yml").write_text(PLAYBOOK.format(value=value.replace("\n  ", "\n      ").strip()))
    for name, text in (("secrets.yml", b"from_file: file-secret\n"), ("extra.yml", b"extra: extra-secret\n")):
        Path(name).write_text(encrypt(text, PASSWORD.encode()))
    env = {"RUNBOOK_STATE_DIR": str(here / "state")}
    words = ("site.yml", "-e", "@extra.yml")
    run = run_within("run", *words, "-v", "--report", "json=out.json", "--report", "html=out.html", env=env)
    plan = run_within("plan", *words)
    explained = run_within("explain", "from_file", "site.yml", "--host", "localhost")
    assert run.code == 0, run.stdout
    assert (plan.code, explained.code) == (0, 0)
    kept = b"".join(path.read_bytes() for path in (here / "state").rglob("*") if path.is_file())
    texts = [run.stdout, plan.stdout, explained.stdout, Path("out.json").read_text(), Path("out.html").read_text()]
    for shown in (*texts, kept.decode("utf-8", "replace")):
        for secret in ("inline-secret", "file-secret", "extra-secret"):
            assert secret not in shown
    assert "it is (secret inline)" in plan.stdout
    assert "it is (secret)" in run.stdout


def test_a_wrong_password_names_every_place(monkeypatch: pytest.MonkeyPatch) -> None:
    value = run_within("vault", "encrypt-string", "inline-secret").stdout
    Path("site.yml").write_text(PLAYBOOK.format(value=value.replace("\n  ", "\n      ").strip()))
    Path("secrets.yml").write_text(encrypt(b"from_file: [file-secret\n", PASSWORD.encode()))
    done = run_within("run", "site.yml", "--vault-password-file", "other")
    assert done.code == 2
    assert "site.yml:5:11: encrypted with another password than the one given" in done.stderr
    done = run_within("run", "site.yml")
    assert "secrets.yml:2:1: something in this encrypted file is wrong" in done.stderr
    assert "file-secret" not in done.stderr
    monkeypatch.delenv("RUNBOOK_VAULT_PASSWORD_FILE")
    Path("secrets.yml").write_text("from_file: x\n")
    assert "no password is given: use --vault-password-file" in run_within("plan", "site.yml").stderr
    assert run_within("validate", "site.yml").code == 0, "how it is written can be judged without a password"
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", "pw")
    assert run_within("plan", "site.yml", "-e", "extra=x").code == 0


def test_what_validate_finds_in_an_encrypted_file_is_told_by_its_place() -> None:
    text = b"password: geheim1\npin: 12345\nurl: '{{ hunter2 }}'\nodd: '{{ hunter3 '\n"
    Path("secrets.yml").write_text(encrypt(text, PASSWORD.encode()))
    value = run_within("vault", "encrypt-string", "inline-secret").stdout
    inline = f"vars:\n  password: {value.replace(chr(10) + '  ', chr(10) + '      ')}"
    note = "stages: [{name: x, steps: [{note: '{{ password }}{{ pin }}{{ url }}{{ odd }}'}]}]\n"
    Path("site.yml").write_text(f"name: x\nhosts: localhost\nvars_files: [secrets.yml]\n{inline}{note}")
    done = run_within("validate", "site.yml", "-i", "localhost,")
    assert done.code == 2
    shown = done.stdout + done.stderr
    assert "secrets.yml:4:6: error: something in this encrypted file is wrong" in shown
    assert not any(word in shown for word in ("hunter", "geheim1", "clear text", "ANSIBLE_VAULT"))


def test_a_secret_of_a_host_that_is_not_in_the_run_is_masked() -> None:
    value = run_within("vault", "encrypt-string", "far-secret").stdout.replace("\n  ", "\n      ")
    Path("hosts.yml").write_text(f"all:\n  hosts:\n    far:\n      token: {value}")
    Path("site.yml").write_text(
        "name: x\nhosts: localhost\nstages: [{name: x, steps: [{note: \"{{ hostvars['far'].token }}\"}]}]\n"
    )
    for command in ("plan", "run"):
        done = run_within(command, "site.yml", "-i", "hosts.yml")
        assert done.code == 0, done.stdout + done.stderr
        assert {"plan": "(secret token)", "run": "(secret)"}[command] in done.stdout
        assert "far-secret" not in done.stdout


def test_the_project_file_may_name_the_password(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNBOOK_VAULT_PASSWORD_FILE")
    Path("runbook.toml").write_text('[defaults]\ninventory = "w1,"\nvault_password_file = "pw"\n')
    Path("below").mkdir()
    Path("below/file.yml").write_text(encrypt(PLAIN.encode(), PASSWORD.encode()))
    monkeypatch.chdir("below")
    assert run_within("vault", "view", "file.yml").stdout == PLAIN
    assert run_within("inventory").stdout == "w1\n"
