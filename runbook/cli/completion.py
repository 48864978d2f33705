"""`runbook completion`: shell completion."""

from __future__ import annotations

import click


@click.command(epilog='Example: eval "$(runbook completion bash)" in ~/.bashrc')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script of SHELL."""
    from click.shell_completion import get_completion_class

    from runbook.cli.main import cli

    maker = get_completion_class(shell)
    if maker is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(maker(cli, {}, "runbook", "_RUNBOOK_COMPLETE").source())
    return 0
