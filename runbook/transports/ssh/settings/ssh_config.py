"""OpenSSH's client configuration: `ssh_config` files, with Host, Match, Include and tokens, for one host.

The first value of a keyword wins, except that IdentityFile and CertificateFile add up.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
import subprocess
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from runbook.common.memo import shared
from runbook.transports.base import UnknownConnection
from runbook.transports.ssh.settings.names import WAY_OUT, odd_host, odd_user

Values = tuple[str, ...]

_WORDS = re.compile(r'"((?:\\.|[^"\\])*)"|\'([^\']*)\'|(\S+)')
_LINE = re.compile(r"(\w+)(?:\s*=\s*|\s+|$)(.*)")
_WHOLE_LINE = ("proxycommand", "localcommand", "remotecommand", "knownhostscommand")
_ADD_UP = ("identityfile", "certificatefile")
_DEEPEST_INCLUDE = 16
_MATCH_EXEC_SECONDS = 10.0


def user_file() -> Path:
    return Path("~/.ssh/config").expanduser()


SYSTEM_FILE = Path("/etc/ssh/ssh_config")


@shared(1)
def local_user() -> str:
    """Who runs the program; a look into the system's list of users, which every host would take."""
    return getpass.getuser()


def lookup(alias: str, given: Iterable[tuple[str, str]] = (), config: str | None = None) -> dict[str, Values]:
    """The options for a host: those given, then the user's file, then the system's (or only `config`, as of `-F`).

    Keywords are lower case; tokens are expanded. Raises UnknownConnection for a file that cannot be understood, and
    for a name that is not fit for the shell of `Match exec` or `ProxyCommand`.
    """
    _fit(odd_host(alias))
    if config is None:
        files = [path for path in (user_file(), SYSTEM_FILE) if path.is_file()]
    else:
        files = [] if config.lower() == "none" else [Path(config).expanduser()]
    options: dict[str, Values] = {}
    for keyword, value in given:
        _set(options, keyword, _values(keyword, value))
    for final in (False, True):  # the second pass is for `Match final`; what is set stays
        for path in files:
            _Reading(alias, options, final, system=path == SYSTEM_FILE).file(path, True, 0)
    return _expanded(alias, options)


def _set(options: dict[str, Values], keyword: str, values: Values) -> None:
    if keyword in _ADD_UP:
        known = options.get(keyword, ())
        options[keyword] = known + tuple(value for value in values if value not in known)
    elif keyword in ("proxyjump", "proxycommand"):  # they compete: the first of both wins
        if "proxyjump" not in options and "proxycommand" not in options:
            options[keyword] = values
    else:
        options.setdefault(keyword, values)


def _values(keyword: str, text: str) -> Values:
    return (text.strip(),) if keyword in _WHOLE_LINE else tuple(_words(text))


def _words(text: str) -> Iterator[str]:
    for match in _WORDS.finditer(text):
        double, single, bare = match.groups()
        if bare is not None and bare.startswith("#"):
            return
        yield re.sub(r"\\(.)", r"\1", double) if double is not None else (single if single is not None else bare)


@shared(64)
def _lines(path: Path, _changed: int) -> tuple[tuple[int, str, str], ...]:
    """(line number, keyword, rest) of a file."""
    found = []
    for number, raw in enumerate(path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None or not match.group(2).strip():
            raise UnknownConnection(f"{path}:{number}: {line!r} is not a keyword with a value")
        found.append((number, match.group(1).lower(), match.group(2)))
    return tuple(found)


class _Reading:
    """One pass over a file and what it includes, for one host."""

    def __init__(self, alias: str, options: dict[str, Values], final: bool, system: bool) -> None:
        self.alias, self.options, self.final = alias, options, final
        self.home = SYSTEM_FILE.parent if system else Path("~/.ssh").expanduser()

    def file(self, path: Path, outer: bool, depth: int) -> None:
        """Take what holds for the host. `outer`: does the block hold that the file is included in?"""
        if depth > _DEEPEST_INCLUDE:
            raise UnknownConnection(f"{path}: Include goes deeper than {_DEEPEST_INCLUDE} files; a circle?")
        try:
            lines = _lines(path, path.stat().st_mtime_ns)
        except OSError as error:
            raise UnknownConnection(f"{path} cannot be read: {error.strerror}") from None
        active = outer
        for number, keyword, rest in lines:
            if keyword == "host":
                active = outer and matches(self.alias, tuple(_words(rest)))
            elif keyword == "match":
                active = outer and self._match(list(_words(rest)), f"{path}:{number}")
            elif keyword == "include":
                for found in self._included(rest):
                    self.file(found, active, depth + 1)
            elif active:
                _set(self.options, keyword, _values(keyword, rest))

    def _included(self, rest: str) -> Iterator[Path]:
        for word in _words(rest):
            pattern = self.home / Path(word).expanduser()
            parts = pattern.parts[1:] if pattern.is_absolute() else pattern.parts
            found = Path(pattern.anchor or ".").glob("/".join(parts))
            yield from sorted(path for path in found if path.is_file())

    def _match(self, words: list[str], where: str) -> bool:
        """Do all criteria of a `Match` line hold?"""
        while words:
            word = words.pop(0).lower()
            criterion = word.removeprefix("!")
            if criterion in ("all", "final", "canonical"):
                holds = {"all": True, "final": self.final, "canonical": False}[criterion]
            elif not words:
                raise UnknownConnection(f"{where}: Match {criterion} needs a value")
            else:
                holds = self._holds(criterion, words.pop(0))
            if holds == word.startswith("!"):
                return False
        return True

    def _holds(self, criterion: str, value: str) -> bool:
        if criterion == "exec":
            return _succeeds(_expand(value, _tokens(self.alias, self.options)))
        known = {
            "host": _host(self.alias, self.options),
            "originalhost": self.alias,
            "user": _first(self.options, "user") or local_user(),
            "localuser": local_user(),
        }
        return criterion in known and matches(known[criterion], tuple(value.split(",")))


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=4096)
def _kinds_of(patterns: Values) -> tuple[frozenset[str], Values]:
    """Plain names, which a list may have many of, and the patterns to be tried one by one."""
    others = tuple(pattern for pattern in patterns if set("*?!") & set(pattern))
    return frozenset(pattern.lower() for pattern in patterns if pattern not in others), others


def matches(name: str, patterns: Values) -> bool:
    """Does a name match a list of patterns with `*`, `?` and `!`, as OpenSSH has them?"""
    plain, others = _kinds_of(patterns)
    hit = name.lower() in plain
    for pattern in others:
        bare = pattern.removeprefix("!")
        if _expression(bare).fullmatch(name):
            if pattern.startswith("!"):
                return False
            hit = True
    return hit


def _succeeds(command: str) -> bool:
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            timeout=_MATCH_EXEC_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _first(options: dict[str, Values], keyword: str) -> str:
    return next(iter(options.get(keyword, ())), "")


def _host(alias: str, options: dict[str, Values]) -> str:
    return (_first(options, "hostname") or alias).replace("%h", alias).replace("%%", "%")


def _tokens(alias: str, options: dict[str, Values]) -> dict[str, str]:
    name = socket.gethostname()
    return {
        "%": "%",
        "h": _host(alias, options),
        "n": alias,
        "p": _first(options, "port") or "22",
        "r": _first(options, "user") or local_user(),
        "u": local_user(),
        "d": str(Path.home()),
        "l": name,
        "L": name.partition(".")[0],
        "k": _first(options, "hostkeyalias") or alias,
    }


def _expand(text: str, tokens: dict[str, str]) -> str:
    return re.sub(r"%(.)", lambda match: tokens.get(match.group(1), match.group(0)), text)


def _fit(objection: str) -> None:
    if objection:
        raise UnknownConnection(f"{objection}: {WAY_OUT}")


_WITH_TOKENS = ("proxycommand", "proxyjump")
_PATHS = ("identityfile", "certificatefile", "userknownhostsfile", "globalknownhostsfile", "identityagent")


def _expanded(alias: str, options: dict[str, Values]) -> dict[str, Values]:
    """The same options with tokens, `~` and `${VARIABLES}` in their places."""
    tokens = _tokens(alias, options)
    _fit(odd_host(tokens["h"]) or odd_user(tokens["r"]))
    expanded = dict(options)
    expanded["hostname"] = (tokens["h"],)
    for keyword in _WITH_TOKENS:
        if keyword in options:
            expanded[keyword] = tuple(_expand(value, tokens) for value in options[keyword])
    for keyword in _PATHS:
        if keyword in options:
            expanded[keyword] = tuple(_path(value, tokens) for value in options[keyword])
    return expanded


def _path(value: str, tokens: dict[str, str]) -> str:
    named = re.sub(r"\$\{(\w+)\}", lambda match: os.environ.get(match.group(1), ""), value)
    whole = _expand(named, tokens)
    return str(Path(whole).expanduser()) if whole.startswith("~") else whole
