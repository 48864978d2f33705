"""Whatever the bytes are: what goes in by standard input comes back, and what is printed is what arrives."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.testing.processes import run
from runbook.transports.shell.frames import STREAMS, Frames, Reply
from runbook.transports.ssh.settings.target import quoted, split_option
from runbook.transports.ssh.transport import SshTransport
from tests.lab.sshd import Sshd
from tests.transports.ways import ssh, variables

BOUNDED = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def one(sshd: Sshd) -> Iterator[SshTransport]:
    """One connection for all examples."""
    with closing(ssh(variables(sshd))) as made:
        yield made


PIECES = st.binary(max_size=200) | st.sampled_from([b"\0", b"'", b"\\", b"\\0101", b"%s", b"\n", b"\r", b"EOF\n"])
BYTES = st.lists(PIECES, max_size=12).map(b"".join)


@given(data=BYTES)
@BOUNDED
def test_any_input_comes_back(one: SshTransport, data: bytes) -> None:
    assert run(one, "cat; cat >&2", stdin=data).stdout == data


@given(length=st.integers(min_value=32_000, max_value=70_000), piece=st.binary(min_size=1, max_size=50))
@settings(max_examples=10, deadline=None)
def test_large_input_comes_back_too(one: SshTransport, length: int, piece: bytes) -> None:
    data = (piece * (length // len(piece) + 1))[:length]
    assert run(one, "cat", stdin=data).stdout == data


TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=80)


@given(text=TEXTS, value=TEXTS, code=st.integers(0, 255))
@BOUNDED
def test_any_text_is_a_word_and_a_value(one: SshTransport, text: str, value: str, code: int) -> None:
    script = f'printf %s {shlex.quote(text)}; printf %s "$VALUE" >&2; exit {code}'
    result = run(one, script, environment={"VALUE": value})
    assert (result.stdout, result.stderr, result.exit_code) == (text.encode(), value.encode(), code)


BOUNDARY = b"ab0ab1ab0"
"""Begins as it goes on: pieces of it stand everywhere in what the steps print."""
PRINTED = st.lists(st.sampled_from([b"a", b"ab", b"ab0", b"ab0ab1ab", b"0", b"\n", b"x"]), max_size=8).map(b"".join)


@given(printed=st.lists(st.tuples(PRINTED, PRINTED), min_size=1, max_size=4), size=st.integers(1, 30))
@settings(deadline=None)
def test_frames_are_found_wherever_the_bytes_are_cut(printed: list[tuple[bytes, bytes]], size: int) -> None:
    frames = Frames(BOUNDARY)
    replies = [Reply(10_000) for _ in printed]
    for reply in replies:
        frames.expect(reply)
    for at, name in enumerate(STREAMS):
        # A step's own bytes never hold the boundary: in life it cannot be guessed.
        whole = b"".join(step[at].replace(BOUNDARY, b"") + BOUNDARY + b" 7 \n" for step in printed)
        if whole.count(BOUNDARY) != len(printed):
            return
        for start in range(0, len(whole), size):
            frames.feed(name, whole[start : start + size])
    for step, reply in zip(printed, replies, strict=True):
        assert reply.done.is_set()
        assert reply.words == (b"7",)
        assert [bytes(reply.kept[name]) for name in STREAMS] == [part.replace(BOUNDARY, b"") for part in step]
    assert not frames.stray


@given(path=TEXTS.filter(lambda text: "\n" not in text))
def test_a_path_is_one_word_of_a_configuration(path: str) -> None:
    assert split_option(f"IdentityFile={quoted(path)}", "here") == ("identityfile", quoted(path))
