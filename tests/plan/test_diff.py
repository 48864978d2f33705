"""What a change does to the actions on hosts: found again whatever the numbers, and told where it checks less."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.documents.changes import changed_words
from runbook.plan.compare.diff import PlanDiff, diff
from runbook.plan.compare.diff_text import as_markdown, as_text, summary
from runbook.plan.compare.match import longest_increasing
from runbook.plan.compare.weaker_checks import _holds_with
from tests.plan.support import inventory, view

Step = dict[str, Any]
NAMES = st.sampled_from(["one", "two", "three", "", "other {{ inventory_hostname }}"])
ACTIONS = st.sampled_from(["echo a", "echo b {{ u }}", "uptime"])


@st.composite
def some_steps(draw: st.DrawFn, depth: int = 0) -> list[Step]:
    found: list[Step] = []
    for _ in range(draw(st.integers(1, 4))):
        step: Step = {"name": draw(NAMES)}
        if depth < 2 and draw(st.integers(0, 3)) == 0:
            step["steps"] = draw(some_steps(depth + 1))
        else:
            step["command"] = draw(ACTIONS)
            if draw(st.booleans()):
                step["register"] = draw(st.sampled_from(["r", "s"]))
            if draw(st.booleans()):
                step["when"] = draw(st.sampled_from(["r.rc == 0", "u == 1", "true"]))
        found.append(step)
    return found


def of(steps: list[Step], **hosts: Any) -> Any:
    playbook = {"name": "Test", "hosts": "all", "stages": [{"name": "One", "steps": steps}]}
    return view(json.dumps(playbook), inventory(**(hosts or {"a": {"u": 1}, "b": {"u": 2}})))


@given(some_steps())
@settings(max_examples=15, deadline=None)
def test_a_plan_does_not_differ_from_itself(steps: list[Step]) -> None:
    found = diff(of(steps), of(steps))
    assert found.same
    assert summary(found).startswith("No difference")


@given(some_steps())
@settings(max_examples=15, deadline=None)
def test_a_step_at_the_top_is_one_step_added(steps: list[Step]) -> None:
    found = diff(of(steps), of([{"name": "A new one", "note": "x"}, *steps]))
    assert [(step.what, step.name, step.number) for step in found.steps()] == [("added", "A new one", "1.1")]


@given(some_steps(), st.data())
@settings(max_examples=15, deadline=None)
def test_a_step_that_went_is_one_step_removed(steps: list[Step], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(steps)))
    extra = {"name": "The one that goes", "note": "y"}
    found = diff(of([*steps[:at], extra, *steps[at:]]), of(steps))
    assert [(step.what, step.name) for step in found.steps()] == [("removed", "The one that goes")]


@given(some_steps(), some_steps())
@settings(max_examples=15, deadline=None)
def test_both_ways_tell_the_same(before: list[Step], after: list[Step]) -> None:
    there, back = diff(of(before), of(after)), diff(of(after), of(before))
    assert there.same == back.same
    assert as_text(there).isprintable() or as_text(there).replace("\n", "").isprintable()


@given(st.lists(st.integers(), unique=True, max_size=30))
def test_a_longest_increasing_part_increases_and_none_is_longer(numbers: list[int]) -> None:
    kept = longest_increasing(numbers)
    in_order = [number for number in numbers if number in kept]
    best: list[int] = []
    for index, number in enumerate(numbers):
        best.append(1 + max((best[other] for other in range(index) if numbers[other] < number), default=0))
    assert in_order == sorted(in_order)
    assert len(kept) == max(best, default=0)


def changed(before: Step, after: Step) -> PlanDiff:
    return diff(of([before]), of([after]))


def test_what_changed_is_told_by_its_words() -> None:
    found = changed({"name": "x", "command": "restart app now"}, {"name": "x", "command": "restart web now"})
    (step,) = found.steps()
    assert (step.what, step.fields[0].name, step.hosts) == ("changed", "cmd", ("a", "b"))
    assert "cmd: restart [-app-]{+web+} now" in as_text(found)
    assert "-     cmd: restart app now" in as_markdown(found)


def test_a_renamed_step_is_the_same_step() -> None:
    (step,) = changed({"name": "old", "command": "ls"}, {"name": "new", "command": "ls"}).steps()
    assert [(field.name, field.before, field.after) for field in step.fields] == [("name", "old", "new")]


def test_a_moved_step_is_told_once() -> None:
    steps = [{"name": name, "note": name} for name in ("a", "b", "c")]
    (step,) = diff(of(steps), of([steps[2], *steps[:2]])).steps()
    assert (step.what, step.name, step.was, step.number) == ("moved", "c", "1.3", "1.1")


def test_a_step_that_moved_into_a_block_is_moved() -> None:
    step = {"name": "a", "note": "x"}
    found = list(diff(of([step]), of([{"name": "block", "steps": [step]}])).steps())
    assert [(one.what, one.name, one.moved) for one in found] == [
        ("added", "block", ""),
        ("moved", "a", "under block"),
    ]


def test_a_block_that_comes_is_told_once_with_how_much_is_in_it() -> None:
    block = {"name": "block", "steps": [{"note": "x"}, {"note": "y"}]}
    (step,) = diff(of([{"note": "z"}]), of([{"note": "z"}, block])).steps()
    assert (step.what, step.name, step.inside) == ("added", "block", 2)


def test_what_is_known_after_a_step_is_known_after_the_same_one_with_another_number() -> None:
    steps: list[Step] = [
        {"name": "ask", "command": "date", "register": "r"},
        {"name": "use", "command": "echo {{ r.stdout }}"},
    ]
    (step,) = diff(of(steps), of([{"note": "new"}, *steps])).steps()
    assert step.what == "added"


def test_hosts_that_come_and_go() -> None:
    steps = [{"note": "x"}]
    found = diff(of(steps, a={}, b={}), of(steps, b={}, c={}))
    assert (found.gained, found.lost, list(found.steps())) == (("c",), ("a",), [])
    assert "Hosts gained\n  + c" in as_text(found)


def test_a_variable_of_one_host_changes_that_host() -> None:
    steps = [{"name": "x", "command": "echo {{ u }}"}]
    (step,) = diff(of(steps, a={"u": 1}, b={"u": 1}), of(steps, a={"u": 1}, b={"u": 3})).steps()
    assert (step.hosts, step.fields[0].after) == (("b",), "echo 3")


def test_stages_are_known_by_their_names() -> None:
    def stages(*names: str) -> Any:
        return view(
            json.dumps({"name": "x", "hosts": "all", "stages": [{"name": n, "steps": [{"note": n}]} for n in names]})
        )

    found = diff(stages("a", "b", "c"), stages("new", "a", "c", "b"))
    assert [(stage.what, stage.name) for stage in found.stages] == [("added", "new"), ("moved", "c")]
    assert [stage.what for stage in diff(stages("a", "b"), stages("a")).stages] == ["removed"]


CHECK = {"name": "x", "command": "ls", "expect": ["rc == 0", "n > 5"]}
WEAKER = [
    (CHECK, {**CHECK, "expect": ["rc == 0"]}, "no longer expects n > 5"),
    (CHECK, {**CHECK, "expect": ["rc == 0", "n > 1"]}, "no longer expects n > 5, only n > 1"),
    (CHECK, {**CHECK, "expect": ["rc == 0", "m == 1"]}, "no longer expects n > 5, but m == 1"),
    (CHECK, {**CHECK, "expect": ["rc == 0", "n > 5 or true"]}, "no longer expects n > 5, only n > 5 or true"),
    (CHECK, {**CHECK, "severity": "warn"}, "a failure is only a warning now"),
    (CHECK, {**CHECK, "ignore_errors": True}, "errors are ignored now"),
    (CHECK, {**CHECK, "changes": False}, "it is said to change nothing now: --check and verify will run it"),
    (CHECK, {**CHECK, "failed_when": "false"}, "it fails only when false"),
    (CHECK, {**CHECK, "when": "later"}, "it is only done when later"),
    (CHECK, {**CHECK, "until": "n > 5"}, None),
    ({**CHECK, "until": "n > 5"}, CHECK, "is no longer tried until n > 5"),
    (CHECK, {**CHECK, "expect": ["rc == 0", "n > 9"]}, None),
    (CHECK, {**CHECK, "expect": ["rc == 0", "n > 5", "m"]}, None),
    (CHECK, {**CHECK, "retries": 9, "timeout": 900}, None),
    (CHECK, {**CHECK, "command": "ls -l"}, None),
    ({"assert": ["a", "b"]}, {"assert": ["a"]}, "no longer expects b"),
    ({"assert": "a and b"}, {"assert": "a"}, "no longer expects a and b, only a"),
    (
        {"file": {"path": "/x", "contains": ["a", "b"]}},
        {"file": {"path": "/x", "contains": ["a"]}},
        "no longer checks `contains`: b",
    ),
    ({"file": {"path": "/x", "mode": "0600"}}, {"file": "/x"}, "no longer checks `mode`: 0600"),
    (
        {"http": {"url": "http://h", "status": 200}},
        {"http": {"url": "http://h", "status": [200, 500]}},
        "more answers are right: status 200 → [200, 500]",
    ),
    (
        {"http": {"url": "http://h", "status": 200}},
        {"http": {"url": "http://h", "status": "2xx"}},
        "more answers are right: status 200 → 2xx",
    ),
    (
        {"http": {"url": "http://h"}},
        {"http": {"url": "http://h", "verify": False}},
        "the server's certificate is no longer checked",
    ),
    (
        {"wait": {"http": {"url": "http://h", "contains": "x"}}},
        {"wait": {"http": {"url": "http://h"}}},
        "no longer checks `contains`: x",
    ),
    ({"wait": {"tcp": "h:1", "timeout": 5}}, {"wait": {"tcp": "h:1", "timeout": 50}}, None),
    ({"http": {"url": "http://h", "status": [200, 204]}}, {"http": {"url": "http://h", "status": 200}}, None),
    (
        {"http": {"url": "http://h", "json": {"status": "on"}}},
        {"http": {"url": "http://h", "json": {"state": "on"}}},
        None,
    ),
    (
        {"wait": {"file": {"path": "/x", "sha256": "a" * 64}}},
        {"wait": {"file": "/x"}},
        f"no longer checks `sha256`: {'a' * 64}",
    ),
    (
        {"wait": {"log": {"file": "/l", "pattern": "up"}}},
        {"wait": {"log": {"file": "/l"}}},
        "no longer checks `pattern`: up",
    ),
    (
        {"wait": {"http": {"url": "http://h", "verify": True}}},
        {"wait": {"http": {"url": "http://h", "verify": False}}},
        "the server's certificate is no longer checked",
    ),
    (
        {"log": {"file": "/l", "state": "absent"}},
        {"log": {"file": "/l"}},
        "whatever it finds is right now",
    ),
    ({"port": 80}, {"port": {"port": 80, "state": "any"}}, "whatever it finds is right now"),
    (
        {"shell": {"cmd": "ls", "parse": "json"}},
        {"shell": "ls"},
        "no longer checks `parse`: json",
    ),
    (
        {"log": {"file": "/l", "state": "absent"}},
        {"log": {"file": "/l", "state": "any"}},
        "whatever it finds is right now",
    ),
    (
        {"edit": {"path": "/x", "line": "a", "validate": "t %s"}},
        {"edit": {"path": "/x", "line": "a"}},
        "no longer checks `validate`: t %s",
    ),
]


@pytest.mark.parametrize(("before", "after", "said"), WEAKER)
def test_what_checks_less_is_called_out(before: Step, after: Step, said: str | None) -> None:
    found = changed({"name": "x", **before}, {"name": "x", **after})
    weak = [one for step in found.steps() for one in step.weaker]

    assert not found.same
    assert weak == ([said] if said else [])
    assert (f"! 1.1 x: {said}  [a, b]" in as_text(found)) == bool(said)
    assert ("Checks less than before" in as_markdown(found)) == bool(said)


def test_a_check_that_is_gone_is_called_out() -> None:
    keep = {"note": "kept"}
    for step, said in (
        ({"name": "x", **CHECK}, ("no longer expects rc == 0", "no longer expects n > 5")),
        ({"name": "x", "port": 80}, ("this check is gone",)),
        ({"name": "x", "port": {"port": 80, "state": "any"}}, ()),
        ({"name": "x", "fail": "too old", "when": "old"}, ("this check is gone",)),
        ({"name": "x", "service": {"name": "a", "state": "restarted", "newer_than": "/a"}}, ("this check is gone",)),
        ({"name": "x", "service": {"name": "a", "state": "restarted"}}, ()),
        ({"name": "x", "note": "nothing"}, ()),
    ):
        (gone,) = diff(of([keep, step]), of([keep])).steps()
        assert (gone.what, gone.weaker) == ("removed", said)


@pytest.mark.parametrize("where", ["stage", "block"])
def test_a_condition_around_checks_is_called_out(where: str) -> None:
    def planned(when: str, step: Step) -> Any:
        block = {"name": "block", "steps": [step]} | ({"when": when} if when and where == "block" else {})
        stage = {"name": "One", "steps": [block]} | ({"when": when} if when and where == "stage" else {})
        return view(json.dumps({"name": "x", "hosts": "all", "stages": [stage]}))

    for step, said in ((CHECK, ("it is only done when later",)), ({"name": "x", "note": "y"}, ())):
        (change,) = diff(planned("", step), planned("later", step)).steps()
        assert change.name == ("block" if where == "block" else "the whole stage")
        assert change.weaker == said
    certain = diff(planned("", CHECK), planned("false", CHECK))
    assert [said for one in certain.steps() for said in one.weaker if "no longer expects" in said or "skipped" in said]


def test_a_check_that_moves_to_where_its_failure_does_not_count() -> None:
    check, other = {"name": "x", **CHECK}, {"name": "y", "port": 1}
    moved = {**other, "diagnose": [check]}
    found = [step for step in diff(of([check, other]), of([moved])).steps() if step.what == "moved"]
    assert found[0].weaker == ("its failure no longer counts under if it fails, look for the cause",)


@pytest.mark.parametrize(
    ("strict", "loose", "holds"),
    [
        ("n > 5", "n >= 5", True),
        ("n >= 5", "n > 5", False),
        ("n == 5", "n < 6", True),
        ("n == 0", "n <= 3", True),
        ("n <= 3", "n == 0", False),
        ("n == 5", "n != 4", True),
        ("n > 5", "m > 1", False),
        ("a and b", "a", True),
        ("a", "a and b", False),
        ("a", "a or b", True),
        ("a or b", "a", False),
        ("a and b", "b and a", True),
        ("x == 'a and b'", "x == 'a", False),
        ("a or b and c", "c", False),
        ("a and b or c", "a", False),
        ("anything", "true", True),
    ],
)
def test_what_is_certain_of_two_expressions(strict: str, loose: str, holds: bool) -> None:
    assert _holds_with(strict, loose) is holds


BOUND = st.tuples(st.sampled_from(["==", "!=", ">", ">=", "<", "<="]), st.integers(-3, 3))


@given(BOUND, BOUND)
@settings(max_examples=100)
def test_a_looser_bound_is_told_exactly(one: tuple[str, int], other: tuple[str, int]) -> None:
    """Held against arithmetic: x over halves, so that what lies between the bounds is seen."""
    numbers = [half / 2 for half in range(-20, 21)]

    def holding(bound: tuple[str, int]) -> set[float]:
        return {x for x in numbers if eval(f"{x} {bound[0]} {bound[1]}")}

    told = _holds_with(f"n {one[0]} {one[1]}", f"n {other[0]} {other[1]}")
    assert told == (holding(one) <= holding(other))


@given(st.text(max_size=40), st.text(max_size=40))
def test_both_texts_can_be_read_from_the_changed_words(before: str, after: str) -> None:
    if {*"[]{}"} & {*before, *after}:
        return
    shown = changed_words(before, after)
    assert _kept(shown, "{+", "+}", "[-", "-]") == before
    assert _kept(shown, "[-", "-]", "{+", "+}") == after


def _kept(text: str, drop: str, drop_end: str, keep: str, keep_end: str) -> str:
    while drop in text:
        start = text.index(drop)
        text = text[:start] + text[text.index(drop_end, start + 2) + 2 :]
    return text.replace(keep, "").replace(keep_end, "")
