"""Asking Terraform and the clouds at the same time; whoever does not answer has a reason."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from shutil import which
from threading import Lock
from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.live import Live
from infra_lib.fleet import project_of
from infra_lib.model.errors import FleetError
from infra_lib.model.wording import and_listed
from infra_lib.operate import deployed
from infra_lib.terraform.cdktf_json import output_folder, provider_project, read_document
from infra_lib.terraform.command import check_terraform
from infra_lib.terraform.printing import progress, trace
from infra_lib.terraform.state import Deployed
from nixgen.frozen import frozen
from nixgen.redact import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from infra_lib.clouds.live import Question
    from infra_lib.fleet import Fleet

TIMEOUT = 20.0
"""Seconds that a cloud's command line has to answer."""

_LONGEST = 300  # characters of what somebody else said


@frozen(kw_only=True)
class StackAnswer:
    """What Terraform said of a stack.

    Attributes:
        name: The stack's name.
        clouds: The names of the clouds that it has machines in.
        machines: What is deployed, by name; empty where nobody knows.
        reason: Why nobody knows; None where it is known.
    """

    name: str
    clouds: frozenset[str]
    machines: Mapping[str, Deployed]
    reason: str | None = None


@frozen(kw_only=True)
class CloudAnswer:
    """What a cloud said of a project.

    Attributes:
        cloud: The cloud's name.
        about: What was asked about.
        machines: What is there; empty where nobody knows.
        reason: Why nobody knows; None where it is known.
    """

    cloud: str
    about: str
    machines: tuple[Live, ...] = ()
    reason: str | None = None


def ask(
    fleet: Fleet,
    project: Path,
    *,
    stacks: Collection[str] = (),
    live: bool = True,
    clouds: Collection[str] | None = None,
    timeout: float = TIMEOUT,
) -> tuple[list[StackAnswer], list[CloudAnswer]]:
    """Return what Terraform and the clouds say of a fleet, whoever is there to say something.

    Args:
        fleet: The fleet.
        project: The folder of cdktf.json.
        stacks: The stacks that Terraform is asked about; empty for all of the fleet.
        live: Whether the clouds are asked.
        clouds: The names of those that are; None for all that the fleet has anything in.
        timeout: How many seconds each cloud has to answer.

    Raises:
        FleetError: When there is no such stack.
        NixgenError: When cdktf.json is something other than a file.
    """
    folders = deployed.stacks_of(project / output_folder(project), fleet.name)
    known = [folder.name for folder in folders]
    for name in stacks:
        if name not in known:
            listed = ", ".join(known) or "none, for none is synthesized here"
            raise FleetError(f"--stack {name}: no such stack; stacks are: {listed}")
    documents = {folder: read_document(folder) for folder in folders}
    running = _Running()
    tasks: list[Callable[[], StackAnswer | CloudAnswer]] = []
    whom = []
    for folder, document in documents.items():
        asked = not stacks or folder.name in stacks
        tasks.append(_stack_task(folder, document, asked=asked))
        whom += ["Terraform"] if asked and "Terraform" not in whom else []
    for cloud, question in _questions(fleet, [*documents.values()]) if live else ():
        if clouds is not None and cloud not in clouds:
            continue
        reason = _hindrance(question)
        if reason is None:
            trace(question.command)
            whom.append(CLOUDS[cloud].KINDS.service)
        tasks.append(_cloud_task(cloud, question, reason, running, timeout))
    answers = _all(tasks, running, and_listed([*dict.fromkeys(whom)]))
    return (
        [each for each in answers if isinstance(each, StackAnswer)],
        [each for each in answers if isinstance(each, CloudAnswer)],
    )


def one_line(text: str) -> str:
    """Return what somebody else said in a line that is short enough to read, without secrets."""
    line = shorten(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


class _Running:
    """The programs that run, which an interrupt ends."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._processes: set[subprocess.Popen[str]] = set()
        self._ended = False

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        with self._lock:
            if self._ended:
                raise FleetError("interrupted")
            process = subprocess.Popen(
                command,
                env={**os.environ, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                process_group=0,  # gcloud is a script, whose Python is to end with it
            )
            self._processes.add(process)
            return process

    def done(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._processes.discard(process)

    def end(self) -> None:
        with self._lock:
            self._ended = True
            for process in self._processes:
                _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        os.killpg(process.pid, signal.SIGKILL)


def _all(
    tasks: Sequence[Callable[[], StackAnswer | CloudAnswer]], running: _Running, whom: str
) -> list[StackAnswer | CloudAnswer]:
    """Return what comes of tasks that run at the same time, in their order."""
    if not tasks:
        return []
    from concurrent.futures import ThreadPoolExecutor  # only where there is somebody to ask

    with progress(f"asking {whom}"), ThreadPoolExecutor(len(tasks)) as pool:
        try:
            return [each.result() for each in [pool.submit(task) for task in tasks]]
        finally:
            running.end()


def _stack_task(
    folder: Path, document: Mapping[str, object], *, asked: bool
) -> Callable[[], StackAnswer]:
    providers = document.get("provider")
    told = providers if isinstance(providers, dict) else {}
    clouds = frozenset(name for name, each in CLOUDS.items() if each.KINDS.provider in told)

    def answer(reason: str | None, machines: Mapping[str, Deployed] | None = None) -> StackAnswer:
        return StackAnswer(
            name=folder.name,
            clouds=clouds or frozenset(CLOUDS),  # who says nothing may have any
            machines=machines or {},
            reason=reason,
        )

    def task() -> StackAnswer:
        if not asked:
            return answer(f"stack {folder.name} was not to be asked about")
        try:
            check_terraform()
            state = deployed.ask(folder)
        except FleetError as error:
            return answer(one_line(str(error)))
        if state is None:
            return answer(f"stack {folder.name} was never deployed from here")
        return answer(None, state.machines)

    return task


def _questions(
    fleet: Fleet, documents: Sequence[Mapping[str, object]]
) -> Iterator[tuple[str, Question]]:
    """Yield how each cloud is asked in which the fleet has anything, for each project once."""
    for name, cloud in CLOUDS.items():
        kinds = cloud.KINDS
        own = project_of(fleet, name)
        projects = {provider_project(document, kinds.provider) for document in documents} - {""}
        if own is None and not projects and all(each.cloud != name for each in fleet.provisioned):
            continue
        asked = [
            cloud.operations().live_question(fleet, own, project_id, os.environ)
            for project_id in ("" if own is not None or not projects else None, *sorted(projects))
            if project_id is not None
        ]
        yield from {question.command: (name, question) for question in asked}.values()


def _hindrance(question: Question) -> str | None:
    """Return why a question is not asked; None where it is."""
    program = question.command[0]
    if which(program) is None:
        return f"{program} is not on PATH: {question.get}"
    return question.lacking


def _cloud_task(
    cloud: str, question: Question, reason: str | None, running: _Running, timeout: float
) -> Callable[[], CloudAnswer]:
    def task() -> CloudAnswer:
        if reason is not None:
            return CloudAnswer(cloud=cloud, about=question.about, reason=reason)
        try:
            machines = tuple(_answer(cloud, question, running, timeout))
        except (FleetError, OSError) as error:
            why = one_line(str(error))
            return CloudAnswer(cloud=cloud, about=question.about, reason=why)
        return CloudAnswer(cloud=cloud, about=question.about, machines=machines)

    return task


def _answer(cloud: str, question: Question, running: _Running, timeout: float) -> list[Live]:
    """Return what a cloud's command line prints.

    Raises:
        FleetError: When it fails, does not end in time, or prints something else.
        OSError: When it cannot be run.
    """
    operations, program = CLOUDS[cloud].operations(), question.command[0]
    process = running.start(question.command)
    try:
        out, said = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _end(process)
        with suppress(subprocess.TimeoutExpired):  # somebody else may still hold its output
            process.communicate(timeout=1)
        raise FleetError(f"{program} did not answer within {timeout:g} s") from None
    finally:
        running.done(process)
    if process.returncode:
        raise FleetError(
            operations.why_not_live(said)
            or f"{program} failed: {said.strip() or f'exit status {process.returncode}'}"
        )
    if question.partial is not None and question.partial in said:
        raise FleetError(f"{program} did not tell of all: {said.strip()}")
    try:
        document = json.loads(out)
    except (ValueError, RecursionError):
        raise FleetError(f"{program} printed no JSON: {out[:80]!r}") from None
    try:
        return operations.read_live(document)
    except FleetError as error:
        raise FleetError(f"{program}: {error}") from None
