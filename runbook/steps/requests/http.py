"""One HTTP request, from the host's point of view.

`localhost` in the URL is the managed host, reached through its connection; the host needs no curl. `from: controller`
asks from this machine instead. Any status below 400 is good, unless `status` or an `expect` on it says otherwise.

Outcome: `status`, `reason`, `headers` (names in lower case), `body` (text), `json` (parsed, where it is JSON),
`elapsed` (seconds), `url` (the last one, after redirects; without its password), `method`. When there is no answer to
judge, `error_class` says why: `unreachable` (none came), `answer` (it cannot be read, or leads in circles), `request`
(this one cannot be sent).

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
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook.common.durations import seconds, show
from runbook.common.frozen import Frozen
from runbook.runs.events import Evidence, Outcome, Status, failed
from runbook.steps.base import Args, Context, Detail, StepError
from runbook.steps.json_text import Parsed, parse_json
from runbook.steps.requests.http_address import address, without_password
from runbook.steps.traits import Fields, SourceFile
from runbook.steps.weaker import fewer, turned, wider

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
        "params": {"type": "object", "description": "Query parameters, behind those that the URL has."},
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
FIELDS = Fields(frozenset({"status", "reason", "headers", "body", "json", "elapsed", "url", "method", "error_class"}))
OWN_VERDICT = ("status",)
CHECKED_BY = ("contains", "status")


def changes(args: Args) -> bool:
    return args.get("method", "GET") not in ("GET", "HEAD", "OPTIONS")


def plan(args: Args) -> str:
    origin = " from the controller" if args.get("from") == "controller" else ""
    return f"{args.get('method', 'GET')} {_shown_address(args)}{origin}"


def _shown_address(args: Args) -> str:
    """As it is sent, but for a password; parameters that are one template altogether stand beside it."""
    url, params = str(args.get("url", "")), args.get("params") or {}
    if not isinstance(params, Mapping):
        return f"{without_password(url)} with {params}"
    return without_password(address(url, params))


_SENT = ("headers", "json", "form", "body")


def detail(args: Args) -> tuple[Detail, ...]:
    """The request as it is sent, where it has more than a method and a URL."""
    if not any(args.get(name) for name in _SENT):
        return ()
    headers = args.get("headers")
    lines = [plan(args), *(_pairs(headers, ": ") if isinstance(headers, Mapping) else [f"headers: {headers}"])]
    if body := _shown_body(args):
        lines += ["", body]
    lines = lines if headers else [line for line in lines if line != "headers: None"]
    return (Detail("", "\n".join(lines), "http", ("url", "method", "from", "params", *_SENT)),)


def _shown_body(args: Args) -> str:
    if "json" in args:
        return json.dumps(args["json"], ensure_ascii=False, indent=2)
    if isinstance(form := args.get("form"), Mapping):
        return "\n".join(_pairs(form, "="))
    return str(args.get("body") or args.get("form") or "")


def _pairs(values: Mapping[str, Any], between: str) -> list[str]:
    return [f"{name}{between}{value}" for name, value in values.items()]


def files(args: Args) -> tuple[SourceFile, ...]:
    """The certificates to trust; what lies in a home is another file for everybody."""
    ca = str(args.get("ca") or "~")
    return () if ca.startswith("~") else (SourceFile(ca, ("ca",)),)


def weaker(before: Args, after: Args) -> Iterator[str]:
    yield from fewer(before, after, ("contains",))
    yield from wider(before, after, "status")
    if turned(before, after, "verify", False, usual=True):
        yield "the server's certificate is no longer checked"


def run(args: Args, context: Context) -> Outcome:
    import httpx

    started = time.monotonic()
    limit = _limit(args, context)
    try:
        answer = _request(args, context, limit)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        return _no_answer(error, limit, args, context)
    parsed = parse_json(answer.body)
    data = {
        "status": answer.status,
        "reason": answer.reason,
        "headers": answer.headers,
        "body": answer.body,
        "json": parsed.value,
        "elapsed": round(time.monotonic() - started, 3),
        "url": without_password(answer.url),
        "method": args["method"],
    }
    gaps = _gaps(answer, parsed)
    wrong = _wrong(args, answer)
    if wrong:
        shown = answer.body[:SHOWN_BODY]
        evidence = (Evidence("body", shown, language="log"),) if shown.strip() else ()
        return Outcome(Status.FAILED, f"{args['method']} {_shown_address(args)}: {wrong}", data, evidence, gaps=gaps)
    good = Status.CHANGED if changes(args) else Status.PASSED
    said = [f"{answer.status} {answer.reason}".strip(), f"{_CUT} were read" if answer.cut else "", parsed.odd]
    return Outcome(good, "; ".join(filter(None, said)), data, gaps=gaps)


_CUT = f"only the first {MAX_BODY >> 20} MiB of the body"


def _gaps(answer: _Answer, parsed: Parsed) -> dict[str, str]:
    """Which fields are not all of what there is, and why."""
    if answer.cut:
        return {"body": f"{_CUT} were read", "json": f"{_CUT} were read, which are no JSON"}
    return {"json": f"the body is no JSON: {parsed.wrong}"} if parsed.wrong else {}


def _limit(args: Args, context: Context) -> float:
    """Seconds for the whole request: its own, and never more than the step's."""
    try:
        limit = seconds(args["timeout"])
    except ValueError as error:
        raise StepError(f"timeout: {error}") from None
    if limit <= 0:
        raise StepError("timeout: a request needs more than 0 seconds")
    return limit if context.timeout is None else min(limit, context.timeout)


class _Answer(Frozen):
    status: int
    reason: str
    headers: dict[str, str]
    body: str
    url: str
    cut: bool
    """Was the body longer than what is kept?"""


def _request(args: Args, context: Context, limit: float) -> _Answer:
    import httpx

    from runbook.steps.requests.bounded_talk import bounded
    from runbook.steps.requests.http_client import Backend, client

    content = _content(args)
    backend = Backend(lambda host, port: context.address(host, port, args["from"]))
    http = client(backend, verify=_tls(args, context), follow=args["follow"], timeout=limit)
    with closing(backend), bounded(limit, context.stop, backend.cut) as bound, http:
        try:
            with http.stream(args["method"], address(args["url"], args.get("params", {})), **content) as response:
                body, cut = _body(response)
        except httpx.TransportError as error:
            if bound.over:
                raise httpx.ReadTimeout("cut") from error
            raise
        if bound.over:
            raise httpx.ReadTimeout("cut")
    headers = dict(response.headers)
    return _Answer(response.status_code, response.reason_phrase, headers, body, str(response.url), cut)


def _tls(args: Args, context: Context) -> ssl.SSLContext:
    from runbook.steps.requests.http_client import tls

    if "ca" not in args:
        return tls(args["verify"], None)
    path = context.base / Path(args["ca"]).expanduser()
    try:
        return tls(args["verify"], str(path), path.stat().st_mtime)
    except (OSError, ssl.SSLError) as error:
        raise StepError(f"ca: {path} cannot be used: {error}") from None


def _content(args: Args) -> dict[str, Any]:
    out: dict[str, Any] = {"headers": _headers(args)}
    if "auth" in args:
        out["auth"] = (args["auth"]["user"], args["auth"]["password"])
    bodies = [key for key in ("json", "form", "body") if key in args]
    if len(bodies) > 1:
        raise StepError(f"a request has one body; this one has {' and '.join(bodies)}")
    if "json" in args:
        try:
            json.dumps(args["json"], allow_nan=False)
        except (ValueError, TypeError) as error:
            raise StepError(f"json: cannot be sent as JSON: {error}") from None
    if bodies:
        out[{"json": "json", "form": "data", "body": "content"}[bodies[0]]] = args[bodies[0]]
    return out


def _headers(args: Args) -> dict[str, bytes]:
    """Headers as they are sent: names are ASCII, values UTF-8. A token that was read with its line's end is trimmed."""
    headers = {str(name): str(value) for name, value in args.get("headers", {}).items()}
    if "bearer" in args:
        headers["Authorization"] = f"Bearer {args['bearer'].strip()}"
    for name, value in headers.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise StepError(f"headers: {name!r} is not a header's name")
        if re.search(r"[\0\r\n]", value):
            raise StepError(f"headers: the value of {name} has a line break in it; `| trim` takes one off its end")
    return {name: value.strip().encode("utf-8", "replace") for name, value in headers.items()}


def _body(response: httpx.Response) -> tuple[str, bool]:
    """The body as text, up to a bound; and whether there was more."""
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > MAX_BODY:
            break
    return content[:MAX_BODY].decode(response.encoding or "utf-8", "replace"), len(content) > MAX_BODY


def _wrong(args: Args, answer: _Answer) -> str:
    if not _good(args.get("status"), answer.status):
        wanted = f", not {args['status']}" if "status" in args else ""
        return f"status {answer.status}{wanted}"
    contains = args.get("contains", [])
    for text in contains if isinstance(contains, list) else [contains]:
        if text not in answer.body:
            return f"the body does not contain {text!r}" + (f" as far as it is known: {_CUT} were read" * answer.cut)
    return ""


def _good(wanted: Any, status: int) -> bool:
    if wanted is None:
        return status < 400
    if isinstance(wanted, str):
        return str(status)[0] == wanted[0]
    return status in (wanted if isinstance(wanted, list) else [wanted])


def _no_answer(error: Exception, limit: float, args: Args, context: Context) -> Outcome:
    import httpx

    data = {"url": _shown_address(args), "method": args["method"]}
    asked = f"{args['method']} {data['url']}"
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return failed(f"{asked}: cannot be sent: {error}", error_class="request", **data)
    if isinstance(error, httpx.TooManyRedirects | httpx.DecodingError):
        return failed(f"{asked}: the answer is of no use: {error}", error_class="answer", **data)
    where = "the controller" if args["from"] == "controller" else context.host.name
    said = f"{asked}: no answer, asked from {where}: {_why(error, limit)}"
    return failed(said, error_class="unreachable", **data)


def _why(error: Exception, limit: float) -> str:
    """Why no answer came, in words."""
    import httpx

    cause = _root(error)
    if isinstance(error, httpx.TimeoutException):
        return f"nothing within {show(limit)}"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused, nothing listens there"
    if isinstance(cause, socket.gaierror):
        return f"its name cannot be resolved: {cause.strerror}"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {cause.verify_message} – give its `ca`, or `verify: false`"
    if isinstance(cause, ssl.SSLError):
        return f"TLS fails: {cause.reason or cause} – does it speak https there?"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return f"the connection was closed, or something else than HTTP was said: {cause}"
    return str(cause) or type(cause).__name__


def _root(error: BaseException) -> BaseException:
    """What an error came from in the end: httpx wraps httpcore's errors, which hide the system's."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return error
