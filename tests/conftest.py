"""What all tests share."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.terraform.harness import StandIn, Workspace

# A busy machine makes tests slow, never red.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("any machine"), max_examples=10)
settings.load_profile("any machine")

# The built-in catalogue is not old yet on that day, whenever the tests run.
os.environ["INFRA_TODAY"] = "2026-08-01"

# A shell starts what it runs in the background with interrupts ignored, nohup with hang-ups; and so
# would be what the tests start, and interrupt. A function is not handed on to what is started.
with suppress(ValueError):  # not in the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)

LONGEST = ("deploy", "stacks", "terraform", "packaging", "nixgen", "facts")
"""The folders whose tests take longest, one by one."""

STARTS = {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="skip what is marked slow, and each test where it starts a process",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.option.quick:
        config.option.markexpr = config.option.markexpr or "not slow"
        settings.load_profile("quick")


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> Generator[None, int, int]:
    """Have more workers than processors, for two or so wait for Terraform, SSH or a clock."""
    processors = yield
    return processors if config.option.quick else processors + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, or in the end one worker is left alone with it."""
    items.sort(key=lambda item: item.path.parent.name not in LONGEST)


def pytest_collectstart(collector: pytest.Collector) -> None:
    # Not earlier: xdist starts processes, and asks one what machine this is.
    if collector.config.option.quick:
        watch()


@cache
def watch() -> None:
    sys.addaudithook(skip_at_a_process)


def skip_at_a_process(event: str, arguments: tuple[object, ...]) -> None:
    """Skip the test, or the module of tests, that starts a process; nobody has to mark it."""
    # jsii, which cdktf imports, starts Node when it is imported.
    if event in STARTS or (event == "import" and arguments[0] == "jsii"):
        raise pytest.skip.Exception("it starts a process", allow_module_level=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once for each reason how many tests were skipped: a missing tool skips hundreds."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason}")


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """The provider that stands in for google's and hcloud's, in a mirror."""
    with StandIn.installed(tmp_path_factory.mktemp("stand-in")) as installed:
        yield installed


@pytest.fixture
def workspace(tmp_path: Path, stand_in: StandIn) -> Workspace:
    """An empty workspace over an empty cloud, that is reached by the provider."""
    return Workspace.make(tmp_path, stand_in)
