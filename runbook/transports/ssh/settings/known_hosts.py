"""Files of known host keys, as OpenSSH keeps them, and the judgement over a key that a host shows."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from runbook.common.frozen import Frozen
from runbook.common.memo import shared
from runbook.transports.ssh.settings.ssh_config import matches

_RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")


class Entry(Frozen):
    """One line: for which hosts (patterns, or one hash), which key."""

    file: str
    line: int
    hosts: tuple[str, ...]
    kind: str
    """`ssh-ed25519`, `ssh-rsa` …"""
    key: str
    """The public key in base64."""
    marker: str = ""
    """`@revoked`, `@cert-authority`, or nothing."""

    def holds_for(self, name: str) -> bool:
        if len(self.hosts) == 1 and self.hosts[0].startswith("|1|"):
            return _hash_matches(self.hosts[0], name)
        return matches(name, self.hosts)


def _hash_matches(hashed: str, name: str) -> bool:
    try:
        _, _, salt, digest = hashed.split("|")
        wanted, key = base64.b64decode(digest), base64.b64decode(salt)
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(hmac.new(key, name.encode(), hashlib.sha1).digest(), wanted)


def read(files: Iterable[str], address: Address) -> list[Entry]:
    """The entries for a host in the files that are there, in their order. What cannot be understood is passed over."""
    entries: list[Entry] = []
    for file in files:
        path = Path(file)
        try:
            known = _known(path, path.stat().st_mtime_ns)
        except OSError:  # no file, no keys: the host is unknown, and says so
            continue
        likely = {entry.line: entry for name in (*address.names, "") for entry in known.get(name, ())}
        entries += [likely[line] for line in sorted(likely) if any(map(likely[line].holds_for, address.names))]
    return entries


@shared(64)
def _known(path: Path, _changed: int) -> dict[str, list[Entry]]:
    """The entries of a file by the names that they give plainly; under the empty name those that have to be asked.

    A file may have a line for each of thousands of hosts.
    """
    found: dict[str, list[Entry]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if (entry := parse(line, str(path), number)) is not None:
            plain = not any(set("*?!|") & set(host) for host in entry.hosts)
            for name in entry.hosts if plain else ("",):
                found.setdefault(name, []).append(entry)
    return found


def parse(line: str, file: str = "", number: int = 0) -> Entry | None:
    """The entry on a line; None for a comment and for what is none."""
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    marker = words.pop(0) if words[0].startswith("@") else ""
    if len(words) < 3:
        return None
    hosts = (words[0],) if words[0].startswith("|") else tuple(words[0].lower().split(","))
    return Entry(file, number, hosts, words[1], words[2], marker)


class Address(Frozen):
    """A host as known_hosts files name it."""

    host: str
    port: int = 22
    alias: str = ""
    """HostKeyAlias: then the address counts for nothing."""

    @property
    def name(self) -> str:
        if self.alias:
            return self.alias.lower()
        return self.host.lower() if self.port == 22 else f"[{self.host.lower()}]:{self.port}"

    @property
    def names(self) -> tuple[str, ...]:
        """The name, then the one without its port, which counts too where the key is the same."""
        return (self.name,) if self.alias or self.port == 22 else (self.name, self.host.lower())


def algorithms(entries: Iterable[Entry]) -> list[str]:
    """The signature algorithms of the keys that are known for a host: what to ask it for first."""
    found: list[str] = []
    for entry in entries:
        if not entry.marker:
            found += _RSA_SIGNATURES if entry.kind == "ssh-rsa" else (entry.kind,)
    return list(dict.fromkeys(found))


def objection(entries: Sequence[Entry], address: Address, kind: str, key: bytes, files: tuple[str, ...]) -> str:
    """Why this key of the host is refused, and what to do; empty text when it is known. `entries` are the host's."""
    shown = base64.b64encode(key).decode()
    named = [entry for entry in entries if entry.holds_for(address.name)]
    print_ = f"{kind} {fingerprint(key)}"
    for entry in entries:
        if entry.marker == "@revoked" and entry.key == shown:
            return f"its host key {print_} is marked as revoked in {entry.file}:{entry.line}; the connection is refused"
    if any(entry.key == shown and not entry.marker for entry in entries):
        return ""
    same_kind = [entry for entry in named if entry.kind == kind and not entry.marker]
    if same_kind:
        return _changed(same_kind[0], address, print_)
    return _unknown(address, print_, kind, files, [entry for entry in named if not entry.marker])


def _changed(entry: Entry, address: Address, print_: str) -> str:
    known = fingerprint(base64.b64decode(entry.key + "=="))
    return (
        f"its host key has CHANGED: it shows {print_}, but {entry.file}:{entry.line} has {known}. Either the host was "
        "installed anew, or somebody is listening in. Only after checking with the host's owner: "
        f"ssh-keygen -f {shlex.quote(entry.file)} -R {shlex.quote(address.name)}, then add the new key"
    )


def _unknown(address: Address, print_: str, kind: str, files: tuple[str, ...], others: list[Entry]) -> str:
    file = shlex.quote(files[0]) if files else "~/.ssh/known_hosts"
    short = kind.removeprefix("ssh-").partition("-")[0]
    scan = f"ssh-keyscan -t {short}" + (f" -p {address.port}" if address.port != 22 else "")
    if address.alias:
        add = f"{scan} {shlex.quote(address.host)} | sed 's/^[^ ]*/{address.alias}/' >> {file}"
    else:
        add = f"{scan} {shlex.quote(address.host)} >> {file}"
    known = f" ({others[0].file}:{others[0].line} knows its {others[0].kind} key only)" if others else ""
    return (
        f"its host key is not known: {print_}{known}. Compare the fingerprint with what the host itself says "
        f"(there: ssh-keygen -lf /etc/ssh/ssh_host_{short}_key.pub), then add it: {add}"
    )


def fingerprint(key: bytes) -> str:
    """`SHA256:…` as OpenSSH shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
