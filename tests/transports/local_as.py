"""Runs one command on this machine by the local transport, as a user that only the lab has. Run as a program by root.

Reads a pickled (user, Command, seconds until the stop or None); writes a pickled (kind of error or "", its text,
CommandResult or None). Such a user may not read the interpreter's files: all that is needed is imported before.
"""

from __future__ import annotations

import os
import pickle
import pwd
import sys
import threading
import traceback

from runbook.transports.base import CommandResult, CommandTimeout, Stopped, Unreachable
from runbook.transports.local.transport import LocalTransport


def main() -> tuple[str, str, CommandResult | None]:
    name, command, stop_after = pickle.load(sys.stdin.buffer)
    account = pwd.getpwnam(name)
    os.initgroups(name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.chdir("/")
    os.environ.update(HOME=account.pw_dir, USER=name)
    stop = threading.Event()
    if stop_after is not None:
        threading.Timer(stop_after, stop.set).start()
    try:
        return "", "", LocalTransport(stop).run(command)
    except CommandTimeout as error:
        return "timeout", str(error.seconds), error.result
    except (Unreachable, Stopped) as error:
        return type(error).__name__, str(error), None
    except Exception:  # noqa: BLE001 - the test shall see it
        return "bug", traceback.format_exc(), None


if __name__ == "__main__":
    answer = pickle.dumps(main())
    with open(1, "wb") as out:
        out.write(answer)
    os._exit(0)  # at once: a thread that still drains pipes holds nobody up
