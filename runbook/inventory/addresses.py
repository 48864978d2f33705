"""Host names as an inventory writes them: `web[01:50].example.com`, `db:2222`, `[2001:db8::1]:22`.

The rules are Ansible's, also where they are odd: a range whose begin has a leading zero keeps its width, letters go
through `a…z` and then `A…Z`, and what is no host name with a port is a plain name, colons and all.
"""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Iterator

MAX_HOSTS = 100_000
"""More hosts than this in one inventory is a slip of the pen (`[0:99999999]`), and would eat the machine."""

_RANGE = r"\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]"
_LABEL = rf"(?:\w|{_RANGE})(?:[\w-]|{_RANGE})*(?<![-_])"
_HOSTNAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z", re.IGNORECASE)
_HEX_RANGE = re.compile(r"\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\]", re.IGNORECASE)
_BRACKETED_PORT = re.compile(r"\[(.+)\]:([0-9]+)\Z")
_PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)\Z")


class AddressError(ValueError):
    """A range that cannot be expanded; the sentence says why."""


def split_port(text: str) -> tuple[str, int | None] | None:
    """The host (ranges kept) and its port; None when the text is no address.

    >>> split_port("web[1:3]:2222"), split_port("[::1]:22"), split_port("web*:&prod")
    (('web[1:3]', 2222), ('::1', 22), None)
    """
    host, port = text, None
    for form in (_BRACKETED_PORT, _PORT):
        if match := form.match(host):
            host, port = match[1], int(match[2])
    return (host, port) if _HOSTNAME.match(host) or _is_ipv6(host) else None


def _is_ipv6(host: str) -> bool:
    if ":" not in host or "%" in host:
        return False
    try:
        ipaddress.IPv6Address(_HEX_RANGE.sub("1", host))
    except ValueError:
        return False
    return True


def expand(text: str) -> tuple[list[str], int | None]:
    """Every host that one entry of an inventory names, and their port. Raises AddressError.

    >>> expand("web[08:10:2]:2222")
    (['web08', 'web10'], 2222)
    """
    host, port = split_port(text) or (text, None)
    if "[" not in host:
        return [host], port
    size = 1
    for part in _parts(host):
        size *= len(part)
    if size > MAX_HOSTS:
        raise AddressError(f"{text!r} names {size:,} hosts; an inventory may have {MAX_HOSTS:,}")
    names = [""]
    for part in _parts(host):
        names = [name + piece for name in names for piece in part]
    return names, port


class _Numbers:
    """The texts of a numeric range; lazily, for its length is judged before it is made."""

    def __init__(self, numbers: range, width: int) -> None:
        self._numbers, self._width = numbers, width

    def __len__(self) -> int:
        try:
            return len(self._numbers)
        except OverflowError:
            return MAX_HOSTS + 1

    def __iter__(self) -> Iterator[str]:
        return (str(number).zfill(self._width) for number in self._numbers)


def _parts(host: str) -> Iterator[list[str] | _Numbers]:
    """The pieces that a name is put together from: fixed text, and ranges."""
    rest = host
    while "[" in rest:
        head, _, behind = rest.partition("[")
        inside, bracket, rest = behind.partition("]")
        if not bracket or "]" in head:
            raise AddressError(f"a bracket of {host!r} has no partner")
        yield [head]
        yield _range(inside)
    yield [rest]


def _range(text: str) -> list[str] | _Numbers:
    bounds = text.split(":")
    if len(bounds) not in (2, 3):
        raise AddressError(f"[{text}] is not a range: write [begin:end] or [begin:end:step]")
    first, last = bounds[0] or "0", bounds[1]
    if not last:
        raise AddressError(f"the range [{text}] has no end")
    step = _number(bounds[2], text) if len(bounds) == 3 else 1
    if step < 1:
        raise AddressError(f"the step of [{text}] must be 1 or more")
    letters = string.ascii_letters
    if len(first) == len(last) == 1 and first in letters and last in letters:
        begin, end = letters.index(first), letters.index(last)
        _ordered(begin, end, text)
        return list(letters[begin : end + 1 : step])
    if len(first) > 1 and first[0] == "0" and len(first) != len(last):
        raise AddressError(f"begin and end of [{text}] need the same number of digits")
    begin, end = _number(first, text), _number(last, text)
    _ordered(begin, end, text)
    return _Numbers(range(begin, end + 1, step), len(first) if first[0] == "0" else 0)


def _number(text: str, whole: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise AddressError(f"[{whole}] is not a range: {text[:20]!r} is neither one letter nor a number")
    return int(text)


def _ordered(begin: int, end: int, text: str) -> None:
    if begin > end:
        raise AddressError(f"the range [{text}] ends before it begins")
