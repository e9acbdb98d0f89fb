"""The step of a runbook that installs NixOS, read by the shells that people paste it into."""

import re
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import evolve

from infra_lib import Fleet, GcpMachine
from infra_lib.operate.runbook import Writer
from main import fleet as example
from tests.helpers.elsewhere import by_hand
from tests.helpers.sshd import Machine

BASH = ("bash", "--norc", "--noediting", "-i")
ZSH = ("zsh", "-f", "-i")
SCRIPT = ("bash", "-euo", "pipefail")

PROXIED = "root@galena.us-central1-b.c.example-project.internal"


@pytest.fixture
def there(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(params=[BASH, ZSH, SCRIPT], ids=["bash", "zsh", "script"])
def shell(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


def direct() -> Fleet:
    assert example.gcp is not None
    return evolve(example, gcp=evolve(example.gcp, ssh_source_ranges=("198.51.100.0/24",)))


def install(
    there: Machine,
    shell: tuple[str, ...] = SCRIPT,
    *,
    action: str = "up",
    name: str = "galena",
    fleet: Fleet = example,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Paste the step, and then a line that tells how it ended, where the shell still reads."""
    found = Writer(fleet=fleet).runbooks(fleet.machine(name))
    (steps,) = (runbook.steps for runbook in found if runbook.action == action)
    (lines,) = (step.commands for step in steps if step.text.startswith("Install NixOS"))
    # Between what is pasted before and after.
    text = "\n".join((": before", *lines, 'echo "ended with $?"', ""))
    return there.run(shell, text, **environment)


def ended(done: subprocess.CompletedProcess[str]) -> int:
    """How the step ended: a script with it, and for a person the shell goes on."""
    if done.returncode:
        assert "ended with" not in done.stdout
        return done.returncode
    return int(done.stdout.rpartition("ended with ")[2])


def target(there: Machine) -> str:
    return there.installed[there.installed.index("--target-host") + 1]


def test_a_new_machine_is_installed_through_a_tunnel(
    there: Machine, shell: tuple[str, ...]
) -> None:
    there.shut = 2
    done = install(there, shell)
    assert ended(done) == 0, done.stderr
    host, _, proxy = target(there).partition("?ProxyCommand=")
    assert (there.installed[:3], host) == (["machines", "install", "galena"], PROXIED)
    # Nix takes the options of ssh apart at each space.
    assert not set(proxy) & set(" \t&?'\"")
    assert not Path(proxy).parent.exists()


def test_a_tunnel_that_ends_at_once_installs_nothing(
    there: Machine, shell: tuple[str, ...]
) -> None:
    there.ends = 0
    done = install(there, shell)
    assert ended(done) == 1
    assert "galena does not let root in over SSH, so nothing is installed" in done.stderr
    assert "may you use Identity-Aware Proxy" in done.stderr
    assert there.installed == []


def test_a_tunnel_that_ends_later_ends_the_step(there: Machine, shell: tuple[str, ...]) -> None:
    there.ends = 2
    assert ended(install(there, shell)) == 255
    assert target(there).startswith(PROXIED)


def test_a_tunnel_that_ends_before_the_key_is_known_installs_nothing(there: Machine) -> None:
    there.ends = 1
    assert ended(install(there)) == 1
    assert there.installed == []


@pytest.mark.parametrize("action", ["up", "replace"])
@pytest.mark.parametrize("fleet", ["tunnel", "direct"])
def test_a_machine_with_another_key_than_its_image_published_is_left_alone(
    there: Machine, shell: tuple[str, ...], action: str, fleet: str
) -> None:
    there.image, there.published = "other", 2
    described = known(example if fleet == "tunnel" else direct())
    done = install(there, shell, action=action, fleet=described)
    assert ended(done) == 1
    assert "galena does not answer under a host key that its image has published" in done.stderr
    assert there.installed == []
    there.image = "host"
    assert ended(install(there, shell, action=action, fleet=described)) == 0
    assert there.installed


@pytest.mark.parametrize("fleet", ["tunnel", "direct"])
def test_keys_that_nobody_tells_are_said_not_to_be_checked(
    there: Machine, shell: tuple[str, ...], fleet: str
) -> None:
    there.published = None
    done = install(there, shell, fleet=known(example if fleet == "tunnel" else direct()))
    assert ended(done) == 0
    assert "galena: its host key is not checked: gcloud tells of none that" in done.stderr
    assert "ERROR: hostkeys/ was not found" in done.stderr
    assert there.installed
    assert there.questions == 6


def test_what_listens_at_a_port_here_is_not_talked_to(there: Machine) -> None:
    there.ends = 0
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else listens there
            listener.bind(("localhost", 2222))
        listener.listen()
        listener.setblocking(False)
        assert ended(install(there)) == 1
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert there.installed == []


@pytest.mark.parametrize("fleet", [example, direct()], ids=["tunnel", "direct"])
def test_nothing_stays_of_having_asked_a_fresh_image(there: Machine, fleet: Fleet) -> None:
    there.trusted = False
    assert ended(install(there, fleet=known(fleet))) == 0
    assert there.kept == []


@pytest.mark.parametrize(
    ("fleet", "name"), [(example, "galena"), (direct(), "galena"), (by_hand, "cinnabar")]
)
def test_what_never_answers_does_not_hold_it_up_for_ever(
    there: Machine, fleet: Fleet, name: str
) -> None:
    install(there, fleet=known(fleet), name=name)
    asked, *_ = there.asked
    assert re.search(r"-o ConnectTimeout=[1-9][0-9] ", asked)


@pytest.mark.parametrize("action", ["up", "replace"])
@pytest.mark.parametrize(
    ("fleet", "nixos"), [(example, False), (direct(), True)], ids=["tunnel", "direct"]
)
def test_a_machine_of_another_name_is_left_alone(
    there: Machine, shell: tuple[str, ...], action: str, fleet: Fleet, nixos: bool
) -> None:
    there.name, there.nixos = "halite.zone.c.example-project.internal", nixos
    done = install(there, shell, action=action, fleet=known(fleet))
    assert ended(done) == 1
    assert f"answers to the name '{there.name}', not 'galena': it is left alone" in done.stderr
    assert there.installed == []


@pytest.mark.parametrize("fleet", [example, direct()], ids=["tunnel", "direct"])
@pytest.mark.parametrize("action", ["up", "replace"])
def test_a_name_with_the_domain_is_the_name(there: Machine, action: str, fleet: Fleet) -> None:
    there.name = "galena.us-central1-b.c.example-project.internal"
    assert ended(install(there, action=action, fleet=known(fleet))) == 0
    assert there.installed


@pytest.mark.parametrize("nixos", [False, True], ids=["image", "nixos"])
@pytest.mark.parametrize("name", ["galena.\nhalite", "galena.zone\n\nhalite", "galena. halite"])
def test_an_answer_that_is_more_than_a_name_is_no_name(
    there: Machine, shell: tuple[str, ...], name: str, nixos: bool
) -> None:
    there.name, there.nixos = name, nixos
    done = install(there, shell)
    assert ended(done) == 1
    assert f"answers with more than a name: '{name}'; it is left alone" in done.stderr
    assert there.installed == []


def test_a_machine_that_runs_nixos_is_not_installed_again(
    there: Machine, shell: tuple[str, ...]
) -> None:
    there.nixos, there.shut = True, 2  # it was stopped, say, and starts
    done = install(there, shell)
    assert ended(done) == 0
    assert "galena runs NixOS already" in done.stdout
    assert there.installed == []


@pytest.mark.parametrize(
    ("fleet", "name"), [(example, "galena"), (by_hand, "cinnabar"), (example, "cinnabar")]
)
def test_a_machine_that_runs_nixos_was_not_replaced(
    there: Machine, shell: tuple[str, ...], fleet: Fleet, name: str
) -> None:
    there.nixos, there.name = True, name
    done = install(there, shell, action="replace", name=name, fleet=fleet)
    assert ended(done) == 1
    assert f"{name} runs NixOS: it was not made anew, and is left alone" in done.stderr
    assert there.installed == []


def test_the_installer_of_nixos_is_no_nixos(there: Machine) -> None:
    there.nixos = there.installer = True
    assert ended(install(there, action="replace")) == 0
    assert there.installed


def test_without_an_address_nothing_is_asked(there: Machine, shell: tuple[str, ...]) -> None:
    # As it is where `infra sync` does not know it; the one before may still be in the shell.
    there.say("infra", "exit 1")
    done = install(there, shell, fleet=direct(), address="203.0.113.9")
    assert ended(done) == 1
    assert there.asked == there.installed == []


@pytest.mark.parametrize("action", ["up", "replace"])
def test_a_rescue_system_is_installed_by_the_name_that_somebody_says(
    there: Machine, shell: tuple[str, ...], action: str
) -> None:
    there.name = "rescue"
    done = install(there, shell, action=action, name="cinnabar", fleet=by_hand)
    assert ended(done) == 1
    assert "root@203.0.113.5 answers to the name 'rescue', not 'cinnabar'" in done.stderr
    assert "ANSWERS_TO=rescue says so" in done.stderr
    assert there.installed == []
    done = install(there, shell, action=action, name="cinnabar", fleet=by_hand, ANSWERS_TO="rescue")
    assert ended(done) == 0
    assert target(there) == "root@203.0.113.5"


@pytest.mark.parametrize("said", ["", "cinnabar", "rescue2", "*", "rescue.example.org", "r"])
def test_what_somebody_says_is_a_name_and_no_pattern(there: Machine, said: str) -> None:
    there.name = "rescue.example"
    assert ended(install(there, name="cinnabar", fleet=by_hand, ANSWERS_TO=said)) == 1
    assert there.installed == []


def test_a_machine_elsewhere_with_a_key_that_nobody_knows_is_left_alone(there: Machine) -> None:
    there.name, there.trusted = "cinnabar", False
    done = install(there, name="cinnabar", fleet=by_hand)
    assert ended(done) == 1
    assert "cinnabar does not let root in over SSH, so nothing is installed" in done.stderr
    assert there.installed == []


def test_the_key_of_a_machine_elsewhere_is_for_a_person_to_know(there: Machine) -> None:
    there.name = "cinnabar"
    install(there, name="cinnabar", fleet=by_hand)
    assert there.installed[there.installed.index("--host-key-check") + 1] == "ask"
    install(there, name="cinnabar", fleet=by_hand, action="replace")
    up, replace = there.asked
    assert "StrictHostKeyChecking" not in up + replace
    # It has the key of before no more, and nobody could go on with that one known.
    assert "KnownHostsFile" not in up
    for which in ("User", "Global"):
        assert f"-o {which}KnownHostsFile=/dev/null" in replace


def known(fleet: Fleet) -> Fleet:
    """The fleet, where the address is one that stays."""
    machine = fleet.machine("galena")
    assert isinstance(machine, GcpMachine)
    stays = evolve(machine, external_ip="203.0.113.77")
    others = (each for each in fleet.machines if each != machine)
    return evolve(fleet, machines=(stays, *others))
