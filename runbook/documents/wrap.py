"""Text in so many columns of a terminal, where wide characters (CJK, emoji) take two. Lazy: only rich knows widths."""

from __future__ import annotations


def cropped(text: str, width: int) -> str:
    """Cut to the width, with an ellipsis where something is left out."""
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)).rstrip() + "…"


def chopped(text: str, width: int) -> list[str]:
    """Lines of the width, broken anywhere: for code and logs, whose spaces mean something."""
    return [part for line in text.split("\n") for part in _pieces(line, width)]


def folded(text: str, width: int, hang: int = 0) -> list[str]:
    """Lines of at most the width, broken between words; continued `hang` columns right of their indentation."""
    from rich.cells import cell_len

    lines: list[str] = []
    for line in text.split("\n"):
        lines += [line] if cell_len(line) <= width else _broken(line, width, hang)
    return lines


def _broken(line: str, width: int, hang: int) -> list[str]:
    from rich.cells import cell_len

    margin = line[: len(line) - len(line.lstrip())][: width // 2]
    hanging = margin + " " * min(hang, width // 4)
    lines, current = [], margin
    for word in line.split():
        for index, part in enumerate(_pieces(word, width - len(hanging))):
            if not current.strip():
                current += part
            elif index == 0 and cell_len(current) + 1 + cell_len(part) <= width:
                current += f" {part}"
            else:
                lines.append(current)
                current = hanging + part
    return [*lines, current]


def _pieces(text: str, width: int) -> list[str]:
    """What is no wider stays whole: rich loses a text of nothing but combining characters. At least two columns: one
    character may take as many."""
    from rich.cells import cell_len, chop_cells

    return [text] if cell_len(text) <= width else chop_cells(text, max(2, width))
