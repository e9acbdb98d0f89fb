"""Whether a machine's GPUs are those that the fleet says, driven as it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.model import gpu_count
from infra_lib.operate.health.check import Check, short
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.model.machine import Machine
    from infra_lib.model.provisioned import Accelerator
    from infra_lib.operate.health.answers import Answer, Answers

NAMES = ("gpu", "driver", "cuda", "persistence", "persistenced")
"""What the checks are called."""

# What nvidia-smi calls them, by what people do: all of these words stand in its name, which it
# takes from the board: "Tesla T4", "NVIDIA A100-SXM4-40GB", "NVIDIA H100 80GB HBM3".
_WORDS = {
    "A100": ("A100", "40GB"),
    "A100 80GB": ("A100", "80GB"),
    "B200": ("B200",),
    "GB200": ("GB200",),
    "GB300": ("GB300",),
    "H100": ("H100",),
    "H100 Mega": ("H100",),
    "H200": ("H200",),
    "L4": ("L4",),
    "P4": ("P4",),
    "P100": ("P100",),
    "RTX PRO 6000": ("RTX", "PRO", "6000"),
    "T4": ("T4",),
    "V100": ("V100",),
    "vWS P100": ("P100",),
    "vWS P4": ("P4",),
    "vWS T4": ("T4",),
}
# "CUDA Version: 12.8", which newer drivers call that of the user mode driver.
_CUDA = r"^CUDA (?:UMD |Driver )?Version\s*:\s*([0-9][0-9.]*)\s*$"
_MODULE = r"^NVRM version:\s*(.*?)\s*$"


@frozen
class _Gpu:
    name: str
    driver: str
    persistence: str


def judge_gpus(machine: Machine, accelerator: Accelerator | None, answers: Answers) -> list[Check]:
    """Return the checks of a machine's GPUs.

    Args:
        machine: The machine.
        accelerator: What is known of its GPUs; None without any, and then none applies.
        answers: What it answered.
    """
    if accelerator is None:
        return [Check(name=name, result="not applicable") for name in NAMES]
    count = getattr(machine, "accelerator_count", 1)
    gpus = [*_read(answers["gpus"])]
    return [
        _check_gpus(accelerator, count, gpus, answers["gpus"]),
        _check_driver(gpus, answers),
        _check_cuda(answers["cuda"]),
        _check_persistence(machine.name, gpus, answers["gpus"]),
        _check_persistenced(machine.name, answers["persistenced"]),
    ]


def is_called(label: str, name: str) -> bool | None:
    """Whether nvidia-smi's name of a GPU is that of one which people call so.

    Args:
        label: What people call it: "A100 80GB".
        name: What nvidia-smi calls it: "NVIDIA A100-SXM4-80GB".

    Returns:
        None where it is not, but nobody here knows what nvidia-smi calls such a GPU.
    """
    words = {word.casefold() for word in re.split(r"[\s-]+", name)}
    known = _WORDS.get(label)
    wanted = known or label.split()
    if all(word.casefold() in words for word in wanted):
        return True
    return None if known is None else False


def _read(answer: Answer) -> Iterator[_Gpu]:
    for line in (answer.said or "").split("\n"):
        name, *more = (each.strip() for each in line.rsplit(",", 2))
        if len(more) == 2:
            yield _Gpu(name, *more)


def _check_gpus(
    accelerator: Accelerator, count: float, gpus: Sequence[_Gpu], answer: Answer
) -> Check:
    expected = gpu_count.label(count, accelerator.label)
    if not gpus:
        return _silent("gpu", expected, answer)
    names = dict.fromkeys(gpu.name for gpu in gpus)
    counts = ((name, sum(gpu.name == name for gpu in gpus)) for name in names)
    found = ", ".join(f"{each}x {name}" for name, each in counts)
    there = 1 if gpu_count.is_part(count) else count  # a part is one device for whoever has it
    known = [is_called(accelerator.label, name) for name in names]
    if len(gpus) != there or False in known:
        advice = (
            "the machine has other GPUs than the fleet says: infra deploy changes the machine, or "
            "gpu=… and machine_type=… what is said; one GPU of several that is missing has failed, "
            "and dmesg names it (Xid)"
        )
        return Check(name="gpu", result="failed", expected=expected, found=found, advice=advice)
    result = "unknown" if None in known else "ok"
    return Check(name="gpu", result=result, expected=expected, found=found)  # type: ignore[arg-type]


def _check_driver(gpus: Sequence[_Gpu], answers: Answers) -> Check:
    module = re.search(_MODULE, answers["driver"].said or "", re.MULTILINE)
    if module is None:
        advice = (
            "the NVIDIA kernel module is not loaded: does the machine run the configuration that "
            "has the generated nvidia module, and has it been restarted since? "
            "journalctl -k | grep -i nvrm says why it fails"
        )
        found = "not loaded"
        return Check(name="driver", result="failed", expected="loaded", found=found, advice=advice)
    versions = dict.fromkeys(gpu.driver for gpu in gpus)
    found = ", ".join(versions) or module[1]
    return Check(name="driver", result="ok", expected="loaded", found=short(found))


def _check_cuda(answer: Answer) -> Check:
    found = re.search(_CUDA, answer.text, re.MULTILINE)
    if found is None:
        return _silent("cuda", "a version", answer)
    return Check(name="cuda", result="ok", expected="a version", found=found[1])


def _check_persistence(name: str, gpus: Sequence[_Gpu], answer: Answer) -> Check:
    if not gpus:
        return _silent("persistence", "Enabled", answer)
    modes = [gpu.persistence for gpu in gpus]
    found = ", ".join(dict.fromkeys(modes))
    if all(mode == "Enabled" for mode in modes):
        return Check(name="persistence", result="ok", expected="Enabled", found=found)
    if all(mode.startswith(("[", "N/A")) for mode in modes):  # as of a part of a GPU
        return Check(name="persistence", result="not applicable", found=found)
    return Check(
        name="persistence",
        result="failed",
        expected="Enabled",
        found=found,
        advice="each job waits for the GPU to be set up anew; " + _update(name),
    )


def _check_persistenced(name: str, answer: Answer) -> Check:
    found = short(answer.first_line)
    if answer.is_missing:
        return _silent("persistenced", "active", answer)
    ok = answer.said == "active"
    return Check(
        name="persistenced",
        result="ok" if ok else "failed",
        expected="active",
        found=found,
        advice=""
        if ok
        else f"infra ssh {name} -- journalctl -u nvidia-persistenced says why; or " + _update(name),
    )


def _silent(name: str, expected: str, answer: Answer) -> Check:
    """Return a check of what nobody tells: where there is no such program, there is no driver."""
    if answer.is_missing:
        found = "no nvidia-smi" if name != "persistenced" else "no systemctl"
        advice = "" if name == "persistenced" else "the driver is not installed"
    elif answer.status == 0:
        found, advice = "nothing", "nvidia-smi says nothing of it"
    else:
        found = short(answer.first_line) or f"exit status {answer.status}"
        advice = "nvidia-smi fails; where it tells of a mismatch, restart the machine"
    result = "unknown" if name == "persistenced" or answer.status == 0 else "failed"
    return Check(
        name=name,
        result=result,  # type: ignore[arg-type]
        expected=expected,
        found=found,
        advice=advice,
    )


def _update(name: str) -> str:
    return (
        f"clan machines update {name}: the generated nvidia module has "
        "hardware.nvidia.nvidiaPersistenced"
    )
