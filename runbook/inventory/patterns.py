"""Which hosts a pattern means: `web*:&prod:!web03`, `~db\\d+`, `all[0:2]`, with Ansible's rules.

Parts stand between commas, or between colons where there is no comma. A part is the name of a host or a group, a glob,
or `~` and a regular expression, with `[2]`, `[-1]` or `[0:2]` behind it (both ends included) for some of what it finds.
Parts with `&` narrow what the plain ones found, parts with `!` take away, last, wherever they stand.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from runbook.common.frozen import Frozen, replace
from runbook.inventory.addresses import split_port
from runbook.inventory.builder import LOCALHOST
from runbook.inventory.sources.files import read_text
from runbook.model import Host, Inventory
from runbook.source.document import Problem, Problems, Span, show_path

_SUBSCRIPT = re.compile(r"(.+)\[(?:(-?[0-9]{1,9})|([0-9]{1,9})[:-]([0-9]{0,9}))\]\Z")
_PART = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")


def select(inventory: Inventory, pattern: str, limit: str | None = None) -> tuple[Host, ...]:
    """The hosts that a pattern means, within the limit, in the inventory's order.

    Raises Problems for a pattern or a limit that names nothing (neither means all hosts), for a regular expression that
    is wrong, and for a file of the limit that cannot be read.
    """
    hosts = _chosen(inventory, _named(split_pattern(pattern), pattern, "pattern"), pattern)
    if limit is not None:
        within = _named(_limit_parts(limit), limit, "limit")
        allowed = _chosen(inventory, within, limit)
        hosts = {name: host for name, host in hosts.items() if name in allowed}
    return tuple(hosts.values())


def _named(parts: list[str], text: str, what: str) -> list[str]:
    if not any(part.strip(":") for part in parts):
        span = Span(f"{what} {text!r}", 1, 1)
        said = f"the file {text[1:]} names no host" if text.startswith("@") else f"the {what} names no host"
        raise Problems([Problem(said, span, "write `all` for every host", "pattern")])
    return parts


def unmatched(inventory: Inventory, pattern: str, limit: str | None = None) -> tuple[str, ...]:
    """The parts of a pattern and a limit that no host and no group has: names that are mistyped, most likely."""
    parts = [*split_pattern(pattern), *_limit_parts(limit)]
    return tuple(part for part in dict.fromkeys(parts) if not _known(inventory, part, pattern))


def _known(inventory: Inventory, part: str, pattern: str) -> bool:
    return _find(inventory, part.lstrip("&!"), pattern, host_first=part[0] not in "&!").known


def members(inventory: Inventory, group: str) -> tuple[str, ...]:
    """The hosts of a group and of the groups below it: its own first, then level by level; what `groups` shows."""
    level, seen = [group], {group}
    hosts: dict[str, None] = {}
    while level:
        below: list[str] = []
        for name in level:
            hosts.update(dict.fromkeys(inventory.groups[name].hosts))
            for child in inventory.groups[name].children:
                if child not in seen:
                    seen.add(child)
                    below.append(child)
        level = below
    return tuple(hosts)


def split_pattern(pattern: str) -> list[str]:
    """Its parts. A colon also stands in ranges, IPv6 addresses and before ports; there it separates nothing.

    >>> split_pattern("web*:&prod:!web03"), split_pattern("all[0:2], ::1")
    (['web*', '&prod', '!web03'], ['all[0:2]', '::1'])
    """
    if "," in pattern:
        parts = pattern.split(",")
    elif split_port(pattern):
        parts = [pattern]
    else:
        parts = _PART.findall(pattern)
    return [part.strip() for part in parts if part.strip()]


def _limit_parts(limit: str | None) -> list[str]:
    return [name for part in split_pattern(limit or "") for name in _from_file(part)]


def _from_file(part: str) -> Iterator[str]:
    """`@FILE` stands for the lines of a file."""
    if not part.startswith("@"):
        yield part
        return
    path = Path(part[1:]).expanduser()
    yield from filter(None, (line.strip() for line in read_text(path, show_path(path)).splitlines()))


def _chosen(inventory: Inventory, parts: list[str], pattern: str) -> dict[str, Host]:
    _refuse_bare_signs(parts, pattern)
    plain = [part for part in parts if part[0] not in "&!"] or ["all"]
    hosts: dict[str, Host] = {}
    for part in plain:
        for host in _find(inventory, part, pattern, host_first=True).hosts:
            hosts.setdefault(host.name, host)
    for sign in "&!":
        for part in (part[1:] for part in parts if part[0] == sign):
            found = {host.name for host in _find(inventory, part, pattern, host_first=False).hosts}
            hosts = {name: host for name, host in hosts.items() if (name in found) == (sign == "&")}
    return hosts


def _refuse_bare_signs(parts: list[str], pattern: str) -> None:
    """`!` with nothing behind it would exclude nothing, and everything would be selected."""
    if bare := [part for part in parts if part in ("!", "&")]:
        span = Span(f"pattern {pattern!r}", 1, pattern.find(bare[0]) + 1)
        hint = f"write {bare[0]}NAME without a space, and quote the whole pattern for the shell"
        raise Problems([Problem(f"nothing stands behind the {bare[0]}", span, hint, "pattern")])


class _Found(Frozen):
    hosts: list[Host]
    known: bool
    """Is there anything that has the name? A group without hosts has it."""


def _find(inventory: Inventory, part: str, pattern: str, *, host_first: bool) -> _Found:
    """What one part finds; a host twice when it is found in two ways, as subscripts count in Ansible.

    `host_first`: where a host and a group share the name the host is meant; behind a sign it is the group.
    """
    if host_first and part in inventory.hosts:
        return _Found([inventory.hosts[part]], True)
    expression, subscript = _split_subscript(part)
    matches = _matcher(expression, pattern)
    groups = [name for name in inventory.groups if matches(name)]
    hosts = [inventory.hosts[name] for group in groups for name in members(inventory, group)]
    if not groups or expression[:1] == "~" or any(sign in expression for sign in ".?*["):
        hosts += [host for name, host in inventory.hosts.items() if matches(name)]
    if not hosts and expression in LOCALHOST and inventory.localhost:
        explicit = inventory.localhost.name in inventory.hosts
        hosts = [inventory.localhost if explicit else replace(inventory.localhost, name=expression)]
    cut = _cut(hosts, subscript)
    return _Found(cut, bool(cut or (groups and not hosts)))


def _split_subscript(part: str) -> tuple[str, tuple[int, int | None] | None]:
    """A part and its subscript: one index, or the first and the last (-1: the end)."""
    match = None if part.startswith("~") else _SUBSCRIPT.match(part)
    if not match:
        return part, None
    expression, index, first, last = match.groups()
    return expression, (int(index), None) if index else (int(first), int(last or -1))


def _cut(hosts: list[Host], subscript: tuple[int, int | None] | None) -> list[Host]:
    if subscript is None:
        return hosts
    first, last = subscript
    if not last:
        return hosts[first:][:1] if -len(hosts) <= first < len(hosts) else []
    return hosts[first : len(hosts) if last == -1 else last + 1]


def _matcher(expression: str, pattern: str) -> Callable[[str], object]:
    """Does a name match a glob, or a `~` regular expression? Both match from the name's beginning."""
    is_regex = expression.startswith("~")
    try:
        return re.compile(expression[1:] if is_regex else fnmatch.translate(expression)).match
    except (re.error, RecursionError, OverflowError) as error:
        span = Span(f"pattern {pattern!r}", 1, max(1, pattern.find(expression) + 1), max(1, len(expression)))
        problem = Problem(f"not a regular expression: {error}", span, "behind ~ stands a Python regex", "pattern")
        raise Problems([problem]) from None
