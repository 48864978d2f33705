"""How often, and under which conditions, does a file register UsageMiddleware? Asked of Python's own syntax tree.

    python usage_middleware.py [--repair] app/main.py

Prints one JSON object and changes nothing:

    state         once, guarded, twice, commented, missing, syntax (is no Python), absent (cannot be read)
    times         how often it is registered, under conditions or not
    conditions    those conditions, as they stand in the file
    lines         where
    error         why the file could not be read or parsed, else null

With --repair also `repaired`: the text of the file with the middleware registered once and always, every other byte as
it was. Where that does not fit it is null, and `why` says so, in the language of the playbook. Python 3.9 is enough.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NAME, APPLICATION = "UsageMiddleware", "app"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Answer = dict[str, object]
Conditions = tuple[str, ...]


class DoesNotFit(Exception):
    """The repair is none for this file."""


@dataclass(frozen=True)
class Place:
    """A statement that runs when the module is loaded: the conditions of that, and the statements around it."""

    statement: ast.stmt
    conditions: Conditions
    around: tuple[ast.stmt, ...]


@dataclass(frozen=True)
class Registration:
    call: ast.Call
    place: Place
    conditions: Conditions

    @property
    def alone(self) -> bool:
        """Is the statement nothing but this call?"""
        return isinstance(self.place.statement, ast.Expr) and self.place.statement.value is self.call


class Finder:
    """Walks what runs when the module is loaded; into a function of the file where it is called."""

    def __init__(self, tree: ast.Module, text: str) -> None:
        self.found: list[Registration] = []
        self._text, self._lines = text, text.split("\n")
        aliases = [a for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for a in node.names]
        self._names = {NAME, *(a.asname for a in aliases if a.name == NAME and a.asname)}
        self._functions = {node.name: node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)}
        self._inside: list[str] = []
        self._body(tree.body, (), ())

    def _body(self, body: list[ast.stmt], conditions: Conditions, around: tuple[ast.stmt, ...]) -> None:
        for statement in body:
            if isinstance(statement, FUNCTIONS):
                continue
            place = Place(statement, conditions, around)
            for child in ast.iter_child_nodes(statement):
                if isinstance(child, ast.withitem):
                    self._expression(child.context_expr, place, conditions)
                elif isinstance(child, ast.expr):
                    self._expression(child, place, conditions)
            for inner, condition in self._blocks(statement):
                self._body(inner, conditions + condition, (*around, statement))

    def _blocks(self, node: ast.stmt) -> Iterator[tuple[list[ast.stmt], Conditions]]:
        """The blocks in a statement; the condition under which each runs, none where it always does."""
        if isinstance(node, ast.If):
            text, known = self._source(node.test), isinstance(node.test, ast.Constant)
            yield node.body, () if known and node.test.value else (text,)  # type: ignore[attr-defined]
            yield node.orelse, () if known and not node.test.value else (f"not ({text})",)  # type: ignore[attr-defined]
            return
        always = isinstance(node, (ast.With, ast.AsyncWith, ast.ClassDef, ast.Try))
        for name in ("body", "orelse", "finalbody"):
            yield getattr(node, name, []), () if always else (self._head(node.lineno),)
        for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            line = part.body[0].lineno if not hasattr(part, "lineno") else part.lineno
            yield part.body, (self._head(line),)

    def _expression(self, node: ast.expr, place: Place, conditions: Conditions) -> None:
        if isinstance(node, ast.Lambda):
            return
        if isinstance(node, ast.Call):
            if self._registers(node):
                self.found.append(Registration(node, place, conditions))
            self._follow(node, place, conditions)
        children = list(ast.iter_child_nodes(node))
        unsure = [node.body, node.orelse] if isinstance(node, ast.IfExp) else []
        unsure += node.values[1:] if isinstance(node, ast.BoolOp) else []
        for child in children:
            inner = child.value if isinstance(child, ast.keyword) else child
            if isinstance(inner, ast.expr):
                told = (*conditions, self._source(node)) if inner in unsure else conditions
                self._expression(inner, place, told)

    def _follow(self, call: ast.Call, place: Place, conditions: Conditions) -> None:
        name = getattr(call.func, "id", "")
        if name in self._functions and name not in self._inside:
            self._inside.append(name)
            function = self._functions[name]
            self._body(function.body, conditions, (*place.around, function))
            self._inside.pop()

    def _registers(self, call: ast.Call) -> bool:
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        owner = getattr(getattr(call.func, "value", None), "id", "")
        mine = owner == APPLICATION or bool(self._inside)  # in a function the application may have another name
        if name != "Middleware" and not (name == "add_middleware" and mine):
            return False
        given = call.args[:1] + [word.value for word in call.keywords if word.arg in ("middleware_class", "cls")]
        return any(getattr(one, "id", "") in self._names or getattr(one, "attr", "") == NAME for one in given)

    def _source(self, node: ast.expr) -> str:
        return " ".join((ast.get_source_segment(self._text, node) or "…").split())

    def _head(self, line: int) -> str:
        return self._lines[line - 1].strip().rstrip(":")


def look(data: bytes) -> tuple[Answer, list[Registration], ast.Module]:
    """What is registered in the text of a file."""
    nothing = ast.Module([], [])
    try:
        tree = ast.parse(data)
        found = Finder(tree, _decoded(data)).found
    except (SyntaxError, ValueError) as error:  # ValueError: a NUL
        line = f"строка {error.lineno}: " if isinstance(error, SyntaxError) else ""
        return _answer("syntax", error=line + str(getattr(error, "msg", error))), [], nothing
    lines = [each.call.lineno for each in found]
    if not found:
        lines = [token.start[0] for token, _ in commented(data)]
        return _answer("commented" if lines else "missing", lines=lines), [], tree
    conditions = list(dict.fromkeys(one for each in found for one in each.conditions))
    state = "twice" if len(found) > 1 else "guarded" if conditions else "once"
    return _answer(state, len(found), conditions, lines), found, tree


def _answer(
    state: str,
    times: int = 0,
    conditions: list[str] | tuple[()] = (),
    lines: list[int] | tuple[()] = (),
    error: str | None = None,
) -> Answer:
    return {"state": state, "times": times, "conditions": list(conditions), "lines": list(lines), "error": error}


def _decoded(data: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return io.TextIOWrapper(io.BytesIO(data), encoding).read()


def commented(data: bytes) -> list[tuple[tokenize.TokenInfo, str]]:
    """Comments that are a registration and nothing else, with the code in them."""
    found = []
    for token in tokenize.tokenize(io.BytesIO(data).readline):
        code = token.string.lstrip("#").strip() if token.type == tokenize.COMMENT else ""
        if "add_middleware" in code:
            try:
                tree = ast.parse(code)
            except (SyntaxError, ValueError):
                continue
            if [each.alone for each in Finder(tree, code).found] == [True] and len(tree.body) == 1:
                found.append((token, code))
    return found


# --- the repair ------------------------------------------------------------------------------------------------


def repair(data: bytes) -> str:
    """The text with the middleware registered once and always. Raises DoesNotFit."""
    answer, found, tree = look(data)
    if answer["state"] in ("once", "missing", "syntax"):
        raise DoesNotFit(
            {
                "once": "исправлять нечего",
                "missing": "строки с подключением в файле нет: где ей стоять, решает человек",
                "syntax": f"это не Python: {answer['error']}",
            }[str(answer["state"])]
        )
    lines = data.splitlines(keepends=True)
    changes = _changes(found, lines) if found else [_uncommented(data, lines)]
    for first, last, new in sorted(changes, reverse=True):
        lines[first - 1 : last] = new
    made = b"".join(lines)
    after, registered, new_tree = look(made)
    if after["state"] != "once" or _rest(tree, found) != _rest(new_tree, registered):
        raise DoesNotFit("подключение нельзя отделить от остального кода")
    try:
        return made.decode("utf-8")
    except UnicodeDecodeError:
        raise DoesNotFit("файл записан не в UTF-8") from None


Change = tuple[int, int, list[bytes]]
"""First line, last line, and what stands there afterwards."""


def _changes(found: list[Registration], lines: list[bytes]) -> list[Change]:
    kept = next((each for each in found if not each.conditions), found[0])
    changes: list[Change] = []
    for each in found:
        guard = _guard(each)
        if each is not kept:
            changes.append(_taken_out(each, guard, lines))
        elif guard is not None:
            changes += _freed(each, guard, lines)
    return changes


def _guard(each: Registration) -> ast.If | None:
    """The `if` around a registration, None where there is none. Raises DoesNotFit where it is more than that."""
    line = f"строка {each.call.lineno}"
    if not each.alone:
        raise DoesNotFit(f"{line}: подключение – часть другого выражения")
    if not each.place.around:
        return None
    guard = each.place.around[0]
    if len(each.place.around) > 1 or not isinstance(guard, ast.If) or each.place.statement not in guard.body:
        raise DoesNotFit(f"{line}: подключение стоит не прямо под одним условием if")
    if guard.orelse:
        raise DoesNotFit(f"{line}: у условия есть else")
    words = [getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(guard.test)]
    if not any(word.lower() == "debug" for word in words):
        raise DoesNotFit(f"{line}: условие не о режиме отладки")
    return guard


def _taken_out(each: Registration, guard: ast.If | None, lines: list[bytes]) -> Change:
    if guard is not None and len(guard.body) == 1:
        return (guard.lineno, _end(guard), [])
    _own_lines(each.place.statement, lines)
    return (each.place.statement.lineno, _end(each.place.statement), [])


def _freed(each: Registration, guard: ast.If, lines: list[bytes]) -> list[Change]:
    statement = each.place.statement
    if len(guard.body) > 1:
        if len(each.call.args) + len(each.call.keywords) > 1:
            raise DoesNotFit(f"строка {each.call.lineno}: подключение может зависеть от того, что стоит под условием")
        own = _own_lines(statement, lines)
        return [(guard.lineno, guard.lineno - 1, own), (statement.lineno, _end(statement), [])]
    above = range(_end(guard.test) + 1, statement.lineno)
    notes = [lines[n - 1].lstrip() for n in above if lines[n - 1].lstrip().startswith(b"#")]
    first = lines[statement.lineno - 1][statement.col_offset :]
    rest = lines[statement.lineno : _end(statement)]
    return [(guard.lineno, _end(guard), [*notes, first, *rest])]


def _own_lines(statement: ast.stmt, lines: list[bytes]) -> list[bytes]:
    """The lines of a statement at the margin. Raises DoesNotFit where another stands beside it."""
    first = lines[statement.lineno - 1]
    after = lines[_end(statement) - 1][statement.end_col_offset :].strip()
    if first[: statement.col_offset].strip() or (after and not after.startswith(b"#")):
        raise DoesNotFit(f"строка {statement.lineno}: на ней стоит не только подключение")
    return [first[statement.col_offset :], *lines[statement.lineno : _end(statement)]]


def _uncommented(data: bytes, lines: list[bytes]) -> Change:
    comments = commented(data)
    if len(comments) > 1:
        raise DoesNotFit("закомментированных подключений несколько")
    token, code = comments[0]
    line = lines[token.start[0] - 1]
    if not line.strip().startswith(b"#"):
        raise DoesNotFit(f"строка {token.start[0]}: перед комментарием стоит код")
    end = line[len(line.rstrip(b"\r\n")) :]
    return (token.start[0], token.start[0], [code.encode() + end])


def _end(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno


def _rest(tree: ast.Module, found: list[Registration]) -> str:
    """The tree without the registrations, and without an `if` that holds nothing else."""
    registered = {id(each.place.statement) for each in found}

    class Without(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST | None:
            if id(node) in registered:
                return None
            node = self.generic_visit(node)
            return None if isinstance(node, ast.If) and not node.body and not node.orelse else node

    kept = [each for each in map(Without().visit, tree.body) if each is not None]
    return ast.dump(ast.Module(kept, []))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repair", action="store_true")
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    try:
        data = asked.file.read_bytes()
    except OSError as error:
        print(json.dumps({**_answer("absent", error=error.strerror), "repaired": None, "why": error.strerror}))
        return
    answer = look(data)[0]
    if asked.repair:
        try:
            answer.update(repaired=repair(data), why=None)
        except DoesNotFit as error:
            answer.update(repaired=None, why=str(error))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
