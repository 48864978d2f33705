"""A playbook on a timer, in the words of the systems that have timers: one row in EXPORTS each."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from runbook import __version__
from runbook.common.frozen import Frozen, field
from runbook.schedules.cron import Cron, to_calendar

DEFAULT_IMAGE = "registry.example.com/runbook:latest"
DEFAULT_PACKAGE = f"runbook-sre=={__version__}"
"""What pip calls this program, in the version that writes the job."""


class Timer(Frozen):
    """What is run when. `words` is the whole command line; paths in it are relative to `folder`."""

    name: str
    title: str
    cron: Cron
    timezone: str
    words: tuple[str, ...]
    folder: str
    image: str = DEFAULT_IMAGE
    package: str = DEFAULT_PACKAGE
    environment: tuple[str, ...] = field(default=())
    """Variables that the playbook reads: their values are put where secrets are kept, and not into a file."""

    @property
    def slug(self) -> str:
        """The name as units, jobs and files may have it."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:50] or "runbook"

    @property
    def command(self) -> str:
        return shlex.join(self.words)


def systemd(timer: Timer) -> Mapping[str, str]:
    calendar = "\n".join(f"OnCalendar={value}" for value in to_calendar(timer.cron, timer.timezone))
    title = timer.title.replace("\n", " ").replace("%", "%%")
    words = " ".join(_unit_word(word) for word in timer.words)
    service = f"""[Unit]
Description={title}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={timer.folder.replace("%", "%%")}
ExecStart={words}
# Secrets as NAME=value lines{": " + ", ".join(timer.environment) if timer.environment else ""}
EnvironmentFile=-/etc/runbook/{timer.slug}.env
"""
    unit = f"""[Unit]
Description={title}

[Timer]
{calendar}
Persistent=true
RandomizedDelaySec=30

[Install]
WantedBy=timers.target
"""
    return {f"{timer.slug}.service": service, f"{timer.slug}.timer": unit}


def _unit_word(word: str) -> str:
    """A word of ExecStart: in quotes, with what systemd would expand written twice."""
    if re.fullmatch(r"[\w./:,=@+-]+", word, re.ASCII):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def cron(timer: Timer) -> Mapping[str, str]:
    """A file for /etc/cron.d would name a user: this one is for `crontab FILE`."""
    said = "# CRON_TZ is cronie's; other crons go by the time zone of the machine.\n"
    zone = f"{said}CRON_TZ={timer.timezone}\n" if timer.timezone else ""
    line = f"cd {shlex.quote(timer.folder)} && {timer.command}".replace("%", "\\%")
    title = timer.title.replace("\n", " ")
    return {f"{timer.slug}.crontab": f"# {title}\nSHELL=/bin/sh\n{zone}{timer.cron.text} {line}\n"}


def kubernetes(timer: Timer) -> Mapping[str, str]:
    _same_days_everywhere(timer.cron)
    container: dict[str, Any] = {"name": "runbook", "image": timer.image, "command": list(timer.words)}
    if timer.environment:
        container["envFrom"] = [{"secretRef": {"name": timer.slug}}]
    pod = {"restartPolicy": "Never", "containers": [container]}
    spec: dict[str, Any] = {
        "schedule": timer.cron.text,
        "concurrencyPolicy": "Forbid",
        "jobTemplate": {"spec": {"backoffLimit": 0, "template": {"spec": pod}}},
    }
    if timer.timezone:
        spec["timeZone"] = timer.timezone
    meta = {"name": timer.slug, "annotations": {"description": timer.title}}
    return {f"{timer.slug}.yaml": _yaml({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": spec})}


def github(timer: Timer) -> Mapping[str, str]:
    _same_days_everywhere(timer.cron)
    job: dict[str, Any] = {
        "runs-on": "ubuntu-latest",
        "steps": [
            {"uses": "actions/checkout@v4"},
            {"uses": "actions/setup-python@v5", "with": {"python-version": "3.12"}},
            {"run": f"pip install {shlex.quote(timer.package)}"},
            {"run": timer.command},
        ],
    }
    if timer.environment:
        job["env"] = {name: f"${{{{ secrets.{name} }}}}" for name in timer.environment}
    document = {
        "name": timer.title,
        "on": {"schedule": [{"cron": timer.cron.text}], "workflow_dispatch": None},
        "jobs": {timer.slug: job},
    }
    return {f"{timer.slug}.yml": _utc_only(timer) + _yaml(document)}


def gitlab(timer: Timer) -> Mapping[str, str]:
    _same_days_everywhere(timer.cron)
    job = {
        "image": timer.image,
        "rules": [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}],
        "script": [timer.command],
    }
    zone = timer.timezone or "UTC"
    head = f"# Make a pipeline schedule with the interval `{timer.cron.text}` and the time zone {zone}.\n"
    return {f"{timer.slug}.gitlab-ci.yml": head + _yaml({timer.slug: job})}


def _same_days_everywhere(cron: Cron) -> None:
    """Raises ValueError for `*/2` beside a weekday: crontab(5) means days that are both, Kubernetes takes either."""
    if cron.both and cron.days is not None and cron.weekdays is not None:
        raise ValueError(
            f"{cron.text!r} means other days here than for cron: write the days out, or leave out the weekday"
        )


def _utc_only(timer: Timer) -> str:
    if timer.timezone in ("", "UTC"):
        return ""
    return f"# Times are UTC here: the playbook means {timer.cron.text!r} in {timer.timezone}.\n"


def _yaml(document: Mapping[str, Any]) -> str:
    import yaml

    # Through JSON, so that a tuple or a str of a subclass is plain data.
    data = json.loads(json.dumps(document))
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120)


EXPORTS: Mapping[str, Callable[[Timer], Mapping[str, str]]] = {
    "systemd": systemd,
    "cron": cron,
    "kubernetes": kubernetes,
    "github": github,
    "gitlab": gitlab,
}
"""Each gives its files: name → text. Raises ValueError where the times cannot be said so."""
