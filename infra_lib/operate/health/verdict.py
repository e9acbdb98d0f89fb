"""Whether machines are what the fleet says, asked of themselves over SSH."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.health.answers import hangs_at, parse, script
from infra_lib.operate.health.check import Check, short
from infra_lib.operate.health.gpus import judge_gpus
from infra_lib.operate.health.system import judge_services, judge_system
from infra_lib.operate.health.zerotier import judge_zerotier
from infra_lib.operate.ssh_command import FAILED
from infra_lib.operate.ssh_many import Question, ask_all
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from infra_lib.operate.health.answers import Answers
    from infra_lib.operate.health.check import Result
    from infra_lib.operate.reach import Via
    from infra_lib.operate.ssh_many import Said

_LIMIT = 120.0  # seconds for all that a machine is asked, of which each has 20
# What ssh says where it does not know why its proxy ended.
_OF_A_PROXY = ("Connection closed by UNKNOWN", "kex_exchange_identification: ")
_WORST_FIRST: tuple[Result, ...] = ("failed", "unknown", "warning", "ok")


@frozen(kw_only=True)
class Verdict:
    """What came of one machine.

    Attributes:
        machine: The machine's name.
        via: The kind of way by which it was asked; None where there was none.
        checks: What was looked at, "reach" first: where that failed, there is nothing else.
    """

    machine: str
    via: str | None
    checks: tuple[Check, ...]

    @property
    def result(self) -> Result:
        """The worst result of its checks; of those that do not apply, none."""
        results = {check.result for check in self.checks}
        return next((each for each in _WORST_FIRST if each in results), "ok")

    @property
    def has_failed(self) -> bool:
        """Whether it is not what the fleet says; what nobody can tell is no failure."""
        return self.result == "failed"


def verify(
    fleet: Fleet,
    machines: Sequence[Machine],
    *,
    login: str | None = None,
    via: Via | None = None,
    accept_new_key: bool = False,
) -> Iterator[Verdict]:
    """Ask machines that run NixOS whether they are what the fleet says, and yield what each is.

    Args:
        fleet: The fleet.
        machines: Machines of it that are on.
        login: Who to log in as; see `infra_lib.operate.reach.ways_in`.
        via: The only kind of way that is wanted, likewise.
        accept_new_key: Whether the first host key that answers is taken where none is known.

    Raises:
        KeyboardInterrupt: When a signal ends it.
    """
    question = Question(
        command="sh -s",
        stdin=script(),
        limit=_LIMIT,
        login=login,
        via=via,
        accept_new_key=accept_new_key,
    )
    for machine, said in zip(machines, ask_all(fleet, machines, question), strict=True):
        yield judge(fleet, machine, said)


def judge(fleet: Fleet, machine: Machine, said: Said) -> Verdict:
    """Return what is to be thought of what a machine said.

    Args:
        fleet: The fleet.
        machine: The machine.
        said: What it printed when it was given `probe.sh`, and what ssh said.
    """
    way = said.way
    answers = parse(said.output)
    if answers is None:
        reach = Check(
            name="reach",
            result="failed",
            expected="lets us in",
            found=_why(said),
            advice=_advice(machine, said),
        )
        return Verdict(machine=machine.name, via=None if way is None else way.via, checks=(reach,))
    found = "" if way is None else way.text
    reach = Check(name="reach", result="ok", expected="lets us in", found=found)
    return Verdict(
        machine=machine.name,
        via=None if way is None else way.via,
        checks=(reach, *checks(fleet, machine, answers)),
    )


def checks(fleet: Fleet, machine: Machine, answers: Answers) -> Iterator[Check]:
    """Yield every check of a machine that has answered.

    Args:
        fleet: The fleet.
        machine: The machine.
        answers: What it answered.
    """
    accelerator = machine.accelerator if isinstance(machine, ProvisionedMachine) else None
    yield from judge_system(machine, answers)
    yield from judge_gpus(machine, accelerator, answers)
    yield from judge_zerotier(fleet, machine, answers)
    yield from judge_services(machine, answers)


def is_off(machine: Machine, why: str) -> Verdict:
    """Return what is to be thought of a machine that somebody named, and that is off."""
    return Verdict(
        machine=machine.name,
        via=None,
        checks=(Check(name="reach", result="failed", expected="lets us in", found=why),),
    )


def as_data(verdicts: Sequence[Verdict], left_out: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return verdicts as plain data, in a shape that stays.

    Returns:
        `ok`, whether no machine has failed; `machines`, of each its `machine`, its `result` and
        `via`, null where there was no way, and `checks`, of each its name as `check`, its `result`
        ("ok", "warning", "failed", "unknown", "not applicable"), and in words `expected`, `found`
        and `advice`, empty for none; and `left_out`, of each `machine` and `why`.
    """
    return {
        "ok": not any(verdict.has_failed for verdict in verdicts),
        "machines": [
            {
                "machine": verdict.machine,
                "result": verdict.result,
                "via": verdict.via,
                "checks": [
                    {
                        "check": check.name,
                        "result": check.result,
                        "expected": check.expected,
                        "found": check.found,
                        "advice": check.advice,
                    }
                    for check in verdict.checks
                ],
            }
            for verdict in verdicts
        ],
        "left_out": [{"machine": name, "why": why} for name, why in left_out],
    }


def _why(said: Said) -> str:
    if said.way is None:
        return "it was not asked"
    asked = hangs_at(said.output)
    if asked is not None:
        return f"{_last_line(said.errors) or 'it broke off'}; it was asked for: {asked}"
    return _last_line(said.errors) or f"ended with {said.status}, and said nothing"


def _last_line(text: str) -> str:
    """Return what ssh said at last, which is what it failed of; of a proxy, what that said.

    gcloud begins with what it failed of, and goes on with advice.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    told = [line for line in lines if not line.startswith(_OF_A_PROXY)]
    proxy = [line for line in told if len(told) < len(lines) and line.startswith("ERROR: ")]
    return short((proxy or told or lines)[-1]) if lines else ""


def _advice(machine: Machine, said: Said) -> str:
    if said.way is None:
        return said.errors
    if "Host key verification failed" in said.errors or "host key" in said.errors.lower():
        return (
            f"another machine answers at {said.way.place}, or {machine.name} has another host key "
            "than the facts: where it was made anew, infra sync learns the new one; else it is "
            "not to be trusted"
        )
    if hangs_at(said.output) in ("gpus", "cuda"):
        return "nvidia-smi hangs in the driver, and cannot be ended: restart the machine"
    if "Permission denied" in said.errors:
        return "it knows none of the keys here: ssh_keys of its project names those of root"
    if said.status == FAILED:
        return f"tried by {said.way.text}; --via names another way"
    return "its shell did not run what it was asked: does it run NixOS, and is its disk full?"
