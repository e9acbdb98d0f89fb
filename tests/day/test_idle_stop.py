"""The script that turns a machine off, minute by minute, between stand-ins of what it asks."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_lib import IdleStop
from tests.helpers.idle_machine import KEEP_ALIVE, SCRIPT, IdleMachine
from tests.helpers.tools import require

# Short times: each minute is a run of the script.
SHORT = IdleStop(6, session_minutes=12, stalled_minutes=18, grace_minutes=2, boot_minutes=5)

Boot = Callable[..., IdleMachine]


@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    def boot(idle_stop: IdleStop = SHORT, *, gpus: bool = True) -> IdleMachine:
        return IdleMachine(tmp_path, idle_stop, gpus=gpus)

    return boot


def looked_at(machine: IdleMachine) -> IdleMachine:
    """The machine after the first look, from which on the time counts."""
    assert not machine.look()
    return machine


@pytest.mark.parametrize("script", [SCRIPT, KEEP_ALIVE])
def test_shellcheck_has_nothing_to_say(script: Path) -> None:
    done = subprocess.run(
        [require("shellcheck"), script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("gpus", [True, False])
def test_a_machine_that_nobody_uses_warns_and_turns_itself_off(boot: Boot, gpus: bool) -> None:
    machine = looked_at(boot(gpus=gpus))
    for _ in range(3):
        assert not machine.look()
        assert machine.heard == []
    assert not machine.look()
    (warning,) = machine.heard
    assert "turns itself off in about 2 min" in warning
    assert "infra-keep-alive 4h" in warning
    assert not machine.look()
    assert machine.look()
    assert (machine.root / "done").read_text() == "poweroff\n"
    assert len(machine.heard) == 1
    # To the journal goes what changes, not every minute.
    kinds = [line.split(";")[0].split(":")[0] for line in machine.log]
    assert kinds == [
        "In use",
        "Not in use for 1 min",
        "Not in use for 4 min",
        "<4>This machine is not in use, and turns itself off in about 2 min. Press a key in a "
        "terminal to keep it on for now, or run",
        "Not in use for 6 min",
    ]


def in_use(what: str, machine: IdleMachine) -> None:
    match what:
        case "GPU":
            machine.says(utilisation="0\n6")
        case "load":
            machine.load("0.51")
        case "typing":
            machine.type()
        case "serial console":
            machine.type("ttyS0")
        case "shutdown lock":
            machine.says(locks="sleep:shutdown")
        case "idle lock":
            machine.says(locks="idle")
        case "lease":
            assert machine.keep_alive("90m").returncode == 0
        case "MIG":
            machine.says(utilisation="[N/A]\n0", processes="4242")
        case other:
            pytest.fail(other)


def at_rest(machine: IdleMachine) -> None:
    machine.says(utilisation="0\n5", processes="", locks="sleep:handle-lid-switch", sessions="")
    machine.load("0.50")
    for lease in (machine.root / "leases").iterdir():
        lease.unlink()


USES = [
    *("GPU", "load", "typing", "serial console", "shutdown lock", "idle lock", "lease", "MIG"),
]


@pytest.mark.parametrize("what", USES)
def test_a_use_at_any_minute_starts_the_time_anew(boot: Boot, what: str) -> None:
    """Also one in the last minute, after the warning, of which whoever is there hears again."""
    machine = looked_at(boot())
    at_rest(machine)
    for _ in range(5):
        assert not machine.look()
    assert len(machine.heard) == 1
    in_use(what, machine)
    assert not machine.look()
    at_rest(machine)
    assert machine.off_after(10) == 6
    assert len(machine.heard) == 2


@pytest.mark.parametrize("comes", ["touch dev/pts/7", "echo '7 1000 ann' > said/sessions"])
def test_whoever_comes_while_gpus_are_asked_is_seen_before_the_end(boot: Boot, comes: str) -> None:
    """An nvidia-smi may take 40 seconds of the last minute."""
    machine = looked_at(boot())
    assert machine.off_after(5) is None
    machine.says(session_7="Class=user\nState=active")
    program = machine.root / "bin/nvidia-smi"
    program.write_text(
        program.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\n(cd {machine.root}; {comes})\n")
    )
    assert not machine.look()


@pytest.mark.parametrize("processes", ["[Not Supported]", "[N/A]", "4242\n[Unknown Error]"])
def test_processes_that_nobody_can_count_keep_it_on_for_longer_and_not_for_ever(
    boot: Boot, processes: str
) -> None:
    machine = looked_at(boot())
    machine.says(processes=processes)
    assert machine.off_after(20) == SHORT.stalled_minutes


def test_processes_that_nobody_can_count_are_no_use_of_a_gpu_in_parts(boot: Boot) -> None:
    machine = looked_at(boot())
    machine.says(utilisation="[N/A]", processes="[Not Supported]")
    assert machine.off_after(20) == SHORT.stalled_minutes


@pytest.mark.parametrize("what", [use for use in USES if use not in {"typing", "serial console"}])
def test_a_use_that_lasts_keeps_it_on(boot: Boot, what: str) -> None:
    machine = boot()
    in_use(what, machine)
    assert machine.off_after(40, step=4) is None
    assert machine.heard == []


def test_typing_now_and_then_keeps_it_on(boot: Boot) -> None:
    machine = boot()
    for _ in range(8):
        machine.type("pts/3")
        assert machine.off_after(3) is None
    assert machine.heard == []


@pytest.mark.parametrize("what", ["user", "user-early", "user-light"])
def test_a_session_keeps_it_on_for_longer_and_not_for_ever(boot: Boot, what: str) -> None:
    """A dead connection and a forgotten window are sessions too."""
    machine = looked_at(boot())
    machine.log_in("c3", what=what)
    assert machine.off_after(20) == 12
    assert len(machine.heard) == 1


@pytest.mark.parametrize(
    ("what", "state"),
    [
        ("manager", "active"),
        ("background", "online"),
        ("greeter", "active"),
        ("user", "closing"),
    ],
)
def test_what_is_no_person_is_no_session(boot: Boot, what: str, state: str) -> None:
    """Of a closing one, processes are left over: a tmux that nobody is attached to."""
    machine = looked_at(boot())
    machine.log_in("7", what=what, state=state)
    assert machine.off_after(20) == 6


def test_who_looks_in_for_a_moment_does_not_put_it_off(boot: Boot) -> None:
    """Whatever asks it over SSH every few minutes has a session, and no terminal."""
    machine = looked_at(boot())
    for minute in range(1, 6):
        if minute in {2, 5}:
            machine.log_in(f"{minute}")
        assert not machine.look()
        machine.says(sessions="")
    assert machine.look()


def test_a_session_that_ended_meanwhile_is_none(boot: Boot) -> None:
    machine = looked_at(boot())
    machine.says(sessions="   31 0 root - -")
    assert machine.off_after(20) == 6


@pytest.mark.parametrize("limit", [None, 0, 3])
def test_how_long_a_session_counts_is_said(boot: Boot, limit: int | None) -> None:
    """None for as long as it is there, and little for not at all."""
    machine = looked_at(boot(IdleStop(6, grace_minutes=2, session_minutes=limit)))
    machine.log_in("1")
    if limit is not None:
        assert machine.off_after(24) == 6
        return
    assert machine.off_after(60, step=4) is None
    machine.says(sessions="")
    assert machine.off_after(6) == 3


def test_a_job_that_only_looks_busy_keeps_it_on_for_longer_and_not_for_ever(boot: Boot) -> None:
    machine = looked_at(boot())
    machine.says(processes="4242\n4243")
    assert machine.off_after(30) == 18
    assert len(machine.heard) == 1


def test_a_job_that_works_now_and_then_is_none_that_hangs(boot: Boot) -> None:
    machine = boot()
    machine.says(processes="4242")
    for _ in range(4):
        machine.says(utilisation="97")
        assert not machine.look()
        machine.says(utilisation="0")
        assert machine.off_after(15, step=3) is None


def test_a_job_that_ends_leaves_the_usual_time_or_the_grace(boot: Boot) -> None:
    machine = looked_at(boot())
    machine.says(processes="4242")
    assert machine.off_after(10) is None
    assert machine.heard == []
    machine.says(processes="")
    assert machine.off_after(10) == 3  # it is warned at the next look
    assert len(machine.heard) == 1


def test_a_warning_that_is_long_past_is_none(boot: Boot) -> None:
    """A job began after it, without work, and 15 minutes later the time is up again."""
    machine = looked_at(boot(IdleStop(6, grace_minutes=2, stalled_minutes=30)))
    assert machine.off_after(4) is None
    assert len(machine.heard) == 1
    machine.says(processes="4242")
    assert machine.off_after(40) == 26
    assert len(machine.heard) == 2


BROKEN = [
    {"utilisation": "fail"},
    {"utilisation": ""},
    {"utilisation": "0\n[Unknown Error]"},
    {"utilisation": "[GPU is lost]"},
    {"utilisation": "9999"},
    {"utilisation": "$(touch /tmp/x)"},
    {"utilisation": "-1"},
    {"processes": "fail"},
]


@pytest.mark.parametrize("answers", BROKEN)
def test_a_driver_that_broke_is_waited_for_and_not_for_ever(
    boot: Boot, answers: dict[str, str]
) -> None:
    machine = looked_at(boot())
    machine.says(**answers)
    assert machine.off_after(30, step=2) == 18


def test_without_a_limit_for_stalled_jobs_a_broken_driver_has_a_day(boot: Boot) -> None:
    machine = boot(IdleStop(6, grace_minutes=2, stalled_minutes=None))
    machine.uptime = 3 * 24 * 3600
    looked_at(machine)
    machine.says(processes="4242")
    assert machine.off_after(60, step=4) is None
    (machine.root / "run/since").write_text(f"{machine.uptime - 24 * 3600}\n")
    assert machine.off_after(8, step=4) is None
    machine.says(utilisation="fail")
    assert machine.off_after(20) == 3


def test_an_nvidia_smi_that_hangs_is_left_alone(boot: Boot) -> None:
    """One that no signal ends would otherwise be joined by another each minute."""
    machine = looked_at(boot())
    machine.says(utilisation="hang")
    assert not machine.look()
    pid = (machine.root / "run/hanging").read_text().strip()
    comm = machine.root / "proc" / pid / "comm"
    comm.parent.mkdir()
    comm.write_text("nvidia-smi\n")
    machine.says(utilisation="100")  # nobody asks
    machine.load("1.04")  # it counts as load, and is none
    assert not machine.look()
    assert machine.off_after(30, step=2) == 16
    assert (machine.root / "run/hanging").read_text().strip() == pid


def test_another_process_with_the_number_of_one_that_hung_is_not_it(boot: Boot) -> None:
    machine = looked_at(boot())
    for name in ("nvidia-smi-2\n", "nvidia smi\n", "$(reboot)\n", "\n", ""):
        comm = machine.root / "proc/4242/comm"
        comm.parent.mkdir(exist_ok=True)
        comm.write_text(name)
        (machine.root / "run/hanging").write_text("4242\n")
        machine.says(utilisation="80")
        assert not machine.look()
        assert (machine.root / "run/said").read_text() == "In use: a GPU is at 80 %.\n"


@pytest.mark.parametrize("what", ["sessions", "locks"])
@pytest.mark.parametrize("how", ["fail"])
def test_a_logind_that_does_not_answer_counts_as_somebody_who_is_logged_in(
    boot: Boot, what: str, how: str
) -> None:
    machine = looked_at(boot())
    machine.says(**{what: how})
    assert machine.off_after(20) == 12


def test_just_after_the_boot_it_stays_on(boot: Boot) -> None:
    machine = boot()
    machine.uptime = 0
    off = machine.off_after(30)
    assert off == SHORT.boot_minutes - 1 + SHORT.minutes


def test_the_first_look_at_a_machine_that_runs_for_long_turns_nothing_off(boot: Boot) -> None:
    machine = boot()
    machine.uptime = 90 * 24 * 3600
    assert machine.off_after(10) == 7


def test_what_nobody_saw_is_not_taken_for_idle(boot: Boot) -> None:
    """The machine was suspended, or its timer stood still."""
    machine = looked_at(boot())
    assert machine.off_after(5) is None
    assert not machine.look(60)
    assert machine.off_after(10) == 6


@pytest.mark.parametrize("name", ["since", "last", "warned", "kind", "terminals", "hanging"])
@pytest.mark.parametrize("text", ["", "\n", "x", "-5", "99999999999", "1e3", "a[$(touch /)]\n"])
def test_a_state_that_makes_no_sense_turns_nothing_off_at_once(
    boot: Boot, name: str, text: str
) -> None:
    machine = looked_at(boot())
    assert not machine.look()
    (machine.root / "run" / name).write_text(text)
    assert not machine.look()
    assert machine.off_after(12) is not None


def test_a_change_of_the_clock_changes_nothing(boot: Boot) -> None:
    """What it writes down are seconds since the boot."""
    machine = looked_at(boot())
    assert not machine.look()
    for path in (machine.root / "run").iterdir():
        os.utime(path, (0, 0))
    assert (machine.root / "run/last").read_text() == f"{machine.uptime}\n"
    assert (machine.root / "run/since").read_text() == f"{machine.uptime - 60}\n"


def test_a_poweroff_that_fails_is_tried_again(boot: Boot) -> None:
    machine = looked_at(boot())
    assert machine.off_after(5) is None
    machine.says(systemctl="fail")
    assert machine.look()
    assert machine.log[-1].startswith("<3>The machine could not turn itself off")
    (machine.root / "done").unlink()
    machine.says(systemctl="")
    assert machine.look()


HOSTILE = (
    "  12 1000 $(poweroff) - pts/0\n`poweroff` ; poweroff\n../../x 0 a\n* 0 *\n\x1b[2J 1 b\n-p 1 c"
)


def test_names_that_users_choose_are_never_told_nor_run(boot: Boot) -> None:
    machine = looked_at(boot())
    (machine.root / "bin/poweroff").write_text(f"#!/bin/sh\ntouch {machine.root}/done\n")
    (machine.root / "bin/poweroff").chmod(0o755)
    machine.says(sessions=HOSTILE, session_12="Class=user\nState=$(poweroff)\nName=poweroff")
    machine.says(processes="42, $(poweroff), `poweroff`", locks="$(poweroff):*")
    machine.type("pts/0;poweroff")
    machine.type("tty1 $(poweroff)")
    assert machine.off_after(17) is None
    for told in (*machine.log, *machine.heard, (machine.root / "run/said").read_text()):
        assert "poweroff" not in told
        assert told.isascii()
        assert told.replace("\n", "").isprintable()


# --- infra-keep-alive


@pytest.mark.parametrize(
    ("given", "minutes"), [((), 240), (("90m",), 90), (("4h",), 240), (("3d",), 4320)]
)
def test_whoever_wants_to_stay_says_for_how_long(
    boot: Boot, given: tuple[str, ...], minutes: int
) -> None:
    machine = looked_at(boot())
    done = machine.keep_alive(*given)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"This machine stays on for {minutes} min.\n"
    machine.uptime += (minutes - 2) * 60
    assert not machine.look()
    assert "infra-keep-alive keeps it on for 1 min" in (machine.root / "run/said").read_text()
    assert machine.off_after(10) == 6


def test_two_that_ask_at_the_same_time_do_not_take_each_others_lease(boot: Boot) -> None:
    """Each takes away the user's earlier leases: here another does, just when this one does."""
    machine = looked_at(boot())
    other, real, leases = machine.root / "bin/find", require("find"), machine.root / "leases"
    other.write_text(
        f'#!/bin/sh\n[ ! -e {leases}.taken ] || exec {real} "$@"\n'
        f"touch {leases}.taken; exec {real} {leases} -type f -delete\n"
    )
    other.chmod(0o755)
    assert machine.keep_alive("1h").returncode == 0
    assert (machine.root / "leases.taken").exists()
    assert "keeps it on for 60 min" in machine.keep_alive("status").stdout
    assert machine.off_after(40, step=4) is None


def test_a_lease_that_is_given_up_is_none(boot: Boot) -> None:
    machine = looked_at(boot())
    assert machine.keep_alive("1h").returncode == 0
    assert machine.keep_alive("2h").returncode == 0
    assert len(list((machine.root / "leases").iterdir())) == 1
    assert not machine.look()
    status = machine.keep_alive("status").stdout.splitlines()
    assert status[0].endswith("keeps it on for 119 min.")
    assert status[1] == "In use: infra-keep-alive keeps it on for 119 min."
    assert machine.keep_alive("off").returncode == 0
    assert machine.off_after(10) == 6


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            "0h",
            "-1h",
            "4",
            "4H",
            "73h",
            "99999d",
            "4d",
            "1h30m",
            "0x10m",
            "$(reboot)",
            "--off",
        ),
        *("1h 2h", "٣h"),
    ],
)
def test_what_is_no_duration_is_refused(boot: Boot, given: str) -> None:
    machine = boot()
    done = machine.keep_alive(given)
    assert done.returncode == (2 if given else 0)
    if given:
        assert done.stdout == ""
        assert "3d" in done.stderr
        assert not list((machine.root / "leases").iterdir())


def test_more_than_one_duration_is_refused(boot: Boot) -> None:
    assert boot().keep_alive("1h", "2h").returncode == 2


def test_help_is_to_be_had_anywhere(boot: Boot) -> None:
    machine = boot()
    (machine.root / "leases").rmdir()
    assert machine.keep_alive("--help").stdout.startswith("usage: infra-keep-alive")
    done = machine.keep_alive("1h")
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not turn itself off" in done.stderr


@pytest.mark.parametrize("kind", ["plain", "for ever", "link", "folder", "FIFO", "named otherwise"])
def test_no_file_that_somebody_puts_there_keeps_it_on_for_ever(boot: Boot, kind: str) -> None:
    """The folder is everybody's."""
    machine = looked_at(boot())
    path = machine.root / "leases" / ("x" if kind == "named otherwise" else "1000.x")
    soon = machine.uptime + 3600
    match kind:
        case "plain":
            path.touch()  # today, in seconds since 1970
        case "for ever":
            path.touch()
            os.utime(path, (soon, machine.uptime + 4 * 24 * 3600))
        case "link":
            target = machine.root / "target"
            target.touch()
            os.utime(target, (soon, soon))
            path.symlink_to(target)
            os.utime(path, (soon, soon), follow_symlinks=False)
        case "folder":
            path.mkdir()
            os.utime(path, (soon, soon))
        case "FIFO":
            os.mkfifo(path)
            os.utime(path, (soon, soon))
        case _:
            path.touch()
            os.utime(path, (soon, soon))
    assert machine.off_after(10) == 6


# --- any day

EVENTS = st.sampled_from(
    ["", "", "", *USES, "session", "process", "broken", "gap", "clock", "hostile", "log out"]
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(days=st.lists(EVENTS, max_size=14))
def test_whatever_happens_it_goes_off_in_time_and_never_too_early(
    days: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    idle_stop = IdleStop(3, session_minutes=5, stalled_minutes=6, grace_minutes=1)
    machine = looked_at(IdleMachine(tmp_path_factory.mktemp("day"), idle_stop))
    used = machine.uptime
    for event in days:
        at_rest(machine)
        least = idle_stop.minutes
        gap = 1.0
        match event:
            case "session":
                machine.log_in("9")
                least = 5
            case "process" | "broken":
                machine.says(processes="1" if event == "process" else "fail")
                least = 6
            case "gap":
                gap = 7
            case "clock":
                for path in (machine.root / "run").iterdir():
                    os.utime(path, (0, 0))
            case "hostile":
                machine.says(sessions=HOSTILE.replace("12", "99"))
            case "log out":
                (machine.root / "dev/pts/0").unlink(missing_ok=True)
            case "":
                pass
            case use:
                in_use(use, machine)
        terminals = len(list((machine.root / "dev/pts").iterdir()))
        machine.look(gap)
        in_use_now = event in USES or event == "gap" or (event == "log out" and terminals == 0)
        if machine.is_off:
            assert machine.uptime - used >= least * 60
            assert not in_use_now or event == "log out"
            assert machine.heard
            return
        if in_use_now and event != "log out":
            used = machine.uptime
    at_rest(machine)
    assert machine.off_after(idle_stop.minutes + 1) is not None
