"""What `gcloud compute … list --format=json` prints, in Terraform's terms.

The lists are Compute Engine's own resources: https://cloud.google.com/compute/docs/reference/rest/v1.
Boot disks are among the disks, and only there is what type they are of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra_lib.clouds.adoption import Found, relative
from infra_lib.clouds.gcp.adoption.sources import ADDRESS
from infra_lib.clouds.gcp.adoption.values import last, number, part
from infra_lib.clouds.gcp.readings import DISK, FIREWALL, INSTANCE, POLICY
from infra_lib.model.errors import field_error, shown

_LISTS = {
    "instance": (INSTANCE, "instances"),
    "disk": (DISK, "disks"),
    "firewall": (FIREWALL, "firewall-rules"),
    "address": (ADDRESS, "addresses"),
    "resourcePolicy": (POLICY, "resource-policies"),
}
_BY_LINK = {
    "instances": "instance",
    "disks": "disk",
    "firewalls": "firewall",
    "addresses": "address",
    "resourcePolicies": "resourcePolicy",
}
_KIND = re.compile(r"compute#(?P<kind>[A-Za-z]+)")
_LINK = re.compile(r"https?://[^/]+/compute/[^/]+/projects/.*/(?P<kind>[A-Za-z]+)/[^/]+")


def listed(document: Sequence[Any], where: str) -> list[Found] | None:
    """Return what a list holds; see `infra_lib.clouds.cloud.Adoption`.

    Raises:
        FleetError: When it is a list of Compute Engine's, and of something else than is read, or
            something in it cannot be.
    """
    kinds = [_kind(each) for each in document]
    if document and not any(kinds):
        return None
    found = []
    for index, (kind, each) in enumerate(zip(kinds, document, strict=True)):
        place = f"{where}: [{index}]"
        if kind not in _LISTS:
            lists = ", ".join(f"gcloud compute {name} list" for _, name in _LISTS.values())
            given = kind or type(each).__name__
            raise field_error(place, "kind", given, f"with --format=json are read: {lists}")
        found.append(_found(kind, each, place, where))
    return found


def _kind(each: object) -> str | None:
    """Return what something in a list is, as Compute Engine calls it; None for nothing of its."""
    if not isinstance(each, Mapping):
        return None
    kind, link = each.get("kind"), each.get("selfLink")
    if isinstance(kind, str) and (found := _KIND.fullmatch(kind)):
        return found["kind"]
    if isinstance(link, str) and (found := _LINK.fullmatch(link)):
        return _BY_LINK.get(found["kind"], found["kind"])
    return None


def _found(kind: str, given: Mapping[str, Any], place: str, where: str) -> Found:
    it = _Given(given, place)
    name, link = it.text("name"), it.text("selfLink")
    if name is None:
        raise field_error(place, "name", given.get("name"), f"the name of a {kind} is wanted")
    type_ = _LISTS[kind][0]
    attributes = {
        "name": name,
        "project": part(link, "projects"),
        "self_link": link,
        "id": None if link is None else relative(link),
        "description": it.text("description"),
        **_READ[kind](it),
    }
    zone = attributes.get("zone") or attributes.get("region")
    label = f"{zone}/{name}" if zone else name
    shape = re.fullmatch(r"[-.:/\w]+", label, re.ASCII)
    return Found(
        type=type_,
        name="",
        where=f"{where}: {_LISTS[kind][1]} {label if shape else shown(label)}",
        attributes=attributes,
        exists=True,
    )


class _Given:
    """What a list holds, or a part of it: fields that are of another kind are refused by name."""

    def __init__(self, given: Mapping[str, Any], place: str) -> None:
        self.given, self.place = given, place

    def _of(self, name: str, kinds: type | tuple[type, ...], wanted: str) -> Any:
        value = self.given.get(name)
        if value is None:
            return None
        if not isinstance(value, kinds):
            # What stands in metadata may be secret.
            given = type(value).__name__ if ".metadata" in self.place else value
            raise field_error(self.place, name, given, f"{wanted} is there in Google's lists")
        return value

    def text(self, name: str) -> str | None:
        value = self._of(name, (str, int), "a text")
        return None if value is None else str(value)

    def end(self, name: str) -> str | None:
        value = self.text(name)
        return None if value is None else last(value)

    def flag(self, name: str) -> bool | None:
        value: bool | None = self._of(name, bool, "true or false")
        return value

    def whole(self, name: str) -> int | None:
        value = self._of(name, (str, int), "a whole number")
        found = number(value)
        if value is not None and found is None:
            raise field_error(self.place, name, value, "a whole number is there in Google's lists")
        return found

    def texts(self, name: str) -> list[str]:
        values = self._of(name, list, "a list") or []
        for each in values:
            if not isinstance(each, str):
                raise field_error(self.place, name, each, "a text is there in Google's lists")
        return [*values]

    def part(self, name: str) -> _Given | None:
        value = self._of(name, Mapping, "an object")
        return None if value is None else _Given(value, f"{self.place}.{name}")

    def parts(self, name: str) -> list[_Given]:
        values = self._of(name, list, "a list") or []
        for each in values:
            if not isinstance(each, Mapping):
                raise field_error(self.place, name, each, "an object is there in Google's lists")
        return [_Given(each, f"{self.place}.{name}[{index}]") for index, each in enumerate(values)]

    def block(self, name: str, read: Callable[[_Given], dict[str, Any]]) -> list[dict[str, Any]]:
        """Return an object as a state has the block of it: in a list, empty where there is none."""
        inner = self.part(name)
        return [] if inner is None else [read(inner)]

    def table(self, name: str) -> dict[str, str]:
        inner = self.part(name)
        return {} if inner is None else {key: inner.text(key) or "" for key in inner.given}


def _key(it: _Given, name: str) -> str | None:
    key = it.part(name)
    said = None if key is None else key.text("kmsKeyName")
    return None if said is None else said.partition("/cryptoKeyVersions")[0]


def _labels(it: _Given) -> dict[str, Any]:
    labels = it.table("labels")
    return {"labels": labels, "effective_labels": labels}


def _instance(it: _Given) -> dict[str, Any]:
    disks = it.parts("disks")
    scratch = [each for each in disks if each.text("type") == "SCRATCH"]
    boot = [each for each in disks if each.flag("boot")]
    data = [each for each in disks if each not in scratch and each not in boot]
    tags, display = it.part("tags"), it.part("displayDevice")
    return {
        **_labels(it),
        "machine_type": it.end("machineType"),
        "zone": it.end("zone"),
        "instance_id": it.text("id"),
        "hostname": it.text("hostname"),
        "can_ip_forward": bool(it.flag("canIpForward")),
        "deletion_protection": bool(it.flag("deletionProtection")),
        "current_status": it.text("status"),
        "cpu_platform": it.text("cpuPlatform"),
        "min_cpu_platform": it.text("minCpuPlatform"),
        "key_revocation_action_type": it.text("keyRevocationActionType"),
        "enable_display": None if display is None else display.flag("enableDisplay"),
        "metadata": _metadata(it),
        "tags": [] if tags is None else tags.texts("items"),
        "resource_policies": it.texts("resourcePolicies"),
        "boot_disk": [_boot_disk(each) for each in boot],
        "attached_disk": [_attached_disk(each) for each in data],
        "scratch_disk": [
            {"interface": each.text("interface"), "size": each.whole("diskSizeGb")}
            for each in scratch
        ],
        "network_interface": [_interface(each) for each in it.parts("networkInterfaces")],
        "guest_accelerator": [
            {"type": each.text("acceleratorType"), "count": each.whole("acceleratorCount")}
            for each in it.parts("guestAccelerators")
        ],
        "service_account": [
            {"email": each.text("email"), "scopes": each.texts("scopes")}
            for each in it.parts("serviceAccounts")
        ],
        "scheduling": it.block("scheduling", _scheduling),
        "shielded_instance_config": it.block("shieldedInstanceConfig", _shielded),
        "confidential_instance_config": it.block("confidentialInstanceConfig", _confidential),
        "advanced_machine_features": it.block("advancedMachineFeatures", _processors),
        "reservation_affinity": it.block("reservationAffinity", _reservation),
        "network_performance_config": it.block(
            "networkPerformanceConfig",
            lambda said: {"total_egress_bandwidth_tier": said.text("totalEgressBandwidthTier")},
        ),
        "instance_encryption_key": it.block(
            "instanceEncryptionKey", lambda said: {"kms_key_self_link": said.text("kmsKeyName")}
        ),
    }


def _metadata(it: _Given) -> dict[str, str]:
    metadata = it.part("metadata")
    items = [] if metadata is None else metadata.parts("items")
    return {key: each.text("value") or "" for each in items if (key := each.text("key"))}


def _boot_disk(it: _Given) -> dict[str, Any]:
    return {
        "auto_delete": it.flag("autoDelete"),
        "device_name": it.text("deviceName"),
        "mode": it.text("mode"),
        "source": it.text("source"),
        "kms_key_self_link": _key(it, "diskEncryptionKey"),
        "initialize_params": [{"size": it.whole("diskSizeGb")}],
    }


def _attached_disk(it: _Given) -> dict[str, Any]:
    return {
        "device_name": it.text("deviceName"),
        "mode": it.text("mode"),
        "source": it.text("source"),
        "kms_key_self_link": _key(it, "diskEncryptionKey"),
    }


def _interface(it: _Given) -> dict[str, Any]:
    return {
        "name": it.text("name"),
        "network": it.text("network"),
        "subnetwork": it.text("subnetwork"),
        "subnetwork_project": part(it.text("subnetwork"), "projects"),
        "network_ip": it.text("networkIP"),
        "nic_type": it.text("nicType"),
        "stack_type": it.text("stackType"),
        "queue_count": it.whole("queueCount"),
        "vlan": it.whole("vlan"),
        "network_attachment": it.text("networkAttachment"),
        "access_config": [
            {
                "nat_ip": each.text("natIP"),
                "network_tier": each.text("networkTier"),
                "public_ptr_domain_name": each.text("publicPtrDomainName")
                if each.flag("setPublicPtr")
                else None,
            }
            for each in it.parts("accessConfigs")
        ],
        "ipv6_access_config": [
            {
                "external_ipv6": each.text("externalIpv6"),
                "network_tier": each.text("networkTier"),
            }
            for each in it.parts("ipv6AccessConfigs")
        ],
        "alias_ip_range": [
            {
                "ip_cidr_range": each.text("ipCidrRange"),
                "subnetwork_range_name": each.text("subnetworkRangeName"),
            }
            for each in it.parts("aliasIpRanges")
        ],
    }


def _scheduling(it: _Given) -> dict[str, Any]:
    def duration(said: _Given) -> dict[str, Any]:
        return {"seconds": said.whole("seconds"), "nanos": said.whole("nanos")}

    return {
        "provisioning_model": it.text("provisioningModel"),
        "preemptible": bool(it.flag("preemptible")),
        "automatic_restart": it.flag("automaticRestart"),
        "on_host_maintenance": it.text("onHostMaintenance"),
        "instance_termination_action": it.text("instanceTerminationAction"),
        "termination_time": it.text("terminationTime"),
        "min_node_cpus": it.whole("minNodeCpus"),
        "availability_domain": it.whole("availabilityDomain"),
        "host_error_timeout_seconds": it.whole("hostErrorTimeoutSeconds"),
        "max_run_duration": it.block("maxRunDuration", duration),
        "local_ssd_recovery_timeout": it.block("localSsdRecoveryTimeout", duration),
        "on_instance_stop_action": it.block(
            "onInstanceStopAction", lambda said: {"discard_local_ssd": said.flag("discardLocalSsd")}
        ),
        "node_affinities": [
            {
                "key": each.text("key"),
                "operator": each.text("operator"),
                "values": each.texts("values"),
            }
            for each in it.parts("nodeAffinities")
        ],
    }


def _shielded(it: _Given) -> dict[str, Any]:
    return {
        "enable_secure_boot": bool(it.flag("enableSecureBoot")),
        "enable_vtpm": bool(it.flag("enableVtpm")),
        "enable_integrity_monitoring": bool(it.flag("enableIntegrityMonitoring")),
    }


def _confidential(it: _Given) -> dict[str, Any]:
    return {
        "enable_confidential_compute": it.flag("enableConfidentialCompute"),
        "confidential_instance_type": it.text("confidentialInstanceType"),
    }


def _processors(it: _Given) -> dict[str, Any]:
    return {
        "enable_nested_virtualization": it.flag("enableNestedVirtualization"),
        "threads_per_core": it.whole("threadsPerCore"),
        "visible_core_count": it.whole("visibleCoreCount"),
        "turbo_mode": it.text("turboMode"),
        "performance_monitoring_unit": it.text("performanceMonitoringUnit"),
        "enable_uefi_networking": it.flag("enableUefiNetworking"),
    }


def _reservation(it: _Given) -> dict[str, Any]:
    kind = it.text("consumeReservationType")
    specific = [{"key": it.text("key"), "values": it.texts("values")}]
    return {
        "type": kind,
        "specific_reservation": specific if kind == "SPECIFIC_RESERVATION" else [],
    }


def _disk(it: _Given) -> dict[str, Any]:
    key = _key(it, "diskEncryptionKey")
    return {
        **_labels(it),
        "zone": it.end("zone"),
        "region": it.end("region"),
        "size": it.whole("sizeGb"),
        "type": it.end("type"),
        "image": it.text("sourceImage"),
        "snapshot": it.text("sourceSnapshot"),
        "source_disk": it.text("sourceDisk"),
        "source_instant_snapshot": it.text("sourceInstantSnapshot"),
        "provisioned_iops": it.whole("provisionedIops"),
        "provisioned_throughput": it.whole("provisionedThroughput"),
        "storage_pool": it.end("storagePool"),
        "access_mode": it.text("accessMode"),
        "enable_confidential_compute": it.flag("enableConfidentialCompute"),
        "disk_encryption_key": [] if key is None else [{"kms_key_self_link": key}],
        "users": it.texts("users"),
    }


def _firewall(it: _Given) -> dict[str, Any]:
    def traffic(name: str) -> list[dict[str, Any]]:
        return [
            {"protocol": each.text("IPProtocol"), "ports": each.texts("ports")}
            for each in it.parts(name)
        ]

    log = it.part("logConfig")
    is_logged = log is not None and bool(log.flag("enable"))
    return {
        "network": it.text("network"),
        "direction": it.text("direction"),
        "priority": it.whole("priority"),
        "disabled": bool(it.flag("disabled")),
        "allow": traffic("allowed"),
        "deny": traffic("denied"),
        "source_ranges": it.texts("sourceRanges"),
        "source_tags": it.texts("sourceTags"),
        "source_service_accounts": it.texts("sourceServiceAccounts"),
        "destination_ranges": it.texts("destinationRanges"),
        "target_tags": it.texts("targetTags"),
        "target_service_accounts": it.texts("targetServiceAccounts"),
        "log_config": [{"metadata": log.text("metadata")}] if log is not None and is_logged else [],
    }


def _address(it: _Given) -> dict[str, Any]:
    return {
        "address": it.text("address"),
        "address_type": it.text("addressType"),
        "region": it.end("region"),
    }


def _policy(it: _Given) -> dict[str, Any]:
    def schedule(said: _Given) -> dict[str, Any]:
        return {"schedule": said.text("schedule")}

    return {
        "region": it.end("region"),
        "instance_schedule_policy": it.block(
            "instanceSchedulePolicy",
            lambda said: {
                "time_zone": said.text("timeZone"),
                "start_time": said.text("startTime"),
                "expiration_time": said.text("expirationTime"),
                "vm_start_schedule": said.block("vmStartSchedule", schedule),
                "vm_stop_schedule": said.block("vmStopSchedule", schedule),
            },
        ),
    }


_READ: dict[str, Callable[[_Given], dict[str, Any]]] = {
    "instance": _instance,
    "disk": _disk,
    "firewall": _firewall,
    "address": _address,
    "resourcePolicy": _policy,
}
