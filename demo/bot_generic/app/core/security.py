"""Password hashes and signed access tokens, with the standard library."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time

ROUNDS = 120_000


def hash_password(password: str) -> str:
    """`pbkdf2_sha256$rounds$salt$hash`, salt and hash in hex; a new salt each time."""
    salt = os.urandom(16)
    return f"pbkdf2_sha256${ROUNDS}${salt.hex()}${_derive(password, salt, ROUNDS).hex()}"


def verify_password(password: str, stored: str) -> bool:
    """Does the password belong to what `hash_password` gave?"""
    try:
        _, rounds, salt, expected = stored.split("$")
        derived = _derive(password, bytes.fromhex(salt), int(rounds))
    except ValueError:
        return False
    return hmac.compare_digest(derived.hex(), expected)


def _derive(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)


def create_token(user_id: int, secret: str, ttl_seconds: int) -> str:
    """A token that says who it is until when, `payload.signature`, signed with HMAC-SHA256."""
    claims = json.dumps({"sub": user_id, "exp": int(time.time()) + ttl_seconds}).encode()
    payload = _encode(claims)
    return f"{payload}.{_sign(payload, secret)}"


def read_token(token: str, secret: str) -> int | None:
    """The user's id; None for a token that is forged, broken or expired."""
    payload, _, signature = token.partition(".")
    if not hmac.compare_digest(_sign(payload, secret).encode(), signature.encode()):
        return None
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return int(claims["sub"]) if claims["exp"] > time.time() else None


def _sign(payload: str, secret: str) -> str:
    return _encode(hmac.digest(secret.encode(), payload.encode(), "sha256"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
