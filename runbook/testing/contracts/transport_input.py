"""What every way to a host gives to a command: its text, its input, its folder, its environment."""

from __future__ import annotations

import os
import secrets
import shlex
from pathlib import Path

import pytest

from runbook.testing.processes import run
from runbook.transports.base import Command, Transport

STRANGE = [
    "it's",
    'a "quoted" word',
    "two\nlines\n",
    "back\\slash \\n",
    "$HOME `id` $(id) !1",
    "żółw 🐢 \u2028",
    "*?[a]",
    " ",
]
SIZES = [1, 1000, 32 * 1024, 32 * 1024 + 1, 3_000_000]


class InputContract:
    @pytest.mark.parametrize("size", SIZES)
    def test_input_arrives_byte_for_byte(self, transport: Transport, size: int) -> None:
        data = secrets.token_bytes(size)
        assert run(transport, "cat", stdin=data).stdout == data

    @pytest.mark.parametrize("data", [bytes(range(256)), b"\0", b"'", b"\\0101%s%b\n", b"\n\n", b"no newline"])
    def test_input_may_hold_every_byte(self, transport: Transport, data: bytes) -> None:
        assert run(transport, "cat; cat >&2", stdin=data).stdout == data

    @pytest.mark.parametrize("size", SIZES)
    def test_a_command_need_not_read_its_input(self, transport: Transport, size: int) -> None:
        result = run(transport, "echo done; exit 7", stdin=b"x" * size)
        assert (result.stdout, result.stderr, result.exit_code) == (b"done\n", b"", 7)
        assert run(transport, "echo next").stdout == b"next\n"

    @pytest.mark.parametrize("size", SIZES)
    def test_a_command_may_read_a_part_of_its_input(self, transport: Transport, size: int) -> None:
        assert run(transport, "head -c 1", stdin=b"y" * size).stdout == b"y"
        assert run(transport, "cat").stdout == b""

    def test_a_command_that_reads_gets_nothing_that_was_not_given(self, transport: Transport) -> None:
        result = run(transport, "cat; read line || echo none; sh; cat -; echo end")
        assert (result.stdout, result.stderr) == (b"none\nend\n", b"")
        assert run(transport, "cat", stdin=b"mine").stdout == b"mine"

    def test_a_command_that_reads_in_the_background_takes_nothing_of_the_next(self, transport: Transport) -> None:
        run(transport, "cat >/dev/null & (cat; sleep 0.1; cat) >/dev/null 2>&1 & wait")
        assert run(transport, "cat; echo next", stdin=b"given ").stdout == b"given next\n"

    @pytest.mark.parametrize("text", STRANGE)
    def test_quotes_newlines_and_any_writing_in_a_script(self, transport: Transport, text: str) -> None:
        assert run(transport, f"printf %s {shlex.quote(text)}").stdout == text.encode()

    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("", b""),
            ("# only a remark", b""),
            ("echo one\n\n\necho two", b"one\ntwo\n"),
            ("cat <<'E'\na 'b' \\c\nE", b"a 'b' \\c\n"),
            ("echo 'E'\ncat <<E\nE", b"E\n"),
            ("echo a \\\nb", b"a b\n"),
            ("f() { echo in $1; }; f x; (exit 0); exit; echo never", b"in x\n"),
            ("echo $0 $# | wc -w", b"2\n"),
            ("printf '%s\\n' \"${unset-%b}\"", b"%b\n"),
        ],
    )
    def test_a_script_is_plain_sh(self, transport: Transport, script: str, said: bytes) -> None:
        result = run(transport, script)
        assert (result.stdout, result.exit_code) == (said, 0)

    @pytest.mark.parametrize(
        "script", ["echo 'open", "cat <<E\nopen", "echo $(id", "if true", "echo end\\", "( ", "}", "E\n'"]
    )
    def test_a_script_that_breaks_off_does_so_alone(self, transport: Transport, script: str) -> None:
        run(transport, script)
        result = run(transport, "cat; echo next", stdin=b"given ")
        assert (result.stdout, result.stderr, result.exit_code) == (b"given next\n", b"", 0)

    def test_bytes_that_are_no_text_pass_through_a_script(self, transport: Transport) -> None:
        name = os.fsdecode(b"caf\xe9")
        assert run(transport, f"printf %s {shlex.quote(name)}").stdout == b"caf\xe9"

    @pytest.mark.parametrize("line", [f": '{'x' * 150}'\n", f"v='{'x' * 100_000}'; "])
    def test_a_script_is_as_long_as_one_likes(self, transport: Transport, line: str) -> None:
        """Two hundred kilobytes and more: over what one argument of a program may hold."""
        script = line * (200_000 // len(line) + 1) + "echo end"
        assert len(script) > 200_000
        assert run(transport, script).stdout == b"end\n"

    @pytest.mark.parametrize("value", ["plain", *STRANGE, "", "x" * 100_000])
    def test_the_environment_is_given(self, transport: Transport, value: str) -> None:
        result = run(
            transport, 'printf %s "$MINE"; env | grep -c "^_OTHER1=2$"', environment={"MINE": value, "_OTHER1": "2"}
        )
        assert result.stdout == value.encode() + b"1\n"
        assert run(transport, "echo ${MINE-none}").out == "none"

    def test_what_the_host_gives_stays_in_the_environment(self, transport: Transport) -> None:
        result = run(transport, 'echo "${PATH:+path} ${HOME:+home}"', environment={"MINE": "1"})
        assert result.out == "path home"

    @pytest.mark.parametrize("name", ["1st", "with space", "a-b", "", "x;id", "ü"])
    def test_a_name_that_no_shell_can_export_is_refused(self, transport: Transport, name: str) -> None:
        result = run(transport, "echo ran", environment={name: "x"})
        assert not result.ok
        assert f"{name!r} is not a name that a shell can export" in result.err
        assert result.stdout == b""

    def test_a_nul_byte_is_refused_with_a_reason(self, transport: Transport) -> None:
        for result in (
            run(transport, "echo a\0b"),
            run(transport, "echo ran", environment={"A": "\0"}),
            run(transport, "echo ran", chdir="/tmp/\0"),
        ):
            assert not result.ok
            assert "NUL byte" in result.err
            assert result.stdout == b""

    @pytest.mark.parametrize("name", ["plain", 'it\'s a "folder"', "-", "-P", "żółw 🐢", "$HOME", "two\nlines", "~"])
    def test_the_folder_is_entered(self, transport: Transport, folder: Path, name: str) -> None:
        there = folder / name
        there.mkdir()
        assert run(transport, "pwd -P; printf .", chdir=str(there)).stdout == os.fsencode(there) + b"\n."
        assert run(transport, "pwd").out != str(there)

    @pytest.mark.parametrize("name", ["missing", "it's missing", "a file"])
    def test_a_folder_that_is_not_there_is_said(self, transport: Transport, folder: Path, name: str) -> None:
        (folder / "a file").touch()
        result = run(transport, "echo ran", chdir=str(folder / name))
        assert (result.exit_code, result.stdout) == (126, b"")
        assert result.err == f"chdir: there is no folder {folder / name}"

    def test_cdpath_leads_nowhere(self, transport: Transport, folder: Path) -> None:
        (folder / "tmp").mkdir()
        assert run(transport, "pwd", chdir="/tmp", environment={"CDPATH": str(folder)}).stdout == b"/tmp\n"

    @pytest.mark.parametrize("asking", ["echo $$", "echo ${$}", "sh -c 'echo $PPID'; echo $$ >/dev/null"])
    def test_every_command_is_a_process_of_its_own(self, transport: Transport, asking: str) -> None:
        first, second = (transport.run(Command(asking)).out for _ in range(2))

        assert first.strip().isdigit()
        assert first != second

    @pytest.mark.parametrize(
        "script", ["echo ${x-unset} $#", "x=1; y=2; cd /; echo ${x}", "exec echo ${b-unset}${p-unset}"]
    )
    def test_a_short_command_begins_with_nothing(self, transport: Transport, script: str) -> None:
        transport.run(Command("x=left; cd /tmp; set -- a b"))

        assert transport.run(Command(script)).out in ("unset 0", "1", "unsetunset")
