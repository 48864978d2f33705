"""`runbook doc`: the reference of the kinds of step, from their own files."""

from __future__ import annotations

import click


@click.command(epilog="Example: runbook doc service")
@click.argument("kind", required=False)
@click.option("--all", "every", is_flag=True, help="All kinds as one Markdown page (docs/steps.md).")
@click.option("--templates", is_flag=True, help="Filters, tests and lookups as one page (docs/templates.md).")
def command(kind: str | None, every: bool, templates: bool) -> int:
    """Show what the KIND of step does: its options, the fields of its outcome, an example."""
    if templates:
        from runbook.cli.writing.templates_page import templates_page

        click.echo(templates_page(), nl=False)
        return 0
    from runbook.cli.writing.reference import page, steps_page, summary
    from runbook.common.spelling import nearest
    from runbook.steps import KINDS

    if every:
        click.echo(steps_page(), nl=False)
        return 0
    if kind is None:
        for name in KINDS:
            click.echo(f"{name:<10} {summary(name)}")
        click.echo("\nMore: runbook doc KIND")
        return 0
    if kind not in KINDS:
        raise click.UsageError(f"no kind of step is called {kind!r}; {nearest(kind, KINDS) or ', '.join(KINDS)}")
    click.echo(page(kind), nl=False)
    return 0
