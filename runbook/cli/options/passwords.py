"""Options that give the passwords of ansible-vault; a command gets them as one `vault`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import click

from runbook.vault.format import Vault, VaultError

_OPTIONS = (
    click.option(
        "--vault-password-file",
        "--vault-pass-file",
        multiple=True,
        type=click.Path(),
        envvar=("RUNBOOK_VAULT_PASSWORD_FILE", "ANSIBLE_VAULT_PASSWORD_FILE"),
        help="File with the password of ansible-vault, or a program that prints it.",
    ),
    click.option(
        "--vault-id",
        multiple=True,
        envvar="RUNBOOK_VAULT_ID",
        metavar="LABEL@SOURCE",
        help="The same for what has this label; SOURCE is a file, a program, or `prompt`. May be repeated.",
    ),
    click.option("-J", "--ask-vault-pass", "--ask-vault-password", is_flag=True, help="Ask for the vault's password."),
)


def vault_options(*, optional: bool = False) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give the command a `vault`. `optional`: it can do without passwords as far as only values are encrypted."""

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        @wraps(function)
        def with_vault(
            vault_password_file: tuple[str, ...], vault_id: tuple[str, ...], ask_vault_pass: bool, **given: Any
        ) -> int:
            passwords = passwords_of(vault_password_file, vault_id, ask_vault_pass)
            return function(vault=Vault(passwords, optional), **given)

        for option in reversed(_OPTIONS):
            option(with_vault)
        return with_vault

    return decorate


def passwords_of(
    files: Iterable[str], ids: Iterable[str], ask: bool, prompt: str = "Vault password", *, twice: bool = False
) -> dict[str, bytes]:
    """The passwords that the options give, by label. Raises UsageError."""
    from runbook.vault.passwords import read_passwords

    asked = ("default@prompt",) if ask else ()
    sources = (*ids, *(f"default@{path}" for path in files), *asked)
    try:
        return read_passwords(sources, lambda label: ask_password(prompt, label, twice=twice))
    except VaultError as error:
        raise click.UsageError(str(error)) from None


def ask_password(prompt: str, label: str = "default", *, twice: bool = False) -> str:
    """What a person types, without an echo. Raises UsageError where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("nobody can be asked for the vault's password here: use --vault-password-file")
    shown = prompt if label == "default" else f"{prompt} ({label})"
    return str(
        click.prompt(shown, hide_input=True, err=True, confirmation_prompt=f"Again: {shown}" if twice else False)
    )
