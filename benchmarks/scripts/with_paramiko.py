"""As paramiko's own demonstrations have it: a client for each host in a thread, `exec_command` for each step."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko

job = json.loads(Path(sys.argv[1]).read_text())


def work(host):
    client = paramiko.SSHClient()
    client.load_host_keys(job["known_hosts"])
    client.connect(host, job["port"], "root", key_filename=job["key"], allow_agent=False, look_for_keys=False)
    for _ in range(job["steps"]):
        _, stdout, _ = client.exec_command("true")
        assert stdout.channel.recv_exit_status() == 0
    client.close()


with ThreadPoolExecutor(len(job["hosts"])) as pool:
    list(pool.map(work, job["hosts"]))
