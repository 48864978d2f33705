"""Seals a plan, so that only what somebody has reviewed is run: HMAC with a shared key, or a signature by SSH.

A key file that begins as OpenSSH's keys do is a key for `ssh-keygen -Y sign`; a list of allowed signers checks it.
Anything else is the secret of an HMAC, which seals and checks.
"""

from __future__ import annotations

import hmac
import re
import subprocess
import tempfile
from pathlib import Path

from runbook.plan.bind.plan_file import PlanFile, PlanRefused, Seal
from runbook.source.document import read_bounded

NAMESPACE = "runbook-plan"
SHORTEST = 16
"""Bytes of a key; a shorter one could be guessed."""
LARGEST = 64 * 1024
_PRIVATE = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_SIGNER = re.compile(rb"^\S+ (?:\S+ )?(?:ssh-|ecdsa-|sk-)\S+ AAAA", re.MULTILINE)
_PUBLIC = re.compile(rb"^(?:ssh-|ecdsa-|sk-)\S+ AAAA")


class KeyProblem(ValueError):
    """The key file cannot be used; the sentence says why."""


def seal(file: PlanFile, key: Path) -> Seal:
    """Raises KeyProblem."""
    data = _key(key)
    if _PRIVATE.search(data) or _PUBLIC.search(data):  # with a public key the agent signs
        return Seal("ssh", _ssh_sign(_message(file), key))
    if _SIGNER.search(data):
        raise KeyProblem(f"{key} lists who may sign: sign with a private key, or with its .pub and an agent")
    return Seal("hmac-sha256", _hmac(data, file))


def check(file: PlanFile, key: Path) -> None:
    """Raises KeyProblem, and PlanRefused when the seal is not one that this key can have made."""
    data = _key(key)
    method = "ssh" if _SIGNER.search(data) or _PUBLIC.search(data) or _PRIVATE.search(data) else "hmac-sha256"
    if file.seal.method == "none":
        raise PlanRefused("the plan is not signed, and only signed plans run here")
    if file.seal.method != method:
        raise PlanRefused(f"the plan is sealed by {file.seal.method}, and {key} checks {method}")
    if method == "ssh":
        _ssh_check(file, key, data)
    elif not hmac.compare_digest(_hmac(data, file).encode(), file.seal.value.encode("utf-8", "replace")):
        raise PlanRefused(f"the plan's seal was not made with the key in {key}")


def _message(file: PlanFile) -> bytes:
    """What is signed: the digest, with a name before it, so that the signature serves for nothing else."""
    return f"{NAMESPACE} {file.version} {file.digest}\n".encode()


def _hmac(key: bytes, file: PlanFile) -> str:
    return hmac.digest(key, _message(file), "sha256").hex()


def _key(path: Path) -> bytes:
    try:
        data = read_bounded(path, LARGEST).strip()
    except OSError as error:
        raise KeyProblem(f"the key {path} cannot be read: {error.strerror or error}") from None
    if len(data) < SHORTEST:
        raise KeyProblem(f"the key in {path} is too short: make one with `openssl rand -hex 32 > {path}`")
    return data


def _ssh_sign(message: bytes, key: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="runbook-") as folder:
        text = Path(folder) / "digest"
        text.write_bytes(message)
        _keygen("-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(text))
        return text.with_suffix(".sig").read_text(encoding="ascii")


def _ssh_check(file: PlanFile, key: Path, data: bytes) -> None:
    if not _SIGNER.search(data):
        raise KeyProblem(
            f"{key} is a key: to check, give a list of allowed signers, such as `you@example.com ssh-ed25519 …`"
        )
    with tempfile.TemporaryDirectory(prefix="runbook-") as folder:
        signature = Path(folder) / "sig"
        signature.write_text(file.seal.value, encoding="utf-8")
        try:
            found = _keygen("-Y", "find-principals", "-s", str(signature), "-f", str(key))
            principal = found.decode().splitlines()[0]
            words = ("-Y", "verify", "-f", str(key), "-I", principal, "-n", NAMESPACE, "-s", str(signature))
            _keygen(*words, stdin=_message(file))
        except (KeyProblem, IndexError) as error:
            if "no program" in str(error):
                raise
            raise PlanRefused(f"nobody in {key} has signed this plan") from None


def _keygen(*words: str, stdin: bytes = b"") -> bytes:
    try:
        done = subprocess.run(["ssh-keygen", *words], input=stdin, capture_output=True, timeout=60, check=False)
    except FileNotFoundError:
        raise KeyProblem("there is no program ssh-keygen (of OpenSSH 8.2 or newer)") from None
    except subprocess.TimeoutExpired:
        raise KeyProblem("ssh-keygen did not end in a minute: does the key want a passphrase?") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise KeyProblem(f"ssh-keygen: {said[-1] if said else f'exit code {done.returncode}'}")
    return done.stdout
