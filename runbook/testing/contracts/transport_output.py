"""What every way to a host gives back: both streams byte for byte, the exit code, and output while it comes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runbook.testing.processes import alive, end_process, pids, run
from runbook.transports.base import Command, Transport

ALL_BYTES = bytes(range(256))
LARGE = 5_000_000


def octal(data: bytes) -> str:
    """sh text that prints these bytes."""
    return "printf '%b' '" + "".join(f"\\0{byte:03o}" for byte in data) + "'"


class OutputContract:
    def test_the_streams_and_the_exit_code_are_apart(self, transport: Transport) -> None:
        result = run(transport, "echo to stdout; echo to stderr >&2; exit 3")
        assert (result.stdout, result.stderr, result.exit_code) == (b"to stdout\n", b"to stderr\n", 3)
        assert not result.ok
        assert result.command == "echo to stdout; echo to stderr >&2; exit 3"

    @pytest.mark.parametrize("data", [ALL_BYTES, ALL_BYTES * 3 + b"\n", b"\0", b"", b"\n", b"no newline", b"\r\n\n\n"])
    def test_output_is_the_same_byte_for_byte(self, transport: Transport, data: bytes) -> None:
        result = run(transport, f"{octal(data)}\n{octal(data[::-1])} >&2")
        assert result.stdout == data
        assert result.stderr == data[::-1]

    def test_much_output_on_both_streams_at_once(self, transport: Transport) -> None:
        script = f"(head -c {LARGE} /dev/zero | tr '\\0' e >&2) & head -c {LARGE} /dev/zero | tr '\\0' o; wait"
        result = run(transport, script)
        assert result.stdout == b"o" * LARGE
        assert result.stderr == b"e" * LARGE
        assert result.dropped == 0

    def test_what_is_over_the_limit_is_counted_and_dropped(self, transport: Transport) -> None:
        result = run(transport, "head -c 300000 /dev/zero; echo short >&2", output_limit=1000)
        assert (len(result.stdout), result.dropped, result.stderr) == (1000, 299_000, b"short\n")

    @pytest.mark.parametrize("code", [0, 1, 2, 126, 127, 255])
    def test_the_exit_code_is_the_command_s(self, transport: Transport, code: int) -> None:
        assert run(transport, f"exit {code}").exit_code == code

    @pytest.mark.parametrize(("signal", "code"), [("KILL", 137), ("TERM", 143), ("SEGV", 139)])
    def test_a_signal_is_128_and_its_number(self, transport: Transport, signal: str, code: int) -> None:
        result = run(transport, f"echo before; kill -{signal} $$; echo after")
        assert (result.stdout, result.exit_code) == (b"before\n", code)
        assert run(transport, "echo next").out == "next"

    def test_output_comes_while_the_command_runs(self, transport: Transport, folder: Path) -> None:
        """The command waits for a file that is made when its first line has arrived."""
        heard: list[tuple[str, bytes]] = []

        def on_output(stream: str, data: bytes) -> None:
            heard.append((stream, data))
            (folder / "go").touch()

        script = "echo first; until [ -e go ]; do sleep 0.02; done; echo second >&2"
        result = run(transport, script, on_output, chdir=str(folder))
        assert heard[0] == ("stdout", b"first\n")
        assert b"".join(data for stream, data in heard if stream == "stderr") == b"second\n"
        assert (result.stdout, result.stderr) == (b"first\n", b"second\n")

    def test_live_output_goes_on_over_the_limit(self, transport: Transport) -> None:
        heard = bytearray()
        result = run(transport, "head -c 100000 /dev/zero", lambda _stream, data: heard.extend(data), output_limit=10)
        assert len(heard) == 100_000
        assert len(result.stdout) == 10

    def test_who_cannot_take_the_output_is_told(self, transport: Transport) -> None:
        def on_output(_stream: str, _data: bytes) -> None:
            raise ValueError("no screen")

        with pytest.raises(ValueError, match="no screen"):
            run(transport, "echo one; echo two", on_output)
        assert run(transport, "echo next").out == "next"

    def test_a_background_child_that_keeps_the_streams_open_stalls_nothing(self, transport: Transport) -> None:
        began = time.monotonic()
        result = run(transport, "sleep 50 & echo $!; echo done >&2")
        assert time.monotonic() - began < 10
        (pid,) = pids(result.stdout)
        try:
            assert result.stderr == b"done\n"
            assert alive(pid), "what a command leaves running goes on"
            again = run(transport, "echo next; echo to stderr >&2")
            assert (again.stdout, again.stderr) == (b"next\n", b"to stderr\n")
        finally:
            end_process(pid)

    def test_what_a_child_prints_later_is_no_other_command_s(self, transport: Transport, folder: Path) -> None:
        """The child prints while the next command runs, and tells that by a file."""
        child = "(until [ -e go ]; do sleep 0.02; done; echo late; echo late >&2; touch printed) & echo $!"
        (pid,) = pids(run(transport, child, chdir=str(folder)).stdout)
        script = "touch go; until [ -e printed ]; do sleep 0.02; done; echo own"
        result = run(transport, script, chdir=str(folder))
        assert (result.stdout, result.stderr, result.exit_code) == (b"own\n", b"", 0)
        assert run(transport, "echo next").stdout == b"next\n"
        assert not alive(pid)

    def test_nothing_of_a_command_is_left_to_the_next(self, transport: Transport) -> None:
        changes = (
            "cd /; X=1; export X; umask 777; alias pwd=false; set -e; trap 'echo trapped' EXIT; ulimit -n 20; exec 2>&-"
        )
        before = run(transport, "umask; pwd; ulimit -n").stdout
        assert run(transport, changes).stdout == b"trapped\n"
        assert run(transport, "umask; pwd; ulimit -n").stdout == before
        assert run(transport, "echo ${X-none}; echo e >&2").stderr == b"e\n"

    @pytest.mark.parametrize("closing", ["exec >&-", "exec 2>&-", "exec >&- 2>&-", "exec >/dev/null 2>&1", "exec <&-"])
    def test_a_command_may_close_its_streams(self, transport: Transport, closing: str) -> None:
        assert run(transport, f"{closing}; exit 4").exit_code == 4
        assert run(transport, "echo next").stdout == b"next\n"

    def test_a_syntax_error_is_a_failed_command(self, transport: Transport) -> None:
        result = run(transport, "echo ok\nif then fi")
        assert result.exit_code == 2
        assert b"yntax error" in result.stderr
        assert run(transport, "echo next").stdout == b"next\n"

    def test_a_command_without_a_time_ends_too(self, transport: Transport) -> None:
        assert transport.run(Command("echo x")).stdout == b"x\n"
