"""Ansible's tests under their names: `x is NAME`. TESTS is added to Jinja's own.

The docstring of a test is its entry in `docs/templates.md`.
"""

from __future__ import annotations

import math
import os.path
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlparse

from runbook.templating.filters.regexes import looked
from runbook.templating.filters.sets import key
from runbook.templating.sandbox.limits import text_of
from runbook.templating.sandbox.partly_read import PartlyRead
from runbook.templating.versions import version

Test = Callable[..., bool]


def _outcome(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"`is {name}` asks about a registered outcome, not about {type(value).__name__}")
    return value


def failed(value: Any) -> bool:
    """Did the step whose outcome was registered fail?"""
    return bool(_outcome("failed", value).get("failed"))


def succeeded(value: Any) -> bool:
    """Did it not fail? A step that was skipped did not."""
    return not _outcome("succeeded", value).get("failed")


def changed(value: Any) -> bool:
    """Did it change something? A loop did when one of its items did."""
    outcome = _outcome("changed", value)
    if "changed" in outcome:
        return bool(outcome["changed"])
    results = outcome.get("results")
    return isinstance(results, list) and any(isinstance(one, Mapping) and one.get("changed") for one in results)


def skipped(value: Any) -> bool:
    """Was it skipped?"""
    return bool(_outcome("skipped", value).get("skipped"))


def unreachable(value: Any) -> bool:
    """Was its host not reached?"""
    return bool(_outcome("unreachable", value).get("unreachable"))


def reachable(value: Any) -> bool:
    """Was its host reached?"""
    return not _outcome("reachable", value).get("unreachable")


def timedout(value: Any) -> bool:
    """Did its time run out?"""
    outcome = _outcome("timedout", value)
    return bool(outcome.get("timed_out") or outcome.get("timedout"))


def search(value: Any, pattern: str = "", ignorecase: bool = False, multiline: bool = False) -> bool:
    """Does the regular expression match somewhere in the text?"""
    return _found(value, pattern, "search", ignorecase, multiline)


def match(value: Any, pattern: str = "", ignorecase: bool = False, multiline: bool = False) -> bool:
    """Does the regular expression match at the beginning of the text?"""
    return _found(value, pattern, "match", ignorecase, multiline)


def regex(
    value: Any, pattern: str = "", ignorecase: bool = False, multiline: bool = False, match_type: str = "search"
) -> bool:
    """As `search`; `match_type` is search, match or fullmatch."""
    if match_type not in ("search", "match", "fullmatch"):
        raise ValueError(f"regex: match_type is search, match or fullmatch, not {match_type!r}")
    return _found(value, pattern, match_type, ignorecase, multiline)


def _found(value: Any, pattern: str, how: str, ignorecase: bool, multiline: bool) -> bool:
    partly = value if isinstance(value, PartlyRead) and how != "fullmatch" else None
    text = partly.known if partly is not None else text_of(value)
    found = looked(pattern, how, text, ignorecase=ignorecase, multiline=multiline)
    return partly.holds(found) if partly is not None else bool(found)


def contains(values: Any, value: Any) -> bool:
    """Is the value in the list, the key in the mapping, the text in the text?"""
    return value in values


def subset(values: Any, others: Any) -> bool:
    """Is every item in the other list?"""
    return set(map(key, values)) <= set(map(key, others))


def superset(values: Any, others: Any) -> bool:
    """Is every item of the other list in this one?"""
    return set(map(key, values)) >= set(map(key, others))


def all_(values: Any) -> bool:
    """Are all items true? Of none, yes."""
    return all(values)


def any_(values: Any) -> bool:
    """Is one of the items true?"""
    return any(values)


_FALSE = {"no", "off", "false", "0", "n", "f"}


def truthy(value: Any, convert_bool: bool = False) -> bool:
    """Is it true, not empty, not 0? With `convert_bool` texts such as `no` and `off` are false."""
    if convert_bool and isinstance(value, str) and value.strip().lower() in _FALSE:
        return False
    return bool(value)


def falsy(value: Any, convert_bool: bool = False) -> bool:
    """The contrary of `truthy`."""
    return not truthy(value, convert_bool)


def nan(value: Any) -> bool:
    """Is it the number that is none?"""
    return isinstance(value, float) and math.isnan(value)


def exists(path: Any) -> bool:
    """Is there such a path on the controller? Of a host, the step `file` tells."""
    return os.path.exists(path)


def file(path: Any) -> bool:
    """Is it a file on the controller?"""
    return os.path.isfile(path)


def directory(path: Any) -> bool:
    """Is it a folder on the controller?"""
    return os.path.isdir(path)


def link(path: Any) -> bool:
    """Is it a link on the controller?"""
    return os.path.islink(path)


def link_exists(path: Any) -> bool:
    """Is there such a path, or a link that leads nowhere?"""
    return os.path.lexists(path)


def mount(path: Any) -> bool:
    """Is something mounted there, on the controller?"""
    return os.path.ismount(path)


def abs_(path: Any) -> bool:
    """Does the path begin with `/`?"""
    return os.path.isabs(path)


def same_file(path: Any, other: Any) -> bool:
    """Are both the same file of the controller?"""
    return os.path.samefile(path, other)


def uri(value: Any, schemes: Any = None) -> bool:
    """Is it a URI, of one of the schemes?"""
    try:
        found = urlparse(value)
    except (ValueError, AttributeError):
        return False
    return not schemes or found.scheme in schemes


def url(value: Any, schemes: Any = None) -> bool:
    """Is it an address of the web, of one of the schemes?"""
    found = urlparse(value) if uri(value, schemes) else None
    return bool(found and (found.netloc or found.scheme == "file"))


def urn(value: Any) -> bool:
    """Is it a URN?"""
    return uri(value, ["urn"])


TESTS: Mapping[str, Test] = {
    "abs": abs_,
    "all": all_,
    "any": any_,
    "change": changed,
    "changed": changed,
    "contains": contains,
    "directory": directory,
    "exists": exists,
    "failed": failed,
    "failure": failed,
    "falsy": falsy,
    "file": file,
    "is_abs": abs_,
    "is_dir": directory,
    "is_file": file,
    "is_link": link,
    "is_mount": mount,
    "is_same_file": same_file,
    "isnan": nan,
    "issubset": subset,
    "issuperset": superset,
    "link": link,
    "link_exists": link_exists,
    "match": match,
    "mount": mount,
    "nan": nan,
    "reachable": reachable,
    "regex": regex,
    "same_file": same_file,
    "search": search,
    "skip": skipped,
    "skipped": skipped,
    "subset": subset,
    "succeeded": succeeded,
    "success": succeeded,
    "successful": succeeded,
    "superset": superset,
    "timedout": timedout,
    "truthy": truthy,
    "unreachable": unreachable,
    "uri": uri,
    "url": url,
    "urn": urn,
    "version": version,
    "version_compare": version,
}
