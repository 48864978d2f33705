"""One log format for the application and for uvicorn, to the log file and to stdout."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

FORMAT = "%(asctime)s %(levelname)s [%(module)s] %(message)s"


def setup_logging(log_file: str, level: str) -> None:
    """Sends everything to stdout and to `log_file`, whose folder is made.

    Where stdout already is that file, as a process manager may arrange it, lines are written once.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
    trouble = ""
    try:
        Path(log_file).parent.mkdir(parents=True, exist_ok=True)
        if not _stdout_is(Path(log_file)):
            handlers.append(logging.FileHandler(log_file, encoding="utf-8"))
    except OSError as error:
        trouble = f"no log file, only stdout: {error}"
    logging.basicConfig(level=level.upper(), format=FORMAT, handlers=handlers, force=True)
    for name in ("uvicorn", "uvicorn.access"):  # its own handlers would write to stdout alone
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    if trouble:
        logging.getLogger(__name__).error("%s", trouble)


def _stdout_is(path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), path.stat())
    except (OSError, ValueError):  # no such file yet, or stdout is none
        return False
