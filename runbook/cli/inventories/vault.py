"""`runbook vault`: files and values that are encrypted as ansible-vault does it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from runbook.cli.options.passwords import ask_password, passwords_of, vault_options
from runbook.vault.format import Vault, VaultError

if TYPE_CHECKING:
    from runbook.vault.format import Revealed

EPILOG = """\b
Examples:
  runbook vault encrypt secrets.yml --vault-password-file ~/.vault
  runbook vault view group_vars/prod/secrets.yml
  runbook vault encrypt-string --name db_password < password.txt
  runbook vault rekey secrets.yml --new-vault-id 2026@prompt
"""
_files = click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
_some_files = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
_output = click.option("--output", type=click.Path(path_type=Path), help="Write here, `-` to standard output.")
_label = click.option(
    "--encrypt-vault-id", "label", default="", metavar="LABEL", help="Which password, when several are given."
)
STDIN = Path("-")
T = TypeVar("T")


class _Commands(click.Group):
    """`encrypt_string` is a name of a command too, as ansible-vault has it."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name.replace("_", "-"))


@click.group(cls=_Commands, epilog=EPILOG)
def command() -> None:
    """Encrypt and decrypt files and values; ansible-vault reads what this writes, and the other way round.

    Without an option that gives the password you are asked for it.
    """


@command.command(epilog="Example: runbook vault encrypt secrets.yml --vault-password-file ~/.vault")
@_files
@_output
@_label
@vault_options()
def encrypt(files: tuple[Path, ...], output: Path | None, label: str, vault: Vault) -> int:
    """Encrypt FILES in place; without FILES standard input to standard output."""
    from runbook.vault.files import read_plain
    from runbook.vault.format import encrypt as encrypted

    chosen, password = _one(_asked(vault, twice=True), label)
    plain = _each(files, lambda path: sys.stdin.buffer.read() if path == STDIN else read_plain(path))
    _write({path: encrypted(data, password, chosen).encode() for path, data in plain.items()}, output)
    return 0


@command.command(epilog="Example: runbook vault decrypt secrets.yml --output -")
@_files
@_output
@vault_options()
def decrypt(files: tuple[Path, ...], output: Path | None, vault: Vault) -> int:
    """Decrypt FILES in place; without FILES standard input to standard output."""
    revealed = _revealed(files, _asked(vault))
    _write({path: each.data for path, each in revealed.items()}, output)
    return 0


@command.command(epilog="Example: runbook vault view group_vars/prod/secrets.yml")
@_files
@vault_options()
def view(files: tuple[Path, ...], vault: Vault) -> int:
    """Print what FILES hold. Nothing is written to the disk."""
    for each in _revealed(files, _asked(vault)).values():
        sys.stdout.buffer.write(each.data)
    return 0


@command.command(epilog="Example: EDITOR=nano runbook vault edit group_vars/prod/secrets.yml")
@click.argument("file", type=click.Path(path_type=Path))
@_label
@vault_options()
def edit(file: Path, label: str, vault: Vault) -> int:
    """Open FILE in $VISUAL, $EDITOR or vi, and encrypt it again. A new FILE is made when there is none."""
    from runbook.vault.files import edited
    from runbook.vault.format import Revealed
    from runbook.vault.format import encrypt as encrypted

    new = not file.exists()
    asked = _asked(vault, twice=new)
    before = Revealed(b"", *_one(asked, label)) if new else _revealed((file,), asked)[file]
    after = edited(before.data, file.name, _open_editor)
    if after == before.data and not new:
        click.echo(f"{file} is as it was", err=True)
        return 0
    _write({file: encrypted(after, before.password, before.label).encode()}, None)
    return 0


@command.command(epilog="Example: runbook vault rekey secrets.yml --new-vault-password-file ~/.vault-new")
@_some_files
@click.option("--new-vault-password-file", "new_file", type=click.Path(), help="File or program with the new password.")
@click.option("--new-vault-id", "new_id", metavar="LABEL@SOURCE", help="The new password, and the label to write.")
@vault_options()
def rekey(files: tuple[Path, ...], new_file: str | None, new_id: str | None, vault: Vault) -> int:
    """Encrypt FILES with another password."""
    from runbook.vault.format import encrypt as encrypted

    if new_file and new_id:
        raise click.UsageError("--new-vault-password-file and --new-vault-id: only one can be the new password")
    revealed = _revealed(files, _asked(vault))
    words = ((new_file,) if new_file else (), (new_id,) if new_id else ())
    new = passwords_of(*words, ask=not (new_file or new_id), prompt="New vault password", twice=True)
    label, password = _one(Vault(new), "")
    _write({path: encrypted(each.data, password, label).encode() for path, each in revealed.items()}, None)
    return 0


@command.command("encrypt-string", epilog="Example: runbook vault encrypt-string --name db_password < password.txt")
@click.argument("text", required=False)
@click.option("-n", "--name", "--stdin-name", default="", help="Name of the variable, to be written before the value.")
@_label
@vault_options()
def encrypt_string(text: str | None, name: str, label: str, vault: Vault) -> int:
    """Print TEXT as a `!vault` value for a YAML file. Without TEXT it is read from standard input.

    Other users of the machine can read the words of a command line; on standard input they cannot.
    """
    from runbook.vault.format import encrypt as encrypted

    chosen, password = _one(_asked(vault, twice=True), label)
    lines = encrypted(_plain_text(text), password, chosen).splitlines()
    head = f"{name}: !vault |" if name else "!vault |"
    click.echo("\n".join([head, *(f"          {line}" for line in lines)]))
    return 0


def _plain_text(text: str | None) -> bytes:
    if text not in (None, "-"):
        return str(text).encode()
    if sys.stdin.isatty():
        return ask_password("Text to encrypt", twice=True).encode()
    data = sys.stdin.buffer.read()
    if data.endswith(b"\n"):
        click.echo("the text ends with a line feed, which is now a part of it; printf '%s' gives none", err=True)
    return data


def _asked(vault: Vault, *, twice: bool = False) -> Vault:
    """The vault with a password: where no option gave one, a person is asked."""
    if vault.passwords:
        return vault
    return Vault({"default": ask_password("Vault password", twice=twice).encode()})


def _one(vault: Vault, label: str) -> tuple[str, bytes]:
    """The label and the password to encrypt with. (A label that came twice is called `LABEL of SOURCE` here.)"""
    known = ", ".join(sorted(vault.passwords))
    if label and label not in vault.passwords:
        raise click.UsageError(f"--encrypt-vault-id: no password has the label {label!r}; there are: {known}")
    if not label and len(vault.passwords) > 1:
        raise click.UsageError(f"several passwords are given: say which with --encrypt-vault-id; there are: {known}")
    chosen = label or next(iter(vault.passwords))
    return chosen.partition(" ")[0], vault.passwords[chosen]


def _revealed(files: Sequence[Path], vault: Vault) -> dict[Path, Revealed]:
    from runbook.vault.files import read_encrypted, reveal

    return _each(
        files, lambda path: reveal(sys.stdin.buffer.read(), vault) if path == STDIN else read_encrypted(path, vault)
    )


def _each(files: Iterable[Path], read: Callable[[Path], T]) -> dict[Path, T]:
    """Every file, or standard input, before any is written. Raises Problems with all that cannot be read."""
    from runbook.source.document import Problem, Problems, Span, show_path

    found, problems = {}, []
    for path in tuple(files) or (STDIN,):
        try:
            found[path] = read(path)
        except VaultError as error:
            problems.append(Problem(str(error), Span("-" if path == STDIN else show_path(path), 1, 1), rule="vault"))
    if problems:
        raise Problems(problems)
    return found


def _write(contents: Mapping[Path, bytes], output: Path | None) -> None:
    from runbook.vault.files import write

    if output and len(contents) > 1:
        raise click.UsageError("--output takes one file; without it each is written in its place")
    for path, data in contents.items():
        target = output or path
        if target == STDIN:
            sys.stdout.buffer.write(data)
            continue
        try:
            write(target, data)
        except VaultError as error:
            raise click.ClickException(f"{target} {error}") from None
        click.echo(f"written  {target}", err=True)


def _open_editor(path: Path) -> None:
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    try:
        code = subprocess.run([*words, path], check=False).returncode
    except OSError as error:
        raise click.UsageError(f"the editor {words[0]!r} cannot be started: {error.strerror}") from None
    if code:
        raise click.UsageError(f"the editor ended with {code}: the file is as it was")
