"""A function in a process of its own, while the one that asked for it goes on."""

import os
import time
from pathlib import Path

import pytest

from nixgen.errors import NixgenError
from nixgen.files.isolation import started_in_child


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_both_are_at_work_at_once(tmp_path: Path) -> None:
    word = tmp_path / "word"

    def work() -> bytes:
        while not word.exists():
            time.sleep(0.01)
        return word.read_bytes()

    with started_in_child(work, "the work") as wait:
        word.write_bytes(b"said meanwhile")
        assert wait() == b"said meanwhile"


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
    assert not is_there(int(started.read_text()))


def test_a_process_that_ends_too_early_is_told_of() -> None:
    with (
        pytest.raises(NixgenError, match="the work: its process ended with status 3 before"),
        started_in_child(lambda: os._exit(3), "the work") as wait,
    ):
        wait()
