"""Holds connections with our transport: memory (KiB) and processor time (s) as JSON. `hold.py INVENTORY SECONDS`."""

import json
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runbook.transports.base import Command
from runbook.transports.connect import transport_for
from runbook.transports.ssh.jumps import Jumps

given = json.loads(Path(sys.argv[1]).read_text())["all"]
stop, jumps = threading.Event(), Jumps()


def memory():
    return int(
        next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")).split()[1]
    )


def used():
    seen = resource.getrusage(resource.RUSAGE_SELF)
    return seen.ru_utime + seen.ru_stime


def hold(host):
    transport = transport_for(host, given["vars"], stop=stop, jumps=jumps)
    assert transport.run(Command("true")).exit_code == 0
    return transport


hosts = list(given["hosts"])
held = [hold(hosts[0])]
first = memory()
began = time.perf_counter()
with ThreadPoolExecutor(32) as pool:
    held += pool.map(hold, hosts[1:])
opened = time.perf_counter() - began
everything, cpu = memory(), used()
time.sleep(float(sys.argv[2]))
print(json.dumps({"first": first, "all": everything, "opened": opened, "cpu": used() - cpu}), flush=True)
for one in held:
    one.close()
