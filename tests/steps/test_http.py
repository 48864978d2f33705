"""The step `http`, against real servers, plain and with TLS, also through a way that leads elsewhere."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import runbook.steps.requests.http as kind
from runbook.runs.events import Outcome, Status
from runbook.steps.base import StepError
from runbook.testing import FarHost, examples, options, problems, run_step, step_context
from runbook.transports.base import Stopped, Unreachable
from tests.lab.tools import free_port
from tests.steps.web import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    yield from serving()


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """The URL of a server that says these bytes to the first who asks, whatever they ask."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(reply)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(5)


def ask(url: str, **args: Any) -> Outcome:
    return run_step(kind, {"url": url, **args})


def test_the_outcome_has_all_of_the_answer(site: Site) -> None:
    outcome = ask(site.url("/a?b=1"))
    assert (outcome.status, outcome.message) == (Status.PASSED, "200 OK")
    data = outcome.data
    assert (data["status"], data["reason"], data["method"]) == (200, "OK", "GET")
    assert data["url"] == site.url("/a?b=1")
    assert data["headers"]["content-type"] == "application/json"
    assert data["json"]["path"] == "/a?b=1"
    assert json.loads(data["body"]) == data["json"]
    assert 0 <= data["elapsed"] < 5
    json.dumps(data)  # it is stored and sent as it is


def test_a_json_body_and_headers_are_sent(site: Site) -> None:
    outcome = ask(site.url(), method="POST", json={"имя": "Ольга"}, headers={"X-Number": 7}, bearer="t0ken")
    assert outcome.status is Status.CHANGED
    asked = site.asked[0]
    assert json.loads(asked["body"]) == {"имя": "Ольга"}
    assert asked["headers"]["content-type"] == "application/json"
    assert asked["headers"]["x-number"] == "7"
    assert asked["headers"]["authorization"] == "Bearer t0ken"
    assert asked["headers"]["user-agent"] == "runbook"


def test_a_form_a_plain_body_parameters_and_basic_authentication(site: Site) -> None:
    ask(site.url("/x"), method="POST", form={"q": "a b&c"}, params={"ключ": "знач ение"})
    ask(site.url(), method="PUT", body="как есть", auth={"user": "olga", "password": "p:ä"})
    form, plain = site.asked
    assert parse_qs(form["body"]) == {"q": ["a b&c"]}
    assert parse_qs(urlsplit(form["path"]).query) == {"ключ": ["знач ение"]}
    assert plain["body"] == "как есть"
    assert plain["headers"]["authorization"] == "Basic " + base64.b64encode("olga:p:ä".encode()).decode()


@pytest.mark.parametrize(
    ("url", "params", "sent"),
    [
        ("/x?a=1", {"b": 2}, "/x?a=1&b=2"),
        ("/x?a=1&a=%2F", {"a": 3}, "/x?a=1&a=%2F&a=3"),
        ("/x?", {"q": "ü &"}, "/x?q=%C3%BC+%26"),
        ("/x?a=1#part", {"b": [1, 2]}, "/x?a=1&b=1&b=2"),
        ("/x", {"yes": True, "none": None}, "/x?yes=true&none="),
        ("/x?a=1", {}, "/x?a=1"),
    ],
)
def test_parameters_are_added_to_the_query_of_the_url(site: Site, url: str, params: dict[str, Any], sent: str) -> None:
    ask(site.url(url), params=params)
    assert [asked["path"] for asked in site.asked] == [sent]
    assert kind.plan({"url": site.url(url), "params": params}).partition("#")[0] == f"GET {site.url(sent)}"


def test_a_plan_shows_parameters_that_are_not_known_yet() -> None:
    shown = kind.plan({"url": "http://h/?a=1", "params": {"id": "(known after 2.1)", "t": "(secret TOKEN)/x y"}})
    assert shown == "GET http://h/?a=1&id=(known after 2.1)&t=(secret TOKEN)%2Fx+y"
    assert (
        kind.plan({"url": "http://h/?a=1", "params": "(known after 2.1)"}) == "GET http://h/?a=1 with (known after 2.1)"
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            b"<html>oops</html>",
            "the body is no JSON: Expecting value at line 1, column 1 (it begins with '<html>oops</html>')",
        ),
        (b"", "the body is no JSON: it is empty"),
        (b'{"a": 1', "the body is no JSON: Expecting ',' delimiter at line 1, column 8 (it begins with '{\"a\": 1')"),
        (b"NaN", "the body is no JSON: NaN is Python's, not JSON's"),
    ],
)
def test_why_a_body_is_no_json_is_kept(body: bytes, why: str) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + body) as url:
        outcome = ask(url)
    assert (outcome.status, outcome.gaps) == (Status.PASSED, {"json": why})


def test_a_byte_order_mark_is_told_and_does_no_harm() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\xef\xbb\xbf" + b'{"a": 1}') as url:
        outcome = ask(url)
    assert (outcome.data["json"], dict(outcome.gaps)) == ({"a": 1}, {})
    assert outcome.message == "200 OK; its JSON begins with a byte order mark"


def test_two_bodies_are_too_many(site: Site) -> None:
    outcome = ask(site.url(), method="POST", json={}, body="x")
    assert (outcome.status, outcome.message) == (Status.FAILED, "a request has one body; this one has json and body")
    assert site.asked == []


@pytest.mark.parametrize(
    ("code", "wanted", "status"),
    [
        (204, None, Status.PASSED),
        (399, None, Status.PASSED),
        (400, None, Status.FAILED),
        (503, None, Status.FAILED),
        (404, 404, Status.PASSED),
        (200, 404, Status.FAILED),
        (401, [401, 403], Status.PASSED),
        (404, [401, 403], Status.FAILED),
        (201, "2xx", Status.PASSED),
        (302, "2xx", Status.FAILED),
        (500, "5xx", Status.PASSED),
    ],
)
def test_which_status_is_good(site: Site, code: int, wanted: Any, status: Status) -> None:
    args = {} if wanted is None else {"status": wanted}
    outcome = ask(site.url(f"/status/{code}"), follow=False, **args)
    assert outcome.status is status
    assert outcome.data["status"] == code, "also a bad answer is an answer"
    if status is Status.FAILED:
        assert f"status {code}" in outcome.message
        assert str(wanted) in outcome.message or wanted is None


def test_a_bad_answer_shows_its_body(site: Site) -> None:
    assert ask(site.url("/status/500")).evidence[0].text == "текст ошибки"


def test_what_the_body_must_contain(site: Site) -> None:
    assert ask(site.url("/docs"), contains=["/docs", "GET"]).status is Status.PASSED
    outcome = ask(site.url("/docs"), contains=["/docs", "swagger-ui"])
    assert outcome.status is Status.FAILED
    assert outcome.message == f"GET {site.url('/docs')}: the body does not contain 'swagger-ui'"


@pytest.mark.parametrize("page", ["/broken-json", "/unknown-charset", "/cp1251"])
def test_an_odd_body_is_text_and_no_json(site: Site, page: str) -> None:
    data = ask(site.url(page)).data
    assert data["json"] is None
    assert data["body"] == ("{no json" if page == "/broken-json" else "привет")


@pytest.mark.parametrize("body", [b"[" * 200_000, b"[" * 150 + b"]" * 150, b"NaN", b'{"a": Infinity}', b"1" * 5000])
def test_json_that_no_report_could_hold_is_text(body: bytes) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + body) as url:
        outcome = ask(url)
    assert (outcome.status, outcome.data["json"]) == (Status.PASSED, None)
    assert outcome.data["body"] == body.decode()


def test_an_answer_that_cannot_be_read_is_no_missing_answer(site: Site) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip") as url:
        outcome = ask(url)
    assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "answer")
    assert ask(site.url("/circle")).data["error_class"] == "answer"
    with answering(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n") as url:
        outcome = ask(url)
    assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "request")


def test_headers_hold_any_text_but_no_line_breaks(site: Site) -> None:
    ask(site.url(), headers={"X-Name": "Ольга"}, bearer="t0ken\n")
    sent = site.asked[0]["headers"]
    assert sent["x-name"].encode("latin-1").decode() == "Ольга"
    assert sent["authorization"] == "Bearer t0ken", "a token read from a file has a line's end"
    for name, value in (("X-Имя", "x"), ("X Y", "x"), ("X", "a\r\nY: b"), ("X", "a\0")):
        outcome = ask(site.url(), headers={name: value})
        assert (outcome.status, "headers: " in outcome.message) == (Status.FAILED, True)
    assert "line break" in ask(site.url(), bearer="a\nX: b").message
    assert len(site.asked) == 1


@pytest.mark.parametrize(("value", "said"), [(float("nan"), "JSON compliant"), ({1, 2}, "set")])
def test_what_is_no_json_cannot_be_sent_as_json(site: Site, value: Any, said: str) -> None:
    args = {**options(kind, {"url": site.url(), "method": "POST"}), "json": {"x": value}}  # templates may give anything
    with pytest.raises(StepError, match=said):
        kind.run(args, step_context())
    assert site.asked == []


def test_a_password_in_the_url_is_used_and_not_shown(site: Site) -> None:
    url = f"http://olga:s3cret:@127.0.0.1:{site.port}"
    for path, status in (("/status/500", Status.FAILED), ("/x?to=a:b@c", Status.PASSED)):
        outcome = ask(f"{url}{path}")
        assert outcome.status is status
        assert "s3cret" not in outcome.message + outcome.data["url"] + kind.plan({"url": url + path})
    assert outcome.data["url"] == f"http://olga:(secret)@127.0.0.1:{site.port}/x?to=a:b@c"
    assert site.asked[0]["headers"]["authorization"].startswith("Basic ")
    gone = ask(f"http://olga:s3cret@127.0.0.1:{free_port()}/")
    assert "s3cret" not in gone.message + gone.data["url"]


def test_redirects_are_followed_or_shown(site: Site) -> None:
    followed = ask(site.url("/redirect"))
    assert (followed.data["status"], followed.data["url"]) == (200, site.url("/landed"))
    shown = ask(site.url("/redirect"), follow=False)
    assert (shown.status, shown.data["status"], shown.data["headers"]["location"]) == (Status.PASSED, 302, "/landed")
    assert "redirects" in ask(site.url("/circle")).message


def test_every_method_is_sent_and_only_those_that_read_change_nothing(site: Site) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
        outcome = ask(site.url(), method=method)
        reads = method in ("GET", "HEAD", "OPTIONS")
        assert outcome.status is (Status.PASSED if reads else Status.CHANGED)
        assert kind.changes({"url": "x", "method": method}) is not reads
    assert [seen["method"] for seen in site.asked] == ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


def test_the_request_goes_the_way_of_the_host_and_keeps_its_names(site: Site) -> None:
    there = FarHost(site.port)
    outcome = run_step(kind, {"url": "http://app.internal:8000/redirect"}, there)
    assert outcome.data["url"] == "http://app.internal:8000/landed"
    assert site.asked[0]["headers"]["host"] == "app.internal:8000"
    assert set(there.wanted) == {("app.internal", 8000)}


def test_from_the_controller_it_goes_straight(site: Site) -> None:
    there = FarHost(free_port())
    assert run_step(kind, {"url": site.url(), "from": "controller"}, there).status is Status.PASSED
    assert there.wanted == []


@pytest.mark.parametrize("origin", ["host", "controller"])
def test_the_environments_proxies_do_not_hold(site: Site, monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert ask(site.url(), **{"from": origin}).status is Status.PASSED


def test_an_unreachable_host_is_not_the_answer_of_a_server() -> None:
    with pytest.raises(Unreachable, match="no way to localhost:80"):
        run_step(kind, {"url": "http://localhost/"}, FarHost())


# --- no answer -------------------------------------------------------------------------------------------------


def test_nobody_listens() -> None:
    url = f"http://127.0.0.1:{free_port()}/x"
    outcome = ask(url)
    assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "unreachable")
    assert outcome.message == (f"GET {url}: no answer, asked from test-host: connection refused, nothing listens there")


def test_a_name_that_is_not_there() -> None:
    outcome = ask("http://no-such-host.invalid/", timeout=20)
    assert outcome.status is Status.FAILED
    assert "cannot be resolved" in outcome.message or "nothing within" in outcome.message


def test_a_url_that_is_none() -> None:
    assert ask("http://[::1/").status is Status.FAILED
    assert ask("http://").status is Status.FAILED


@pytest.mark.parametrize("page", ["/slow", "/drip"])
def test_the_time_is_over_whether_it_is_silent_or_slow(site: Site, page: str) -> None:
    began = time.monotonic()
    outcome = ask(site.url(page), timeout="400ms")
    assert time.monotonic() - began < 5
    assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "unreachable")
    assert outcome.message.endswith("nothing within 0.40 s")


def test_the_steps_time_bounds_the_request_too(site: Site) -> None:
    began = time.monotonic()
    assert run_step(kind, {"url": site.url("/slow")}, context=step_context(timeout=0.3)).status is Status.FAILED
    assert time.monotonic() - began < 5


def test_a_run_that_is_stopped_does_not_wait_for_the_answer(site: Site) -> None:
    stop = threading.Event()
    context = step_context(stop=stop)

    def stop_when_asked() -> None:
        while not site.asked and not site.released.wait(0.02):
            continue
        stop.set()

    threading.Thread(target=stop_when_asked, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        run_step(kind, {"url": site.url("/slow")}, context=context)
    assert time.monotonic() - began < 5


def test_half_a_body_is_no_answer(site: Site) -> None:
    outcome = ask(site.url("/half"))
    assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "unreachable")
    assert "closed" in outcome.message


def test_a_server_that_speaks_something_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        threading.Thread(target=speak, daemon=True).start()
        outcome = ask(f"http://127.0.0.1:{server.getsockname()[1]}/")
    assert "something else than HTTP" in outcome.message


def test_a_very_long_body_is_cut_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pour() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                try:
                    while True:
                        connection.sendall(b"x" * 65536)
                except OSError:
                    return

        threading.Thread(target=pour, daemon=True).start()
        outcome = ask(f"http://127.0.0.1:{server.getsockname()[1]}/")
    assert outcome.status is Status.PASSED
    assert len(outcome.data["body"]) == kind.MAX_BODY
    assert "first 10 MiB" in outcome.message


# --- TLS -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for app.internal that nobody trusts, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is missing. It comes with: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    words = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=app.internal -addext subjectAltName=DNS:app.internal"
    )
    subprocess.run(
        [openssl, *f"{words} -keyout {key} -out {cert}".split()],
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    yield from serving(context)


def test_tls_is_checked_against_the_name_in_the_url(secure: Site, certificate: tuple[Path, Path]) -> None:
    context = step_context(FarHost(secure.port))
    ca = str(certificate[0])
    assert run_step(kind, {"url": "https://app.internal/", "ca": ca}, context=context).status is Status.PASSED
    assert secure.asked[0]["headers"]["host"] == "app.internal"
    outcome = run_step(kind, {"url": "https://other.internal/", "ca": ca}, context=context)
    assert outcome.status is Status.FAILED
    assert "not trusted: Hostname mismatch" in outcome.message


def test_a_certificate_that_nobody_trusts(secure: Site) -> None:
    context = step_context(FarHost(secure.port))
    outcome = run_step(kind, {"url": "https://app.internal/"}, context=context)
    assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "unreachable")
    assert "the certificate is not trusted" in outcome.message
    assert "`verify: false`" in outcome.message
    assert run_step(kind, {"url": "https://app.internal/", "verify": False}, context=context).status is Status.PASSED
    assert run_step(kind, {"url": "https://app.internal/"}, context=context).status is Status.FAILED, (
        "the one did not stay"
    )


def test_the_ca_stands_beside_the_playbook(secure: Site, certificate: tuple[Path, Path]) -> None:
    context = step_context(FarHost(secure.port), base=certificate[0].parent)
    assert run_step(kind, {"url": "https://app.internal/", "ca": "cert.pem"}, context=context).status is Status.PASSED
    for missing in ("no.pem", "key.pem"):
        assert missing in run_step(kind, {"url": "https://app.internal/", "ca": missing}, context=context).message


def test_https_where_plain_http_is_spoken(site: Site) -> None:
    outcome = ask(f"https://127.0.0.1:{site.port}/")
    assert "TLS fails" in outcome.message


def test_plain_http_where_https_is_spoken(secure: Site) -> None:
    assert ask(f"http://127.0.0.1:{secure.port}/").status is Status.FAILED


# --- options ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"url": "ftp://x"},
        {"url": "http://x", "method": "FETCH"},
        {"url": "http://x", "status": "abc"},
        {"url": "http://x", "auth": {"user": "a"}},
        {"url": "http://x", "unknown": 1},
    ],
)
def test_wrong_options_are_refused(args: dict[str, Any]) -> None:
    assert problems(kind, args) != []


def test_a_timeout_that_is_no_duration_is_said() -> None:
    assert "is not a duration" in ask("http://127.0.0.1/", timeout="soon").message
    for none in (0, -1):
        assert "more than 0 seconds" in ask("http://127.0.0.1/", timeout=none).message


def test_the_plan_says_what_is_asked_and_from_where() -> None:
    assert kind.plan({"url": "http://x/y"}) == "GET http://x/y"
    assert kind.plan({"url": "http://x", "method": "POST", "from": "controller"}) == "POST http://x from the controller"


def test_the_example_is_right() -> None:
    (step,) = examples(kind)
    assert options(kind, step["http"])["timeout"] == 30
