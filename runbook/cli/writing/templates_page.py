"""`docs/templates.md`: the filters, tests and lookups as Markdown, made of their docstrings."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.tests import TESTS as JINJA_TESTS

from runbook.templating import lookups
from runbook.templating.filters import COLLECTIONS, FILTERS
from runbook.templating.sandbox import limits
from runbook.templating.syntax import MAX_BRACKETS, MAX_LEVELS
from runbook.templating.tests import TESTS

HEAD = """\
# Templates

<!-- Made by `make schemas` from the files in runbook/templating; do not edit. -->

`{{ … }}` and `{% … %}` are [Jinja](https://jinja.palletsprojects.com) with Ansible's filters, tests and lookups under
their names, also under their full ones (`ansible.builtin.regex_replace`). They give what ansible-core gives: its own
templar is asked in the tests. [What is different](#what-is-different-from-ansible-on-purpose) stands below.

A value that is one template keeps its type: `"{{ port }}"` is a number, and `"{% if tls %}{{ ports }}{% endif %}"` a
list. `when`, `until`, `expect` and the like are bare expressions, without `{{ }}`.

**What stays data.** What a host, a database, a lookup or `-e` gave is never rendered, whoever refers to it: a
register that holds `{{ 7 * 6 }}` is that text. Only what is written in playbooks, inventories and template files is a
template.

**What is not there.** A name that is not defined is an error with its place and the nearest names; so is a key that a
mapping has not. `default('d')` takes the place of what is not defined, `a.b.c` of an `a` that is not there included,
but not of an empty text or of nothing: `default('d', true)` does.

**Backslashes** in the quoted texts of a value mean themselves: `"{{ path | regex_replace('\\\\.log$', '') }}"` in
double quotes of YAML, `'{{ path | regex_replace("\\.log$", "") }}'` in single ones. In bare expressions and in
template files they are escapes: `'\\n'` is a new line there. Text for another program's templates (`{{.Names}}`,
`${#list[@]}`) goes between `{% raw %}` and `{% endraw %}`.

"""

DIFFERENCES = """\
## What is different from Ansible, on purpose
| Ansible | here |
| --- | --- |
| `union`, `intersect`, `difference`, `symmetric_difference` give an order by chance | the order of the first list |
| `b64decode` of what is no text gives characters that no file takes | U+FFFD stands for each |
| `groupby` with a `default` is an error where the attribute is missing | the default counts |
| a text with nothing in it (`{% if false %}x{% endif %}`) is nothing | an empty text |
| `range(3)` as a value is an error | a list |
| `type_debug` of what is not defined is `UndefinedMarker` | `Undefined` |
| the width `*` in `'%*d' % (3, 1)` | an error: write the number |
| `is regex(match_type='split')` and other methods | search, match, fullmatch |
| `password_hash` needs passlib, else it is an error | always there |
| `lookup('pipe', …)` is always on | off, unless `runbook.toml` allows it |
| `lookup(…, errors='warn')` warns | as `errors='ignore'` |
| other lookups (`template`, `url`, `password`, `fileglob` …) | an error that names those there are |
| `vault`, `unvault`, `is vault_encrypted`, `is started`, `is finished`, `now()` | not there |
| `splitlines` is only a method of texts | a filter too |
| templates of any cost | [bounded](#bounds) |

"""


def templates_page() -> str:
    return "".join((HEAD, _filters(), _tests(), _lookups(), DIFFERENCES, _bounds()))


def _filters() -> str:
    named = _by_function(FILTERS)
    rows = "\n".join(
        f"| {_call(names, function)} | {_cell(_sentence(function))} | {_example(function)} |"
        for function, names in named.items()
    )
    homes = ", ".join(f"`{home}.{name}`" for name, home in COLLECTIONS.items())
    return (
        "## Filters\n| filter | what it gives | example |\n| --- | --- | --- |\n"
        f"{rows}\n\nThose that Ansible has in collections have their full names too: {homes}.\n\n"
        f"{_of_jinja('filters', JINJA_FILTERS, FILTERS)}\n\n"
    )


def _tests() -> str:
    rows = "\n".join(
        f"| {_call(names, function)} | {_cell(_sentence(function))} |"
        for function, names in _by_function(TESTS).items()
    )
    return (
        "## Tests\n`x is NAME`, `x is not NAME`; with `select`, `reject`, `selectattr` and `rejectattr` as a text:\n"
        "`rows | selectattr('port', '==', 80)`.\n\n"
        f"| test | what it asks |\n| --- | --- |\n{rows}\n\n"
        f"{_of_jinja('tests', JINJA_TESTS, TESTS)}\n\n"
    )


def _lookups() -> str:
    rows = "\n".join(
        f"| {_call([name], function)} | {_cell(_sentence(function))} |" for name, function in lookups.LOOKUPS.items()
    )
    return (
        "## Lookups\nThey read from the controller, each time that the value is read. `lookup('NAME', …)` gives the\n"
        "value of one term, and for several their texts joined by commas; `query('NAME', …)`, in short `q`, always a\n"
        "list. With `errors='ignore'` what cannot be read is nothing, or an empty list.\n\n"
        f"| lookup | what it gives |\n| --- | --- |\n{rows}\n\n"
        "`pipe` runs a command, so the project file has to allow it, and `runbook plan` runs none: there the value is\n"
        "`(known during the run)`.\n\n```toml\n# runbook.toml\n[lookups]\npipe = true\n```\n\n"
    )


def _bounds() -> str:
    return f"""## Bounds
A template that does not end, or that makes too much, is an error. One rendering, with all variables that it reads,
may take {limits.MAX_STEPS:,} steps (rounds of loops, calls, filters) and {limits.MAX_SECONDS:g} seconds of the
processor. A text may have {limits.MAX_TEXT:,} characters, a list {limits.MAX_ITEMS:,} items; lists and mappings may
stand {limits.MAX_DEPTH} deep inside each other; a whole number may have 4,300 digits. In the text of a template
{MAX_BRACKETS} brackets may stand inside each other, and {MAX_LEVELS} operations or tags.

Regular expressions are Python's. One like `(a|aa)+$` would take for ever over some texts: after
5 seconds it is an error.

Templates reach no attribute that begins with `_`, change no list or mapping, and include no file.
"""


_HANDED = ("environment", "context", "_context")
_JINJA = "https://jinja.palletsprojects.com/en/stable/templates/"


def _by_function(table: Mapping[str, Callable[..., Any]]) -> dict[Callable[..., Any], list[str]]:
    """The names of each function, that of its own first."""
    named: dict[Callable[..., Any], list[str]] = {}
    for name, function in table.items():
        named.setdefault(function, []).append(name)
    return {
        function: sorted(names, key=lambda name: (name != function.__name__.rstrip("_"), name))
        for function, names in named.items()
    }


def _call(names: list[str], function: Callable[..., Any]) -> str:
    options = ", ".join(_options(function))
    also = f", also {', '.join(f'`{name}`' for name in names[1:])}" if names[1:] else ""
    return _cell(f"`{names[0]}{f'({options})' if options else ''}`{also}")


def _options(function: Callable[..., Any]) -> Iterator[str]:
    """What may stand in the brackets: all but the value itself and what Jinja hands over."""
    parameters = list(inspect.signature(function).parameters.values())
    if parameters[0].name in _HANDED:
        del parameters[0]
    if function not in lookups.LOOKUPS.values() and parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
        del parameters[0]
    for parameter in parameters:
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f"={_value(parameter.default)}"
        star = "**" if parameter.kind is parameter.VAR_KEYWORD else star
        yield f"{star}{parameter.name}{default}"


def _value(default: Any) -> str:
    if isinstance(default, float) and default not in (0.0, 1.0):
        return f"{default:.3g}"
    return f"'{default}'" if isinstance(default, str) else json.dumps(default)


def _sentence(function: Callable[..., Any]) -> str:
    """The docstring without its example."""
    return (inspect.getdoc(function) or "").split("\n\n")[0]


def _example(function: Callable[..., Any]) -> str:
    lines = [line for line in (inspect.getdoc(function) or "").splitlines() if line.startswith("`") and " → " in line]
    return lines[0].replace("|", "\\|") if lines else ""


def _of_jinja(what: str, all_of_them: Iterable[str], ours: Iterable[str]) -> str:
    names = _names(set(all_of_them) - set(ours))
    return f"Jinja's own, [as it describes them]({_JINJA}#list-of-builtin-{what}): {names}."


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)).replace("|", "\\|")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
