"""Reads YAML into a `Document`: plain data, and a span for every key and value.

Read with bounds (size, depth, nodes after aliases), so that no file can eat the machine. Everything that is wrong is
collected: only a syntax error ends the reading of a file, for nothing behind it can be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from runbook.common.nesting import MAX_LEVELS
from runbook.source.document import Document, Key, Keys, Problem, Problems, Span, read_bounded, show_path

MAX_BYTES = 10 * 1024 * 1024
MAX_NODES = 500_000
MAX_OPENED = 20_000
"""Marks that can begin a level. With no more of them the C parser, which calls itself, cannot run out of its stack."""

MAX_SHOWN = 40
"""Characters of a value that a message shows."""

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = {_TAG + "str", _TAG + "timestamp", _TAG + "value"}
"""Read as text. Timestamps too: a date in a runbook is something to print or to compare with text."""


def read_yaml_file(path: Path) -> Document:
    """Read a file. Raises Problems, also where it is not there, not readable, too large, or not UTF-8."""
    return read_yaml(file_text(path), show_path(path))


def file_text(path: Path) -> str:
    """The text of a file. Raises Problems."""
    name = show_path(path)
    try:
        raw = read_bounded(path, MAX_BYTES)
    except OSError as error:
        _refuse(name, f"cannot be read: {error.strerror or error}")
    if len(raw) > MAX_BYTES:
        _refuse(name, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB", "split it with `include`")
    return decode(raw, name)


def decode(raw: bytes, name: str) -> str:
    """Bytes of a text file as text: UTF-8, with or without a byte order mark. Raises Problems."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse(name, "the file is UTF-16, not UTF-8", f"convert it: iconv -f UTF-16 -t UTF-8 {name}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = len(raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        problem = Problem("not UTF-8 text", Span(name, line, column), "save the file as UTF-8", "unreadable")
        raise Problems([problem]) from None
    return text.replace("\r\n", "\n")


Tags = Mapping[str, Callable[[str], Any]]
"""What to make of a text that has a tag like `!vault`. A ValueError is a problem of the text."""


def read_yaml(text: str, file: str, tags: Tags | None = None) -> Document:
    """Read text. `file` is the name for messages. An empty file's data is None. Raises Problems."""
    return _Reader(text.removeprefix("\ufeff"), file, tags or {}).read()


def _refuse(name: str, message: str, hint: str = "") -> NoReturn:
    raise Problems([Problem(message, Span(name, 1, 1), hint, "unreadable")])


class _Reader:
    def __init__(self, text: str, file: str, tags: Tags) -> None:
        self.text, self.file, self.tags = text, file, tags
        self.keys: dict[Keys, Span] = {}
        self.values: dict[Keys, Span] = {}
        self.problems: list[Problem] = []
        self.nodes = 0
        self.scalars = yaml.constructor.SafeConstructor()

    def read(self) -> Document:
        if sum(self.text.count(mark) for mark in ("[", "{", "- ", "? ", "-\n", "?\n")) > MAX_OPENED:
            self._look_at_depth()
        node = self._compose()
        if node is not None and "*" in self.text:
            self._measure(node, {}, 0)
        self.values[()] = Span(self.file, 1, 1)
        data = self._build(node, ()) if node is not None else None
        if self.problems:
            raise Problems(self.problems, {self.file: self.text})
        return Document(self.file, self.text, data, self.keys, self.values)

    def _compose(self) -> Any:
        try:
            loader = Loader(self.text)
            try:
                return loader.get_single_node()
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            raise self._syntax_error(error) from None
        except yaml.reader.ReaderError as error:
            before = self.text[: error.position]
            span = Span(self.file, before.count("\n") + 1, error.position - before.rfind("\n"))
            message = (
                f"a character that YAML does not allow: U+{ord(str(error.character)[0]):04X}"
                if isinstance(error.character, str)
                else f"a character that YAML does not allow: U+{error.character:04X}"
            )
            raise Problems([Problem(message, span, "remove it", "syntax")], {self.file: self.text}) from None
        except RecursionError:
            problem = Problem("nested too deeply", Span(self.file, 1, 1), rule="syntax")
            raise Problems([problem]) from None

    def _look_at_depth(self) -> None:
        """Refuses what is nested too deeply, event by event: without a call for each level."""
        loader, depth = Loader(self.text), 0
        try:
            while loader.check_event():
                event = loader.get_event()
                if isinstance(event, yaml.CollectionStartEvent):
                    depth += 1
                elif isinstance(event, yaml.CollectionEndEvent):
                    depth -= 1
                if depth > MAX_LEVELS:
                    self._refuse("nested too deeply", event)
        except yaml.YAMLError:  # told when it is composed, unless it is too deep before that
            return
        finally:
            loader.dispose()

    def _measure(self, node: Any, sizes: dict[int, int], depth: int) -> int:
        """How many nodes there are once the aliases are followed, each counted once. Refuses too many."""
        if isinstance(node, yaml.ScalarNode):
            return 1
        known = sizes.get(id(node))
        if known is not None:
            if not known:
                self._refuse("an alias that stands within what it means", node)
            return known
        if depth > MAX_LEVELS:
            self._refuse("nested too deeply", node)
        sizes[id(node)] = 0  # it is being measured
        pairs = isinstance(node, yaml.MappingNode)
        inner = (one for pair in node.value for one in pair) if pairs else node.value
        size = 1 + sum(self._measure(one, sizes, depth + 1) for one in inner)
        if size > MAX_NODES:
            self._refuse("too large once its aliases are followed", node)
        sizes[id(node)] = size
        return size

    def _refuse(self, message: str, node: Any) -> NoReturn:
        raise Problems([Problem(message, self._span(node), rule="syntax")], {self.file: self.text})

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> Problems:
        mark = error.problem_mark or error.context_mark
        span = Span(self.file, mark.line + 1, mark.column + 1) if mark else Span(self.file, 1, 1)
        lines = self.text.splitlines()
        line = lines[span.line - 1] if span.line <= len(lines) else ""  # the mark may stand behind the last line
        message = f"not valid YAML: {error.problem or error.context}"
        return Problems([Problem(message, span, _syntax_hint(line), "syntax")], {self.file: self.text})

    def _build(self, node: Any, path: Keys) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or len(path) > MAX_LEVELS:
            self._refuse(
                "nested too deeply" if len(path) > MAX_LEVELS else "too large once its aliases are followed", node
            )
        self.values[path] = self._span(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            if node.tag != _TAG + "seq":
                self._unknown_tag(node)
            return [self._build(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: Any, path: Keys) -> dict[Key, Any]:
        if node.tag != _TAG + "map":
            self._unknown_tag(node)
        own: dict[Key, Any] = {}
        merged: dict[Key, Any] = {}
        merges = [value for key, value in node.value if key.tag == _TAG + "merge"]
        for source in (one for value in merges for one in self._merged(value)):
            merged = {**self._build(source, path), **merged}
        self.values[path] = self._span(node)
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                continue
            key = self._key(key_node)
            if key is None:
                continue
            here = (*path, key)
            if key in own:
                first = self.keys[here].line
                self._problem(
                    f"the key {key!r} stands twice", key_node, f"the first is in line {first}", "duplicate-key"
                )
                continue
            self.keys[here] = self._span(key_node)
            own[key] = self._build(value_node, here)
        return {**merged, **own}

    def _merged(self, node: Any) -> Iterator[Any]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for one in nodes:
            if isinstance(one, yaml.MappingNode):
                yield one
            else:
                self._problem("`<<` takes a mapping, or a list of them", one, rule="syntax")

    def _key(self, node: Any) -> Key | None:
        if not isinstance(node, yaml.ScalarNode):
            # `name: {{ x }}` is read as a mapping whose key is a mapping.
            self._problem(
                "a key must be plain text", node, 'a template that begins a value needs quotes: "{{ … }}"', "syntax"
            )
            return None
        if node.tag == _TAG + "int" and node.value.isdecimal() and not node.value.startswith("0"):
            return int(node.value)
        return str(node.value)

    def _scalar(self, node: Any) -> Any:
        tag, value = node.tag, node.value
        if tag in _TEXT_TAGS or (tag in (_TAG + "int", _TAG + "float") and ":" in value):
            return value  # 12:30 is a time here, not 750 as YAML 1.1 has it
        if tag in {_TAG + "bool", _TAG + "int", _TAG + "float", _TAG + "null"}:
            try:
                return self.scalars.construct_object(node)
            except (ValueError, KeyError):
                what = {"int": "whole number", "float": "number", "bool": "truth"}.get(tag.removeprefix(_TAG), tag)
                shown = value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "…"
                self._problem(f"{shown!r} cannot be read as a {what}", node, rule="syntax")
                return None
        return self._tagged(node)

    def _tagged(self, node: Any) -> Any:
        if node.tag not in self.tags:
            self._unknown_tag(node)
            return None
        try:
            return self.tags[node.tag](node.value)
        except ValueError as error:
            self._problem(str(error), node, rule="tag")
            return None

    def _unknown_tag(self, node: Any) -> None:
        tag = str(node.tag).replace(_TAG, "!!")
        self._problem(f"the tag {tag} is not allowed here", node, "a playbook holds plain data only", "tag")

    def _problem(self, message: str, node: Any, hint: str = "", rule: str = "") -> None:
        self.problems.append(Problem(message, self._span(node), hint, rule))

    def _span(self, node: Any) -> Span:
        start, end = node.start_mark, node.end_mark
        length = end.column - start.column if end.line == start.line else 1
        return Span(self.file, start.line + 1, start.column + 1, max(1, length))


def _syntax_hint(line: str) -> str:
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces: YAML allows no tab there"
    if "{{" in line:
        return 'a value that begins with a template needs quotes: "{{ … }}"'
    if line.count(": ") > 1:
        return "a value that holds `: ` needs quotes"
    return "look at the indentation and the quotes of this line and of the one before it"
