"""Logging in: key files, the agent, the password, in the order of how plainly they were asked for."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from runbook.common.memo import shared
from runbook.transports.base import Unreachable
from runbook.transports.ssh.early_session import Session, session_with_login
from runbook.transports.ssh.fast_paramiko import PatientEvent, paramiko
from runbook.transports.ssh.settings.login import Login

_KEY_KINDS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class _Unusable(Exception):
    """A key file that cannot be used; says why."""


class _Attempts:
    """What was tried, for the sentence when nothing helped."""

    def __init__(self, *, wants_session: bool) -> None:
        self.tried: list[str] = []
        self.notes: list[str] = []
        self.accepted: tuple[str, ...] = ()
        """What the server said that it would take."""
        self.wants_session = wants_session
        self.session: Session | None = None
        """Asked for along with the last attempt."""

    def refused(self) -> None:
        """What was asked for along with the last attempt has not been heard; it is not tried a second time."""
        if self.session is not None:
            self.session.forget()
        self.session, self.wants_session = None, False


def log_in(transport: paramiko.Transport, login: Login, *, for_shells: bool) -> Session | None:
    """Log in, or raise Unreachable with what was tried. `for_shells`: a session may be asked for at the same time."""
    attempts = _Attempts(wants_session=for_shells)
    with contextlib.closing(_Agent(login.agent)) as agent:
        ways = list(_ways(transport, login, agent, attempts))
        while ways:
            what, way = ways.pop(0)
            attempts.tried.append(what)
            more = _attempt(way, login, attempts)
            if more == []:
                return attempts.session
            attempts.refused()
            if more is None:
                continue
            # The server wants another factor on top: what is left may be it.
            attempts.accepted = tuple(more)
            attempts.notes.append(f"{what} was accepted, but the server wants {' or '.join(more)} too")
    raise Unreachable(_refused(login, attempts))


def _attempt(way: Callable[[], list[str]], login: Login, attempts: _Attempts) -> list[str] | None:
    """None when refused; else the factors that are still wanted."""
    try:
        return way()
    except paramiko.BadAuthenticationType as error:
        attempts.accepted = tuple(error.allowed_types)
    except paramiko.AuthenticationException as error:
        if "transport shut down" in str(error) or "imeout" in str(error):
            raise Unreachable(_broken(login, attempts, str(error))) from None
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise Unreachable(_broken(login, attempts, str(error) or type(error).__name__)) from None
    return None


_Way = tuple[str, Callable[[], list[str]]]


def _ways(transport: paramiko.Transport, login: Login, agent: _Agent, attempts: _Attempts) -> Iterator[_Way]:
    keys = "publickey" in login.methods
    if keys and login.keys_named:
        yield from _files(transport, login, attempts)
    if login.password is not None and {"password", "keyboard-interactive"} & set(login.methods):
        password = login.password
        yield "the password", lambda: list(transport.auth_password(login.user, password))
    if keys:
        offered = agent.offered()
        named = _public_parts(login) if login.own_keys_only and offered else None
        for key in offered:
            if named is None or key.asbytes() in named:
                yield f"the agent's key {key.comment or key.get_name()}", _by_key(transport, login, key)
        if not login.keys_named:
            yield from _files(transport, login, attempts)


def _files(transport: paramiko.Transport, login: Login, attempts: _Attempts) -> Iterator[_Way]:
    for file in login.key_files:
        try:
            key = _key(login, file)
        except _Unusable as error:
            attempts.notes.append(str(error))
        else:
            yield f"the key {file}", _by_key_file(transport, login, key, attempts)


def _by_key_file(
    transport: paramiko.Transport, login: Login, key: paramiko.PKey, attempts: _Attempts
) -> Callable[[], list[str]]:
    def way() -> list[str]:
        if key.get_name() == "ssh-rsa" and "server-sig-algs" not in vars(transport)["server_extensions"]:
            return _by_key(transport, login, key)()  # how to sign with it may be in the server's next word
        handler = transport.auth_handler = _AtOnce(transport)
        answered = PatientEvent()
        try:
            handler.auth_publickey(login.user, key, answered)
        except (ValueError, TypeError) as error:  # a key that cannot sign
            raise paramiko.AuthenticationException(str(error)) from None
        if attempts.wants_session:
            attempts.session = session_with_login(transport)
        return list(handler.wait_for_response(answered))

    return way


class _AtOnce(paramiko.auth_handler.AuthHandler):
    """Sends the login right behind the request for the service, whose answer says nothing: a round trip less."""

    def _request_auth(self) -> None:
        super()._request_auth()  # type: ignore[misc]  # not in the stubs
        accepted = paramiko.Message()
        accepted.add_string("ssh-userauth")
        accepted.rewind()
        super()._parse_service_accept(accepted)  # type: ignore[misc]  # not in the stubs

    def _parse_service_accept(self, _message: paramiko.Message) -> None:
        """It was not waited for."""


def _by_key(transport: paramiko.Transport, login: Login, key: paramiko.PKey) -> Callable[[], list[str]]:
    return lambda: list(transport.auth_publickey(login.user, key))


def _key(login: Login, file: str) -> paramiko.PKey:
    path = Path(file).expanduser()
    try:
        return _load(path, path.stat().st_mtime_ns, login.passphrase)
    except OSError as error:
        raise _Unusable(f"the key {file} cannot be read: {error.strerror}") from None


@shared(256)
def _load(path: Path, _changed: int, passphrase: str | None) -> paramiko.PKey:
    """A private key, with the certificate beside it. Raises OSError, _Unusable."""
    why = ""
    for kind in _KEY_KINDS:
        try:
            key = kind.from_private_key_file(str(path), passphrase)
        except paramiko.PasswordRequiredException:
            raise _Unusable(
                f"the key {path} is locked: set ansible_ssh_private_key_passphrase, or give it to the agent "
                f"(ssh-add {path})"
            ) from None
        except (paramiko.SSHException, ValueError, TypeError, IndexError) as error:
            why = why or str(error)
        else:
            certificate = path.with_name(path.name + "-cert.pub")
            if certificate.is_file():
                key.load_certificate(str(certificate))
            return key
    if path.suffix == ".pub":
        raise _Unusable(f"the key {path} is the public part: name the file without .pub")
    locked = ", or the passphrase is wrong" if passphrase else ""
    raise _Unusable(f"the key {path} is not an Ed25519, ECDSA or RSA private key{locked} ({why})")


def _public_parts(login: Login) -> set[bytes]:
    """The public keys of the named files: with IdentitiesOnly the agent may offer those alone."""
    found = set()
    for file in login.key_files:
        for path in (Path(f"{file}.pub"), Path(file)):
            with contextlib.suppress(OSError, ValueError, UnicodeDecodeError, paramiko.SSHException):
                found.add(paramiko.pkey.PublicBlob.from_file(str(path.expanduser())).key_blob)
    return found


class _Agent:
    """An ssh-agent, asked when its keys are wanted."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._agent: paramiko.agent.AgentSSH | None = None

    def offered(self) -> tuple[paramiko.AgentKey, ...]:
        """Its keys; none when there is no agent."""
        if not self._path:
            return ()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(10)
        agent = paramiko.agent.AgentSSH()
        try:
            sock.connect(self._path)
            agent._connect(sock)  # type: ignore[attr-defined]  # the public class knows one path only
        except (OSError, paramiko.SSHException):
            sock.close()
            return ()
        self._agent = agent
        return tuple(agent.get_keys())

    def close(self) -> None:
        if self._agent is not None:
            self._agent._close()  # type: ignore[attr-defined]  # AgentSSH has no public close


def _refused(login: Login, attempts: _Attempts) -> str:
    tried = f"tried {', '.join(attempts.tried)}" if attempts.tried else "there was nothing to try"
    notes = "".join(f"; {note}" for note in attempts.notes)
    accepted = f"; the server takes {', '.join(attempts.accepted)}" if attempts.accepted else ""
    return (
        f"{login}: the login as {login.user} is refused: {tried}{notes}{accepted}. Check ansible_user, "
        "ansible_ssh_private_key_file, the agent (ssh-add -l) or ansible_password, and that the key is in the user's "
        "authorized_keys"
    )


def _broken(login: Login, attempts: _Attempts, why: str) -> str:
    tried = f" after {', '.join(attempts.tried)}" if attempts.tried else ""
    many = (
        " Too many keys were offered? Name the right one by ansible_ssh_private_key_file"
        if len(attempts.tried) > 3
        else ""
    )
    return f"{login}: the server ended the login{tried} ({why}).{many}"
