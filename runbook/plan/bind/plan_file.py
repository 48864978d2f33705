"""The plan file: what was reviewed, what it was made of, a digest over both, and a seal where there is a key.

It is JSON, `schemas/plan.schema.json`. No secret is in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from runbook import __version__
from runbook.common.frozen import replace
from runbook.common.json_data import Exact, Json, canonical, decode, doc, encode, json_text, schema
from runbook.plan.describe.view import PlanView
from runbook.source.document import read_bounded

FORMAT, VERSION = "runbook-plan", 1
MAX_BYTES = 512 * 1024 * 1024
SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


class BoundFile(Exact):
    """A file that the plan was made of."""

    path: Annotated[str, doc("From the folder in which the plan was made.")]
    sha256: str


class Bound(Exact):
    """What the plan was made of. A run by it takes the same, and refuses when that has become something else."""

    program: Annotated[str, doc("Version of the program, as far as a change of it may change what a plan means.")]
    playbook: Annotated[str, doc("The playbook's path, from the folder in which the plan was made.")]
    inventory: Annotated[tuple[str, ...], doc("Each -i.")]
    inventory_sha256: Annotated[
        str, doc("Over all hosts, groups and variables that the inventory came to, without secrets.")
    ]
    files: Annotated[tuple[BoundFile, ...], doc("The playbook, all that it includes, and the inventory's files.")]
    limit: str
    tags: tuple[str, ...]
    skip_tags: tuple[str, ...]
    start_at: str
    hosts: Annotated[tuple[str, ...], doc("With --retry-failed the hosts that were left; else empty.")]
    variables: Annotated[Json, doc("Variables and inputs that were given, without secrets.")]
    withheld: Annotated[tuple[str, ...], doc("Names of secrets: they are given again when it is run.")]


class Seal(Exact):
    """A signature over the digest."""

    method: Annotated[str, doc("none, hmac-sha256 or ssh.")] = "none"
    value: str = ""


class PlanFile(Exact):
    """A plan as it is kept, reviewed and run."""

    format: Annotated[str, doc("runbook-plan")]
    version: Annotated[int, doc("Of this form: 1.")]
    plan: PlanView
    bound: Bound
    digest: Annotated[str, doc("SHA-256 over `plan` and `bound` as canonical JSON: sorted keys, no spaces, UTF-8.")]
    seal: Annotated[Seal, doc("Who has the key has seen the plan.")]


class PlanRefused(Exception):
    """The plan is not what it was, or not what would run now. The sentence says which."""


class NoPlan(ValueError):
    """The file is no plan file; the sentence says why."""


def program_version(version: str = __version__) -> str:
    """What of a version changes when plans may mean something else: 1 of 1.4.2, and 0.3 of 0.3.1.

    >>> program_version("0.3.1"), program_version("2.5.0")
    ('0.3', '2')
    """
    major, minor, *_ = version.split(".")
    return f"0.{minor}" if major == "0" else major


def sealed(plan: PlanView, bound: Bound, seal: Seal | None = None) -> PlanFile:
    """With its digest."""
    return PlanFile(FORMAT, VERSION, plan, bound, digest_of(encode(plan), encode(bound)), seal or Seal())


def with_seal(file: PlanFile, seal: Seal) -> PlanFile:
    return replace(file, seal=seal)


def digest_of(plan: Any, bound: Any) -> str:
    return hashlib.sha256(canonical({"plan": plan, "bound": bound}).encode()).hexdigest()


def to_text(file: PlanFile) -> str:
    return json_text(file) + "\n"


def load(path: Path) -> PlanFile:
    """Raises NoPlan for what is no plan file, and PlanRefused when its digest is not that of what it holds."""
    try:
        raw = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise NoPlan(f"{path} cannot be read: {error.strerror or error}") from None
    if len(raw) > MAX_BYTES:
        raise NoPlan(f"{path} is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        return from_data(json.loads(raw, parse_constant=_no_constant), str(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, NoPlan):
            raise
        raise NoPlan(f"{path} is not a plan file: {error}") from None


def from_data(data: Any, name: str) -> PlanFile:
    """The same from parsed JSON."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise NoPlan(f"{name} is not a plan file: make one with `runbook plan PLAYBOOK --out FILE`")
    if data.get("version") != VERSION:
        raise NoPlan(f"{name} has version {data.get('version')!r} of the plan file; this runbook reads {VERSION}")
    # The digest is over what stands in the file, and so checked before it is taken apart.
    if data.get("digest") != digest_of(data.get("plan"), data.get("bound")):
        raise PlanRefused(f"{name} has been changed since it was made: its digest is not that of its content")
    return decode(PlanFile, data)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def published() -> dict[str, Any]:
    """The JSON Schema of a plan file."""
    made = schema(PlanFile)
    made["$defs"]["PlanFile"]["properties"]["format"]["const"] = FORMAT
    made["$defs"]["PlanFile"]["properties"]["version"]["const"] = VERSION
    made["$defs"]["Seal"]["properties"]["method"]["enum"] = ["none", "hmac-sha256", "ssh"]
    head = {"$schema": SCHEMA_ID, "title": "A plan of runbook", "description": "Made by `runbook plan --out FILE`."}
    return {**head, **made}
