"""Objects of the model as the calls that make them: the same again, without what is so anyway."""

import warnings
from typing import Any

import pytest

import infra_lib
from infra_lib import (
    BootDisk,
    ClanService,
    DataDisk,
    FirewallRule,
    GcpMachine,
    Gpu,
    HetznerMachine,
    Machine,
    Nvidia,
    PrivateNetwork,
    Reference,
    Role,
    ServiceAccount,
    ShieldedVm,
    SshHost,
    StopSchedule,
    User,
    Volume,
)
from infra_lib.operate.adopt.model_text import as_python
from infra_lib.operate.adopt.python_text import expression
from main import fleet

MADE = [
    Machine("vault"),
    Machine("mac", machine_class="darwin", tags=("a", "b"), description='"quoted" \\ $' + "{x}"),
    Machine("gate", target_host=None, build_host="", forward_agent=False, derive_tags=False),
    Machine("jump", ssh=SshHost(port=2222, options={"IdentityFile": ("~/.ssh/a", "~/.ssh/b")})),
    GcpMachine("galena", machine_type="e2-small", zone="us-central1-b"),
    GcpMachine("arm", machine_type="t2a-standard-1", zone="us-central1-a"),
    GcpMachine("l4", machine_type="g2-standard-4", zone="us-central1-a", enabled=True),
    GcpMachine(
        "many",
        machine_type="n1-standard-8",
        zone="us-central1-c",
        fallback_zones=("us-central1-a",),
        gpu=Gpu("nvidia-tesla-t4", count=2),
        spot=True,
        enabled=True,
        boot_disk=BootDisk(size_gb=200, type="pd-ssd"),
        network="vpc",
        external_ip=False,
        network_tags=("web",),
        labels={"team": "a"},
        metadata={"k": "v"},
        startup_script="#!/bin/sh\necho hi\nexit 0\n",
        shielded_vm=ShieldedVm(secure_boot=True),
        service_account=ServiceAccount("a@example.iam.gserviceaccount.com"),
        max_run_duration=3600,
        stop_schedule=StopSchedule("0 20 * * *", time_zone="Europe/Berlin"),
    ),
    GcpMachine(
        "data",
        machine_type="c3-standard-4",
        zone="us-central1-a",
        data_disks=(DataDisk("models", size_gb=500),),
        external_ip=Reference("${google_compute_address.a.address}"),
    ),
    HetznerMachine("cinnabar", server_type="ccx13", location="fsn1"),
    HetznerMachine(
        "electrum",
        server_type="ccx13",
        location="fsn1",
        ipv6=False,
        networks={"internal": "10.0.0.5", "other": None},
        volumes=(Volume("ore", size_gb=50, format="ext4"),),
        firewall_rules=(FirewallRule("tcp", port="443"),),
        firewall_ids=(17, Reference("${hcloud_firewall.mine.id}")),
        enabled=False,
    ),
    PrivateNetwork("internal", subnet="10.0.1.0/24"),
    ClanService("sshd", roles={"server": Role(tags=("all",), settings={"a": [1, None, 1.5]})}),
    User("cameron", machines={"galena": {}, "vault": {"share": True}}, ssh_keys=fleet.gcp.ssh_keys),  # type: ignore[union-attr]
    Nvidia(cuda_toolkit=True),
    *fleet.machines,
    *fleet.caches,
    fleet.gcp,
    fleet.hetzner,
]


def made_by(text: str) -> Any:
    from pathlib import Path

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(text, {**vars(infra_lib), "Path": Path})  # noqa: S307 - our own text


@pytest.mark.parametrize("made", MADE, ids=lambda made: getattr(made, "name", type(made).__name__))
def test_the_call_makes_the_same_again(made: Any) -> None:
    again = made_by(expression(as_python(made)))

    assert again == made
    # Also what no comparison sees: what was said, and what was not.
    assert expression(as_python(again)) == expression(as_python(made))


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (Machine("vault"), 'Machine("vault")'),
        (
            GcpMachine("l4", machine_type="g2-standard-4", zone="us-central1-a"),
            'GcpMachine("l4", machine_type="g2-standard-4", zone="us-central1-a")',
        ),
        (Gpu("nvidia-tesla-t4"), 'Gpu("nvidia-tesla-t4")'),
        (Role(machines=("a", "b")), 'Role(machines=("a", "b"))'),
        (Machine("gate", target_host=None), 'Machine("gate", target_host=None)'),
    ],
)
def test_what_follows_or_is_so_by_default_is_left_out(made: Any, text: str) -> None:
    assert expression(as_python(made)) == text


def test_a_comment_stands_before_its_field() -> None:
    machine = GcpMachine("galena", machine_type="e2-small", zone="us-central1-b")

    text = expression(as_python(machine, lambda _: {"zone": "Guessed.", "spot": "Not said."}))

    assert '    # Guessed.\n    zone="us-central1-b",\n' in text
    assert "Not said" not in text
