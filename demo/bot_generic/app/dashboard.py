"""/dashboard: usage metrics and the activity log, as a page; /login in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.deps import Caller, Db
from app.models import BillingAccount, Session

router = APIRouter(include_in_schema=False)

PAGES = Path(__file__).with_name("pages")
QUIET_SECONDS = 3600  # without a record for so long, the page says so
METRICS = """
    SELECT count(*), count(*) FILTER (WHERE created_at > now() - interval '1 hour'),
           count(DISTINCT user_id), coalesce(sum(total_tokens), 0),
           extract(epoch FROM now() - max(created_at))
    FROM usage_records
"""
LATEST = """
    SELECT usage.created_at, users.email, usage.method, usage.endpoint, usage.status_code,
           usage.response_time_ms, usage.total_tokens
    FROM usage_records AS usage LEFT JOIN users ON users.id = usage.user_id
    ORDER BY usage.created_at DESC, usage.id DESC
    LIMIT 30
"""


@router.get("/dashboard")
def dashboard(caller: Caller, db: Db) -> Response:
    """The page for whoever is logged in, by bearer token or cookie; others are sent to /login."""
    if caller is None:
        return RedirectResponse("/login", status_code=303)
    total, last_hour, users, tokens, age = db.connection.execute(METRICS).fetchone() or (0, 0, 0, 0, None)
    cards = {
        "Requests": f"{total:,}",
        "Last hour": f"{last_hour:,}",
        "Users": f"{users:,}",
        "Tokens": f"{tokens:,}",
        "Last record": _ago(age),
        **_billing(db.billing_account(caller.organization_id)),
    }
    page = _page("dashboard.html").substitute(
        caller=escape(caller.full_name),
        notice=_notice(age),
        cards="".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in cards.items()),
        rows=_activity(db),
    )
    return HTMLResponse(page)


@router.get("/login")
def login_page() -> HTMLResponse:
    """A form that posts to /auth/login."""
    return HTMLResponse(_page("login.html").substitute())


def _page(name: str) -> Template:
    return Template((PAGES / name).read_text(encoding="utf-8"))


def _billing(account: BillingAccount | None) -> dict[str, str]:
    if account is None:
        return {}
    return {
        "Free requests": f"{account.free_requests_used:,} of {account.free_requests_limit:,}",
        "This period": f"{account.requests_used_current_period:,}",
    }


def _activity(db: Session) -> str:
    return "".join(_row(row) for row in db.connection.execute(LATEST))


def _row(row: Sequence[Any]) -> str:
    when, email, method, endpoint, status, elapsed, tokens = row
    mood = "bad" if status >= 400 else "good"
    cells = (
        f'<td><time datetime="{when.isoformat()}">{when:%Y-%m-%d %H:%M:%S}</time></td>',
        f"<td>{escape(email or '–')}</td>",
        f"<td>{escape(method)} <code>{escape(endpoint)}</code></td>",
        f'<td><span class="{mood}">{status}</span></td>',
        f'<td class="number">{elapsed} ms</td>',
        f'<td class="number">{tokens or "–"}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>\n"


def _notice(age: float | None) -> str:
    if age is not None and age < QUIET_SECONDS:
        return ""
    return f'<p class="notice">No request was recorded in the last hour. Last record: {escape(_ago(age))}.</p>'


def _ago(seconds: float | None) -> str:
    """3700 becomes `1 h ago`."""
    if seconds is None:
        return "never"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{int(seconds)} s ago"
