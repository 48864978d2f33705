"""`runbook validate`: every mistake of every playbook, at its place."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct, field

from runbook.cli.exit_codes import OK, WRONG
from runbook.cli.options.choice import split
from runbook.cli.options.extra_variables import extra_variables
from runbook.cli.options.passwords import vault_options
from runbook.cli.writing.playbook_files import is_playbook, yaml_files
from runbook.cli.writing.problem_formats import FORMATS
from runbook.source.document import Problem, Problems, Severity, in_order
from runbook.vault.format import Vault

if TYPE_CHECKING:
    from runbook.model import Inventory, Playbook

EPILOG = """\b
Examples:
  runbook validate playbooks/
  runbook validate playbooks/restore.yml -i prod     names are certain then
  runbook validate --format github --strict          in a workflow
  runbook validate --rules

\b
Exit codes: 0 no errors; 2 errors, or with --strict anything at all.
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="text for people, json for programs, github for annotations in a workflow, sarif for code scanning.",
)
@click.option("--strict", is_flag=True, envvar="RUNBOOK_STRICT", help="Warnings and notes count as errors.")
@click.option(
    "-i",
    "--inventory",
    multiple=True,
    envvar="RUNBOOK_INVENTORY",
    metavar="PATH|HOSTS",
    help="With the inventory it is certain which names are defined, and which patterns match.",
)
@click.option(
    "-e", "--extra-vars", "extra", multiple=True, metavar="NAME=VALUE|@FILE", help="What a run will be given."
)
@click.option("-t", "--tags", multiple=True, metavar="TAGS", help="Tags that a run will be given: they must be there.")
@click.option("--skip-tags", multiple=True, metavar="TAGS", help="The same for tags that a run will leave out.")
@click.option("--rules", is_flag=True, help="List the rules, and end.")
@vault_options(optional=True)
def command(
    paths: tuple[Path, ...],
    form: str,
    strict: bool,
    inventory: tuple[str, ...],
    extra: tuple[str, ...],
    tags: tuple[str, ...],
    skip_tags: tuple[str, ...],
    rules: bool,
    vault: Vault,
) -> int:
    """Look for mistakes in playbooks; touches no host. Folders are searched for playbooks (default: here)."""
    if rules:
        click.echo(_listed(), nl=False)
        return OK
    files = list(dict.fromkeys(_files(paths or (Path(),))))
    if not files:
        raise click.UsageError(f"no playbook in {', '.join(map(str, paths)) or 'this folder'}")
    validation = _Validation(inventory, extra_variables(extra, vault), (tags, skip_tags), vault)
    gc.disable()  # nearly all that is made is kept to the end; to look for garbage among it costs a fifth of the time
    try:
        for file in files:
            validation.at(file)
        problems = validation.ended()
    finally:
        gc.enable()
    text = FORMATS[form](problems, validation.texts, len(files))
    # The name of a file may hold what is not UTF-8.
    click.echo(text.encode("utf-8", "backslashreplace").decode(), nl=False)
    wrong = [problem for problem in problems if strict or problem.severity is Severity.ERROR]
    return WRONG if wrong else OK


class _Validation(Struct):
    """Goes through playbooks, and collects."""

    inventory: tuple[str, ...]
    extra: dict[str, Any]
    tags: tuple[tuple[str, ...], tuple[str, ...]]
    vault: Vault
    problems: list[Problem] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def at(self, file: Path) -> None:
        from runbook.lint import lint
        from runbook.playbook.load import read_playbook

        try:
            loaded = read_playbook(file, vault=self.vault)
        except Problems as error:
            self._add(error)
            return
        self.texts |= loaded.texts
        self.problems += lint(loaded, self._hosts(file), self.extra)
        if any(self.tags):
            self._select(loaded.playbook)

    def ended(self) -> tuple[Problem, ...]:
        """Everything that is left when the comments have had their say, in the order of the places."""
        from runbook.lint.ignore_comments import silenced

        return in_order(silenced(in_order(self.problems), self.texts))

    def _hosts(self, file: Path) -> Inventory | None:
        from runbook.inventory.load import load_inventory
        from runbook.plan.make.host_names import unusable_names

        if not self.inventory:
            return None
        try:
            found = load_inventory(self.inventory, playbook_folder=file.absolute().parent, vault=self.vault)
        except Problems as error:
            self._add(error)
            return None
        self.problems += [*found.warnings, *unusable_names(found.hosts.values(), found.sources)]
        return found

    def _select(self, playbook: Playbook) -> None:
        from runbook.plan.make.selection import Selection, left_out

        for selection in (Selection(tags=split(self.tags[0])), Selection(skip_tags=split(self.tags[1]))):
            try:
                left_out(playbook, selection)
            except Problems as error:
                self._add(error)

    def _add(self, error: Problems) -> None:
        self.problems += error.problems
        self.texts |= error.texts


def _listed() -> str:
    """The table of rules, for a terminal."""
    from runbook.lint.rules import RULES

    width = max(map(len, RULES))
    return "".join(f"{name:{width}}  {rule.severity:7}  {rule.text}\n" for name, rule in RULES.items())


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Named files as they are; in folders every YAML file that looks like a playbook."""
    for path in paths:
        if path.is_dir():
            yield from filter(is_playbook, yaml_files(path))
        else:
            yield path
