"""What the reference playbook asks Python of app/main.py, and how the file is repaired: every spelling."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo.bot import SOURCE

PROGRAM = Path(__file__).parents[2] / "playbooks/restore-logging/usage_middleware.py"
_names = runpy.run_path(str(PROGRAM))
MAIN = (SOURCE / "app/main.py").read_text()
FAULT = "if not settings.debug:\n    app.add_middleware(UsageMiddleware)\n"
LINE = "app.add_middleware(UsageMiddleware)\n"


def main_with(text: str) -> str:
    """The application's file with other lines in the place of its fault."""
    assert MAIN.count(FAULT) == 1
    return MAIN.replace(FAULT, text)


def look(text: str | bytes) -> dict[str, Any]:
    data = text if isinstance(text, bytes) else text.encode()
    answer: dict[str, Any] = _names["look"](data)[0]
    return answer


def repaired(text: str | bytes) -> str:
    """The repaired text, or why there is none, in brackets."""
    try:
        return str(_names["repair"](text if isinstance(text, bytes) else text.encode()))
    except _names["DoesNotFit"] as error:
        return f"({error})"


HEALTHY = [
    LINE,
    "app.add_middleware( UsageMiddleware )  # always\n",
    "app.add_middleware(middleware_class=UsageMiddleware)\n",
    "if True:\n    app.add_middleware(UsageMiddleware)\n",
    "if not settings.debug:\n    print('quiet')\n" + LINE,
    "# if not settings.debug:\n" + LINE,
    LINE + "# app.add_middleware(UsageMiddleware)\n",
    LINE + '"""\nif not settings.debug:\n    app.add_middleware(UsageMiddleware)\n"""\n',
    LINE + "def unused():\n    app.add_middleware(UsageMiddleware)\n",
    LINE + "other = FastAPI()\nother.add_middleware(UsageMiddleware)\n",
    "def register(a):\n    a.add_middleware(UsageMiddleware)\n\n\nregister(app)\n",
    "with open('x'):\n    app.add_middleware(UsageMiddleware)\n",
    "from app.middleware import UsageMiddleware as Usage\napp.add_middleware(Usage)\n",
    "import app.middleware as m\napp.add_middleware(m.UsageMiddleware)\n",
    "app = FastAPI(middleware=[Middleware(UsageMiddleware)])\n",
]


@pytest.mark.parametrize("lines", HEALTHY)
def test_registered_once_and_always(lines: str) -> None:
    answer = look(main_with(lines))
    assert (answer["state"], answer["times"], answer["conditions"]) == ("once", 1, [])
    assert repaired(main_with(lines)) == "(исправлять нечего)"


GUARDED = [
    (FAULT, ["not settings.debug"], LINE),
    ("if not (settings.debug):\n\tapp.add_middleware(UsageMiddleware)\n", ["not (settings.debug)"], LINE),
    ("if not settings.debug: app.add_middleware(UsageMiddleware)\n", ["not settings.debug"], LINE),
    ("if settings.debug is False:\n  app.add_middleware(UsageMiddleware)\n", ["settings.debug is False"], LINE),
    ("if (\n    not settings.debug\n):\n" + f"    {LINE}", ["not settings.debug"], LINE),
    ("if not settings.debug:  # quiet\n\n    # usage\n" + f"    {LINE}", ["not settings.debug"], f"# usage\n{LINE}"),
    (
        "if not settings.debug:\n    app.add_middleware(\n        UsageMiddleware,\n    )  # here\n",
        ["not settings.debug"],
        "app.add_middleware(\n        UsageMiddleware,\n    )  # here\n",
    ),
    (
        f"if not settings.debug:\n    {LINE}    print('prod')\n",
        ["not settings.debug"],
        f"{LINE}if not settings.debug:\n    print('prod')\n",
    ),
]


@pytest.mark.parametrize(("lines", "conditions", "then"), GUARDED)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_condition_in_any_spelling_is_found_and_taken_away(
    lines: str, conditions: list[str], then: str, ends: str
) -> None:
    answer = look(main_with(lines).replace("\n", ends))
    assert (answer["state"], answer["times"], answer["conditions"]) == ("guarded", 1, conditions)
    assert repaired(main_with(lines).replace("\n", ends)) == main_with(then).replace("\n", ends)


@pytest.mark.parametrize(
    ("lines", "then"),
    [
        (LINE + LINE, LINE),
        (FAULT + LINE, LINE),
        (LINE + "\n" + FAULT, LINE + "\n"),
        (FAULT + FAULT, LINE),
        (LINE + f"if settings.debug:\n    print('x')\n    {LINE}", LINE + "if settings.debug:\n    print('x')\n"),
    ],
)
def test_what_is_registered_twice_is_registered_once(lines: str, then: str) -> None:
    assert (look(main_with(lines))["state"], look(main_with(lines))["times"]) == ("twice", 2)
    assert repaired(main_with(lines)) == main_with(then)


@pytest.mark.parametrize(
    "comment", ["# app.add_middleware(UsageMiddleware)\n", "#app.add_middleware(UsageMiddleware)\n"]
)
def test_a_line_that_is_commented_out(comment: str) -> None:
    assert (look(main_with(comment))["state"], look(main_with(comment))["times"]) == ("commented", 0)
    assert repaired(main_with(comment)) == main_with(LINE)


@pytest.mark.parametrize(
    ("lines", "state", "why"),
    [
        ("", "missing", "строки с подключением в файле нет"),
        ("print('app.add_middleware(UsageMiddleware)')\n", "missing", "строки с подключением в файле нет"),
        (f"if not settings.debug:\n    {LINE}else:\n    print('debug')\n", "guarded", "у условия есть else"),
        (f"if settings.debug:\n    pass\nelse:\n    {LINE}", "guarded", "стоит не прямо под одним условием if"),
        (f"if settings.debug:\n    pass\nelif a:\n    {LINE}", "guarded", "стоит не прямо под одним условием if"),
        (f"if a:\n    if not settings.debug:\n        {LINE}", "guarded", "стоит не прямо под одним условием if"),
        (f"if settings.usage:\n    {LINE}", "guarded", "условие не о режиме отладки"),
        ("settings.debug or app.add_middleware(UsageMiddleware)\n", "guarded", "часть другого выражения"),
        ("x = None if settings.debug else app.add_middleware(UsageMiddleware)\n", "guarded", "часть другого выражения"),
        (f"for _ in range(2):\n    {LINE}", "guarded", "стоит не прямо под одним условием if"),
        (f"try:\n    x()\nexcept OSError:\n    {LINE}", "guarded", "стоит не прямо под одним условием if"),
        ("if not settings.debug: x(); app.add_middleware(UsageMiddleware)\n", "guarded", "не только подключение"),
        (
            "if not settings.debug:\n    n = 1\n    app.add_middleware(UsageMiddleware, n=n)\n",
            "guarded",
            "может зависеть от того, что стоит под условием",
        ),
        (
            "def f():\n    app.add_middleware(UsageMiddleware)\n\n\nf()\nf()\n",
            "twice",
            "не прямо под одним условием if",
        ),
        ("# app.add_middleware(UsageMiddleware)\n" * 2, "commented", "закомментированных подключений несколько"),
        ("x = [\n    # app.add_middleware(UsageMiddleware)\n]\n", "commented", "нельзя отделить"),
        ("x = 1  # app.add_middleware(UsageMiddleware)\n", "commented", "перед комментарием стоит код"),
        (f"{LINE}def broken(:\n", "syntax", "это не Python: строка 39"),
    ],
)
def test_what_does_not_fit_is_said(lines: str, state: str, why: str) -> None:
    assert look(main_with(lines))["state"] == state
    assert why in repaired(main_with(lines)), repaired(main_with(lines))
    assert repaired(main_with(lines)).startswith("(")


def test_files_in_other_encodings() -> None:
    text = "# -*- coding: cp1251 -*-\n# журнал\n" + FAULT
    assert look(text.encode("cp1251"))["state"] == "guarded"
    assert repaired(text.encode("cp1251")) == "(файл записан не в UTF-8)"
    assert repaired(b"\xef\xbb\xbf# " + "ж\n".encode() + FAULT.encode()) == "\ufeff# ж\n" + LINE
    assert look(b"x = '\0'")["state"] == "syntax"


def ask(*words: str | Path) -> Any:
    done = subprocess.run([sys.executable, PROGRAM, *words], capture_output=True, text=True, timeout=30, check=True)
    return json.loads(done.stdout)


def test_it_prints_one_object_and_leaves_the_file_alone(tmp_path: Path) -> None:
    main = tmp_path / "главный файл.py"
    main.write_text(MAIN)
    seen = {"state": "guarded", "times": 1, "conditions": ["not settings.debug"], "lines": [39], "error": None}
    assert ask(main) == seen
    assert ask("--repair", main) == {**seen, "repaired": main_with(LINE), "why": None}
    assert main.read_text() == MAIN
    assert ask(tmp_path / "none")["state"] == "absent"
