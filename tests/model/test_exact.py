"""What a fleet holds is what was checked: a subclass of a plain type is the plain value or refused.

An enumeration with texts, `class N(str, Enum)`, is what people have; its members are formatted as
"N.G". What is worse may do anything when it is asked, so it is asked nothing.
"""

from enum import Enum
from pathlib import PurePath
from typing import Any

import attrs
import pytest

import infra_lib
from infra_lib import (
    BinaryCache,
    Device,
    Facts,
    FirewallRule,
    Fleet,
    FleetError,
    GcpMachine,
    GcpProject,
    Gpu,
    HetznerMachine,
    HetznerProject,
    Machine,
    MachineFacts,
    PrivateNetwork,
    Reference,
    Ssh,
    SshCertificateAuthority,
    SshHost,
    User,
    Volume,
    hybrid_zfs_layout,
    zfs_layout,
)
from nixgen import dumps, ref
from nixgen.files.rendered import render
from tests.helpers.hostile import HostileInt, HostileStr, hostile, is_exact, member

from .test_values import values

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
FACTS = MachineFacts(
    "l4",
    external_ip="203.0.113.48",
    ssh_host_key=KEY,
    state_version="25.05",
    zerotier_ip="fd01:2345:6789:abcd:ef99:93ab:cdef:1200",
    zone="us-central1-a",
)
HELD: dict[str, Any] = {
    **values(),
    "machine facts": FACTS,
    "facts": Facts(machines=(FACTS,), zerotier_network_id="0123456789abcdef"),
    "device": Device("phone", zerotier_member_id="abcdef1201", user="me", ssh_host_key=KEY),
    "ssh": Ssh(),
    "configured machine": Machine(
        "vault",
        target_host=None,
        build_host="root@build",
        forward_agent=True,
        modules=("base", PurePath("machines/vault/hardware.nix"), {"a": 1}, ref("inputs.a.b")),
        config={"services": {"a.b": [1]}},
        disko={"disk": {"main": {"device": "/dev/sda"}}},
        boot_device="/dev/sda",
        state_version="25.05",
        platform="x86_64-linux",
        module_name="vault",
    ),
    "ssh host": SshHost(
        user="me",
        port=2222,
        host_name="203.0.113.7",
        host_key_alias="a",
        proxy_jump="b",
        options={"IdentityFile": ("c", "d"), "SetEnv": {"E": "f"}, "ServerAliveInterval": 5},
    ),
    "certificate authority": SshCertificateAuthority("a", public_key=KEY, host_names=("*.zt",)),
    "Hetzner project with keys": HetznerProject(
        ssh_keys=(KEY,), ssh_source_ranges=("203.0.113.7/32",), install=True, server_limit=9
    ),
    "server of Arm": HetznerMachine(
        "amber",
        server_type="cax21",
        location="fsn1",
        fallback_locations=("hel1",),
        image="114690387",
        image_architecture="arm",
        networks=("internal",),
        user_data="#cloud-config",
        config={"services": {"a.b": [1, 2.5, "c"]}},
        description="words",
        tags=("a", "b"),
    ),
    "GPU machine": GcpMachine(
        "scheelite",
        machine_type="n1-standard-8",
        zone="us-central1-c",
        fallback_zones=("us-central1-a",),
        gpu=Gpu("nvidia-tesla-t4"),
        network="vpc",
        external_ip="203.0.113.9",
        config={"services": {"a.b": [1, 2.5, "c"]}, ("boot", "tmp"): True},
        description="words",
        target_host="root@host",
        tags=("a", "b"),
    ),
}
FIELDS = [
    pytest.param(name, field.alias, id=f"{name}: {field.alias}")
    for name, value in HELD.items()
    for field in attrs.fields(type(value))
    if field.init
]


def held(value: Any, argument: str) -> Any:
    """What a value holds of an argument."""
    names = {field.alias: field.name for field in attrs.fields(type(value))}
    return getattr(value, names[argument])


def test_every_public_class_is_covered() -> None:
    public = {getattr(infra_lib, name) for name in infra_lib.__all__}
    classes = {item for item in public if isinstance(item, type) and attrs.has(item)}
    assert classes == {type(value) for value in HELD.values()}


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_field_asks_a_subclass_nothing_and_holds_the_plain_value(name: str, field: str) -> None:
    value = HELD[name]
    given = hostile(held(value, field))
    for each in (given, iter(given)) if isinstance(given, tuple) else (given,):
        made = attrs.evolve(value, **{field: each})
        assert is_exact(held(made, field))
        assert made == value
        assert repr(made) == repr(value)


@pytest.mark.parametrize(("name", "field"), FIELDS)
@pytest.mark.parametrize("text", ["", "x\n${y}", "-o", "../" * 99, "A" * 400])
def test_a_text_of_a_subclass_has_the_outcome_of_the_plain_one(
    name: str, field: str, text: str
) -> None:
    def outcome(given: object) -> str:
        try:
            made = attrs.evolve(HELD[name], **{field: given})
        except FleetError as error:
            return str(error)
        assert is_exact(held(made, field))
        return repr(made)

    for make in (lambda given: given, lambda given: (given,), lambda given: {given: given}):
        assert outcome(make(HostileStr(text))) == outcome(make(text))
        assert outcome(make(HostileInt(len(text)))) == outcome(make(len(text)))


def test_a_switch_is_true_or_false_and_no_number_that_counts_as_one() -> None:
    switches = [
        (value, field.alias)
        for value in HELD.values()
        for field in attrs.fields(type(value))
        if field.init
        and field.type == "bool"
        # The machine that has these tells.
        and not isinstance(value, infra_lib.ShieldedVm | infra_lib.DataDisk)
    ]
    assert len(switches) > 10
    for value, name in switches:
        for switch in (member(1), member(0), HostileInt(1), 1, 0.0, "True"):
            with pytest.raises(FleetError, match=f"{name}=.*: True or False is accepted"):
                attrs.evolve(value, **{name: switch})


class N(str, Enum):  # noqa: UP042 - str() gives "N.G", unlike that of StrEnum
    G = "galena"
    ZONE = "us-central1-b"
    TYPE = "e2-standard-8"
    TAG = "peer"
    SERVER = "cinnabar"
    SERVER_TYPE = "cpx22"
    LOCATION = "fsn1"
    PROTOCOL = "tcp"
    PORT = "443"
    ADDRESS = "10.0.1.5"
    USER = "cameron"
    STYLE = "nixos"
    DOMAIN = "zt"
    TEXT = "words"
    CACHE = "https://cache.nixos.org"
    CACHE_KEY = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="
    PATH = "docs/gpu-costs.md"
    POOL = "tank"
    EXTRA = "extra/a.nix"


def fleet(name: Any) -> Fleet:
    """A fleet whose texts are members of an enumeration, or whatever is made of them."""
    return Fleet(
        name=name(N.G),
        domain=name(N.DOMAIN),
        gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
        hetzner=HetznerProject(
            ssh_keys=(KEY,), networks=[PrivateNetwork(name(N.TAG))], labels={"a": name(N.G)}
        ),
        machines=[
            Machine("vault", tags=("controller",), target_host=name(N.G)),
            HetznerMachine(
                name(N.SERVER),
                server_type=name(N.SERVER_TYPE),
                location=name(N.LOCATION),
                networks={name(N.TAG): name(N.ADDRESS)},
                volumes=[Volume(name(N.POOL), size_gb=10)],
                firewall_rules=[FirewallRule(name(N.PROTOCOL), port=name(N.PORT))],
                placement_group=name(N.G),
                user_data=name(N.TEXT),
            ),
            GcpMachine(
                name(N.G),
                machine_type=name(N.TYPE),
                zone=name(N.ZONE),
                tags=iter([name(N.TAG)]),
                description=name(N.TEXT),
                labels={name(N.G): name(N.G)},
                startup_script=name(N.TEXT),
                config={name(N.G): {name(N.G): [name(N.TEXT)]}},
                disko=lambda device: zfs_layout(device, pool=name(N.POOL)),
            ),
        ],
        users=[User(name(N.USER), groups=[name(N.TAG)], machines=[name(N.G)])],
        caches=[BinaryCache(name(N.CACHE), public_key=name(N.CACHE_KEY))],
        module_style=name(N.STYLE),
        files={name(N.PATH): None},
        extra_files=[lambda _: {name(N.EXTRA): {name(N.G): name(N.TEXT)}}],
    )


def test_files_of_a_fleet_of_enumerations_are_those_of_their_values() -> None:
    def written(name: Any) -> Any:
        return render(fleet(name).nix_files(), "main:fleet")

    plain = written(lambda each: each.value)
    assert written(lambda each: each) == plain
    assert written(lambda each: HostileStr(each.value)) == plain


def test_a_disk_layout_may_be_added_to_by_its_names() -> None:
    given = {"device": "/dev/sda", "pool": "tank", "esp_size": "1G"}
    for layout in (zfs_layout, hybrid_zfs_layout):
        made = layout(**{name: HostileStr(value) for name, value in given.items()})
        assert made == layout(**given)
        assert is_exact(made)


def test_a_reference_stays_one() -> None:
    network = Reference("${google_compute_network.vpc.id}")
    project = GcpProject("example-project", region="us-central1", network=network)
    assert type(project.network) is Reference
    labelled = attrs.evolve(project, labels={"a": Reference("${x}")})
    assert type(labelled.labels["a"]) is Reference
    assert dumps(network) == '"\\${google_compute_network.vpc.id}"\n'


def test_a_reference_is_what_its_text_is() -> None:
    template = "${google_compute_network.vpc.id}"

    class Network(str, Enum):  # noqa: UP042 - str() gives "Network.VPC", unlike that of StrEnum
        VPC = template

    for given in (Network.VPC, HostileStr(template), Reference(template)):
        assert str.__str__(Reference(given)) == template


def test_a_member_of_an_enumeration_of_references_is_a_reference() -> None:
    class Network(Reference, Enum):
        VPC = "${google_compute_network.vpc.id}"

    project = GcpProject("example-project", region="us-central1", network=Network.VPC)
    assert type(project.network) is Reference
    assert f"{project.network}" == "${google_compute_network.vpc.id}"
