"""ansible-vault: encrypted files, and single values under `!vault`, read and written in Ansible's format.

The format (1.1, and 1.2 with a label) is AES-256 in counter mode with an HMAC, both keys from the password by PBKDF2.
"""

from __future__ import annotations

import os
import re
from binascii import Error as HexError
from binascii import hexlify, unhexlify
from collections.abc import Mapping
from typing import Any

from runbook.common.frozen import Frozen, field, repr_without

HEADER = "$ANSIBLE_VAULT;"
_ITERATIONS = 10_000
_LINE = 80
_BLOCK = 16
_DIGEST = 32
_FIRST_LINE = re.compile(r"\$ANSIBLE_VAULT;1\.[12];AES256(?:;([^;\s]+))?\s*\Z")
CLOSED = "(encrypted)"
HOW = "use --vault-password-file, --vault-id or --ask-vault-pass"


class VaultError(ValueError):
    """What is encrypted cannot be read; the sentence says why, and never holds the secret."""


class Secret(str):
    """A text that was encrypted: it is used like any other, and masked wherever it would be shown."""

    encrypted: str = ""
    """As it stands under `!vault`; empty when its whole file was encrypted."""


class Revealed(Frozen):
    """What was encrypted, and with which password."""

    __repr__ = repr_without("password")

    data: bytes
    label: str
    """Of the text; `default` where it has none."""
    password: bytes


class Vault(Frozen):
    """Passwords by label; `default` is the one without a label."""

    __repr__ = repr_without("passwords")

    passwords: Mapping[str, bytes] = field(default_factory=dict)
    optional: bool = False
    """Without any password a value under `!vault` stays closed, which is no error: only its place is of interest."""

    def decrypt(self, text: str) -> bytes:
        """What the vault text holds. Raises VaultError."""
        return self.open(text).data

    def open(self, text: str) -> Revealed:
        """What the vault text holds, and how it was opened. Raises VaultError.

        The password with the text's label is tried first, then all others.
        """
        from hmac import compare_digest

        first, _, body = text.strip().partition("\n")
        match = _FIRST_LINE.match(first)
        if not match:
            raise VaultError("not in the format of ansible-vault (1.1 or 1.2, AES256)")
        label = match[1] or "default"
        salt, digest, encrypted = _fields(body)
        if not self.passwords:
            raise VaultError(f"encrypted with ansible-vault, and no password is given: {HOW}")
        for password in self._candidates(label):
            key, hmac_key, counter = _keys(password, salt)
            if compare_digest(_digest(hmac_key, encrypted), digest):
                return Revealed(_unpadded(_aes(key, counter, encrypted)), label, password)
        of = f" (its label is {label!r})" if match[1] else ""
        raise VaultError(f"encrypted with another password than the {_counted(self.passwords)} given{of}")

    def text(self, encrypted: str) -> Secret:
        """A `!vault` value. Raises VaultError."""
        closed = self.optional and not self.passwords and encrypted.lstrip().startswith(HEADER)
        try:
            secret = Secret(CLOSED if closed else self.decrypt(encrypted).decode())
        except UnicodeDecodeError:
            raise VaultError("what is encrypted here is no text") from None
        secret.encrypted = encrypted
        return secret

    def _candidates(self, label: str) -> list[bytes]:
        return sorted(self.passwords.values(), key=lambda password: password is not self.passwords.get(label))


def encrypt(data: bytes, password: bytes, label: str = "default") -> str:
    """Vault text that only this password opens: format 1.1, or 1.2 where there is a label."""
    salt = os.urandom(32)
    key, hmac_key, counter = _keys(password, salt)
    fill = _BLOCK - len(data) % _BLOCK
    encrypted = _aes(key, counter, data + bytes([fill]) * fill)
    parts = (salt, _digest(hmac_key, encrypted), encrypted)
    body = hexlify(b"\n".join(map(hexlify, parts))).decode()
    lines = [body[start : start + _LINE] for start in range(0, len(body), _LINE)]
    first = f"{HEADER}1.1;AES256" if label == "default" else f"{HEADER}1.2;AES256;{label}"
    return "\n".join([first, *lines]) + "\n"


def is_encrypted(text: str) -> bool:
    return text.startswith(HEADER)


def hidden(value: Any) -> Any:
    """A value of an encrypted file, each text in it marked as secret."""
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, Mapping):
        return {key: hidden(item) for key, item in value.items()}
    return [hidden(item) for item in value] if isinstance(value, list) else value


def _counted(passwords: Mapping[str, bytes]) -> str:
    return "one" if len(passwords) == 1 else f"{len(passwords)} ({', '.join(sorted(passwords))})"


def secrets_in(value: Any) -> set[str]:
    """The texts in a value that were encrypted."""
    if isinstance(value, Secret):
        return {str(value)} - {CLOSED}
    if isinstance(value, Mapping):
        return {secret for item in value.values() for secret in secrets_in(item)}
    return {secret for item in value for secret in secrets_in(item)} if isinstance(value, list | tuple) else set()


def _fields(body: str) -> tuple[bytes, bytes, bytes]:
    try:
        parts = unhexlify("".join(body.split())).split(b"\n")
        salt, digest, encrypted = map(unhexlify, parts)
    except (HexError, ValueError):
        raise VaultError("damaged: what is encrypted cannot be decoded") from None
    if len(digest) != _DIGEST or len(encrypted) % _BLOCK or not encrypted:
        raise VaultError("damaged: what is encrypted is cut off")
    return salt, digest, encrypted


def _keys(password: bytes, salt: bytes) -> tuple[bytes, bytes, bytes]:
    from hashlib import pbkdf2_hmac

    derived = pbkdf2_hmac("sha256", password, salt, _ITERATIONS, 80)
    return derived[:32], derived[32:64], derived[64:]


def _digest(key: bytes, encrypted: bytes) -> bytes:
    from hmac import digest

    return digest(key, encrypted, "sha256")


def _aes(key: bytes, counter: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    worker = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return worker.update(data) + worker.finalize()


def _unpadded(data: bytes) -> bytes:
    fill = data[-1]
    if not 1 <= fill <= _BLOCK or data[-fill:] != bytes([fill]) * fill:
        raise VaultError("damaged: what is encrypted has a wrong end")
    return data[:-fill]
