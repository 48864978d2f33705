"""Whatever a file holds: Problems, or an inventory; never anything else, and never for long."""

from __future__ import annotations

import ast
import contextlib
import shlex
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.inventory.addresses import AddressError, expand, split_port
from runbook.inventory.builder import LOCALHOST
from runbook.inventory.load import load_inventory
from runbook.inventory.patterns import select, split_pattern, unmatched
from runbook.inventory.show import as_ansible_list, as_graph
from runbook.inventory.sources.ini import _words
from runbook.inventory.sources.values import read_value
from runbook.source.document import Problems
from tests.inventory.golden import CASES, inside

OFTEN = settings(max_examples=150, deadline=None)
PIECES = st.one_of(
    st.sampled_from("[]:=#;'\"\\{},-&*!~@|>%01\t\n é\u2028\x1f"),
    st.sampled_from(["a", "web", "vars", "children", "hosts", "all", "[web]\n", "  ", ": ", "x=1"]),
)
SOUP = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join))
ENDINGS = st.sampled_from(["", ".ini", ".yml", ".json"])


@OFTEN
@given(SOUP, ENDINGS)
def test_any_text_is_an_inventory_or_problems(text: str, ending: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / f"hosts{ending}"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with contextlib.suppress(Problems):
            inventory = load_inventory([str(path)])
            as_graph(inventory, with_vars=True)
            as_ansible_list(inventory)


@OFTEN
@given(st.binary(max_size=100), ENDINGS)
def test_any_bytes_are_an_inventory_or_problems(content: bytes, ending: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / f"hosts{ending}"
        path.write_bytes(content)
        with contextlib.suppress(Problems):
            load_inventory([str(path)])


@OFTEN
@given(st.one_of(SOUP, st.text("[]:0129az-", max_size=20)))
def test_any_name_of_a_host(text: str) -> None:
    split_port(text)
    with contextlib.suppress(AddressError):
        hosts, _port = expand(text)
        assert hosts


@OFTEN
@given(SOUP)
def test_any_value_is_plain_data(text: str) -> None:
    value = read_value(text)
    assert value is None or isinstance(value, str | int | float | list | dict)


with inside(CASES / "patterns"):
    INVENTORY = load_inventory(["hosts.ini"])


@OFTEN
@given(SOUP)
def test_any_pattern_selects_hosts_or_is_a_problem(text: str) -> None:
    with contextlib.suppress(Problems):
        assert {host.name for host in select(INVENTORY, text)} <= {*INVENTORY.hosts, *LOCALHOST}
        assert set(unmatched(INVENTORY, text)) <= set(split_pattern(text))


@OFTEN
@given(st.text("ab=#; \t\x0b\u2003é[]1.", min_size=1, max_size=20).filter(str.strip))
def test_the_quick_way_to_split_a_line_is_the_shells(line: str) -> None:
    assert [word.text for word in _words(line, 1)] == shlex.split(line, comments=True)


@OFTEN
@given(st.text("0012.-_e9", min_size=1, max_size=8).filter(lambda text: "..." not in text))
def test_the_quick_way_to_read_a_number_is_pythons(text: str) -> None:
    try:
        expected = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        expected = text
    assert (read_value(text), type(read_value(text))) == (expected, type(expected))


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 20), st.integers(0, 5))
def test_a_range_names_each_number_once(first: int, more: int, step: int, zeros: int) -> None:
    last = first + more
    width = max(len(str(last)), zeros)
    written = f"h[{first:0{width}}:{last:0{width}}:{step}].x"
    wide = len(str(first)) < width
    expected = [
        f"h{n:0{width}}.x" if wide or first == 0 == width - 1 else f"h{n}.x" for n in range(first, last + 1, step)
    ]
    assert expand(written) == (expected, None)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=3))
def test_several_ranges_make_every_pair(bounds: list[tuple[int, int]]) -> None:
    pairs = [(min(pair), max(pair)) for pair in bounds]
    hosts, _port = expand("x" + "-".join(f"[{first}:{last}]" for first, last in pairs))
    size = 1
    for first, last in pairs:
        size *= last - first + 1
    assert len(set(hosts)) == len(hosts) == size
    assert hosts == sorted(hosts)
