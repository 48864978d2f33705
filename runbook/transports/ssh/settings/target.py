"""What an inventory says about reaching a host over SSH, taken apart: variables in, one frozen value out. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from runbook.common.frozen import Frozen, repr_without
from runbook.transports.base import UnknownConnection

Options = tuple[tuple[str, str], ...]
"""ssh_config options as (lower-case keyword, value) in the order of their weight: the first of a keyword wins."""

_PLAIN_FLAGS = "1246AaCfGgKkMNnqsTtVvXxYy"
_FLAGS_WITH_VALUE = "BbcDEeFIiJLlmOoPpQRSWw"
_KEYWORD_OF_FLAG = {"J": "proxyjump", "i": "identityfile", "p": "port", "l": "user", "b": "bindaddress"}
_FAMILY_OF_FLAG = {"4": "inet", "6": "inet6"}


class SshTarget(Frozen):
    """A host to reach over SSH, before `~/.ssh/config` has been asked."""

    __repr__ = repr_without("password", "passphrase")

    name: str
    """Its name in the inventory."""
    host: str
    """What is looked up in `~/.ssh/config`, which may give another address."""
    options: Options = ()
    config: str | None = None
    """The file of `-F`, read instead of the user's and the system's own; `none` reads none."""
    password: str | None = None
    passphrase: str | None = None
    """Opens locked key files."""


def target_of(name: str, variables: Mapping[str, Any]) -> SshTarget:
    """The target that rendered inventory variables describe. Raises UnknownConnection."""
    config: str | None = None
    options: list[tuple[str, str]] = []
    for variable in ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"):
        given, file = parse_arguments(_text(variables, variable), f"{name}: {variable}")
        options += given
        config = file or config
        if variable == "ansible_ssh_args":  # the variables of their own weigh more than the arguments that follow
            options += _own_options(name, variables)
    _only_sudo(name, variables)
    return SshTarget(
        name,
        _first(variables, "ansible_ssh_host", "ansible_host") or name,
        tuple(options),
        config,
        _first(variables, "ansible_ssh_password", "ansible_ssh_pass", "ansible_password") or None,
        _first(variables, "ansible_ssh_private_key_passphrase", "ansible_private_key_passphrase") or None,
    )


def _own_options(name: str, variables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if port := _first(variables, "ansible_ssh_port", "ansible_port"):
        yield "port", str(port_number(port, f"{name}: ansible_port"))
    if user := _first(variables, "ansible_ssh_user", "ansible_user"):
        yield "user", user
    if key := _first(variables, "ansible_ssh_private_key_file", "ansible_private_key_file"):
        yield "identityfile", quoted(key)
    if timeout := _first(variables, "ansible_ssh_timeout", "ansible_timeout"):
        yield "connecttimeout", timeout


def _first(variables: Mapping[str, Any], *names: str) -> str:
    return next((text for variable in names if (text := _text(variables, variable))), "")


def _text(variables: Mapping[str, Any], name: str) -> str:
    value = variables.get(name)
    return "" if value is None else str(value)


def _only_sudo(name: str, variables: Mapping[str, Any]) -> None:
    method = _text(variables, "ansible_become_method")
    if method.removeprefix("ansible.builtin.") not in ("", "sudo"):
        raise UnknownConnection(f"{name}: ansible_become_method {method!r} is not there: only sudo is")


def port_number(text: str, where: str) -> int:
    """A TCP port from text. Raises UnknownConnection."""
    if re.fullmatch(r"\d{1,5}(\.0)?", text) and 0 < int(float(text)) < 65536:
        return int(float(text))
    raise UnknownConnection(f"{where} {text!r} is not a port: write a number from 1 to 65535")


def parse_arguments(text: str, where: str) -> tuple[list[tuple[str, str]], str | None]:
    """The options in a line of arguments for `ssh`, and the file of `-F`. What only a terminal needs is passed over.

    Raises UnknownConnection.
    """
    if not text:
        return [], None
    try:
        words = iter(_words(text))
    except ValueError as error:
        raise UnknownConnection(f"{where} cannot be split into words: {error}") from None
    options: list[tuple[str, str]] = []
    config: str | None = None
    for word in words:
        for flag, value in _flags(word, words, where):
            if flag == "F":
                config = value
            elif flag == "o":
                options.append(split_option(value, where))
            elif flag in _FAMILY_OF_FLAG:
                options.append(("addressfamily", _FAMILY_OF_FLAG[flag]))
            elif flag in _KEYWORD_OF_FLAG:
                options.append((_KEYWORD_OF_FLAG[flag], quoted(value) if flag == "i" else value))
    return options, config


@lru_cache(maxsize=256)
def _words(text: str) -> tuple[str, ...]:
    """As a shell splits them. Most hosts have the same arguments."""
    return tuple(shlex.split(text))


def _flags(word: str, words: Iterator[str], where: str) -> Iterator[tuple[str, str]]:
    """The flags in one word, such as `-vvC` or `-p22`, each with its value."""
    if not word.startswith("-") or word == "-":
        raise UnknownConnection(f"{where}: {word!r} is no option of ssh: write such as -o ProxyJump=…")
    for at, flag in enumerate(word[1:], start=2):
        if flag in _PLAIN_FLAGS:
            yield flag, ""
        elif flag in _FLAGS_WITH_VALUE:
            value = word[at:] or next(words, "")
            if not value:
                raise UnknownConnection(f"{where}: -{flag} needs a value")
            yield flag, value
            return
        else:
            raise UnknownConnection(f"{where}: ssh has no option -{flag}")


def quoted(path: str) -> str:
    """A path as one word of an ssh_config line, with nothing in it expanded but `~`."""
    return '"' + re.sub(r'(["\\])', r"\\\1", path.replace("%", "%%")) + '"'


def split_option(text: str, where: str) -> tuple[str, str]:
    """`Keyword=value` or `Keyword value`. Raises UnknownConnection."""
    match = re.fullmatch(r"\s*(\w+)(?:\s*=\s*|\s+)(.*?)\s*", text, re.DOTALL)
    if match is None:
        raise UnknownConnection(f"{where}: -o {text!r} is not of the form Keyword=value")
    return match.group(1).lower(), match.group(2)
