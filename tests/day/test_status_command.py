"""`infra status` as people run it: a project, a state, stand-ins for the clouds' programs."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.helpers.live import instance, stand_in
from tests.helpers.process import environment, is_running
from tests.helpers.projects import deploy, infra, make, stack
from tests.helpers.tools import require

THERE = {
    "zone": "us-central1-b",
    "machine_type": "e2-standard-8",
    "external_ip": "203.0.113.20",
    "usd_per_hour": 0.2867,
}


@attrs.frozen
class Setup:
    """A project, and a folder of programs that is first on PATH."""

    folder: Path
    programs: Path

    @property
    def variables(self) -> dict[str, str]:
        return {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "TZ": "UTC",
            "CHECKPOINT_DISABLE": "1",
            "COLUMNS": "200",
        }

    def status(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return infra(self.folder, "status", *arguments, env=self.variables)

    def data(self, *arguments: str) -> dict[str, Any]:
        done = self.status("--json", *arguments)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """A project that was deployed, with galena on; gcloud tells the same."""
    require("terraform")
    folder = make(tmp_path / "project", scheelite=False)
    stack(folder)
    deploy(folder, {"galena": THERE})
    programs = tmp_path / "programs"
    listed = instance("galena", zone="us-central1-b", machine_type="e2-standard-8")
    stand_in(programs, "gcloud", [listed])
    return Setup(folder, programs)


def test_all_three_are_side_by_side(setup: Setup) -> None:
    done = setup.status()
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line}
    assert rows["galena"][1:6] == ["on", "on", "on", "us-central1-b", "203.0.113.20"]
    assert rows["scheelite"][1:4] == ["off", "off", "off"]
    assert rows["stibnite"][1:4] == ["-", "-", "-"]


def test_a_difference_is_told_and_is_no_failure(setup: Setup) -> None:
    stand_in(setup.programs, "gcloud", [])
    done = setup.status("galena")
    assert done.returncode == 0
    assert "! galena: described on, and deployed, but Compute Engine has no such" in done.stdout
    (galena,) = setup.data("galena")["machines"]
    assert [each["kind"] for each in galena["differences"]] == ["missing"]
    assert (galena["deployed"], galena["live"]) == ("on", "off")


def test_tags_and_names_choose(setup: Setup) -> None:
    stand_in(setup.programs, "gcloud", [instance("cobalt")])
    assert [each["name"] for each in setup.data("--tag", "gpu")["machines"]] == ["scheelite"]
    assert "cobalt" in [each["name"] for each in setup.data()["machines"]]
    done = setup.status("ore")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ore" in done.stderr


def test_live_makes_an_error_of_a_cloud_without_an_answer(setup: Setup) -> None:
    assert setup.status("--live").returncode == 0
    stand_in(setup.programs, "gcloud", printing="", saying="no active account", status=1)
    done = setup.status()
    assert (done.returncode, done.stderr) == (0, "")
    assert "Compute Engine (project example-project) could not be asked: gcloud is" in done.stdout
    done = setup.status("--live")
    assert done.returncode == 1
    assert "gcloud auth login" in done.stderr
    assert "galena" in done.stdout
    assert setup.status("--live", "--no-live").returncode == 2


def test_no_live_asks_no_cloud(setup: Setup) -> None:
    data = setup.data("--no-live")
    assert data["clouds"] == []
    assert not (setup.programs / "gcloud.asked").exists()
    assert [each["deployed"] for each in data["machines"]][1] == "on"


def test_a_stack_that_is_not_there_is_bad_input(setup: Setup) -> None:
    done = setup.status("--stack", "ore")
    assert done.returncode == 2
    assert "--stack ore: no such stack; stacks are: gcp" in done.stderr
    assert setup.status("--stack", "gcp").returncode == 0


def test_what_is_run_is_told_to_whoever_asks(setup: Setup) -> None:
    assert "+ gcloud compute instances list" in setup.status("-v").stderr


@pytest.mark.parametrize("seconds", ["0", "0.5", "-1", "nan", "inf", "galena"])
def test_watching_takes_a_second_or_more(setup: Setup, seconds: str) -> None:
    done = setup.status(f"--watch={seconds}")
    assert done.returncode == 2
    assert "1 or more" in done.stderr


@contextmanager
def started(setup: Setup, *arguments: str, **streams: Any) -> Iterator[subprocess.Popen[str]]:
    """Run `infra status` meanwhile, in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "infra_lib", "status", *arguments],
        cwd=setup.folder,
        env={**environment(), **setup.variables},
        text=True,
        process_group=0,
        **streams,
    )
    with process:  # closes the pipes
        try:
            yield process
        finally:
            process.kill()


def test_watched_json_is_a_document_in_each_line_until_it_is_interrupted(setup: Setup) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(setup, "--json", "--watch", "1", **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        second = json.loads(process.stdout.readline())
        assert first["at"] < second["at"]
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == ""


def test_an_interrupt_ends_what_is_asked_too(setup: Setup, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    stand_in(setup.programs, "gcloud", [], before=f"echo $$ > '{pid}'; sleep 60")
    with started(setup, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        _wait_for(lambda: pid.exists() and bool(pid.read_text()))
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == ""
    _wait_for(lambda: not is_running(int(pid.read_text())))


def test_watching_ends_when_nobody_reads_any_more(setup: Setup) -> None:
    with started(setup, "--json", "--watch=1", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 0


def test_watching_where_nothing_is_read_goes_on(setup: Setup) -> None:
    with started(setup, "--watch=1", stdout=subprocess.DEVNULL) as process:
        asked = setup.programs / "gcloud.asked"
        _wait_for(lambda: asked.exists() and asked.read_text().count("\n") > 2)
        assert process.poll() is None


def test_on_a_terminal_it_is_drawn_in_the_same_place(setup: Setup) -> None:
    ours, its = pty.openpty()
    with started(setup, "--watch=1", stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        seen = b""
        while seen.count(b"\x1b[H") < 2 or not seen.endswith(b"\x1b[J"):
            seen += os.read(ours, 65536)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 130
    os.close(ours)
    frames = seen.decode().split("\x1b[H")[1:]
    assert all("galena" in frame and frame.endswith("\x1b[J") for frame in frames)
    assert "\x1b[32mon\x1b[0m" in frames[0]
    assert "\x1b[K\r\n" in frames[0]


def test_without_a_terminal_one_is_printed_after_another(setup: Setup) -> None:
    with started(setup, "--watch=1", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while sum(line.startswith("fleet metals") for line in lines) < 2:
            lines.append(process.stdout.readline())
    assert "\x1b" not in "".join(lines)
    assert lines[lines.index(lines[-1]) - 1] == "\n"


def _wait_for(condition: Any) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("it did not come to that in 20 s")
