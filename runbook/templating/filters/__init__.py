"""Ansible's everyday filters under their names, with its results. FILTERS is added to Jinja's own.

Values of a template come in and leave. One file a theme; open `text.py` first. The docstring of a filter is its entry
in `docs/templates.md`: what it gives, and an example that is run. What it makes is bounded: see
`templating/sandbox/limits.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runbook.templating.filters import (
    addresses,
    choices,
    data,
    dates,
    hashes,
    lists,
    maps,
    numbers,
    paths,
    queries,
    regexes,
    sets,
    text,
    urls,
)

Filter = Callable[..., Any]

FILTERS: Mapping[str, Filter] = {
    "b64decode": data.b64decode,
    "b64encode": data.b64encode,
    "basename": paths.basename,
    "bool": choices.to_bool,
    "checksum": hashes.sha1,
    "combinations": lists.combinations,
    "combine": maps.combine,
    "comment": text.comment,
    "commonpath": paths.commonpath,
    "dict2items": maps.dict2items,
    "difference": sets.difference,
    "dirname": paths.dirname,
    "expanduser": paths.expanduser,
    "expandvars": paths.expandvars,
    "extract": lists.extract,
    "fileglob": paths.fileglob,
    "flatten": lists.flatten,
    "from_json": data.from_json,
    "from_yaml": data.from_yaml,
    "from_yaml_all": data.from_yaml_all,
    "hash": hashes.hash_,
    "human_readable": numbers.human_readable,
    "human_to_bytes": numbers.human_to_bytes,
    "intersect": sets.intersect,
    "ipaddr": addresses.ipaddr,
    "ipv4": addresses.ipv4,
    "ipv6": addresses.ipv6,
    "ipwrap": addresses.ipwrap,
    "items2dict": maps.items2dict,
    "json_query": queries.json_query,
    "log": numbers.log,
    "mandatory": choices.mandatory,
    "md5": hashes.md5,
    "normpath": paths.normpath,
    "password_hash": hashes.password_hash,
    "path_join": paths.path_join,
    "permutations": lists.permutations,
    "pow": numbers.pow_,
    "product": lists.product,
    "quote": text.quote,
    "random": lists.random,
    "realpath": paths.realpath,
    "regex_escape": regexes.regex_escape,
    "regex_findall": regexes.regex_findall,
    "regex_replace": regexes.regex_replace,
    "regex_search": regexes.regex_search,
    "rekey_on_member": maps.rekey_on_member,
    "relpath": paths.relpath,
    "root": numbers.root,
    "sha1": hashes.sha1,
    "shuffle": lists.shuffle,
    "split": text.split,
    "splitext": paths.splitext,
    "splitlines": text.splitlines,
    "strftime": dates.strftime,
    "subelements": lists.subelements,
    "symmetric_difference": sets.symmetric_difference,
    "ternary": choices.ternary,
    "to_datetime": dates.to_datetime,
    "to_json": data.to_json,
    "to_nice_json": data.to_nice_json,
    "to_nice_yaml": data.to_nice_yaml,
    "to_uuid": hashes.to_uuid,
    "to_yaml": data.to_yaml,
    "type_debug": choices.type_debug,
    "union": sets.union,
    "unique": sets.unique,
    "urldecode": urls.urldecode,
    "urlsplit": urls.urlsplit,
    "win_basename": paths.win_basename,
    "win_dirname": paths.win_dirname,
    "win_splitdrive": paths.win_splitdrive,
    "zip": lists.zip_,
    "zip_longest": lists.zip_longest,
}

BOUNDED: Mapping[str, Filter] = {
    "batch": lists.batch,
    "center": text.center,
    "format": text.format_,
    "indent": text.indent,
    "join": text.join,
    "list": lists.list_,
    "pprint": text.pprint,
    "replace": text.replace,
    "round": numbers.round_,
    "slice": lists.slice_,
    "string": text.string,
    "tojson": data.tojson,
    "wordwrap": text.wordwrap,
}
"""Jinja's own that could make a text or a list too large: the same, with bounds."""

WRITES_OUT = frozenset(
    {
        "capitalize",
        "e",
        "escape",
        "forceescape",
        "lower",
        "safe",
        "striptags",
        "title",
        "trim",
        "truncate",
        "upper",
        "urlencode",
        "urlize",
        "wordcount",
        "xmlattr",
    }
)
"""Jinja's own that make a text of whatever they are given: how large it is is asked first."""

COLLECTIONS: Mapping[str, str] = {
    "ipaddr": "ansible.utils",
    "ipv4": "ansible.utils",
    "ipv6": "ansible.utils",
    "ipwrap": "ansible.utils",
    "json_query": "community.general",
}
"""Where Ansible has those that are not in its core: the full name serves too."""
