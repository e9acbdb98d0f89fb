"""The stack that provisions a fleet's machines on Google Cloud."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING

import cdktf
from cdktf_cdktf_provider_google.compute_disk import ComputeDisk, ComputeDiskDiskEncryptionKey
from cdktf_cdktf_provider_google.compute_firewall import (
    ComputeFirewall,
    ComputeFirewallAllow,
    ComputeFirewallDeny,
    ComputeFirewallLogConfig,
)
from cdktf_cdktf_provider_google.provider import GoogleProvider

from infra_lib.clouds.gcp.firewall import Firewall, firewalls, network_tags, rule_prefix
from infra_lib.clouds.gcp.project import check_machine_in_project
from infra_lib.clouds.gcp.stop_policy import policy_address, stop_policy
from infra_lib.model.errors import field_error
from infra_lib.stacks.install import Installation
from infra_lib.stacks.instance import address, common_labels, compute_instance
from infra_lib.terraform.escape import escape
from nixgen.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cdktf_cdktf_provider_google.compute_instance import ComputeInstance
    from cdktf_cdktf_provider_google.compute_resource_policy import ComputeResourcePolicy
    from constructs import Construct

    from infra_lib.clouds.gcp.disks import DataDisk
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject
    from infra_lib.clouds.gcp.stop_schedule import StopSchedule
    from infra_lib.fleet import Fleet

# The constructs' own constraint is a major version behind; every field used here is in both.
_PROVIDER_VERSION = "~> 7.0"

# cdktf cannot hold a null within an output's value.
_NULL = "${null}"


class GcpStack(cdktf.TerraformStack):
    """A fleet's machines on Google Cloud, with their disks and firewall rules.

    Resources have addresses that nothing else in the fleet can change:
    `google_compute_instance.<machine>`, `google_compute_resource_policy.<machine>-stop`,
    `google_compute_disk.<disk>`, and `google_compute_firewall.ssh`, `.no-ssh` or `.zerotier`.
    Constructs of your own may stand in the same stack and refer to these.

    Attributes:
        instances: The instances by machine name; those of machines that are off are not there.
        disks: The data disks by name, also those of machines that are off.
        firewalls: The firewall rules by their address in Terraform.
        stop_policies: The policies of stop schedules by machine name, where the instance is there.
    """

    instances: Mapping[str, ComputeInstance]
    disks: Mapping[str, ComputeDisk]
    firewalls: Mapping[str, ComputeFirewall]
    stop_policies: Mapping[str, ComputeResourcePolicy]

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        fleet: Fleet,
        gcp: GcpProject | None = None,
        machines: Iterable[str] | None = None,
    ) -> None:
        """Make the stack.

        Args:
            scope: The app.
            id_: The stack's name.
            fleet: The fleet.
            gcp: The project that the stack is in; None for the fleet's.
            machines: Names of the machines that it provisions; None for all of the fleet. Its
                firewall rules and network tags then have the stack's name in theirs, so that
                several such stacks may be in one project.

        Raises:
            FleetError: When there is no Google Cloud project, a machine is none of the fleet's
                that are provisioned, two networks are too much alike in name, a machine has
                more labels or metadata in the project than an instance may have, or the
                project's key is in another region than a disk without one of its own.
        """
        id_ = exact(id_)
        project = gcp or fleet.gcp
        provisioned = _named(fleet, machines)
        if project is None:
            raise field_error(
                f"fleet {fleet.name!r}", "gcp", None, "GcpStack needs a GcpProject(…) here"
            )
        for machine in provisioned:
            check_machine_in_project(machine, project)
        super().__init__(scope, id_)
        self._name = id_
        GoogleProvider(self, "provider", project=escape(project.project), region=project.region)
        self.add_override("terraform.required_providers.google.version", _PROVIDER_VERSION)
        if project.backend is not None:
            prefix = "/".join(part for part in (project.backend.prefix.rstrip("/"), id_) if part)
            cdktf.GcsBackend(self, bucket=project.backend.bucket, prefix=prefix)
        enabled = [machine for machine in provisioned if machine.enabled]
        self._prefix = rule_prefix(fleet, None if machines is None else id_)
        rules = firewalls(fleet, project, provisioned, self._prefix)
        self.firewalls = MappingProxyType(
            {rule.address: self._firewall(rule, project) for rule in rules}
        )
        # A machine that is off keeps its data.
        self.disks = MappingProxyType(
            {
                disk.name: self._disk(
                    disk, machine, project, common_labels(fleet, project, machine)
                )
                for machine in provisioned
                for disk in machine.data_disks
            }
        )
        self.stop_policies = MappingProxyType(
            {
                machine.name: self._stop_policy(machine, machine.stop_schedule)
                for machine in enabled
                if machine.stop_schedule is not None
            }
        )
        self.instances = MappingProxyType(
            {machine.name: self._instance(machine, fleet, project) for machine in enabled}
        )
        if project.install:
            for machine in enabled:
                id_ = _id("terraform_data", machine.name)
                installation = Installation(self, id_, machine, project)
                installation.override_logical_id(machine.name)
        cdktf.TerraformOutput(
            self,
            "machines",
            value={machine.name: _output(machine) for machine in enabled},
            description="The machines that exist, by name",
            static_id=True,
        )

    def prepare_stack(self) -> None:
        """Keep the state beside the app, where cdktf does, whatever folder that is.

        cdktf writes an absolute path, so that the stack would differ from one checkout to the next.
        A backend of your own wins.
        """
        if self.node.try_find_child("backend") is None:
            outdir = cdktf.App.of(self).outdir
            app = os.path.relpath(".", start=f"{outdir}/stacks/{self._name}")
            cdktf.LocalBackend(self, path=f"{app}/terraform.{self._name}.tfstate")
        super().prepare_stack()

    def _instance(self, machine: GcpMachine, fleet: Fleet, project: GcpProject) -> ComputeInstance:
        instance = compute_instance(
            self,
            _id("google_compute_instance", machine.name),
            fleet=fleet,
            project=project,
            machine=machine,
            tags=network_tags(fleet, machine, self._prefix),
        )
        instance.override_logical_id(machine.name)
        return instance

    def _stop_policy(self, machine: GcpMachine, schedule: StopSchedule) -> ComputeResourcePolicy:
        name = policy_address(machine)
        resource = stop_policy(self, _id("google_compute_resource_policy", name), machine, schedule)
        resource.override_logical_id(name)
        return resource

    def _disk(
        self,
        disk: DataDisk,
        machine: GcpMachine,
        project: GcpProject,
        labels: Mapping[str, str],
    ) -> ComputeDisk:
        key = disk.kms_key or project.kms_key
        resource = ComputeDisk(
            self,
            _id("google_compute_disk", disk.name),
            name=disk.name,
            type=disk.type,
            zone=machine.zone,
            size=disk.size_gb,
            disk_encryption_key=None
            if key is None
            else ComputeDiskDiskEncryptionKey(kms_key_self_link=key),
            labels=labels,
            lifecycle=cdktf.TerraformResourceLifecycle(prevent_destroy=True)
            if disk.prevent_destroy
            else None,
        )
        resource.override_logical_id(disk.name)
        return resource

    def _firewall(self, rule: Firewall, project: GcpProject) -> ComputeFirewall:
        ports = [str(rule.port)]
        resource = ComputeFirewall(
            self,
            _id("google_compute_firewall", rule.address),
            name=rule.name,
            network=escape(rule.network),
            project=rule.project,
            direction="INGRESS",
            priority=rule.priority,
            allow=[ComputeFirewallAllow(protocol=rule.protocol, ports=ports)]
            if rule.allows
            else None,
            deny=None
            if rule.allows
            else [ComputeFirewallDeny(protocol=rule.protocol, ports=ports)],
            source_ranges=list(rule.source_ranges),
            target_tags=[rule.target_tag],
            log_config=ComputeFirewallLogConfig(metadata="INCLUDE_ALL_METADATA")
            if project.firewall_logging and rule.allows
            else None,
        )
        resource.override_logical_id(rule.address)
        return resource


def _named(fleet: Fleet, names: Iterable[str] | None) -> tuple[GcpMachine, ...]:
    """Return the provisioned machines of these names, in the fleet's order."""
    if names is None:
        return fleet.gcp_machines
    wanted = exact((names,) if isinstance(names, str) else tuple(names))
    known = [machine.name for machine in fleet.gcp_machines]
    for name in wanted:
        if name not in known:
            accepted = f"one of {', '.join(known) or '(no GcpMachine)'}"
            raise field_error(f"fleet {fleet.name!r}", "machines", name, accepted)
    return tuple(machine for machine in fleet.gcp_machines if machine.name in wanted)


def _id(resource_type: str, name: str) -> str:
    """Return a construct's id: with the dot in it, no construct of yours meets it by accident."""
    return f"{resource_type}.{name}"


def _output(machine: GcpMachine) -> dict[str, object]:
    """Return what the output `machines` says of a machine."""
    return {
        "zone": machine.zone,
        "machine_type": machine.machine_type,
        "external_ip": address(machine) if machine.external_ip else _NULL,
        "gpu": _NULL
        if machine.gpu is None
        else {"type": machine.gpu.type, "count": machine.gpu.count},
        "usd_per_hour": _NULL if (price := machine.usd_per_hour_now) is None else price,
    }
