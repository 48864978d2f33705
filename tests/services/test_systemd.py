"""What systemd's answers mean, and what it is asked. The same against a real systemd: tests/integration."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.services import systemd
from runbook.services.base import Service, ServiceError
from runbook.services.process_table import Process
from runbook.services.systemd import Clock
from runbook.testing import ScriptedHost

CLOCK = Clock(1_700_000_100.0, 1000.0)
MAIN = Process(80, 1, 80, 80, "bot", 1_700_000_090.5, "uvicorn app.main:app", "9050")
RUNNING = {
    "Id": "bot.service",
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "Result": "success",
    "Type": "simple",
    "MainPID": "80",
    "InvocationID": "abc",
    "NRestarts": "0",
    "ExecMainStatus": "0",
    "ExecMainStartTimestampMonotonic": "990500000",
    "ActiveEnterTimestampMonotonic": "990600000",
    "ConsistsOf": "",
}
DEAD = {**RUNNING, "ActiveState": "inactive", "SubState": "dead", "MainPID": "0"}


def answer(*units: dict[str, str]) -> str:
    """What the host prints for `_show`."""
    blocks = ("\n".join(f"{key}={value}" for key, value in unit.items()) for unit in units)
    return "1700000100.0\n1000.0\n" + "\n\n".join(blocks) + "\n"


@pytest.mark.parametrize(
    ("changes", "running", "phase", "detail"),
    [
        ({}, True, "", "active (running)"),
        ({"NRestarts": "3"}, True, "", "active (running), restarted by systemd 3 times"),
        ({"ActiveState": "reloading", "SubState": "reload"}, True, "", "reloading (reload)"),
        ({"ActiveState": "inactive", "SubState": "dead", "MainPID": "0"}, False, "", "inactive (dead)"),
        ({"ActiveState": "activating", "SubState": "start"}, False, "starting", "activating (start)"),
        ({"ActiveState": "deactivating", "SubState": "stop-sigterm"}, False, "starting", "deactivating (stop-sigterm)"),
        (
            {"ActiveState": "activating", "SubState": "auto-restart", "Result": "exit-code", "ExecMainStatus": "3"},
            False,
            "retrying",
            "activating (auto-restart), result exit-code, exit status 3",
        ),
        (
            {"ActiveState": "failed", "SubState": "failed", "Result": "exit-code", "ExecMainStatus": "203"},
            False,
            "",
            "failed (failed), result exit-code, exit status 203",
        ),
        (
            {"Type": "oneshot", "SubState": "exited", "MainPID": "0"},
            False,
            "finished",
            "active (exited), a oneshot unit has no process of its own",
        ),
        (
            {"LoadState": "masked", "LoadError": '"Unit bot.service is masked."', "ActiveState": "inactive"},
            False,
            "",
            "masked: Unit bot.service is masked.",
        ),
    ],
)
def test_properties_mean_a_state(changes: dict[str, str], running: bool, phase: str, detail: str) -> None:
    state = systemd.judge({**RUNNING, **changes}, CLOCK, MAIN if running else None)
    assert (state.running, state.phase, state.detail) == (running, phase, detail)
    assert (state.pid, state.started) == ((80, 1_700_000_090.5) if running else (None, None))
    assert bool(state.identity) is running


def test_without_proc_its_own_clock_serves() -> None:
    state = systemd.judge(RUNNING, CLOCK, None)
    assert (state.started, state.uptime) == (1_700_000_090.5, 9.5)
    later = systemd.judge({**RUNNING, "ExecMainStartTimestampMonotonic": "995000000"}, CLOCK, None)
    assert later.identity != state.identity


def test_a_unit_without_a_main_process_is_as_old_as_its_activation() -> None:
    socket = {**RUNNING, "Id": "bot.socket", "SubState": "listening", "MainPID": "0"}
    state = systemd.judge(socket, CLOCK, None)
    assert (state.running, state.pid, state.started) == (True, None, 1_700_000_090.6)
    again = systemd.judge({**socket, "InvocationID": "def"}, CLOCK, None)
    assert again.identity != state.identity


@pytest.mark.parametrize(
    ("name", "unit"),
    [("bot", "bot.service"), ("bot.timer", "bot.timer"), ("app@1", "app@1.service"), ("bot.v2", "bot.v2.service")],
)
def test_a_name_becomes_a_unit(name: str, unit: str) -> None:
    assert systemd.unit_name(name) == unit


@pytest.mark.parametrize(
    ("action", "options", "commands"),
    [
        ("restart", {}, ["systemctl --no-ask-password restart -- 'it'\"'\"'s.service'"]),
        (
            "reload",
            {"daemon_reload": True},
            [
                "systemctl --no-ask-password daemon-reload || exit",
                "systemctl --no-ask-password reload -- 'it'\"'\"'s.service'",
            ],
        ),
        (
            "start",
            {"scope": "user"},
            [
                'XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"; export XDG_RUNTIME_DIR',
                "systemctl --user --no-ask-password start -- 'it'\"'\"'s.service'",
            ],
        ),
    ],
)
def test_an_action_is_a_call_of_systemctl(action: str, options: dict[str, Any], commands: list[str]) -> None:
    host = ScriptedHost({"systemctl": ""})
    systemd.act(Service("it's", options), action, host.shell)
    assert host.scripts == ["\n".join(commands)]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Failed to start bot.service: Access denied", "`become: true` is needed"),
        ("Interactive authentication required.", "`become: true` is needed"),
        (
            "Job for bot.service failed.",
            "systemctl start bot.service failed (exit code 1): Job for bot.service failed.",
        ),
    ],
)
def test_a_refusal_says_why(said: str, sentence: str) -> None:
    with pytest.raises(ServiceError) as caught:
        systemd.act(Service("bot"), "start", ScriptedHost({"systemctl": (1, said)}).shell)
    assert sentence in str(caught.value)


def test_an_unknown_unit_is_told_with_the_nearest() -> None:
    lists = "bot-generic.service enabled enabled\nssh.service loaded active running\ngetty@.service enabled\n"
    gone = {**DEAD, "LoadState": "not-found"}
    host = ScriptedHost({"list-unit-files": lists, "show": answer(gone)})
    with pytest.raises(ServiceError, match=r"no unit bot-generik\.service; did you mean bot-generic\?"):
        systemd.state(Service("bot-generik"), host.shell)
    assert not systemd.detect(Service("bot-generik"), ScriptedHost({"LoadState": "LoadState=not-found\n"}).shell)


def test_a_unit_that_stands_for_others_is_judged_by_them() -> None:
    umbrella = {**DEAD, "Id": "postgresql.service", "Type": "oneshot", "ActiveState": "active", "SubState": "exited"}
    umbrella["ConsistsOf"] = "postgresql@15-main.service postgresql@15-old.service"
    first = {**RUNNING, "Id": "postgresql@15-main.service", "MainPID": "0"}
    second = {**DEAD, "Id": "postgresql@15-old.service"}
    members = "postgresql@15-main.service postgresql@15-old.service"
    host = ScriptedHost({members: answer(first, second), "systemctl": answer(umbrella)})
    state = systemd.state(Service("postgresql"), host.shell)
    assert (state.running, state.started) == (False, 1_700_000_090.6)
    assert state.detail == "postgresql@15-main.service active (running); postgresql@15-old.service inactive (dead)"
    again = ScriptedHost({members: answer(first, first), "systemctl": answer(umbrella)})
    assert systemd.state(Service("postgresql"), again.shell).running


def test_several_answers_are_taken_apart() -> None:
    units, clock = systemd.parse_show(answer(RUNNING, DEAD))
    assert units == [RUNNING, DEAD]
    assert clock == CLOCK
    assert systemd.parse_show("soon.%N\n\n" + answer(RUNNING).split("\n", 2)[2])[1] == Clock()


def test_where_systemd_does_not_run_it_says_so() -> None:
    host = ScriptedHost({"systemctl": (1, "System has not been booted with systemd as init system (PID 1).")})
    with pytest.raises(ServiceError, match="is systemd running there"):
        systemd.state(Service("bot"), host.shell)
    assert not systemd.detect(Service("bot"), host.shell)


def test_the_journal_is_asked_in_the_same_scope() -> None:
    host = ScriptedHost({"journalctl": "a\n"})
    assert systemd.logs(Service("bot", {"scope": "user"}), 50, host.shell) == "a"
    assert host.scripts[0].endswith("journalctl --user -u bot.service -n 50 --no-pager -o short-iso --quiet")
