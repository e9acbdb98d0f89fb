"""Who gets in to a server, how it is installed, and the warning where nobody gets in."""

import warnings
from typing import Any

import pytest

from infra_lib import Facts, FirewallRule, HetznerMachine, MachineFacts, PrivateNetwork, Volume
from infra_lib.clouds.hetzner import operations
from infra_lib.clouds.hetzner.reach import too_small, unreachable
from infra_lib.hosts import ways_in
from infra_lib.operate.runbook import Writer, as_text
from tests.helpers.hetzner_fleets import fleet_of, project, server

OFFICE, OFFICE6, INNER = "198.51.100.0/24", "2001:db8::/32", "10.0.0.0/8"
NETWORK = PrivateNetwork("internal")


def described(machine: HetznerMachine, *ranges: str, **fields: Any) -> tuple[set[str], list[str]]:
    """The ways in to a machine, and the warnings of its fleet."""
    here = project(ssh_source_ranges=ranges, networks=(NETWORK,), **fields)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fleet = fleet_of(machine, hetzner=here)
    return set(ways_in(fleet, machine)), [str(each.message) for each in caught]


# Fields of the machine, ssh_source_ranges, the ways in, and how the warning begins, if any.
TABLE = [
    ({}, (), set(), "nobody outside its network can log in, for ssh_source_ranges=() closes SSH"),
    ({}, (OFFICE,), {"direct"}, None),
    ({}, (OFFICE6,), {"direct"}, None),
    ({"ipv6": False}, (OFFICE6,), set(), "nobody can log in, for it has no IPv6 address"),
    ({"ipv4": False}, (OFFICE,), set(), "nobody can log in, for it has no IPv4 address"),
    ({"ipv4": False}, (OFFICE, OFFICE6), {"direct"}, None),
    ({"ipv6": False}, (OFFICE, OFFICE6), {"direct"}, None),
    # Nobody comes from there over the Internet, and a firewall filters nothing else.
    ({}, (INNER,), set(), "nobody can log in, for nobody comes from ssh_source_ranges over"),
    ({}, ("fd00::/8",), set(), "nobody can log in, for nobody comes from"),
    ({"networks": ("internal",)}, (), {"inside"}, None),
    ({"networks": ("internal",), "ipv4": False, "ipv6": False}, (OFFICE,), {"inside"}, None),
    ({"target_host": "root@192.0.2.7"}, (), {"own"}, None),
    ({"firewall_ids": (4711,)}, (), {"own"}, None),
    ({"firewall_rules": (FirewallRule("tcp", port="20-30"),)}, (), {"own"}, None),
    ({"firewall_rules": (FirewallRule("tcp", port="443"),)}, (), set(), "nobody outside"),
    ({"firewall_rules": (FirewallRule("udp", port="22"),)}, (), set(), "nobody outside"),
]


@pytest.mark.parametrize(("fields", "ranges", "ways", "warning"), TABLE)
def test_the_ways_in(
    fields: dict[str, Any], ranges: tuple[str, ...], ways: set[str], warning: str | None
) -> None:
    found, said = described(server(**fields), *ranges)
    assert found == ways
    warned = [each for each in said if "log in" in each]
    assert len(warned) == (warning is not None)
    assert all(each.startswith(f"machine 'cinnabar': {warning}") for each in warned)


def test_zerotier_is_a_way_in_that_does_not_help_whoever_installs() -> None:
    controller = server(tags=("controller",))
    fleet = fleet_of(controller, hetzner=project(ssh_source_ranges=()))
    assert ways_in(fleet, controller) == {"zerotier"}
    closed = operations.access(fleet, project(ssh_source_ranges=()), controller, "")
    assert closed.closed.startswith("SSH is closed to whoever installs it: add the range")
    assert not operations.access(fleet, project(), controller, "").closed


def test_whoever_installs_comes_to_a_public_address_where_there_is_one() -> None:
    networks = (PrivateNetwork("internal"),)
    own = project(networks=networks)
    member = server(ipv4=False, networks=("internal",))
    fleet = fleet_of(member, hetzner=own)
    assert "come from over IPv6" in operations.access(fleet, own, member, "").closed
    inside = server(ipv4=False, ipv6=False, networks=("internal",))
    assert not operations.access(fleet_of(inside, hetzner=own), own, inside, "").closed


def test_who_has_not_that_network_is_offered_its_tag() -> None:
    with pytest.warns(UserWarning, match="give the tag 'peer', name where you come from"):
        fleet_of(
            server(tags=("controller",)),
            server("electrum"),
            hetzner=project(ssh_source_ranges=()),
        )


def test_its_host_key_is_told_by_nobody_and_there_is_no_tunnel() -> None:
    fleet = fleet_of(server())
    access = operations.access(fleet, project(), server(), "")
    assert (access.host_keys, access.tunnel, access.tunnel_host) == ((), (), None)
    assert "not checked" in access.note
    assert access.installed_by is None
    install = operations.access(fleet, project(install=True), server(), "")
    assert install.installed_by == "HetznerProject(install=True)"


def test_without_ipv4_the_installer_is_brought_along() -> None:
    machine = server(ipv4=False)
    here = project(ssh_source_ranges=(OFFICE6,))
    fleet = fleet_of(machine, hetzner=here)
    assert "--kexec FILE" in operations.access(fleet, here, machine, "").note
    (up, *_) = Writer(fleet=fleet).runbooks(machine)
    commands = [line for step in up.steps for line in step.commands]
    assert any("infra sync --get cinnabar.external_ipv6" in line for line in commands)


def test_its_ipv6_address_is_in_its_files_before_it_is_installed() -> None:
    machine = server()
    (up, *_) = Writer(fleet=fleet_of(machine)).runbooks(machine)
    commands = [line for step in up.steps for line in step.commands]
    install = next(at for at, line in enumerate(commands) if "clan machines install" in line)
    assert "infra sync" in commands[:install]
    assert "nixgen write" in commands[commands.index("infra sync") : install]
    facts = Facts(machines=(MachineFacts("cinnabar", external_ipv6="2001:db8:1:2::1"),))
    for known in (fleet_of(machine, facts=facts), fleet_of(server(ipv6=False))):
        (up, *_) = Writer(fleet=known).runbooks(known.machine("cinnabar"))
        commands = [line for step in up.steps for line in step.commands]
        install = next(at for at, line in enumerate(commands) if "clan machines install" in line)
        assert "infra sync" not in commands[:install], "there is nothing to learn first"


def test_what_the_installer_does_not_fit_into_is_told() -> None:
    assert too_small([server(server_type="cpx22")]) == []
    (said,) = too_small([server(server_type="cpx12")])
    assert said.startswith("machine 'cinnabar': cpx12 has 2 GB of memory: the installer")
    # One that is made with a larger type never becomes this one.
    assert "Deploy it so, then with a larger server_type" in said
    with pytest.warns(UserWarning, match="cpx12 has 2 GB of memory"):
        fleet_of(server(server_type="cpx12"))


def test_its_runbook_is_hetzners() -> None:
    """What stays and is paid for, what is deleted before it is made, and no word of Google's."""
    machine = server(volumes=(Volume("ore", size_gb=100),), deletion_protection=True)
    fleet = fleet_of(machine)
    text = " ".join(as_text(Writer(fleet=fleet).runbooks(machine), fleet).split())
    assert "Create it. It costs €" in text
    assert "infra deploy --stack hetzner " in text
    assert "Powered off, it would cost as much as it does now." in text
    assert "Its volume ore and its addresses stay, for €" in text
    assert "Learn that it is off. Its addresses and its keys stay" in text
    assert "Hetzner deletes first: if fsn1 has no stock of ccx23 then, there is no server." in text
    assert "an order does today, whatever the old one cost." in text
    assert "-replace=hcloud_server.cinnabar" in text
    assert "deletion_protection=False has to be deployed first" in text
    for word in ("google", "gcloud", "gcp", "vcpus", "gpu", "$0", "stopped=true", "boot disk"):
        assert word not in text.lower(), word


def test_a_private_network_is_not_the_way_in_of_who_names_ranges_of_the_internet() -> None:
    networked = project(
        networks=(PrivateNetwork("internal"),), ssh_source_ranges=("203.0.113.7/32",)
    )
    only_ipv6 = server(ipv4=False, networks=("internal",))
    (said,) = unreachable(fleet_of(only_ipv6, hetzner=networked), networked, [only_ipv6])
    assert "it has no IPv4 address, and ssh_source_ranges has no range of IPv6" in said
