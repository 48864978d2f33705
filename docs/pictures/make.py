"""Makes the pictures of the README from a real run of the demo: run.svg (the terminal) and report.png (the report).

    .venv/bin/python docs/pictures/make.py

The run happens in a terminal of tmux, so that what is drawn is what a person has seen; nothing is typed by hand. The
stages between the repair and the final check are left out, and the picture says so. Needs tmux and Chromium.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COLUMNS, ROWS = 96, 50
SECONDS = 180
KEPT = ("━━ 2 ", "━━ 5 ")
"""What stands from the first of these lines up to the second is left out."""
BACKGROUND, FOREGROUND = (22, 27, 34), (230, 237, 243)
COLOURS = [
    (72, 79, 88),  # black, red, green, yellow, blue, magenta, cyan, white: as a dark terminal shows them
    (255, 123, 114),
    (63, 185, 80),
    (210, 153, 34),
    (88, 166, 255),
    (188, 140, 255),
    (57, 197, 207),
    (177, 186, 196),
]
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
.{unique_id}-title {{ font-size: 18px; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
  <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""As rich draws it, without the font that it would fetch from the net."""


def main() -> int:
    """Run, draw, and say what the run ended with."""
    if missing := [program for program in ("tmux", "chromium") if shutil.which(program) is None]:
        sys.exit(f"needed for the pictures, and not there: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="demo-", dir="/tmp") as folder:
        shown = terminal([sys.executable, "demo/run.py"], Path(folder))
        draw(list(shortened(shown.rstrip().split("\n"))), HERE / "run.svg")
        photograph(Path(folder) / "report.html", HERE / "report.png")
    return 0


def terminal(command: list[str], folder: Path) -> str:
    """What the terminal shows when the command has ended, with its escape sequences for style."""
    server = ["tmux", "-L", f"picture-{os.getpid()}", "-f", "/dev/null"]
    done = [*server, "wait-for", "done"]
    words = (
        f"DEMO_DIR={shlex.quote(str(folder))} {shlex.join(command)}; {shlex.join([*server, 'wait-for', '-S', 'done'])}"
    )
    begin = ["new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-c", str(ROOT), f"{words}; read _"]
    settings = [
        "set-option",
        "-g",
        "history-limit",
        "5000",
        ";",
        "set-option",
        "-g",
        "default-terminal",
        "tmux-256color",
    ]
    subprocess.run([*server, *settings, ";", *begin], check=True)
    try:
        subprocess.run(done, check=True, timeout=SECONDS)
        capture = [*server, "capture-pane", "-e", "-p", "-S", "-"]
        return subprocess.run(capture, check=True, capture_output=True, text=True).stdout
    finally:
        subprocess.run([*server, "kill-server"], check=False)


def shortened(lines: list[str]) -> Iterator[Text]:
    """The lines with their styles; one line stands for those that are left out."""
    decoder = AnsiDecoder()  # one for all: a style may last over several lines
    decoded = [decoder.decode_line(line) for line in lines]
    first, last = (next(at for at, line in enumerate(decoded) if line.plain.startswith(mark)) for mark in KEPT)
    yield Text("$ make demo", style="bold")
    yield from decoded[:first]
    yield Text(f"    ⋮  stages 2 to 4: {last - first - 1} lines", style="dim")
    yield Text()
    yield from decoded[last:]


def draw(lines: list[Text], picture: Path) -> None:
    """The lines as an SVG."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line, soft_wrap=True)
    picture.write_text(
        console.export_svg(
            title="make demo", theme=TerminalTheme(BACKGROUND, FOREGROUND, COLOURS), code_format=FRAME, unique_id="run"
        ),
        encoding="utf-8",
    )


def photograph(page: Path, picture: Path) -> None:
    """The first screen of the report."""
    sys.path.insert(0, str(ROOT))
    from playwright.sync_api import sync_playwright

    from tests.lab.chromium import FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS, chromium_sandbox=False
        )
        view = browser.new_page(viewport={"width": 1100, "height": 900})
        view.goto(page.as_uri())
        view.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
