"""All hosts in one loop, `run` for each step."""

import asyncio
import json
import sys
from pathlib import Path

import asyncssh

job = json.loads(Path(sys.argv[1]).read_text())


async def work(host):
    options = {"username": "root", "client_keys": [job["key"]], "known_hosts": job["known_hosts"], "config": None}
    async with asyncssh.connect(host, job["port"], **options) as connection:
        for _ in range(job["steps"]):
            await connection.run("true", check=True)


async def main():
    await asyncio.gather(*(work(host) for host in job["hosts"]))


asyncio.run(main())
