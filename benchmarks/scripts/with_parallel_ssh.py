"""Its ParallelSSHClient, all hosts at a time, step after step. It checks no host keys."""

import json
import sys
from pathlib import Path

from pssh.clients import ParallelSSHClient

job = json.loads(Path(sys.argv[1]).read_text())
client = ParallelSSHClient(job["hosts"], user="root", port=job["port"], pkey=job["key"], pool_size=len(job["hosts"]))
for _ in range(job["steps"]):
    output = client.run_command("true")
    client.join(output)
    assert all(host.exit_code == 0 for host in output)
