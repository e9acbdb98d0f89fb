"""What google's provider does with each resource beyond its schema.

Read off google's own resource definitions (github.com/hashicorp/terraform-provider-google, tag
v7.45.0, google/services/compute): which arguments force a new resource, which have defaults, which
blocks the API fills in, and what else counts as the same. That provider itself was run on the same
changes, over a stand-in of its API, and planned the same.
"""

import re
from ipaddress import IPv4Network
from typing import Any

from .planning import Rules, State
from .values import UNKNOWN

RFC1035 = "^(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)$"


def name_refusal(planned: State, _config: State) -> str | None:
    """Why the name of a resource is refused at plan, or None."""
    name = planned["name"]
    if name is UNKNOWN or re.fullmatch(RFC1035, name):
        return None
    return f'"name" ("{name}") doesn\'t match regexp "{RFC1035}"'


def instance_refusal(planned: State, config: State) -> str | None:
    """Why an instance is refused at plan, or None."""
    status = planned["desired_status"]
    if status not in (None, UNKNOWN, "RUNNING", "SUSPENDED", "TERMINATED"):
        known = '"RUNNING" "TERMINATED" "SUSPENDED"'
        return f"expected desired_status to be one of [{known}], got {status}"
    return name_refusal(planned, config)


def firewall_refusal(planned: State, config: State) -> str | None:
    """Why a firewall rule is refused at plan, or None."""
    sources = ("source_tags", "source_ranges", "source_service_accounts")
    if planned["direction"] != "EGRESS" and not any(planned[source] for source in sources):
        return "one of source_tags, source_ranges, or source_service_accounts must be defined"
    return name_refusal(planned, config)


def record_refusal(planned: State, _config: State) -> str | None:
    """Why a record is refused at plan, or None: its name is a whole one."""
    name = planned["name"]
    if name is UNKNOWN or name.endswith("."):
        return None
    return f'"{name}" doesn\'t end with a dot ("."): the name of a record set has to'


def settle_instance(_prior: State | None, planned: State) -> None:
    """A count of 0 is no GPU: no change where there is none, and a new machine where there is."""
    if [gpu["count"] for gpu in planned["guest_accelerator"]] == [0]:
        planned["guest_accelerator"] = []


def settle_firewall(prior: State | None, planned: State) -> None:
    """The same ports in another order, and a protocol in capitals, are no change."""
    for name in ("allow", "deny"):
        if prior and _traffic(prior[name]) == _traffic(planned[name]):
            planned[name] = prior[name]


def _traffic(rules: Any) -> Any:
    if rules is UNKNOWN:
        return rules
    return sorted((str(rule["protocol"]).lower(), _texts(rule["ports"] or [])) for rule in rules)


def _texts(values: Any) -> list[str]:
    return sorted(map(str, values)) if isinstance(values, list) else [str(values)]


def moved_startup_script(prior: State, planned: State) -> tuple[str, ...]:
    """A new `metadata_startup_script` replaces the machine, unless its text only moves."""
    before, after = prior["metadata_startup_script"], planned["metadata_startup_script"]
    if not before and (prior["metadata"] or {}).get("startup-script") == after:
        return ()
    if not after and (planned["metadata"] or {}).get("startup-script") == before:
        return ()
    return ("metadata_startup_script",)


def smaller_disk(prior: State, planned: State) -> tuple[str, ...]:
    """A disk can grow in place and cannot shrink."""
    before, after = prior["size"], planned["size"]
    known = isinstance(before, int) and isinstance(after, int)
    return ("size",) if known and after < before else ()


def other_range(prior: State, planned: State) -> tuple[str, ...]:
    """The addresses of a subnetwork can become more in place, not fewer or others."""
    before, after = prior["ip_cidr_range"], planned["ip_cidr_range"]
    if after in (before, UNKNOWN) or IPv4Network(before).subnet_of(IPv4Network(after)):
        return ()
    return ("ip_cidr_range",)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _under(block: str, names: str) -> str:
    return " ".join(f"{block}.{name}" for name in names.split())


_KEY = "kms_key_self_link kms_key_service_account raw_key rsa_encrypted_key"

RULES: dict[str, Rules] = {
    "google_compute_instance": Rules(
        id="projects/{project}/zones/{zone}/instances/{name}",
        replaced_by=_names(
            "project zone name hostname boot_disk network_interface network_performance_config"
            " guest_accelerator params scratch_disk confidential_instance_config"
            " reservation_affinity key_revocation_action_type instance_encryption_key "
            + _under(
                "boot_disk",
                "device_name disk_encryption_key_raw disk_encryption_key_rsa"
                " disk_encryption_service_account kms_key_self_link guest_os_features"
                " initialize_params mode source force_attach",
            )
            + " "
            + _under(
                "boot_disk.initialize_params",
                "type image snapshot resource_manager_tags resource_policies"
                " provisioned_iops provisioned_throughput enable_confidential_compute storage_pool"
                " architecture",
            )
            + " "
            + _under("boot_disk.initialize_params.source_image_encryption_key", _KEY)
            + " "
            + _under("boot_disk.initialize_params.source_snapshot_encryption_key", _KEY)
            + " "
            + _under("network_interface", "network_attachment network_ip nic_type queue_count")
            + " "
            + _under(
                "network_interface.ipv6_access_config",
                "external_ipv6 external_ipv6_prefix_length name",
            )
            + " network_performance_config.total_egress_bandwidth_tier guest_accelerator.count"
            " guest_accelerator.type scratch_disk.size attached_disk.force_attach "
            + _under(
                "scheduling",
                "preemptible provisioning_model termination_time max_run_duration"
                " max_run_duration.seconds max_run_duration.nanos on_instance_stop_action"
                " on_instance_stop_action.discard_local_ssd local_ssd_recovery_timeout"
                " local_ssd_recovery_timeout.seconds local_ssd_recovery_timeout.nanos",
            )
            + " advanced_machine_features.enable_uefi_networking"
            " reservation_affinity.type reservation_affinity.specific_reservation"
            " reservation_affinity.specific_reservation.key"
            " reservation_affinity.specific_reservation.values"
            " instance_encryption_key.kms_key_self_link"
            " instance_encryption_key.kms_key_service_account"
        ),
        defaults={
            "attached_disk.force_attach": False,
            "attached_disk.mode": "READ_WRITE",
            "boot_disk.auto_delete": True,
            "boot_disk.force_attach": False,
            "boot_disk.mode": "READ_WRITE",
            "can_ip_forward": False,
            "deletion_protection": False,
            "scheduling.automatic_restart": True,
            "scheduling.on_instance_stop_action.discard_local_ssd": False,
            "scheduling.preemptible": False,
            "scratch_disk.size": 375,
            "shielded_instance_config.enable_integrity_monitoring": True,
            "shielded_instance_config.enable_secure_boot": False,
            "shielded_instance_config.enable_vtpm": True,
        },
        kept=_names(
            "boot_disk.initialize_params confidential_instance_config guest_accelerator"
            " reservation_affinity scheduling shielded_instance_config"
        ),
        links=_names(
            "attached_disk.source boot_disk.kms_key_self_link boot_disk.source"
            " guest_accelerator.type network_interface.network network_interface.subnetwork"
            " resource_policies"
        ),
        names=_names("machine_type boot_disk.initialize_params.storage_pool"),
        images=_names("boot_disk.initialize_params.image"),
        stated=_names("allow_stopping_for_update params"),
        shorter=(3, 1),
        quiet=_names("attached_disk.force_attach boot_disk.force_attach"),
        settle=settle_instance,
        also_replaced_by=moved_startup_script,
        refusal=instance_refusal,
    ),
    "google_compute_firewall": Rules(
        id="projects/{project}/global/firewalls/{name}",
        replaced_by=_names("project name direction params"),
        defaults={"priority": 1000},
        stated=_names("params"),
        shorter=(2, 1),
        links=_names("network"),
        settle=settle_firewall,
        refusal=firewall_refusal,
    ),
    "google_compute_disk": Rules(
        id="projects/{project}/zones/{zone}/disks/{name}",
        replaced_by=_names(
            "project zone name architecture async_primary_disk async_primary_disk.disk description"
            " disk_encryption_key enable_confidential_compute guest_os_features image licenses"
            " params physical_block_size_bytes snapshot source_disk source_image_encryption_key"
            " source_instant_snapshot source_snapshot_encryption_key source_storage_object"
            " storage_pool type "
            + _under("disk_encryption_key", _KEY)
            + " "
            + _under(
                "source_image_encryption_key",
                "kms_key_self_link kms_key_service_account raw_key",
            )
            + " "
            + _under(
                "source_snapshot_encryption_key",
                "kms_key_self_link kms_key_service_account raw_key",
            )
        ),
        defaults={"create_snapshot_before_destroy": False, "type": "pd-standard"},
        names=_names("type"),
        images=_names("image"),
        stated=_names(
            "create_snapshot_before_destroy create_snapshot_before_destroy_prefix params"
        ),
        shorter=(3, 2, 1),
        also_replaced_by=smaller_disk,
        refusal=name_refusal,
    ),
    "google_compute_attached_disk": Rules(
        id="projects/{project}/zones/{zone}/instances/{instance}/{disk}",
        replaced_by=_names("project zone disk instance device_name mode interface"),
        defaults={"mode": "READ_WRITE"},
        links=_names("disk instance"),
    ),
    "google_compute_resource_policy": Rules(
        id="projects/{project}/regions/{region}/resourcePolicies/{name}",
        replaced_by=_names(
            "project region disk_consistency_group_policy.enabled"
            " group_placement_policy.gpu_topology workload_policy.type"
            " workload_policy.accelerator_topology workload_policy.max_topology_distance"
        ),
        defaults={
            "snapshot_schedule_policy.retention_policy.on_source_disk_delete": "KEEP_AUTO_SNAPSHOTS"
        },
        shorter=(3, 2, 1),
        refusal=name_refusal,
    ),
    "google_compute_address": Rules(
        id="projects/{project}/regions/{region}/addresses/{name}",
        replaced_by=_names(
            "project region name address address_type description ip_version ipv6_endpoint_type"
            " network network_tier prefix_length purpose subnetwork"
        ),
        defaults={"address_type": "EXTERNAL"},
        links=_names("network subnetwork"),
        refusal=name_refusal,
    ),
    "google_compute_network": Rules(
        id="projects/{project}/global/networks/{name}",
        replaced_by=_names(
            "project name auto_create_subnetworks description enable_ula_internal_ipv6"
            " internal_ipv6_range network_profile params params.resource_manager_tags"
        ),
        defaults={
            "auto_create_subnetworks": True,
            "delete_default_routes_on_create": False,
            "network_firewall_policy_enforcement_order": "AFTER_CLASSIC_FIREWALL",
        },
        refusal=name_refusal,
    ),
    "google_compute_subnetwork": Rules(
        id="projects/{project}/regions/{region}/subnetworks/{name}",
        replaced_by=_names(
            "project region name network description external_ipv6_prefix ip_collection"
            " reserved_internal_range params params.resource_manager_tags"
        ),
        defaults={
            "log_config.aggregation_interval": "INTERVAL_5_SEC",
            "log_config.filter_expr": "true",
            "log_config.flow_sampling": 0.5,
            "log_config.metadata": "INCLUDE_ALL_METADATA",
        },
        links=_names("network reserved_internal_range"),
        also_replaced_by=other_range,
        refusal=name_refusal,
    ),
    "google_compute_router": Rules(
        id="projects/{project}/regions/{region}/routers/{name}",
        replaced_by=_names("project region name network encrypted_interconnect_router"),
        defaults={"bgp.advertise_mode": "DEFAULT", "bgp.keepalive_interval": 20},
        links=_names("network"),
        refusal=name_refusal,
    ),
    "google_compute_router_nat": Rules(
        id="{project}/{region}/{router}/{name}",
        replaced_by=_names("project region name router endpoint_types initial_nat_ips type"),
        defaults={
            "icmp_idle_timeout_sec": 30,
            "tcp_established_idle_timeout_sec": 1200,
            "tcp_time_wait_timeout_sec": 120,
            "tcp_transitory_idle_timeout_sec": 30,
            "type": "PUBLIC",
            "udp_idle_timeout_sec": 30,
        },
        links=_names("router"),
        refusal=name_refusal,
    ),
    "google_dns_record_set": Rules(
        id="projects/{project}/managedZones/{managed_zone}/rrsets/{name}/{type}",
        replaced_by=_names("project managed_zone name"),
        links=_names("managed_zone"),
        shorter=(4, 3),
        refusal=record_refusal,
    ),
    "google_service_account": Rules(
        id="projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
        replaced_by=_names("project account_id create_ignore_already_exists"),
        defaults={"disabled": False},
    ),
    "google_project_iam_member": Rules(
        id="{project}/{role}/{member}",
        replaced_by=_names(
            "project role member condition condition.title condition.expression"
            " condition.description"
        ),
    ),
}


def labelled(prior: State | None, planned: State, provider: dict[str, Any]) -> None:
    """Fill in the two outputs that google's provider computes at plan from the labels.

    It labels what it makes itself, unless `add_terraform_attribution_label` is false. A label
    without a value it loses: one that was there stays as it is, and a new one is expected at every
    plan and never comes (hashicorp/terraform-provider-google#16750).
    """
    if "effective_labels" not in planned or planned["labels"] is UNKNOWN:
        return
    before = prior or dict.fromkeys(("effective_labels", "terraform_labels"))
    there, own = before["effective_labels"] or {}, before["terraform_labels"] or {}
    labels = (provider.get("default_labels") or {}) | (planned["labels"] or {})
    if provider.get("add_terraform_attribution_label") is not False and (
        prior is None or ATTRIBUTION.items() <= there.items()
    ):
        labels = ATTRIBUTION | labels
    labels = {key: value or own.get(key, UNKNOWN) for key, value in labels.items()}
    foreign = {key: value for key, value in there.items() if key not in own}
    planned["terraform_labels"] = labels
    planned["effective_labels"] = foreign | labels


ATTRIBUTION = {"goog-terraform-provisioned": "true"}
"""The label that google's provider puts on what it makes."""
