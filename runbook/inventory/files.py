"""Text files of an inventory, read with bounds: their text, and their data as YAML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook.frozen import frozen, replace
from runbook.inventory.vault import Vault, VaultError, hidden, is_encrypted
from runbook.source import Document, Problem, Problems, Span, read_bounded, show_path
from runbook.yaml_source import MAX_BYTES, Tags, decode, file_text, read_yaml

if TYPE_CHECKING:
    from runbook.inventory.draft import Draft

UNREADABLE = "unreadable"
YAML_ENDINGS = (".yml", ".yaml", ".json")


def read_text(path: Path, file: str) -> str:
    """The text of a file. `file` is the name for messages. Raises Problems.

    Lines that are comments need not be UTF-8: there are old inventories with names of people in Latin-1.
    """
    try:
        if not path.is_file():
            raise _refused(file, "is not a file", "an inventory is a file, a folder, or a list: -i web1,web2,")
        raw = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise _refused(file, f"cannot be read: {error.strerror or error}", "look at its owner and mode") from None
    if len(raw) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB"
        raise _refused(file, message, "split it; a folder of files is an inventory too")
    text = decode(_readable_comments(raw), file)
    if "\0" in text:
        span = Span(file, text.count("\n", 0, text.index("\0")) + 1, 1)
        problem = Problem("a NUL byte: this is not a text file", span, "remove the file or the byte", "unreadable")
        raise Problems([problem])
    return text


@frozen
class Opened:
    """The text of a file, and whether the file is encrypted: then no line of it may be shown."""

    text: str
    encrypted: bool = False


def open_text(path: Path, file: str, vault: Vault) -> Opened:
    """The text of a file that may be encrypted with ansible-vault. Raises Problems."""
    text = read_text(path, file)
    if not is_encrypted(text):
        return Opened(text)
    return Opened(decode(_decrypted(text, file, vault), file), encrypted=True)


def _decrypted(text: str, file: str, vault: Vault) -> bytes:
    try:
        return vault.decrypt(text)
    except VaultError as error:
        raise _refused(file, str(error), "") from None


def read_document(path: Path, vault: Vault) -> Document:
    """A YAML file with its places; `!vault` values are read, and so is a file that is encrypted. Raises Problems.

    Of an encrypted file the document has no text, every text in its data is a Secret, and problems tell no words.
    """
    file, text, tags = show_path(path), file_text(path), vault_tags(vault)
    if not is_encrypted(text):
        return read_yaml(text, file, tags)
    try:
        document = read_yaml(decode(_decrypted(text, file, vault), file), file, tags)
    except Problems as found:
        raise Problems(each if each.rule == UNREADABLE else wordless(each) for each in found.problems) from None
    return replace(document, text="", data=hidden(document.data), encrypted=True)


def wordless(problem: Problem) -> Problem:
    """A problem of an encrypted file, told by its place alone: the words would hold what is secret."""
    hint = f"look at it with: runbook vault view {problem.span.file}"
    return replace(problem, message="something in this encrypted file is wrong", hint=hint)


def without_words(problems: Iterable[Problem], documents: Iterable[Document]) -> list[Problem]:
    """The problems, those of encrypted documents told by their place alone."""
    closed = {document.file for document in documents if document.encrypted}
    return [wordless(each) if each.span.file in closed else each for each in problems]


@contextmanager
def collecting(draft: Draft) -> Iterator[None]:
    """Problems that are raised inside go to the draft."""
    try:
        yield
    except Problems as found:
        draft.problems.extend(found.problems)
        draft.texts.update(found.texts)


@contextmanager
def unshown(draft: Draft, file: str) -> Iterator[None]:
    """Problems of an encrypted file are told by their place alone."""
    problems, warnings = len(draft.problems), len(draft.warnings)
    try:
        yield
    finally:
        for found, first in ((draft.problems, problems), (draft.warnings, warnings)):
            found[first:] = map(wordless, found[first:])
        draft.texts.pop(file, None)


def _refused(file: str, message: str, hint: str) -> Problems:
    return Problems([Problem(message, Span(file, 1, 1), hint, UNREADABLE)])


def _readable_comments(raw: bytes) -> bytes:
    try:
        raw.decode()
    except UnicodeDecodeError:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw
        lines = raw.split(b"\n")
        return b"\n".join(b"#" if line.lstrip()[:1] in (b"#", b";") else line for line in lines)
    return raw


def vault_tags(vault: Vault) -> Tags:
    """What to make of a YAML value that is encrypted."""
    return {"!vault": vault.text, "!vault-encrypted": vault.text}


def read_data(text: str, file: str, vault: Vault) -> Document:
    """YAML or JSON as data with places. Raises Problems.

    JSON is read as JSON first, as Ansible does: in YAML `1e3` is text, and some escapes are other ones.
    """
    tags = vault_tags(vault)
    if text.lstrip()[:1] != "{":
        return read_yaml(text, file, tags)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return read_yaml(text, file, tags)
    try:
        return replace(read_yaml(text, file, tags), data=data)
    except Problems:  # then it has no places, but it is right
        return Document(file, text, data)


def mapping_of(document: Document, what: str, hint: str) -> Mapping[Any, Any]:
    """The data of a document that must be a mapping; an empty one is. Raises Problems."""
    if document.data is None:
        return {}
    if not isinstance(document.data, Mapping):
        span = document.values.get((), Span(document.file, 1, 1))
        raise Problems([Problem(f"{what} must be a mapping", span, hint, "inventory")], {document.file: document.text})
    return document.data
