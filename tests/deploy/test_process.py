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

import pytest

from infra_lib import FleetError
from infra_lib.deploy.process import run

RUN = """
import sys
from pathlib import Path
from infra_lib.deploy.process import run
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
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-uc", RUN, script], stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.stdout.read() == "unlocking the state\ninterrupted\n"
    assert process.returncode == 0


def test_what_runs_in_a_terminal_of_its_own_is_interrupted_and_waited_for() -> None:
    """As cdktf runs Terraform; it gives up at once when it is interrupted itself."""
    script = """
import os, pty, signal, sys, time
from contextlib import suppress
def end(*_):
    print("finishing")
    time.sleep(0.5)
    sys.exit("recorded")
process, terminal = pty.fork()
if not process:
    signal.signal(signal.SIGINT, end)
    print("ready")
    time.sleep(60)
with suppress(OSError):
    while data := os.read(terminal, 1000):
        print(data.decode().replace("\\r", ""), end="")
"""
    with subprocess.Popen(
        [sys.executable, "-uc", RUN, script], stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == "finishing\nrecorded\ninterrupted\n"
    assert process.returncode == 0


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


def test_a_clock_tells_at_a_terminal_that_it_is_at_work() -> None:
    ours, its = pty.openpty()
    start = time.monotonic()
    script = "import time; print('one'); time.sleep(1.6); print('two')"
    process = subprocess.Popen([sys.executable, "-uc", RUN, script], stdout=its)
    os.close(its)
    seen = bytearray()
    with suppress(OSError):  # Linux says so of a terminal that nobody has open any more
        while data := os.read(ours, 4096):
            seen += data
    os.close(ours)
    assert process.wait() == 0
    assert time.monotonic() - start > 1
    # A busy machine may also take its time to start.
    clock = r"(\r\x1b\[K\S+ \S+ \d+ s without news)"
    told = rf"({clock}+\r\x1b\[K)?one\r\n{clock}+\r\x1b\[Ktwo\r\n({clock}+\r\x1b\[K)?ended 0\r\n"
    assert re.fullmatch(told, seen.decode())
