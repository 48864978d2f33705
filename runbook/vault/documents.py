"""YAML documents in which values, or all of it, may be encrypted: read with their places, and told of without words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runbook.common.frozen import replace
from runbook.source.document import Document, Problem, Problems, Span, show_path
from runbook.source.yaml import Tags, decode, file_text, read_yaml
from runbook.vault.format import Vault, VaultError, hidden, is_encrypted

UNREADABLE = "unreadable"


def read_document(path: Path, vault: Vault) -> Document:
    """A YAML file with its places; `!vault` values are read, and so is a file that is encrypted. Raises Problems.

    Of an encrypted file the document has no text, every text in its data is a Secret, and problems tell no words.
    """
    file, text, tags = show_path(path), file_text(path), vault_tags(vault)
    if not is_encrypted(text):
        return read_yaml(text, file, tags)
    try:
        document = read_yaml(decode(decrypted(text, file, vault), file), file, tags)
    except Problems as found:
        raise Problems(each if each.rule == UNREADABLE else redacted_problem(each) for each in found.problems) from None
    return replace(document, text="", data=hidden(document.data), encrypted=True)


def redacted_problem(problem: Problem) -> Problem:
    """A problem of an encrypted file, told by its place alone: the words would hold what is secret."""
    hint = f"look at it with: runbook vault view {problem.span.file}"
    return replace(problem, message="something in this encrypted file is wrong", hint=hint)


def redacted_problems(problems: Iterable[Problem], documents: Iterable[Document]) -> list[Problem]:
    """The problems, those of encrypted documents told by their place alone."""
    closed = {document.file for document in documents if document.encrypted}
    return [redacted_problem(each) if each.span.file in closed else each for each in problems]


def vault_tags(vault: Vault) -> Tags:
    """What to make of a YAML value that is encrypted."""
    return {"!vault": vault.text, "!vault-encrypted": vault.text}


def decrypted(text: str, file: str, vault: Vault) -> bytes:
    """What is in an encrypted text. Raises Problems."""
    try:
        return vault.decrypt(text)
    except VaultError as error:
        raise refused(file, str(error), "") from None


def refused(file: str, message: str, hint: str) -> Problems:
    """The problem of a file that cannot be read at all."""
    return Problems([Problem(message, Span(file, 1, 1), hint, UNREADABLE)])
