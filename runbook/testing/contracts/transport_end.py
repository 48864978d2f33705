"""How every way to a host ends what runs too long, what is stopped, and what ends itself: nothing is left over."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from runbook.testing.processes import alive, all_end, end_process, pids, run, wait_until
from runbook.transports.base import Command, CommandTimeout, Stopped, Transport

FAMILY = """\
echo $$
sleep 300 & echo $!
(trap '' TERM HUP INT; sleep 300; :) & echo $!
setsid sh -c 'echo $$; sleep 300; :' &
(sh -c 'echo $$; nohup sleep 300 >/dev/null 2>&1; :' &) &
sh -c 'echo $$; trap "" TERM; while :; do sleep 300; done'
"""
"""Six processes and more: in the background, with traps, in a session of its own, without a parent."""
MEMBERS = 6


class EndContract:
    def test_a_command_that_takes_too_long_is_ended_with_all_its_children(self, transport: Transport) -> None:
        began = time.monotonic()
        with pytest.raises(CommandTimeout, match=r"still running after 0\.8 s, killed with all its children") as caught:
            run(transport, FAMILY, timeout=0.8)
        assert 0.7 < time.monotonic() - began < 6
        found = pids(caught.value.result.stdout)
        assert len(found) == MEMBERS
        all_end(found)
        assert caught.value.seconds == 0.8
        assert caught.value.result.exit_code == 137
        assert run(transport, "echo next; echo e >&2").stdout == b"next\n"

    def test_what_was_printed_before_the_end_is_kept(self, transport: Transport) -> None:
        with pytest.raises(CommandTimeout) as caught:
            run(transport, "printf out; printf err >&2; exec sleep 300", timeout=0.5)
        assert (caught.value.result.stdout, caught.value.result.stderr) == (b"out", b"err")

    def test_children_that_make_children_are_ended_too(self, transport: Transport, folder: Path) -> None:
        """Each makes the next and ends; there is never a moment at which all stand still of themselves."""
        script = 'cat >run <<"E"\necho $$ >>pids\nsleep 0.02\nsh run &\nE\nsh run & wait; sleep 300'
        with pytest.raises(CommandTimeout):
            run(transport, script, timeout=0.6, chdir=str(folder))
        known = len((folder / "pids").read_bytes())
        all_end(pids((folder / "pids").read_bytes()))
        until = time.monotonic() + 0.2
        wait_until(lambda: time.monotonic() > until, "a while has passed")
        assert len((folder / "pids").read_bytes()) == known

    @pytest.mark.parametrize("size", [10, 500_000])
    def test_a_command_that_does_not_read_its_input_is_ended_in_time(self, transport: Transport, size: int) -> None:
        with pytest.raises(CommandTimeout):
            run(transport, "exec sleep 300", stdin=b"x" * size, timeout=0.5)
        assert run(transport, "cat", stdin=b"next").stdout == b"next"

    def test_what_an_earlier_command_has_left_is_not_ended(self, transport: Transport) -> None:
        """It was started with success, and is not the late one's."""
        (kept,) = pids(run(transport, "nohup setsid sleep 300 >/dev/null 2>&1 & echo $!").stdout)
        try:
            with pytest.raises(CommandTimeout):
                run(transport, "sleep 300", timeout=0.3)
            assert alive(kept)
        finally:
            end_process(kept)

    def test_a_run_that_is_stopped_ends_its_command(self, transport: Transport, stop: threading.Event) -> None:
        heard = bytearray()

        def on_output(_stream: str, data: bytes) -> None:
            heard.extend(data)
            if heard.count(b"\n") == MEMBERS:
                stop.set()

        began = time.monotonic()
        with pytest.raises(Stopped):
            run(transport, FAMILY, on_output)
        assert time.monotonic() - began < 6
        all_end(pids(bytes(heard)))

    def test_a_stopped_run_starts_nothing_more(self, transport: Transport, stop: threading.Event, folder: Path) -> None:
        assert run(transport, "echo up").ok
        stop.set()
        with pytest.raises(Stopped):
            run(transport, f"touch {folder}/ran")
        assert not (folder / "ran").exists()

    @pytest.mark.parametrize("signal", ["KILL", "TERM", "HUP"])
    def test_a_command_that_ends_its_own_group_ends_alone(self, transport: Transport, signal: str) -> None:
        """The tests themselves live on, and so does the way to the host."""
        result = run(transport, f"echo before; kill -{signal} 0; sleep 20", timeout=10)
        assert result.stdout == b"before\n"
        assert result.exit_code > 128
        assert run(transport, "echo next").stdout == b"next\n"

    def test_many_commands_one_after_the_other(self, transport: Transport) -> None:
        for number in range(60):
            result = transport.run(Command(f"echo {number}; echo e{number} >&2; exit {number}"))
            assert (result.out, result.err, result.exit_code) == (f"{number}", f"e{number}", number)

    def test_closing_twice_does_no_harm(self, transport: Transport) -> None:
        assert run(transport, "true").ok
        transport.close()
        transport.close()
