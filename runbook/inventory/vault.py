"""ansible-vault: encrypted files, and single values under `!vault`, read and written in Ansible's format.

The format (1.1, and 1.2 with a label) is AES-256 in counter mode with an HMAC, both keys from the password by PBKDF2.
"""

from __future__ import annotations

import hmac
import os
import re
import subprocess
from binascii import Error as HexError
from binascii import hexlify, unhexlify
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import pbkdf2_hmac, sha256
from pathlib import Path
from typing import Any

HEADER = "$ANSIBLE_VAULT;"
_ITERATIONS = 10_000
_LINE = 80
_BLOCK = 16
_FIRST_LINE = re.compile(r"\$ANSIBLE_VAULT;1\.[12];AES256(?:;([^;\s]+))?\s*\Z")
PROGRAM_TIMEOUT = 60.0
"""Seconds for a program that prints a password."""


class VaultError(ValueError):
    """What is encrypted cannot be read; the sentence says why, and never holds the secret."""


class Secret(str):
    """A text that was encrypted: it is used like any other, and masked wherever it would be shown."""

    encrypted: str = ""
    """As it stands under `!vault`; empty when its whole file was encrypted."""


@dataclass
class Vault:
    """Passwords by label (`default` for those without one), and a way to ask for one when none is known."""

    passwords: Mapping[str, bytes] = field(default_factory=dict)
    ask: Callable[[], bytes] | None = None

    def decrypt(self, text: str) -> bytes:
        """What the vault text holds. Raises VaultError. The password with its label is tried first, then all others."""
        first, _, body = text.strip().partition("\n")
        match = _FIRST_LINE.match(first)
        if not match:
            raise VaultError("not in the format of ansible-vault (1.1 or 1.2, AES256)")
        salt, digest, encrypted = _fields(body)
        for password in self._candidates(match[1] or "default"):
            key, hmac_key, counter = _keys(password, salt)
            if hmac.compare_digest(hmac.digest(hmac_key, encrypted, "sha256"), digest):
                return _unpadded(_aes(key, counter, encrypted))
        raise VaultError("encrypted with another password than the ones given")

    def encrypt(self, data: bytes, label: str = "") -> str:
        """Vault text that only its password opens. Raises VaultError when there is no password."""
        password = next(iter(self._candidates(label or "default")))
        salt = os.urandom(32)
        key, hmac_key, counter = _keys(password, salt)
        fill = _BLOCK - len(data) % _BLOCK
        encrypted = _aes(key, counter, data + bytes([fill]) * fill)
        parts = (salt, hmac.digest(hmac_key, encrypted, "sha256"), encrypted)
        body = hexlify(b"\n".join(map(hexlify, parts))).decode()
        lines = [body[start : start + _LINE] for start in range(0, len(body), _LINE)]
        first = f"{HEADER}1.2;AES256;{label}" if label and label != "default" else f"{HEADER}1.1;AES256"
        return "\n".join([first, *lines]) + "\n"

    def text(self, encrypted: str) -> Secret:
        """A `!vault` value. Raises VaultError."""
        try:
            secret = Secret(self.decrypt(encrypted).decode())
            secret.encrypted = encrypted
            return secret
        except UnicodeDecodeError:
            raise VaultError("what is encrypted here is no text") from None

    def _candidates(self, label: str) -> list[bytes]:
        if not self.passwords and self.ask:
            self.passwords = {"default": self.ask()}
        if not self.passwords:
            raise VaultError("encrypted with ansible-vault, and no password is given: use --vault-password-file")
        return sorted(self.passwords.values(), key=lambda password: password is not self.passwords.get(label))


def read_passwords(sources: tuple[str, ...], ask: Callable[[], bytes] | None = None) -> Vault:
    """A vault with the passwords of files, or of programs that print them; each `PATH` or `LABEL@PATH`.

    Raises VaultError when one cannot be read.
    """
    passwords: dict[str, bytes] = {}
    for source in sources:
        label, at, path = source.partition("@")
        if not at or Path(source).exists():
            label, path = "default", source
        key = label if label not in passwords else f"{label} of {path}"
        passwords[key] = _password(Path(path).expanduser(), label)
    return Vault(passwords, ask)


def is_encrypted(text: str) -> bool:
    return text.startswith(HEADER)


def hidden(value: Any) -> Any:
    """A value of an encrypted file, each text in it marked as secret."""
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, Mapping):
        return {key: hidden(item) for key, item in value.items()}
    return [hidden(item) for item in value] if isinstance(value, list) else value


def secrets_in(value: Any) -> set[str]:
    """The texts in a value that were encrypted."""
    if isinstance(value, Secret):
        return {str(value)}
    if isinstance(value, Mapping):
        return {secret for item in value.values() for secret in secrets_in(item)}
    return {secret for item in value for secret in secrets_in(item)} if isinstance(value, list | tuple) else set()


def _password(path: Path, label: str) -> bytes:
    try:
        runs = path.is_file() and os.access(path, os.X_OK)
        password = _printed(path, label).strip(b"\r\n") if runs else path.read_bytes().strip()
    except OSError as error:
        raise VaultError(f"the file of the vault's password, {path}, cannot be read: {error.strerror}") from None
    if not password:
        raise VaultError(f"the file of the vault's password, {path}, is empty")
    return password


def _printed(path: Path, label: str) -> bytes:
    """What a program prints. One whose name ends in `-client` is told the label, as Ansible does."""
    told = ["--vault-id", label] if path.stem.endswith("-client") else []
    try:
        done = subprocess.run([path.absolute(), *told], stdout=subprocess.PIPE, timeout=PROGRAM_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise VaultError(f"{path} printed no password within {PROGRAM_TIMEOUT:g} s") from None
    if done.returncode:
        raise VaultError(f"{path}, which should print the vault's password, ended with {done.returncode}")
    return done.stdout


def _fields(body: str) -> tuple[bytes, bytes, bytes]:
    try:
        parts = unhexlify("".join(body.split())).split(b"\n")
        salt, digest, encrypted = map(unhexlify, parts)
    except (HexError, ValueError):
        raise VaultError("damaged: what is encrypted cannot be decoded") from None
    if len(digest) != sha256().digest_size or len(encrypted) % _BLOCK or not encrypted:
        raise VaultError("damaged: what is encrypted is cut off")
    return salt, digest, encrypted


def _keys(password: bytes, salt: bytes) -> tuple[bytes, bytes, bytes]:
    derived = pbkdf2_hmac("sha256", password, salt, _ITERATIONS, 80)
    return derived[:32], derived[32:64], derived[64:]


def _aes(key: bytes, counter: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    worker = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return worker.update(data) + worker.finalize()


def _unpadded(data: bytes) -> bytes:
    fill = data[-1]
    if not 1 <= fill <= _BLOCK or data[-fill:] != bytes([fill]) * fill:
        raise VaultError("damaged: what is encrypted has a wrong end")
    return data[:-fill]
