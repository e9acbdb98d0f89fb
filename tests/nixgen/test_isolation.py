"""A function in a process of its own, while the one that asked for it goes on."""

import os
import time
from pathlib import Path

import pytest

from nixgen.errors import NixgenError
from nixgen.files.isolation import started_in_child
from tests.helpers.process import is_running


@pytest.mark.parametrize("said", [b"said meanwhile", b""])
def test_both_are_at_work_at_once(said: bytes) -> None:
    reading, writing = os.pipe()

    def work() -> bytes:
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            return pipe.read()

    with started_in_child(work, "the work") as wait:
        os.close(reading)
        os.write(writing, said)
        os.close(writing)
        assert wait() == said


@pytest.mark.parametrize("fails", [True, False])
def test_nobody_s_answer_is_not_worked_out_for_ever(tmp_path: Path, fails: bool) -> None:
    started = tmp_path / "started"

    def work() -> bytes:
        started.with_suffix(".new").write_text(str(os.getpid()))
        started.with_suffix(".new").rename(started)
        time.sleep(600)
        return b""

    def leave() -> None:
        with started_in_child(work, "the work"):
            while not started.exists():
                time.sleep(0.01)
            if fails:
                raise NixgenError("something else went wrong")

    if fails:
        with pytest.raises(NixgenError, match="something else"):
            leave()
    else:
        leave()
    assert not is_running(int(started.read_text()))


def test_a_process_that_ends_too_early_is_told_of() -> None:
    with (
        pytest.raises(NixgenError, match="the work: its process ended with status 3 before"),
        started_in_child(lambda: os._exit(3), "the work") as wait,
    ):
        wait()
