"""INI inventories: sections of hosts, `:children` and `:vars`, with Ansible's quoting, comments and types of values.

[web]
web[01:03].example.com:2222 ansible_user=deploy   # a comment
[prod:children]
web
[prod:vars]
retries=3
"""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator

from msgspec import Struct, field

from runbook.common.frozen import Frozen
from runbook.inventory.addresses import AddressError, expand
from runbook.inventory.builder import InventoryBuilder
from runbook.inventory.sources.values import ValueTooLong, read_value
from runbook.source.document import Span

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?\Z")
_GROUP = re.compile(r"([^:\]\s]+)\s*(?:#.*)?\Z")
_QUOTING = re.compile(r"[\"'\\]")
_BLANK = " \t\r\n"
_BARE = re.compile(f"[^{_BLANK}]+")
_KINDS = ("hosts", "children", "vars")


def parse_ini(text: str, file: str, builder: InventoryBuilder) -> None:
    """Put what the text says into the builder, problems too. `file` is the name for messages."""
    _Ini(file, builder).parse(text)


class _Word(Frozen):
    text: str
    column: int
    length: int


class _Awaited(Struct):
    """A group that a section speaks of before any section declares it."""

    span: Span
    parents: list[str] = field(default_factory=list)
    """The groups that want it as a child; none for a `:vars` section."""


class _Ini:
    def __init__(self, file: str, builder: InventoryBuilder) -> None:
        self.file, self.builder = file, builder
        self.group, self.kind = "ungrouped", "hosts"
        """The section we are in; no kind below a header that cannot be read, for nothing there can be judged."""
        self.awaited: dict[str, _Awaited] = {}
        self.line = 0

    def parse(self, text: str) -> None:
        readers = {"hosts": self._hosts, "children": self._child, "vars": self._variable}
        for self.line, raw in enumerate(text.splitlines(), 1):
            line = raw.strip()
            at = len(raw) - len(raw.lstrip()) + 1
            if not line or line[0] in ";#":
                continue
            if line[0] == "[" and self._section(line, at):
                continue
            if self.kind:
                readers[self.kind](line, at)
        self._undeclared()

    def _span(self, column: int, length: int) -> Span:
        return Span(self.file, self.line, column, max(1, length))

    def _section(self, line: str, at: int) -> bool:
        """Was it a section's header? A line like `[::1]:22` is a host."""
        span = self._span(at, len(line))
        match = _SECTION.match(line)
        if match:
            self._enter(match[1], match[2] or "hosts", span)
        elif line.endswith("]"):
            self.kind = ""
            self.builder.problem(f"not a section: {line}", span, "write [group], [group:children] or [group:vars]")
        elif "]" not in line:
            self.kind = ""
            self.builder.problem("the section has no closing bracket", span, f"write {line}]")
        return bool(match) or not self.kind

    def _enter(self, group: str, kind: str, span: Span) -> None:
        if kind not in _KINDS:
            self.kind = ""
            hint = "write [group], [group:children] or [group:vars]"
            self.builder.problem(f"the section [{group}:{kind}] is of no kind that is known", span, hint)
            return
        self.group, self.kind = group, kind
        if kind == "vars":
            if group not in self.builder.groups:
                self.awaited.setdefault(group, _Awaited(span))
            self.builder.add_group(group)
            return
        self.builder.add_group(group)
        awaited = self.awaited.pop(group, None)
        for parent in awaited.parents if awaited else ():
            self.builder.add_child(parent, group, awaited.span if awaited else span)

    def _child(self, line: str, at: int) -> None:
        match = _GROUP.match(line)
        if not match:
            hint = "one group a line, without variables; those stand under [group:vars]"
            self.builder.problem(f"not a group's name: {line}", self._span(at, len(line)), hint)
            return
        name, span = match[1], self._span(at, len(match[1]))
        if name in self.builder.groups:
            self.builder.add_child(self.group, name, span)
        else:
            self.awaited.setdefault(name, _Awaited(span)).parents.append(self.group)

    def _variable(self, line: str, at: int) -> None:
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            hint = f"[{self.group}:vars] holds variables; hosts stand under [{self.group}]"
            self.builder.problem(f"not a variable: {line}", self._span(at, len(line)), hint)
            return
        column = at + len(name) + 1 + len(value) - len(value.lstrip())
        self._set(self.group, name.strip(), value.strip(), self._span(column, len(value.strip())))

    def _set(self, entity: str, name: str, text: str, span: Span) -> None:
        try:
            value = read_value(text)
        except ValueTooLong as error:
            self.builder.problem(str(error), span, "put it into a YAML file under group_vars/ or host_vars/")
            return
        self.builder.set_variable(entity, name, value, span)

    def _hosts(self, line: str, at: int) -> None:
        try:
            words = list(_words(line, at))
        except ValueError as error:
            why = str(error).lower()
            self.builder.problem(f"the line cannot be split into words: {why}", self._span(at, len(line)), "quote it")
            return
        names, port = self._names(words[0])
        span = self._span(words[0].column, words[0].length)
        for name in names:
            self.builder.add_host(name, self.group, span, port)
        for word in words[1:]:
            self._host_variable(names, word)

    def _names(self, word: _Word) -> tuple[list[str], int | None]:
        span = self._span(word.column, word.length)
        try:
            names, port = expand(word.text)
        except AddressError as error:
            self.builder.problem(str(error), span)
            return [], None
        if not word.text or word.text == "---" or (word.text.endswith(":") and port is None):
            hint = "is this YAML? Then name the file .yml" if word.text else "write the host's name first"
            self.builder.problem(f"not a host's name: {word.text!r}", span, hint)
            return [], None
        return names, port

    def _host_variable(self, names: list[str], word: _Word) -> None:
        name, equals, text = word.text.partition("=")
        if not equals or not name:
            hint = "variables of a host are written name=value, with no space around the ="
            self.builder.problem(f"not a variable: {word.text}", self._span(word.column, word.length), hint)
            return
        behind = min(len(name) + 1, word.length - 1)
        span = self._span(word.column + behind, word.length - behind)
        for host in names:
            self._set(host, name, text, span)

    def _undeclared(self) -> None:
        from runbook.common.spelling import nearest

        for name, awaited in self.awaited.items():
            near = nearest(name, self.builder.groups.keys() - {name})
            if awaited.parents:
                message = f"[{awaited.parents[-1]}:children] names the group {name!r}, which is not declared"
            else:
                message = f"[{name}:vars] sets variables of a group that is not declared"
            self.builder.problem(message, awaited.span, near or f"declare it: [{name}]")


def _words(line: str, at: int) -> Iterator[_Word]:
    """The words of a host's line as a shell splits them, without comments. Raises ValueError for open quotes."""
    if not _QUOTING.search(line):  # most lines; the shell's way takes ten times as long
        for match in _BARE.finditer(line.partition("#")[0]):
            yield _Word(match[0], at + match.start(), len(match[0]))
        return
    stream = io.StringIO(line)
    lexer = shlex.shlex(stream, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    begin = 0
    while (token := lexer.get_token()) is not None:
        end = stream.tell()
        written = line[begin:end]
        start = begin + len(written) - len(written.lstrip(_BLANK))
        yield _Word(token, at + start, len(written.strip(_BLANK)))
        begin = end
