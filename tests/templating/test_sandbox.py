"""Templates cannot leave the sandbox, and they end: every one of these is an error, in bounded time and memory."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.templating.errors import TemplateError
from runbook.templating.render import render, syntax_error
from runbook.templating.sandbox import limits
from runbook.templating.template_files import render_file
from tests.templating.support import scope

BIG = "x" * 200_000
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
NESTED = "{% set n = namespace(x=[1]) %}{% for i in range(100) %}{% set n.x = [n.x, n.x] %}{% endfor %}"

ESCAPES = r"""
{{ ''.__class__ }}
{{ ''['__class__'] }}
{{ ''|attr('__class__') }}
{{ [''] | map(attribute='__class__') | list }}
{{ [''] | map(attribute='__class__.__mro__') | first }}
{{ [''] | groupby('__class__') }}
{{ [''] | selectattr('__class__') | list }}
{{ ['', 'a'] | sort(attribute='__class__') }}
{{ [''] | sum(attribute='__class__') }}
{{ ['', 'a'] | unique(attribute='__class__') }}
{{ [''] | join(attribute='__class__') }}
{{ '__class__' | extract('') }}
{{ [1] | subelements('__class__') }}
{{ '{0.__class__}'.format('') }}
{{ '{0[__class__]}'.format('') }}
{{ '{a.__class__}'.format_map({'a': 1}) }}
{{ ('{0.__class__}' | escape).format(1) }}
{{ ''.format.__globals__ }}
{{ lookup.__globals__ }}
{{ undef().__class__ }}
{{ range.__self__ }}
{{ dict.__base__ }}
{{ dict.mro() }}
{{ lipsum }}
{{ cycler }}
{{ self.__init__ }}
{{ self._TemplateReference__context }}
{{ namespace.__init__.__globals__ }}
{{ rows.append(1) }}
{{ data.update({}) }}
{% set x = data.setdefault('q', 1) %}
{% do rows.clear() %}
{% import 'x' as y %}
{% include '/etc/passwd' %}
{% extends 'x' %}
{{ (1).__class__ }}
{{ [].__class__.__base__.__subclasses__() }}
{{ hostvars.h.layers }}
{{ hostvars.h.plus }}
{{ hostvars.h['_done'] }}
{{ '!!python/object/apply:os.system [id]' | from_yaml }}
""".strip().splitlines()

ENDLESS = (
    r"""
{{ range(10**9) }}
{{ 'a' * 10**10 }}
{{ 10**10 * 'a' }}
{{ [1] * 10**9 }}
{{ 10**10000 }}
{{ 2 ** (10**9) }}
{{ 10 ** (10 ** 10) }}
{{ (10**4000) * (10**4000) }}
{{ 'a' | center(10**10) }}
{{ 'a'.center(10**10) }}
{{ 'a'.zfill(width=10**10) }}
{{ '1'.rjust(10**10, '0') }}
{{ ('	' * 10**6).expandtabs(10**5) }}
{{ 'a' | indent(10**10, true) }}
{{ [1] | batch(10**10, 0) }}
{{ [1] | slice(10**10) | list }}
{{ range(1001) | product(range(1001)) | list }}
{{ range(10) | product(repeat=10**9) }}
{{ range(30) | permutations }}
{{ range(99999) | permutations(99998) | list }}
{{ range(99) | combinations(50) }}
{{ [1] | zip_longest(*([range(99999)] * 20)) }}
{{ '%10000000000d' % 1 }}
{{ '%.10000000000f' % 1 }}
{{ '%*d' % (10**9, 1) }}
{{ '%10000000000d' | format(1) }}
{{ '%s' * 1000 % big }}
{{ '{:10000000000}'.format(1) }}
{{ '{:{w}}'.format(1, w=10**10) }}
{{ ('{0}' * 1000).format(big) }}
{{ big | replace('', big) }}
{{ big.replace('x', big) }}
{{ big | regex_replace('', big) }}
{{ big | list | join(big) }}
{{ big.join(big) }}
{{ big.translate({120: big}) }}
{{ big | wordwrap(1, true, big) }}
{{ 'a' | comment(prefix_count=10**10) }}
{{ big | comment(decoration=big, newline='x') }}
{{ rows | to_json(indent=10**10) }}
{{ rows | to_nice_json(indent=10**10) }}
{{ rows | tojson(indent=10**10) }}
{{ rows | to_nice_yaml(indent=10**10) }}
{{ 1.5 | round(10**10, 'ceil') }}
{{ (5).to_bytes(10**10, 'big') }}
{{ '' | password_hash(rounds=999999999) }}
{{ '' | password_hash('blowfish', rounds=31) }}
{{ '%Y' | strftime(10**20) }}
{{ range(99999) | map('center', 9000) | list | length }}
{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}
{% for a in range(99999) %}{% for b in range(9999) if b > 10**5 %}{% endfor %}{% endfor %}
{% for a in range(99999) %}{{ big }}{% endfor %}
{% set x %}{% for a in range(99999) %}{{ big }}{% endfor %}{% endset %}{{ x | length }}
{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}
{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}
{% macro m(x, n) %}{% if n %}{{ m([x, x], n - 1) }}{% else %}{{ x }}{% endif %}{% endmacro %}{{ m(1, 60) }}
{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}
{% for i in [1,2] recursive %}{% if loop.depth < 40 %}{{ loop([1,2]) }}{% endif %}{% endfor %}
{% set n = namespace(x='ab') %}{% for i in range(100) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x | length }}
{% set n = namespace(x='ab') %}{% for i in range(100) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x | length }}
{% set n = namespace(x=[1]) %}{% for i in range(100) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x | length }}
{{ laughs | from_yaml }}
{{ laughs | from_yaml | string | length }}
{{ ('[' * 100000) | from_json }}
{{ ('[' * 100000) | from_yaml }}
{{ ('- ' * 100000) | from_yaml }}
{{ ('9' * 100000) | from_json }}
""".strip().splitlines()
    + [f"{NESTED}{{{{ {text} }}}}" for text in ("n.x", "n.x == n.x", "n.x | to_json", "n.x ~ ''")]
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small part of what a rendering may cost, so that the tests are quick."""
    monkeypatch.setattr(limits, "MAX_STEPS", 20_000)
    monkeypatch.setattr(limits, "MAX_MADE", 5_000_000)
    monkeypatch.setattr(limits, "MAX_ITEMS", 20_000)


def variables() -> dict[str, Any]:
    return {"rows": [1], "data": {"a": 1}, "big": BIG, "laughs": LAUGHS, "hostvars": {"h": scope(a=1)}}


@pytest.mark.parametrize("text", [*ESCAPES, *ENDLESS])
def test_it_is_refused(text: str, small: None) -> None:
    with pytest.raises(TemplateError):
        render(text, scope(**variables()))


@pytest.mark.parametrize("text", [text for text in [*ESCAPES, *ENDLESS] if "{%" in text])
def test_it_is_refused_in_a_file_too(text: str, small: None) -> None:
    with pytest.raises(TemplateError):
        render_file(text, scope(**variables()), "x.j2")


def test_nothing_was_changed_by_those_that_tried() -> None:
    given = variables()
    for text in ESCAPES:
        with pytest.raises(TemplateError):
            render(text, scope(**given))
    assert given == {**variables(), "hostvars": given["hostvars"]}


def test_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SECONDS", 0.05)
    with pytest.raises(TemplateError, match=r"more than 0\.05 seconds"):
        render("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", scope())


def test_variables_draw_on_one_budget(small: None) -> None:
    doubled = {f"v{n}": f"{{{{ v{n + 1} }}}}" * 2 for n in range(60)}
    with pytest.raises(TemplateError, match="in all"):
        render("{{ v0 }}", scope({**doubled, "v60": "xx"}))
    nested = {f"v{n}": [f"{{{{ v{n + 1} }}}}"] * 2 for n in range(60)}
    with pytest.raises(TemplateError, match="too large"):
        render("{{ v0 }}", scope({**nested, "v60": "xx"}))


def test_a_long_chain_of_variables_is_an_error_and_not_a_fault() -> None:
    chain = {f"v{n}": f"{{{{ v{n + 1} }}}}" for n in range(5000)}
    with pytest.raises(TemplateError, match="no end"):
        render("{{ v0 }}", scope(chain))


@pytest.mark.parametrize(
    "text",
    ["{{ x | regex_search(r) }}", "{{ x | regex_findall(r) }}", "{{ x | regex_replace(r, '') }}"]
    + [f"{{{{ x is {test}(r) }}}}" for test in ("match", "search", "regex")],
)
def test_a_regular_expression_that_would_take_for_ever_is_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbook.templating.filters.regexes.SECONDS", 0.1)  # else it would take 5 seconds each
    with pytest.raises(TemplateError, match=r"takes longer than 0\.1 s over this text"):
        render(text, scope({"x": "a" * 60 + "!", "r": "^(a|aa)+$"}))
    assert render("{{ x is regex('^a+!') }}", scope({"x": "aa!"})) is True


def test_an_expression_that_is_nested_too_deeply_is_told() -> None:
    deep = "(" * 5000 + "1" + ")" * 5000
    for text, bare in ((f"{{{{ {deep} }}}}", False), (deep, True)):
        found = syntax_error(text, bare=bare)
        assert found is not None
        assert "nested too deeply" in found[0]


@pytest.mark.parametrize(
    ("most", "more"),
    [
        ("(" * 20 + "1" + ")" * 20, "(" * 21 + "1" + ")" * 21),
        ("[" * 20 + "1" + "]" * 20, "[" * 21 + "1" + "]" * 21),
        ("[{'a': (" * 6 + "1" + ")}]" * 6, "[{'a': (" * 7 + "1" + ")}]" * 7),
        (f"'{'(' * 50}' ~ ')' ~ (1)", "(" * 30 + "1" + ")" * 30),
        ("not " * 100 + "true", "not " * 101 + "true"),
        ("1 + " * 100 + "1", "1 + " * 101 + "1"),
        ("1" + " | int" * 100, "1" + " | int" * 101),
    ],
)
def test_as_deeply_as_an_expression_may_be_nested(most: str, more: str) -> None:
    for form, bare in (("{}", True), ("{{{{ {} }}}}", False)):
        assert syntax_error(form.format(most), bare=bare) is None
        render(form.format(most), scope())
        found = syntax_error(form.format(more), bare=bare)
        assert found is not None
        assert "nested too deeply" in found[0]


def test_brackets_outside_of_tags_are_text() -> None:
    assert syntax_error("(" * 50 + "{{ 1 }}", bare=False) is None


@pytest.mark.parametrize(
    "text",
    [
        "{{ '%5d' % 3 }}",
        "{{ '{:>8}'.format('x') }}",
        "{{ 'a,b'.split(',') }}",
        "{{ data.items() | list }}",
        "{{ [1, 2] | product([3]) }}",
        "{{ 2 ** 100 }}",
        "{{ 'ab' * 1000 }}",
        "{{ range(99999) | list | length }}",
        "{% for i in range(999) %}{{ loop.index }}/{{ loop.length }}{{ loop.last }} {% endfor %}",
        "{{ hostvars.h.a }}{{ hostvars['h'].get('a') }}{{ hostvars.h.items() | list }}",
        "{{ big | regex_replace('x', 'y') | length }}",
        "{{ big | upper | length }}",
    ],
)
def test_everyday_templates_are_not(text: str) -> None:
    assert render(text, scope(**variables())) is not None
