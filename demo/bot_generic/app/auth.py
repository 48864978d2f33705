"""/auth: log in, and who am I."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response, status
from pydantic import BaseModel

from app.core.config import settings
from app.core.security import create_token, verify_password
from app.deps import COOKIE, CurrentUser, Db

router = APIRouter(prefix="/auth", tags=["auth"])


class Login(BaseModel):
    email: str
    password: str


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"
    expires_in: int


class Me(BaseModel):
    id: int
    email: str
    full_name: str
    organization_id: int
    is_admin: bool


@router.post("/login")
def login(credentials: Login, response: Response, db: Db) -> Token:
    """Gives an access token; the cookie is for the dashboard."""
    user = db.user_by_email(credentials.email)
    if user is None or not verify_password(credentials.password, user.password_hash):
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "wrong e-mail address or password")
    token = create_token(user.id, settings.secret_key, settings.token_ttl_seconds)
    response.set_cookie(COOKIE, token, max_age=settings.token_ttl_seconds, httponly=True, samesite="strict")
    return Token(access_token=token, expires_in=settings.token_ttl_seconds)


@router.get("/me")
def me(user: CurrentUser) -> Me:
    """The caller."""
    return Me(
        id=user.id,
        email=user.email,
        full_name=user.full_name,
        organization_id=user.organization_id,
        is_admin=user.is_admin,
    )
