"""A long command in front of a person."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra_lib import FleetError
from infra_lib.terraform import process
from infra_lib.terraform.process import run
from tests.helpers.tools import require

RUN = """
import sys
from pathlib import Path
from infra_lib.terraform.process import run
try:
    print("ended", run([sys.executable, "-uc", sys.argv[1]], Path.cwd()))
except KeyboardInterrupt:
    print("interrupted")
"""


def test_lines_of_both_streams_come_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "import os, sys; print(os.getcwd()); print('é', file=sys.stderr); sys.exit(3)"
    assert run([sys.executable, "-Xutf8", "-uc", script], tmp_path) == 3
    assert capsys.readouterr().out == f"{tmp_path}\né\n"


def test_it_cannot_be_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run([sys.executable, "-uc", "print(repr(open(0).read()))"], tmp_path)
    assert capsys.readouterr().out == "''\n"


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="cdktf-of-nobody: cannot be run"):
        run(["cdktf-of-nobody", "deploy"], tmp_path)


def test_a_script_whose_interpreter_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "cdktf"
    script.write_text("#!/usr/bin/env node-of-nobody\n")
    script.chmod(0o755)
    with pytest.raises(FleetError, match=r"cdktf deploy: cannot be run"):
        run([str(script), "deploy"], tmp_path)
    assert "node-of-nobody" in capsys.readouterr().out


def test_a_command_ends_in_good_order_when_nobody_reads_any_more(tmp_path: Path) -> None:
    script = """
import time
from pathlib import Path
for number in range(100):
    print("x" * 5000)
time.sleep(0.1)
Path({ended!r}).touch()
"""
    ended = tmp_path / "ended"
    process = subprocess.Popen(
        [sys.executable, "-uc", RUN, script.format(ended=str(ended))], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 0
    assert ended.exists()


def test_an_interrupted_command_ends_in_good_order() -> None:
    script = """
import signal, sys, time
def end(*_):
    print("unlocking the state")
    sys.exit(1)
signal.signal(signal.SIGINT, end)
print("ready")
while True:  # a pause would miss what comes just before it, and be one for ever
    time.sleep(0.05)
"""
    with subprocess.Popen(
        [sys.executable, "-uc", RUN, script], stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.stdout.read() == "unlocking the state\ninterrupted\n"
    assert process.returncode == 0


IN_A_TERMINAL_OF_ITS_OWN = """
import os, pty, signal, sys, time
from contextlib import suppress
with suppress(OSError):  # a name may look like what comes after it
    open("/proc/self/comm", "w").write("a) S 1 1 (b")
def end(*_):
    print("finishing")
    time.sleep(0.5)
    sys.exit("recorded")
ours, its = os.pipe()
if not os.fork():  # one that goes on as long as its parent does
    os.close(its)
    os._exit(len(os.read(ours, 1)))
process, terminal = pty.fork()
if not process:
    signal.signal(signal.SIGINT, end)
    print("ready")
    while True:
        time.sleep(0.05)
with suppress(OSError):
    while data := os.read(terminal, 1000):
        print(data.decode().replace("\\r", ""), end="")
"""
"""As cdktf runs Terraform; it gives up at once when it is interrupted itself."""

WITHOUT_PROC = f"""
from pathlib import Path
from infra_lib.terraform import process
process._PROC = Path("/bin")  # as where /proc is not mounted
{RUN}"""


def said_when_interrupted(source: str, script: str, **variables: str) -> str:
    """What `source` says once its command is ready, and is interrupted with it."""
    with subprocess.Popen(
        [sys.executable, "-uc", source, script],
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
        env={**os.environ, **variables},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        said = process.stdout.read()
    assert process.returncode == 0
    return said


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no /proc")
def test_what_runs_in_a_terminal_of_its_own_is_interrupted_and_waited_for(tmp_path: Path) -> None:
    """Also where there is no ps."""
    said = said_when_interrupted(RUN, IN_A_TERMINAL_OF_ITS_OWN, PATH=str(tmp_path))
    assert said == "finishing\nrecorded\ninterrupted\n"


def test_where_there_is_no_proc_ps_finds_what_runs_in_a_terminal_of_its_own() -> None:
    require("ps")
    said = said_when_interrupted(WITHOUT_PROC, IN_A_TERMINAL_OF_ITS_OWN)
    assert said == "finishing\nrecorded\ninterrupted\n"


def test_where_nothing_finds_it_nothing_is_interrupted(tmp_path: Path) -> None:
    """To interrupt cdktf would drop what it runs in the middle of its work."""
    script = """
import sys, time
from pathlib import Path
print("ready")
while not Path({go!r}).exists():
    time.sleep(0.1)
"""
    with subprocess.Popen(
        [sys.executable, "-uc", WITHOUT_PROC, script.format(go=str(tmp_path / "go"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        env={**os.environ, "PATH": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.readline()
        (tmp_path / "go").touch()
        assert process.stdout.read() == "interrupted\n"
    assert "Terraform cannot be found, and goes on: [Errno 2]" in said


def test_a_process_that_ends_while_they_are_listed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("7", "8"):
        (tmp_path / name).mkdir()
    (tmp_path / "8/stat").write_text("8 (two words) S 6 5 4 0 -1\n")
    monkeypatch.setattr(process, "_PROC", tmp_path)
    assert list(process._list()) == [(8, 6, 5)]


def test_what_cannot_be_printed_is_replaced() -> None:
    script = "open(1, 'w', encoding='utf-8').write('│ é Error')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-uc", RUN, script]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"? ? Errorended 0\n"


def test_a_command_ends_in_good_order_when_the_disk_is_full(tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    script = f"from pathlib import Path; print('x' * 9000); Path({str(ended)!r}).touch()"
    with Path("/dev/full").open("wb") as full:
        subprocess.run([sys.executable, "-uc", RUN, script], stdout=full, check=True)
    assert ended.exists()


def test_interrupts_lose_no_line() -> None:
    script = """
import signal
signal.signal(signal.SIGINT, lambda *_: None)
for number in range(20000):
    print(number)
"""
    with subprocess.Popen(
        [sys.executable, "-uc", RUN, script], stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if len(lines) % 100 == 0 and len(lines) <= 2000:  # more is left than a pipe holds
                os.killpg(process.pid, signal.SIGINT)
    assert lines == [*(f"{number}\n" for number in range(20000)), "interrupted\n"]


def test_a_clock_tells_at_a_terminal_that_it_is_at_work(tmp_path: Path) -> None:
    ours, its = pty.openpty()
    told = tmp_path / "told"
    script = f"""
import time
from pathlib import Path
print("one")
while not Path({str(told)!r}).exists():
    time.sleep(0.05)
print("two")
"""
    process = subprocess.Popen([sys.executable, "-uc", RUN, script], stdout=its)
    os.close(its)
    seen = bytearray()
    with suppress(OSError):  # Linux says so of a terminal that nobody has open any more
        while data := os.read(ours, 4096):
            seen += data
            if b"without news" in seen.partition(b"one\r\n")[2]:
                told.touch()
    os.close(ours)
    assert process.wait() == 0
    # A busy machine may also take its time to start, and to end.
    clock = r"(\r\x1b\[K\S+ \S+ \d+ s without news)"
    lines = [rf"({clock}+\r\x1b\[K)?one", rf"{clock}+\r\x1b\[Ktwo", rf"({clock}+\r\x1b\[K)?ended 0"]
    assert re.fullmatch("".join(rf"{line}\r\n" for line in lines), seen.decode())


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    """As nohup and a shell's background have it."""
    script = """
import time
from pathlib import Path
print("ready")
while not Path({go!r}).exists():
    time.sleep(0.1)
"""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        ignoring = (
            f"import signal\nsignal.signal({int(number)}, signal.SIG_IGN)\n{RUN}"
            f"assert signal.getsignal({int(number)}) is signal.SIG_IGN\n"
        )
        with (
            TemporaryDirectory() as folder,
            subprocess.Popen(
                [
                    sys.executable,
                    "-uc",
                    ignoring,
                    script.format(go=f"{folder}/go"),
                ],
                stdout=subprocess.PIPE,
                text=True,
                process_group=0,
            ) as process,
        ):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            os.killpg(process.pid, number)
            Path(folder, "go").touch()
            assert process.stdout.read() == "ended 0\n"
            assert process.wait() == 0


def test_a_line_may_be_longer_than_the_memory() -> None:
    """It is printed whole all the same, and what comes after it."""
    script = """
import sys
for _ in range(200):
    sys.stdout.write("x" * 1_000_000)
print("\\nlast")
"""
    counted = f"{RUN}\nimport resource\n" + (
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    # Linux counts what the process that made this one has had, so a small one makes it.
    small = ("sh", "-c", '"$@"; exit', "sh")
    with subprocess.Popen(
        [*small, sys.executable, "-c", counted, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        time.sleep(1)  # nobody reads for a while, and the command waits
        length, last = 1, b""
        while data := process.stdout.read(1_000_000):
            length += data.count(b"x")
            last = (last + data)[-20:]
        most = int(process.stderr.read()) * (1 if sys.platform == "darwin" else 1024)
    assert length == 200_000_000
    assert last.endswith(b"x\nlast\nended 0\n")
    assert most < 100_000_000


def test_the_clock_does_not_wipe_out_half_a_line() -> None:
    ours, its = pty.openpty()
    script = "import time; print('x' * 65536, end='', flush=True); time.sleep(2.2); print('y')"
    process = subprocess.Popen([sys.executable, "-uc", RUN, script], stdout=its)
    os.close(its)
    seen = bytearray()
    with suppress(OSError):
        while data := os.read(ours, 4096):
            seen += data
    os.close(ours)
    assert process.wait() == 0
    assert b"x" * 65536 + b"y\r\n" in seen
