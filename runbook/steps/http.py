"""One HTTP request, from the host's point of view.

`localhost` in the URL is the managed host, reached through its connection; the host needs no curl. `from: controller`
asks from this machine instead. Any status below 400 is good, unless `status` or an `expect` on it says otherwise.

Outcome: `status`, `reason`, `headers` (names in lower case), `body` (text), `json` (parsed, where it is JSON),
`elapsed` (seconds), `url` (the last one, after redirects), `method`. When no answer came, `error_class` is
`unreachable`.

```yaml
- name: Log in
  http:
    method: POST
    url: http://localhost:8000/auth/login
    json: {email: admin@example.com, password: "{{ admin_password }}"}
  changes: false
  secrets: [json.access_token]
  register: login
```
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runbook.durations import seconds
from runbook.events import Evidence, Outcome, Status, failed
from runbook.steps.base import Args, Context, StepError

if TYPE_CHECKING:
    import httpx

MAX_BODY = 10 * 1024 * 1024
SHOWN_BODY = 2000
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "One HTTP request.",
    "additionalProperties": False,
    "required": ["url"],
    "properties": {
        "url": {"type": "string", "pattern": "^https?://", "description": "http:// or https:// address."},
        "method": {
            "enum": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
            "default": "GET",
            "description": "Method; all but GET, HEAD and OPTIONS count as changing unless the step says otherwise.",
        },
        "headers": {"type": "object", "description": "Headers by name."},
        "params": {"type": "object", "description": "Query parameters."},
        "json": {"description": "Body, sent as JSON."},
        "form": {"type": "object", "description": "Body, sent as a form."},
        "body": {"type": "string", "description": "Body, sent as it is."},
        "auth": {
            "type": "object",
            "additionalProperties": False,
            "required": ["user", "password"],
            "properties": {
                "user": {"type": "string", "description": "Name."},
                "password": {"type": "string", "description": "Password."},
            },
            "description": "Basic authentication.",
        },
        "bearer": {"type": "string", "description": "Token for the Authorization header."},
        "follow": {"type": "boolean", "default": True, "description": "Follow redirects."},
        "verify": {"type": "boolean", "default": True, "description": "Check the server's certificate."},
        "ca": {"type": "string", "description": "File on the controller with the certificates to trust."},
        "timeout": {"type": ["number", "string"], "default": 30, "description": "Seconds to wait for the answer."},
        "status": {
            "anyOf": [
                {"type": "integer"},
                {"type": "string", "pattern": "^[1-5]xx$"},
                {"type": "array", "items": {"type": "integer"}},
            ],
            "description": "Status that is good: a number, a list, or a class such as 2xx.",
        },
        "contains": {**_TEXTS, "description": "Text that must stand in the body."},
        "from": {"enum": ["host", "controller"], "default": "host", "description": "Whose network to ask from."},
    },
}
SHORT = "url"


def changes(args: Args) -> bool:
    return args.get("method", "GET") not in ("GET", "HEAD", "OPTIONS")


def plan(args: Args) -> str:
    origin = " from the controller" if args.get("from") == "controller" else ""
    return f"{args.get('method', 'GET')} {args.get('url', '')}{origin}"


def run(args: Args, context: Context) -> Outcome:
    import httpx

    started = time.monotonic()
    try:
        status, reason, headers, body, url = _request(args, context)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        return failed(_sentence(error, args, context), error_class="unreachable", url=args["url"])
    data = {
        "status": status,
        "reason": reason,
        "headers": headers,
        "body": body,
        "json": _parsed(body),
        "elapsed": round(time.monotonic() - started, 3),
        "url": url,
        "method": args["method"],
    }
    wrong = _wrong(args, status, body)
    evidence = (Evidence("body", body[:SHOWN_BODY], language="log"),) if body.strip() else ()
    if wrong:
        return Outcome(Status.FAILED, f"{args['method']} {args['url']}: {wrong}", data, evidence)
    good = Status.CHANGED if changes(args) else Status.PASSED
    return Outcome(good, f"{status} {reason}".strip(), data)


def _request(args: Args, context: Context) -> tuple[int, str, dict[str, str], str, str]:
    from runbook.steps._http import client, tls

    controller = args["from"] == "controller"
    try:
        verify = tls(verify=args["verify"], ca=str(context.base / args["ca"]) if "ca" in args else None)
    except (OSError, ssl.SSLError) as error:
        raise StepError(f"ca: {args.get('ca')} cannot be used: {error}") from None
    with (
        client(
            lambda host, port: context.address(host, port, args["from"]),
            verify=verify,
            follow=args["follow"],
            timeout=seconds(args["timeout"]),
            proxies=controller,
        ) as http,
        http.stream(args["method"], args["url"], **_content(args)) as response,
    ):
        body = _body(response)
        return response.status_code, response.reason_phrase, dict(response.headers), body, str(response.url)


def _content(args: Args) -> dict[str, Any]:
    headers = {str(name): str(value) for name, value in args.get("headers", {}).items()}
    if "bearer" in args:
        headers["Authorization"] = f"Bearer {args['bearer']}"
    out: dict[str, Any] = {"headers": headers}
    if "params" in args:
        out["params"] = args["params"]
    if "auth" in args:
        out["auth"] = (args["auth"]["user"], args["auth"]["password"])
    bodies = [key for key in ("json", "form", "body") if key in args]
    if len(bodies) > 1:
        raise StepError(f"a request has one body; this one has {' and '.join(bodies)}")
    if bodies:
        out[{"json": "json", "form": "data", "body": "content"}[bodies[0]]] = args[bodies[0]]
    return out


def _body(response: httpx.Response) -> str:
    """The body as text, up to a bound."""
    parts, size = [], 0
    for part in response.iter_bytes():
        parts.append(part[: MAX_BODY - size])
        size += len(part)
        if size >= MAX_BODY:
            break
    return b"".join(parts).decode(response.encoding or "utf-8", "replace")


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _wrong(args: Args, status: int, body: str) -> str:
    if not _good(args.get("status"), status):
        wanted = f", not {args['status']}" if "status" in args else ""
        return f"status {status}{wanted}"
    contains = args.get("contains", [])
    for text in contains if isinstance(contains, list) else [contains]:
        if text not in body:
            return f"the body does not contain {text!r}"
    return ""


def _good(wanted: Any, status: int) -> bool:
    if wanted is None:
        return status < 400
    if isinstance(wanted, str):
        return str(status)[0] == wanted[0]
    return status in (wanted if isinstance(wanted, list) else [wanted])


def _sentence(error: Exception, args: Args, context: Context) -> str:
    """Why no answer came, in words."""
    import httpx

    where = "the controller" if args["from"] == "controller" else context.host.name
    head = f"{args['method']} {args['url']}: no answer, asked from {where}: "
    cause = error.__cause__.__cause__ if error.__cause__ and error.__cause__.__cause__ else error
    if isinstance(error, httpx.TimeoutException):
        return f"{head}no answer within {args['timeout']} s"
    if isinstance(cause, ConnectionRefusedError):
        return f"{head}connection refused, nothing listens there"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"{head}the certificate is not trusted: {cause.verify_message}"
    return f"{head}{cause or type(error).__name__}"
