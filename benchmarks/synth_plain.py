"""What `benchmarks/synth.py` measures against: a program written as cdktf's documentation has it.

    python benchmarks/synth_plain.py cdktf|cdktn MACHINES < STARTUP_SCRIPT

It makes the resources that a fleet of that many machines has, without anything of infra_lib.
cdktn is the maintained fork of cdktf.
"""

import importlib
import sys
from typing import Any

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
PROVIDERS = {"cdktf": "cdktf_cdktf_provider_google", "cdktn": "cdktn_provider_google"}


def instance(cdktf: Any, google: Any, stack: Any, name: str, script: str) -> Any:
    """Return one machine."""
    return google.ComputeInstance(
        stack,
        name,
        name=name,
        machine_type="e2-standard-8",
        zone="us-central1-b",
        boot_disk=google.ComputeInstanceBootDisk(
            initialize_params=google.ComputeInstanceBootDiskInitializeParams(
                image="debian-cloud/debian-12", size=100, type="pd-balanced"
            )
        ),
        network_interface=[
            google.ComputeInstanceNetworkInterface(
                network="default",
                access_config=[
                    google.ComputeInstanceNetworkInterfaceAccessConfig(network_tier="PREMIUM")
                ],
            )
        ],
        tags=["metals", "metals-zerotier"],
        labels={
            "cost": "0-2867-usd-per-hour",
            "fleet": "metals",
            "machine": name,
            "state": "on",
        },
        metadata={
            "block-project-ssh-keys": "TRUE",
            "enable-guest-attributes": "TRUE",
            "serial-port-enable": "FALSE",
            "ssh-keys": f"root:{KEY}",
            "startup-script": script,
        },
        scheduling=google.ComputeInstanceScheduling(
            provisioning_model="STANDARD",
            preemptible=False,
            automatic_restart=True,
            on_host_maintenance="MIGRATE",
        ),
        desired_status="RUNNING",
        shielded_instance_config=google.ComputeInstanceShieldedInstanceConfig(
            enable_secure_boot=False, enable_vtpm=True, enable_integrity_monitoring=True
        ),
        deletion_protection=False,
        allow_stopping_for_update=True,
        lifecycle=cdktf.TerraformResourceLifecycle(
            ignore_changes=[
                "boot_disk[0].initialize_params[0].image",
                "boot_disk[0].initialize_params[0].enable_confidential_compute",
                "boot_disk[0].initialize_params[0].storage_pool",
                "hostname",
                "instance_encryption_key",
                "key_revocation_action_type",
                "network_interface[0].nic_type",
                "network_interface[0].queue_count",
                "network_performance_config",
                "scheduling[0].local_ssd_recovery_timeout",
                "scratch_disk",
            ]
        ),
    )


def main() -> None:
    """Synthesize the stack `gcp` in the current folder."""
    binding, machines = sys.argv[1], int(sys.argv[2])
    script = sys.stdin.read()
    cdktf = importlib.import_module(binding)
    package = PROVIDERS[binding]
    google = importlib.import_module(f"{package}.compute_instance")
    firewall = importlib.import_module(f"{package}.compute_firewall")
    provider = importlib.import_module(f"{package}.provider")
    app = cdktf.App()
    stack = cdktf.TerraformStack(app, "gcp")
    provider.GoogleProvider(stack, "google", project="example-project", region="us-central1")
    for name, protocol, port, source, tag in (
        ("ssh", "tcp", "22", "35.235.240.0/20", "metals"),
        ("zerotier", "udp", "9993", "0.0.0.0/0", "metals-zerotier"),
    ):
        firewall.ComputeFirewall(
            stack,
            name,
            name=f"metals-{name}",
            network="default",
            direction="INGRESS",
            allow=[firewall.ComputeFirewallAllow(protocol=protocol, ports=[port])],
            source_ranges=[source],
            target_tags=[tag],
        )
    firewall.ComputeFirewall(
        stack,
        "no-ssh",
        name="metals-no-ssh",
        network="default",
        direction="INGRESS",
        priority=65533,
        deny=[firewall.ComputeFirewallDeny(protocol="tcp", ports=["22"])],
        source_ranges=[
            *("0.0.0.0/5", "8.0.0.0/7", "10.0.0.0/9", "11.0.0.0/8", "12.0.0.0/6"),
            *("16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2", "128.0.0.0/1"),
        ],
        target_tags=["metals"],
    )
    for number in range(machines):
        name = f"m{number}"
        machine = instance(cdktf, google, stack, name, script)
        cdktf.TerraformOutput(
            stack,
            f"{name}-external-ip",
            value=machine.network_interface.get(0).access_config.get(0).nat_ip,
        )
    app.synth()


if __name__ == "__main__":
    main()
