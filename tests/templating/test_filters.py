"""Filters that ansible-core cannot vouch for: those of collections, and those that need a library."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from runbook.templating.errors import TemplateError
from runbook.templating.render import evaluate, render
from tests.templating.support import scope

# The list that the documentation of `ansible.utils.ipaddr` shows its queries on.
MIXED = [
    "192.24.2.1",
    "host.fqdn",
    "::1",
    "192.168.32.0/24",
    "fe80::100/10",
    True,
    "",
    "42540766412265424405338506004571095040/64",
]
HOSTS = ["2001:db8:deaf:be11::ef3/64", "192.0.2.48/24", "127.0.0.1", "192.168.0.0/16"]


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("ipaddr", ["192.24.2.1", "::1", "192.168.32.0/24", "fe80::100/10", "2001:db8:32c:faad::/64"]),
        ("ipv4", ["192.24.2.1", "192.168.32.0/24"]),
        ("ipv6", ["::1", "fe80::100/10", "2001:db8:32c:faad::/64"]),
        ("ipaddr('address')", ["192.24.2.1", "::1", "fe80::100"]),
        ("ipaddr('host')", ["192.24.2.1/32", "::1/128", "fe80::100/10"]),
        ("ipv4('address')", ["192.24.2.1"]),
        ("ipv6('address')", ["::1", "fe80::100"]),
        ("ipaddr('public')", ["192.24.2.1", "2001:db8:32c:faad::/64"]),
        ("ipaddr('private')", ["192.168.32.0/24", "fe80::100/10"]),
        ("ipaddr('net')", ["192.168.32.0/24", "2001:db8:32c:faad::/64"]),
        ("ipaddr('net') | ipaddr('size')", [256, 18446744073709551616]),
        ("ipaddr('192.0.0.0/8')", ["192.24.2.1", "192.168.32.0/24"]),
        ("ipaddr('net') | ipaddr('0')", ["192.168.32.0/24", "2001:db8:32c:faad::/64"]),
        ("ipaddr('net') | ipaddr('1')", ["192.168.32.1/24", "2001:db8:32c:faad::1/64"]),
        ("ipaddr('net') | ipaddr(-1)", ["192.168.32.255/24", "2001:db8:32c:faad:ffff:ffff:ffff:ffff/64"]),
        ("ipaddr('net') | ipaddr(200)", ["192.168.32.200/24", "2001:db8:32c:faad::c8/64"]),
        ("ipaddr('net') | ipaddr('-200')", ["192.168.32.56/24", "2001:db8:32c:faad:ffff:ffff:ffff:ff38/64"]),
        ("ipaddr('net') | ipaddr('400')", ["2001:db8:32c:faad::190/64"]),
        (
            "ipwrap",
            [
                "192.24.2.1",
                "host.fqdn",
                "[::1]",
                "192.168.32.0/24",
                "[fe80::100]/10",
                True,
                "",
                "[2001:db8:32c:faad::]/64",
            ],
        ),
    ],
)
def test_ipaddr_of_a_list(query: str, result: list[Any]) -> None:
    assert evaluate(f"values | {query}", scope(values=MIXED)) == result


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("host/prefix", ["2001:db8:deaf:be11::ef3/64", "192.0.2.48/24"]),
        ("subnet", ["2001:db8:deaf:be11::/64", "192.0.2.0/24", "127.0.0.1/32", "192.168.0.0/16"]),
        ("prefix", [64, 24, 32, 16]),
        ("version", [6, 4, 4, 4]),
        ("type", ["address", "address", "address", "network"]),
    ],
)
def test_ipaddr_of_hosts(query: str, result: list[Any]) -> None:
    assert evaluate(f"values | ipaddr('{query}')", scope(values=HOSTS)) == result


@pytest.mark.parametrize(
    ("value", "query", "result"),
    [
        ("192.0.2.48/24", "address", "192.0.2.48"),
        ("192.0.2.48/24", "network", "192.0.2.0"),
        ("192.0.2.48/24", "netmask", "255.255.255.0"),
        ("192.0.2.48/24", "hostmask", "0.0.0.255"),
        ("192.0.2.48/24", "broadcast", "192.0.2.255"),
        ("192.0.2.48/24", "first_usable", "192.0.2.1"),
        ("192.0.2.48/24", "last_usable", "192.0.2.254"),
        ("192.168.0.0/255.255.255.0", "prefix", 24),
        ("192.168.0.0/255.255.255.0", "net", "192.168.0.0/24"),
        ("192.168.0.11/255.255.255.0", "network/prefix", "192.168.0.0/24"),
        ("192.24.2.1", "revdns", "1.2.24.192.in-addr.arpa."),
        ("192.24.2.1", "int", 3222798849),
        ("127.0.0.1", "loopback", "127.0.0.1"),
        ("192.24.2.1", "loopback", False),
        ("192.24.2.1", "network", False),
        ("192.24.2.1", "10.0.0.0/8", False),
        ("::1", "10.0.0.0/8", False),
        (45443646733, "", "::a:94a7:50d"),
        ("523454/24", "", "0.7.252.190/24"),
        ("192.24.2.1 ", "", "192.24.2.1"),
        ("localhost", "", False),
        ("space bar", "", False),
        ("", "", False),
        (":", "", False),
        ("fe80:/10", "", False),
        ("192.0.2.256", "", False),
        ("192.0.2.1/33", "", False),
        (None, "", False),
        (True, "", False),
        ({}, "address", False),
    ],
)
def test_ipaddr(value: Any, query: str, result: Any) -> None:
    found = evaluate("value | ansible.utils.ipaddr(query)", scope(value=value, query=query))
    assert (type(found), found) == (type(result), result)


def test_a_query_that_is_none_is_an_error() -> None:
    with pytest.raises(TemplateError, match="'adress' is not one of address, broadcast"):
        evaluate("'192.0.2.1' | ipaddr('adress')", scope())


ROWS = {"hosts": [{"name": "a", "port": 80, "tags": ["x"]}, {"name": "b", "port": 443, "tags": []}]}


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("hosts[*].name", ["a", "b"]),
        ("hosts[?port==`443`].name | [0]", "b"),
        ("hosts[].tags[]", ["x"]),
        ("hosts[].{n: name, p: port}", [{"n": "a", "p": 80}, {"n": "b", "p": 443}]),
        ("length(hosts)", 2),
        ("nope", None),
        ("hosts[?contains(tags, 'x')].port", [80]),
    ],
)
def test_json_query(query: str, result: Any) -> None:
    assert evaluate("rows | community.general.json_query(query)", scope(rows=ROWS, query=query)) == result


def test_a_wrong_json_query_is_told() -> None:
    with pytest.raises(TemplateError, match="json_query: "):
        evaluate("rows | json_query('hosts[')", scope(rows=ROWS))


@pytest.mark.parametrize(
    ("call", "result"),
    [
        # As `openssl passwd -6 -salt saltstring 'Hello world!'` prints them, which has 5000 rounds too.
        (
            "'Hello world!' | password_hash('sha512', 'saltstring', rounds=5000)",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        ),
        (
            "'Hello world!' | password_hash('sha256', 'saltstring', rounds=5000)",
            "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        ),
        ("'pw' | password_hash('md5', 'saltsalt')", "$1$saltsalt$6SNdNaZLKst2LlSm7oPPL1"),
    ],
)
def test_password_hash(call: str, result: str) -> None:
    assert evaluate(call, scope()) == result


def test_a_password_without_a_salt_has_a_new_hash_each_time() -> None:
    one, other = (evaluate("'pw' | password_hash('sha512', rounds=1000)", scope()) for _ in range(2))
    assert one.startswith("$6$rounds=1000$")
    assert one != other
    assert evaluate("'pw' | password_hash('blowfish', rounds=4)", scope()).startswith("$2b$04$")
    with pytest.raises(TemplateError, match="'nope' is not one of md5, blowfish, sha256, sha512"):
        evaluate("'pw' | password_hash('nope')", scope())


def test_lines() -> None:
    assert evaluate("text | splitlines", scope(text="a\nb\r\n\nc")) == ["a", "b", "", "c"]


HEAVY = ("yaml", "jmespath", "passlib", "packaging", "tomllib", "subprocess")


def test_rendering_imports_nothing_heavy() -> None:
    code = (
        "import sys; from runbook.templating.render import render; render('{{ a | upper }}', {'a': 'b'});"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


HOSTILE = "{{ 7 * 6 }}{% for i in range(9) %}{{ i }}{% endfor %}{# x #}{{ ''.__class__ }}"


@pytest.mark.parametrize(
    "text",
    [
        "{{ said }}",
        "{{ said | trim }}",
        "{{ [said] | first }}",
        "{{ said | to_json | from_json }}",
        "{{ said | b64encode | b64decode }}",
        "{{ {'a': said}.a }}",
        "{{ nope | default(said) }}",
        "{{ lookup('vars', 'said') }}",
        "{{ written }}",
        "{{ deeper.list[0].key }}",
        "{{ '{}'.format(said) }}",
        "{{ '%s' % said }}",
        "{{ [said] | map('regex_replace', '^', '') | join }}",
        "{% set x = said %}{{ x }}",
        "{% for x in [said] %}{{ x }}{% endfor %}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(said) }}",
    ],
)
def test_what_came_from_a_host_is_never_rendered(text: str) -> None:
    written = {"written": "{{ said }}", "deeper": {"list": [{"key": "{{ written }}"}]}}
    assert render(text, scope(written, said=HOSTILE)) == HOSTILE


def test_sets_keep_the_order_of_their_lists() -> None:
    here = scope(a=[3, 1, 2, 1], b=[9, 2, 0])
    assert evaluate("a | union(b)", here) == [3, 1, 2, 9, 0]
    assert evaluate("a | intersect(b)", here) == [2]
    assert evaluate("a | difference(b)", here) == [3, 1]
    assert evaluate("a | symmetric_difference(b)", here) == [3, 1, 9, 0]
