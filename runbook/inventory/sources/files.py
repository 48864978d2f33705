"""Text files of an inventory, read with bounds: their text, and their data as YAML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook.common.frozen import Frozen, replace
from runbook.common.nesting import deeper
from runbook.source.document import Document, Problem, Problems, Span, read_bounded
from runbook.source.yaml import MAX_BYTES, decode, read_yaml
from runbook.vault.documents import decrypted, redacted_problem, refused, vault_tags
from runbook.vault.format import Vault, is_encrypted

if TYPE_CHECKING:
    from runbook.inventory.builder import InventoryBuilder

YAML_ENDINGS = (".yml", ".yaml", ".json")


def read_text(path: Path, file: str) -> str:
    """The text of a file. `file` is the name for messages. Raises Problems.

    Lines that are comments need not be UTF-8: there are old inventories with names of people in Latin-1.
    """
    try:
        if not path.is_file():
            raise refused(file, "is not a file", "an inventory is a file, a folder, or a list: -i web1,web2,")
        raw = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise refused(file, f"cannot be read: {error.strerror or error}", "look at its owner and mode") from None
    if len(raw) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB"
        raise refused(file, message, "split it; a folder of files is an inventory too")
    text = decode(_readable_comments(raw), file)
    if "\0" in text:
        span = Span(file, text.count("\n", 0, text.index("\0")) + 1, 1)
        problem = Problem("a NUL byte: this is not a text file", span, "remove the file or the byte", "unreadable")
        raise Problems([problem])
    return text


class Opened(Frozen):
    """The text of a file, and whether the file is encrypted: then no line of it may be shown."""

    text: str
    encrypted: bool = False


def open_text(path: Path, file: str, vault: Vault) -> Opened:
    """The text of a file that may be encrypted with ansible-vault. Raises Problems."""
    text = read_text(path, file)
    if not is_encrypted(text):
        return Opened(text)
    return Opened(decode(decrypted(text, file, vault), file), encrypted=True)


@contextmanager
def problems_into(builder: InventoryBuilder) -> Iterator[None]:
    """Problems that are raised inside go to the builder."""
    try:
        yield
    except Problems as found:
        builder.problems.extend(found.problems)
        builder.texts.update(found.texts)


@contextmanager
def redacting(builder: InventoryBuilder, file: str) -> Iterator[None]:
    """Problems of an encrypted file are told by their place alone."""
    problems, warnings = len(builder.problems), len(builder.warnings)
    try:
        yield
    finally:
        for found, first in ((builder.problems, problems), (builder.warnings, warnings)):
            found[first:] = map(redacted_problem, found[first:])
        builder.texts.pop(file, None)


def _readable_comments(raw: bytes) -> bytes:
    try:
        raw.decode()
    except UnicodeDecodeError:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw
        lines = raw.split(b"\n")
        return b"\n".join(b"#" if line.lstrip()[:1] in (b"#", b";") else line for line in lines)
    return raw


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
    if deeper(data):
        return read_yaml(text, file, tags)  # which says where
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
