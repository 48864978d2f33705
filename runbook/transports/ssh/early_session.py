"""A session channel that is asked for before the login has been answered: a round trip less.

RFC 4252 lets a client: what stands behind the request that lets it in is for the service. A server that refuses the
login answers that it does not know such a message; OpenSSH's does so and goes on, so only there is it done.
"""

from __future__ import annotations

import time

from runbook.transports.ssh.fast_paramiko import PatientEvent, paramiko

_GOES_ON = "SSH-2.0-OpenSSH_"


class Session:
    """On its way. Keeps the channel alive, which paramiko itself knows by a weak reference alone."""

    def __init__(self, transport: paramiko.Transport) -> None:
        """Asks for it, as paramiko's `open_channel` does, and does not wait."""
        known = vars(transport)
        window, packet = known["default_window_size"], known["default_max_packet_size"]
        with known["lock"]:
            self._number: int = transport._next_channel()  # type: ignore[attr-defined]  # not in the stubs
            self._channel = paramiko.Channel(self._number)
            known["_channels"].put(self._number, self._channel)
            known["channel_events"][self._number] = self._answered = PatientEvent()
            known["channels_seen"][self._number] = True
            self._channel._set_transport(transport)  # type: ignore[attr-defined]  # not in the stubs
            self._channel._set_window(window, packet)  # type: ignore[attr-defined]  # not in the stubs
        self._transport = transport
        message = paramiko.Message()
        message.add_byte(paramiko.common.cMSG_CHANNEL_OPEN)
        message.add_string("session")
        for number in (self._number, window, packet):
            message.add_int(number)
        transport._send_message(message)  # type: ignore[attr-defined]  # not in the stubs

    def opened(self, seconds: float) -> paramiko.Channel:
        """The channel, once the server has opened it. Raises ChannelException, SSHException, EOFError."""
        end = time.monotonic() + seconds
        while not self._answered.wait(0.1) and self._transport.is_active():
            if time.monotonic() > end:
                raise paramiko.SSHException("Timeout opening channel.")
        if self._transport.is_active() and vars(self._transport)["_channels"].get(self._number) is not None:
            return self._channel
        raise self._transport.get_exception() or paramiko.SSHException("Unable to open channel.")

    def forget(self) -> None:
        """The login was refused, and so nobody has read what was asked."""
        vars(self._transport)["_channels"].delete(self._number)
        vars(self._transport)["channel_events"].pop(self._number, None)


def session_with_login(transport: paramiko.Transport) -> Session | None:
    """Ask for one right behind a login, where the server goes on when it has refused that."""
    return Session(transport) if transport.remote_version.startswith(_GOES_ON) else None
