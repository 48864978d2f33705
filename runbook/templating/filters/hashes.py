"""Digests, and passwords as /etc/shadow has them."""

from __future__ import annotations

import hashlib
from typing import Any

from runbook.templating.sandbox.limits import text_of

_UUID_NAMESPACE = "361E6D51-FAEC-444A-9079-341386DA8E2E"
"""Ansible's own, so that the same text gives the same UUID."""
_SCHEMES = {"md5": "md5_crypt", "blowfish": "bcrypt", "sha256": "sha256_crypt", "sha512": "sha512_crypt"}
_ROUNDS = {"bcrypt": 12, "sha256_crypt": 535_000, "sha512_crypt": 656_000}
"""Ansible's, where none are said: about a second."""
_MOST_ROUNDS = {"bcrypt": 15, "sha256_crypt": 5_000_000, "sha512_crypt": 5_000_000}


def hash_(value: Any, hashtype: str = "sha1") -> str:
    """The digest of a text, by any algorithm that Python has.

    `'door' | hash('md5')` → `"2feaaf89c21770ea5c21196bc33848dd"`
    """
    if hashtype not in hashlib.algorithms_available:
        raise ValueError(f"hash: {hashtype!r} is not one of {', '.join(sorted(hashlib.algorithms_guaranteed))}")
    return hashlib.new(hashtype, text_of(value).encode()).hexdigest()


def md5(value: Any) -> str:
    """The MD5 digest of a text.

    `'door' | md5` → `"2feaaf89c21770ea5c21196bc33848dd"`
    """
    return hash_(value, "md5")


def sha1(value: Any) -> str:
    """The SHA-1 digest of a text.

    `'door' | sha1` → `"2680b6746cf8291f98b1e23de31855f7d807d305"`
    """
    return hash_(value, "sha1")


def to_uuid(value: Any, namespace: str = _UUID_NAMESPACE) -> str:
    """A UUID that is always the same for a text.

    `'door' | to_uuid` → `"668ba3f2-fb33-522d-91b0-a9c9e506bdd8"`
    """
    import uuid

    return str(uuid.uuid5(uuid.UUID(namespace), text_of(value)))


def password_hash(
    value: Any,
    hashtype: str = "sha512",
    salt: str | None = None,
    salt_size: int | None = None,
    rounds: int | None = None,
    ident: str | None = None,
) -> str:
    """A password as /etc/shadow has it: sha512, sha256, md5 or blowfish. With a `salt` always the same; without one,
    a new one each time, so that a step that writes it always changes something.

    `'pw' | password_hash('md5', 'saltsalt')` → `"$1$saltsalt$6SNdNaZLKst2LlSm7oPPL1"`
    """
    import passlib.hash

    scheme = _SCHEMES.get(hashtype, hashtype)
    if scheme not in _SCHEMES.values():
        raise ValueError(f"password_hash: {hashtype!r} is not one of {', '.join(_SCHEMES)}")
    rounds = rounds or _ROUNDS.get(scheme)
    if rounds and rounds > _MOST_ROUNDS.get(scheme, rounds):
        raise ValueError(f"password_hash: {rounds} rounds take too long; {_MOST_ROUNDS[scheme]} are the most")
    said = {"salt": salt or None, "salt_size": salt_size, "rounds": rounds}
    settings = {name: given for name, given in said.items() if given is not None}
    if scheme == "bcrypt":
        settings |= _for_bcrypt(salt, ident)
    return str(getattr(passlib.hash, scheme).using(**settings).hash(text_of(value)))


def _for_bcrypt(salt: str | None, ident: str | None) -> dict[str, Any]:
    from passlib.utils.binary import bcrypt64

    return {"ident": ident or "2b", **({"salt": bcrypt64.repair_unused(salt)} if salt else {})}  # type: ignore[no-untyped-call]
