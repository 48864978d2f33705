"""From an SshTarget to a Login: all that a connection needs, after `ssh_config` has been asked, jumps included."""

from __future__ import annotations

import os
import re
from pathlib import Path

from runbook.common.frozen import Frozen, replace, repr_without
from runbook.transports.base import UnknownConnection
from runbook.transports.ssh.settings import ssh_config
from runbook.transports.ssh.settings.known_hosts import Address
from runbook.transports.ssh.settings.ssh_config import Values
from runbook.transports.ssh.settings.target import SshTarget, port_number

CONNECT_TIMEOUT = 10.0
ALIVE_INTERVAL = 15.0
ALIVE_COUNT = 3
MOST_JUMPS = 8
DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
METHODS = ("publickey", "password", "keyboard-interactive")


class Login(Frozen):
    """One hop, with the hops before it."""

    __repr__ = repr_without("password", "passphrase")

    name: str
    """Its name in the inventory; a jump host's is its address."""
    host: str
    port: int
    user: str
    password: str | None = None
    passphrase: str | None = None
    key_files: tuple[str, ...] = ()
    """Those that were named; else the usual ones of `~/.ssh` that are there."""
    keys_named: bool = False
    own_keys_only: bool = False
    agent: str = ""
    """Path of the agent's socket; empty for none."""
    methods: tuple[str, ...] = METHODS
    known_hosts: tuple[str, ...] = ()
    host_key_alias: str = ""
    trusting: bool = False
    """Was it asked to accept any host key? That is not done, but said."""
    family: str = "any"
    connect_timeout: float = CONNECT_TIMEOUT
    alive_interval: float = ALIVE_INTERVAL
    alive_count: int = ALIVE_COUNT
    proxy_command: str = ""
    jumps: tuple[Login, ...] = ()
    """The hosts on the way, the nearest first."""

    @property
    def address(self) -> Address:
        return Address(self.host, self.port, self.host_key_alias)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        where = f"{self.user}@{host}" + (f":{self.port}" if self.port != 22 else "")
        called = where if self.name in (self.host, "") else f"{self.name} ({where})"
        return called + (f" through {', '.join(map(str, self.jumps))}" if self.jumps else "")


def login_of(target: SshTarget) -> Login:
    """Reads the configuration files. Raises UnknownConnection."""
    options = ssh_config.lookup(target.host, target.options, target.config)
    login = _login(target, options)
    command = _one(options, "proxycommand")
    proxy = "" if command.lower() == "none" else command
    return replace(login, proxy_command=proxy, jumps=() if proxy else _jumps(target, options, login, ()))


def _login(target: SshTarget, options: dict[str, Values]) -> Login:
    preferred = _one(options, "preferredauthentications")
    methods = tuple(part for part in (preferred.split(",") if preferred else METHODS) if _allowed(part, options))
    return Login(
        target.name,
        _one(options, "hostname"),
        port_number(_one(options, "port", "22"), f"{target.name}: the port"),
        _one(options, "user") or ssh_config.local_user(),
        target.password,
        target.passphrase,
        options.get("identityfile") or _usual_keys(),
        "identityfile" in options,
        _one(options, "identitiesonly").lower() == "yes",
        _agent(options),
        methods,
        _known_hosts(options),
        _one(options, "hostkeyalias"),
        _one(options, "stricthostkeychecking").lower() in ("no", "off", "accept-new"),
        _one(options, "addressfamily", "any").lower(),
        _seconds(options, "connecttimeout", CONNECT_TIMEOUT),
        _seconds(options, "serveraliveinterval", ALIVE_INTERVAL) or ALIVE_INTERVAL,
        int(_seconds(options, "serveralivecountmax", ALIVE_COUNT)) or ALIVE_COUNT,
    )


def _one(options: dict[str, Values], keyword: str, default: str = "") -> str:
    return next(iter(options.get(keyword, ())), default)


def _allowed(method: str, options: dict[str, Values]) -> bool:
    keywords = {
        "publickey": "pubkeyauthentication",
        "password": "passwordauthentication",
        "keyboard-interactive": "kbdinteractiveauthentication",
    }
    return method in keywords and _one(options, keywords[method], "yes").lower() not in ("no", "false")


def _usual_keys() -> Values:
    found = (Path("~/.ssh").expanduser() / name for name in DEFAULT_KEYS)
    return tuple(str(path) for path in found if path.is_file())


def _agent(options: dict[str, Values]) -> str:
    given = _one(options, "identityagent", "SSH_AUTH_SOCK")
    if given.lower() == "none":
        return ""
    name = "SSH_AUTH_SOCK" if given == "SSH_AUTH_SOCK" else given[1:] if given.startswith("$") else ""
    return os.environ.get(name, "") if name else given


def _known_hosts(options: dict[str, Values]) -> Values:
    user = options.get("userknownhostsfile", ("~/.ssh/known_hosts", "~/.ssh/known_hosts2"))
    system = options.get("globalknownhostsfile", ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"))
    return tuple(os.path.expanduser(name) for name in (*user, *system) if name.lower() != "none")  # noqa: PTH111 - for each host


def _seconds(options: dict[str, Values], keyword: str, default: float) -> float:
    """OpenSSH's times: a number of seconds, or such as 1m30s."""
    text = _one(options, keyword).lower()
    if not text or text == "none":
        return default
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UnknownConnection(f"{keyword} {text!r} is not a time: write seconds, or such as 1m30s")
    return sum(float(number) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for number, unit in parts)


def _jumps(target: SshTarget, options: dict[str, Values], login: Login, seen: tuple[str, ...]) -> tuple[Login, ...]:
    """The chain of ProxyJump, the nearest first; the first one's own configuration may go through others."""
    text = _one(options, "proxyjump")
    if not text or text.lower() == "none":
        return ()
    hops: list[Login] = []
    for number, spec in enumerate(text.split(",")):
        user, host, port = _hop(spec.strip(), target.name)
        if host in seen or len(seen) >= MOST_JUMPS:
            raise UnknownConnection(f"{target.name}: ProxyJump goes round in a circle: {' → '.join((*seen, host))}")
        given = (("user", user), ("port", port))
        jump = SshTarget(host, host, tuple(pair for pair in given if pair[1]), target.config, None, target.passphrase)
        known = ssh_config.lookup(host, jump.options, target.config)
        hop = _login(jump, known)
        hop = replace(
            hop,
            # What was said for the host helps on the way to it too: it is tried after the hop's own.
            key_files=tuple(dict.fromkeys((*hop.key_files, *login.key_files))),
            known_hosts=tuple(dict.fromkeys((*hop.known_hosts, *login.known_hosts))),
            connect_timeout=login.connect_timeout,
        )
        if number == 0:
            command = _one(known, "proxycommand")
            hop = replace(hop, proxy_command="" if command.lower() == "none" else command)
            hops += _jumps(jump, known, hop, (*seen, host))
        hops.append(hop)
    return tuple(hops)


def _hop(spec: str, name: str) -> tuple[str, str, str]:
    """User, host and port of one jump host: `[user@]host[:port]` or `ssh://…`; IPv6 stands in brackets."""
    match = re.fullmatch(r"(?:ssh://)?(?:([^@]+)@)?(?:\[([^]]+)\]|([^:@/]+))(?::(\d+))?/?", spec)
    if match is None:
        raise UnknownConnection(f"{name}: ProxyJump {spec!r} is not of the form user@host:port")
    user, bracketed, host, port = match.groups()
    return user or "", bracketed or host, port or ""
