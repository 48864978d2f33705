"""`lookup`, `query` and `q`: what templates read from the controller, when they are rendered.

What they give is data, and is not rendered again. `pipe` has a command run: the project file has to allow it, and
before the run (in `runbook plan`) there is nobody who would run it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from jinja2.utils import missing

from runbook.common.spelling import nearest
from runbook.templating.controller import CommandFailed, Controller
from runbook.templating.errors import TemplateError
from runbook.templating.sandbox.limits import outermost
from runbook.templating.sandbox.undefined import Undefined, refuse

MAX_FILE = 10 * 1024 * 1024
"""Bytes of a file that is looked up."""
PROJECT_FILE = "runbook.toml"
FULL_NAME = "ansible.builtin."

_Lookup = Callable[..., list[Any]]


def _env(_context: Context, *names: str, default: Any = "") -> list[Any]:
    """Variables of the controller's environment; `default` (empty text, if not said) for one that is not set.

    `lookup('env', 'NO_SUCH_VARIABLE', default='none')` → `"none"`
    """
    if _controller().shown:
        raise TemplateError("the environment is read when the run starts")
    return [os.environ.get(name, default) for name in names]


def _vars(context: Context, *names: str, default: Any = None) -> list[Any]:
    """Variables by names that are themselves computed.

    `lookup('vars', 'no_such_' ~ 'variable', default=8080)` → `8080`
    """
    found = []
    for name in map(str, names):
        value = context.resolve_or_missing(name)
        absent = Undefined(name=name) if default is None else default
        found.append(absent if value is missing else value)
    return found


def _file(_context: Context, *names: str, rstrip: bool = True, lstrip: bool = False) -> list[Any]:
    """The text of files: UTF-8, 10 MiB at most. A relative one is looked for in `files/` beside the playbook, beside
    the playbook, and in the same two places of the project. White space at its end is left out, unless `rstrip=false`.
    """
    return [_stripped(_read(name), rstrip=rstrip, lstrip=lstrip) for name in names]


def _pipe(_context: Context, *commands: str) -> list[Any]:
    """What a command prints, run by a shell of the controller in the playbook's folder. It has 60 seconds. Off, unless
    `runbook.toml` says `pipe = true` under `[lookups]`; known only during the run. Values in the command need `quote`.
    """
    return [_printed(str(command)) for command in commands]


LOOKUPS: Mapping[str, _Lookup] = {"env": _env, "file": _file, "pipe": _pipe, "vars": _vars}


@pass_context
def lookup(
    context: Context, name: str, /, *terms: Any, wantlist: bool = False, errors: str = "strict", **options: Any
) -> Any:
    """What a lookup gives for one term; for several, their texts joined by commas, or a list where not all are text."""
    try:
        found = _looked_up(context, name, terms, options)
    except TemplateError:
        if errors not in ("ignore", "warn"):
            raise
        return [] if wantlist else None
    if wantlist or not found:
        return found
    if len(found) == 1:
        return found[0]
    return ",".join(found) if all(isinstance(value, str) for value in found) else found


@pass_context
def query(context: Context, name: str, /, *terms: Any, **options: Any) -> Any:
    """As `lookup`, but always a list."""
    return lookup(context, name, *terms, **{**options, "wantlist": True})


def undef(hint: str = "") -> Undefined:
    """A value that is not there: whoever uses it gets the hint as an error."""
    return Undefined(hint or "the value is undefined, by `undef()`")


GLOBALS: Mapping[str, Callable[..., Any]] = {"lookup": lookup, "query": query, "q": query, "undef": undef}


def _looked_up(context: Context, name: str, terms: tuple[Any, ...], options: Mapping[str, Any]) -> list[Any]:
    found = LOOKUPS.get(str(name).removeprefix(FULL_NAME))
    if found is None:
        hint = nearest(str(name), LOOKUPS) or f"lookups: {', '.join(LOOKUPS)}"
        raise TemplateError(f"no lookup is called {str(name)!r}", hint=hint)
    each = [one for term in terms for one in (term if isinstance(term, list) else [term])]
    for term in each:
        refuse(term)
    try:
        return found(context, *each, **options)
    except TypeError as error:
        raise TemplateError(f"lookup {name!r}: {error}".replace(f"{found.__name__}()", "it")) from None


def _controller() -> Controller:
    """As the scope of the outermost rendering has it; a mapping that is no scope has none to tell of."""
    found = getattr(outermost(), "controller", None)
    return found if isinstance(found, Controller) else Controller()


def _folders() -> tuple[Path, Path]:
    """The playbook's folder and the project's."""
    controller = _controller()
    folder = controller.folder or Path.cwd()
    return folder, controller.project or folder


def _read(name: str) -> str:
    path = Path(str(name)).expanduser()
    places = [folder / sub / path for folder in dict.fromkeys(_folders()) for sub in ("files", "")]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        looked = "" if path.is_absolute() else f"looked for in {', '.join(str(place.parent) for place in places)}"
        raise TemplateError(f"there is no file {str(name)!r} on the controller", hint=looked)
    try:
        if not stat.S_ISREG(found.stat().st_mode):
            raise TemplateError(f"{found} is not a plain file")
        with found.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise TemplateError(f"{found} is larger than {MAX_FILE // 1024 // 1024} MiB")
        return data.decode()
    except UnicodeDecodeError:
        raise TemplateError(f"{found} is not UTF-8 text") from None
    except OSError as error:
        raise TemplateError(f"{found} cannot be read: {error.strerror}") from None


def _stripped(text: str, *, rstrip: bool, lstrip: bool) -> str:
    text = text.lstrip() if lstrip else text
    return text.rstrip() if rstrip else text


def _printed(command: str) -> str:
    folder, project = _folders()
    if not _pipe_allowed(project):
        how = f"write `pipe = true` under `[lookups]` in {project / PROJECT_FILE}, or register what a step prints"
        raise TemplateError("the project does not allow the lookup `pipe`, which runs a command", hint=how)
    run_command = _controller().run_command
    if run_command is None:
        raise TemplateError("the lookup `pipe` is known during the run: it runs a command")
    try:
        return run_command(command, folder).rstrip()
    except CommandFailed as error:
        raise TemplateError(f"lookup 'pipe': {error}") from None


def _pipe_allowed(project: Path) -> bool:
    import tomllib

    try:
        settings = tomllib.loads((project / PROJECT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise TemplateError(f"{project / PROJECT_FILE} cannot be read: {error}") from None
    lookups = settings.get("lookups", {})
    return isinstance(lookups, dict) and lookups.get("pipe") is True
