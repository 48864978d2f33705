"""What the routes ask for: a session of the database, and who is calling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from typing import Annotated

from fastapi import Depends, HTTPException, Request, status

from app.core.config import settings
from app.core.security import read_token
from app.models import Session, User

COOKIE = "access_token"


def get_db() -> Iterator[Session]:
    """One session for one request."""
    with Session() as session:
        yield session


def caller_id(headers: Mapping[str, str]) -> int | None:
    """The user that the bearer token names, or the dashboard's cookie; None for nobody."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        token = morsel.value if morsel else ""
    return read_token(token.strip(), settings.secret_key) if token else None


def get_caller(request: Request, db: Annotated[Session, Depends(get_db)]) -> User | None:
    """The caller, if there is one."""
    user_id = caller_id(request.headers)
    return db.user(user_id) if user_id is not None else None


def get_current_user(caller: Annotated[User | None, Depends(get_caller)]) -> User:
    """The caller; 401 without a valid token."""
    if caller is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            "a valid access token is needed: POST /auth/login",
            {"WWW-Authenticate": "Bearer"},
        )
    return caller


Db = Annotated[Session, Depends(get_db)]
Caller = Annotated[User | None, Depends(get_caller)]
CurrentUser = Annotated[User, Depends(get_current_user)]
