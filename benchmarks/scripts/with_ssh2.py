"""libssh2 by ssh2-python: what a transport on it could cost at the least.

One `sh` on each host, fed with all steps, each of which says how it ended. The host key is compared; nothing else of
what a runbook has to do is done.
"""

import base64
import json
import select
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ssh2.session import Session

job = json.loads(Path(sys.argv[1]).read_text())
known = {line.split()[-1] for line in Path(job["known_hosts"]).read_text().splitlines()}
private, public = Path(job["key"]).read_bytes(), Path(job["key"] + ".pub").read_bytes()


def work(host):
    sock = socket.create_connection((host, job["port"]))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    session = Session()
    session.handshake(sock)
    assert base64.b64encode(session.hostkey()[0]).decode() in known
    session.userauth_publickey_frommemory("root", private, "", public)
    channel = session.open_session()
    channel.execute("exec /bin/sh")
    channel.write("(true) </dev/null\necho frame $?\necho frame >&2\n" * job["steps"] + "exit\n")
    session.set_blocking(False)
    output = b""
    while output.count(b"frame 0\n") < job["steps"]:
        select.select([sock], [], [])
        for read in (channel.read, channel.read_stderr):
            size, data = read(65536)
            output += data if size > 0 else b""
    return sock, session, channel


with ThreadPoolExecutor(len(job["hosts"])) as pool:
    list(pool.map(work, job["hosts"]))
