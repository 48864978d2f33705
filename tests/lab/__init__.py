"""The lab: real services for tests. Ask for a fixture by name; it starts at its first use and ends with the tests.

    database, own_postgres, postgres   PostgreSQL: an empty database each; a server a test may stop() and start()
    sshd           one sshd, 21 hosts: `.hosts` (127.0.0.1, 127.0.1.1 …), `.port`, `.key`, `.known_hosts`, `.config`;
                   accounts `.sudo`, `.sudo_with_password`, `.csh` (name, password), which the machine does not get
    jump           `.target_host` answers only through `.jump_host`; `.link.cut()` and `.mend()` a cable
    systemd_host   a booted systemd behind ssh: `.run()`, `.write_unit()`, `.path()`; `.admin` has `systemctl --user`
    compose        `docker compose`, `docker-compose` with `.env`: `.write(tmp_path, app=[…])`, `.run(…, cwd=tmp_path)`
    pm2, supervisor, redis             `.env`, `.run()` / `.add()`, `.ctl()` / `.url`
    chromium       `.screenshot(page, picture, width)` gives the text seen; `.launch(playwright)`
    lab_dir        a short folder open to every user;  tools: `free_port`, `require`, `Daemon`

What is missing fails in CI and is skipped elsewhere, with the command that brings it. Nothing has to be marked: what
uses the lab gets `lab` (`-m "not lab"` leaves it out), and tests of one slow service go to one worker (xdist_group).
Types for annotations: `from tests.lab.sshd import Sshd`, `from tests.lab.postgres import Database` and so on.
"""
