"""What must and must not stand in a file: texts and regular expressions, and how often."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from runbook.runs.events import Evidence
from runbook.steps.base import Args, StepError
from runbook.steps.quoted_text import shown

TEXT_CHECKS = ("contains", "not_contains", "matches", "not_matches")
_WORDS = {"contains": "contain", "matches": "match"}


class Found(Struct):
    """What is wrong with a text, and the places that show it."""

    count: int | None = None
    """How often what must stand there was found; None where nothing must."""
    wrong: list[str] = []
    evidence: list[Evidence] = []

    def complain(self, what: str, text: str, places: list[re.Match[str]]) -> None:
        self.wrong.append(what)
        if places:
            self.evidence.append(Evidence(f"where it {what}", _lines(text, places), language="log"))


def texts(args: Args, text: str) -> Found:
    found = Found()
    for key in ("contains", "matches"):
        for wanted in listed(args.get(key)):
            places = _places(key, wanted, text)
            found.count = (found.count or 0) + len(places)
            if "count" not in args:
                if not places:
                    found.wrong.append(f"does not {_WORDS[key]} {shown(wanted)}")
            elif not number_holds("count", args["count"], len(places)):
                times = f"{len(places)} time{'s' * (len(places) != 1)}, not {args['count']}"
                found.complain(f"{key} {shown(wanted)} {times}", text, places)
    for key in ("contains", "matches"):
        for unwanted in listed(args.get(f"not_{key}")):
            if places := _places(key, unwanted, text):
                found.complain(f"{key} {shown(unwanted)}", text, places)
    return found


def number_holds(option: str, wanted: Any, number: int) -> bool:
    """Is the number as the option wants it: a number, or a comparison such as `> 0`?"""
    found = re.fullmatch(r"\s*(<=|>=|==|<|>)?\s*(\d+)\s*", str(wanted))
    if found is None:
        raise StepError(f"{option} {wanted!r} is not a number or a comparison such as `> 0`")
    limit = int(found.group(2))
    tests = {"<": number < limit, ">": number > limit, "<=": number <= limit, ">=": number >= limit}
    return tests.get(found.group(1) or "==", number == limit)


def _places(key: str, wanted: str, text: str) -> list[re.Match[str]]:
    exact = re.escape(wanted.replace("\r\n", "\n"))
    return list(_pattern(exact if key == "contains" else wanted).finditer(text))


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.MULTILINE)
    except re.error as error:
        raise StepError(f"{text!r} is not a regular expression: {error}") from None


def _lines(text: str, places: list[re.Match[str]]) -> str:
    """The lines around the first matches, numbered, the matching ones marked."""
    lines = text.split("\n")
    hit = {n for m in places[:5] for n in range(text.count("\n", 0, m.start()), text.count("\n", 0, m.end()) + 1)}
    near = sorted({m for n in hit for m in (n - 1, n, n + 1) if 0 <= m < len(lines)})
    return "\n".join(f"{'>' if n in hit else ' '} {n + 1:>4} | {lines[n]}" for n in near)


def listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
