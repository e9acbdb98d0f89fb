"""What came of a deployment, read from Terraform's log.

cdktf may lose the end of what Terraform prints, where the errors stand: the terminal that it gives
Terraform closes before all is read.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from infra_lib.clouds.failure import Failure
from infra_lib.operate.kinds import cloud_of, machine_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# 2026-11-23T03:30:16.720Z [ERROR] vertex "google_compute_instance.galena" error: …
_ENTRY = re.compile(r"^\d{4}-\d\d-\d\dT\S+ \[", re.MULTILINE)
_VERTEX = re.compile(r'ERROR\] +vertex "(?P<address>\S+?)(?: .*?)?" error: (?P<text>.*)', re.DOTALL)
# What a provider told Terraform of an error: in any order, and the detail in lines of its own.
_TOLD = re.compile(r"ERROR\] +provider\.\S+: Response contains error diagnostic:")
_TYPE = re.compile(r"\btf_resource_type=(?P<type>\w+)")
_SUMMARY = re.compile(r'\bdiagnostic_summary="(?P<summary>(?:[^"\\]|\\.)*)"')
_DETAIL = re.compile(r"^ +\| ?(?P<line>.*)$", re.MULTILINE)
_KIND = re.compile(r"(?:^|\.)(?P<kind>[a-z]\w*_\w+)\.[^.]+$")
_CREATING = re.compile(r"DEBUG\] +(?P<address>\S+): applying the planned Create change")


def read_failures(log: str) -> tuple[Failure, ...]:
    """Return the errors in Terraform's log, each once, in their order."""
    entries = _ENTRY.split(log)
    details = _details(entries)
    found = (_VERTEX.match(entry) for entry in entries)
    return tuple(dict.fromkeys(_failure(each, details) for each in found if each))


def find_created(log: str) -> frozenset[str]:
    """Return the names of the instances that were made, from Terraform's log."""
    begun = (_CREATING.match(entry) for entry in _ENTRY.split(log))
    machines = {machine_of(each["address"]) for each in begun if each}
    failed = {machine_of(failure.address) for failure in read_failures(log)}
    return frozenset(name for name in machines - failed if name is not None)


def _failure(found: re.Match[str], details: dict[tuple[str, str], deque[str]]) -> Failure:
    address, text = found["address"], " ".join(found["text"].split())
    kind = _KIND.search(address)
    more = details.get((kind["kind"] if kind else "", text))
    if more:
        text = f"{text}: {more.popleft()}"
    cloud = cloud_of(address)
    known = None if cloud is None else cloud.operations().failure(address, text)
    return Failure(address, text) if known is None else known


def _details(entries: Iterable[str]) -> dict[tuple[str, str], deque[str]]:
    """Return the details of errors, which only providers log, by type of resource and summary.

    They do not say which resource of the type it was: those of one are in the order of its errors.
    """
    found: dict[tuple[str, str], deque[str]] = {}
    for entry in entries:
        if not _TOLD.match(entry):
            continue
        kind, summary = _TYPE.search(entry), _SUMMARY.search(entry)
        detail = " ".join(" ".join(_DETAIL.findall(entry)).split())
        if kind and summary and detail:
            key = kind["type"], " ".join(summary["summary"].split())
            found.setdefault(key, deque()).append(detail)
    return found
