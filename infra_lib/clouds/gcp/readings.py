"""What Google's provider makes of each type of resource: when it imports one, and of changes.

Read off its resource definitions, github.com/hashicorp/terraform-provider-google at v7.45.0,
google/services/compute: what forces a new resource, what is optional and not computed, and what an
import leaves empty, since the provider takes it from its own state alone.
"""

from __future__ import annotations

from infra_lib.clouds.adoption import Reading

INSTANCE, DISK = "google_compute_instance", "google_compute_disk"
FIREWALL, POLICY = "google_compute_firewall", "google_compute_resource_policy"
RECORD = "google_dns_record_set"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _under(block: str, names: str) -> frozenset[str]:
    return frozenset(f"{block}.{name}" for name in names.split())


_MADE = "boot_disk.initialize_params"

STOPPED_FOR = _names(
    "advanced_machine_features enable_display machine_type min_cpu_platform service_account"
    " network_interface.network network_interface.subnetwork scheduling.node_affinities"
    " shielded_instance_config"
)
"""What of an instance Google's provider changes only while it is stopped."""

READINGS: dict[str, Reading] = {
    INSTANCE: Reading(
        forcing=_names(
            "project zone name hostname network_performance_config guest_accelerator params"
            " scratch_disk confidential_instance_config reservation_affinity"
            " key_revocation_action_type instance_encryption_key workload_identity_config"
            " advanced_machine_features.enable_uefi_networking attached_disk.force_attach"
        )
        | _under(
            "boot_disk",
            "device_name disk_encryption_key_raw disk_encryption_key_rsa kms_key_self_link"
            " disk_encryption_service_account guest_os_features mode source force_attach",
        )
        | _under(
            _MADE,
            "type image snapshot resource_manager_tags resource_policies provisioned_iops"
            " provisioned_throughput enable_confidential_compute storage_pool architecture"
            " replica_zones source_image_encryption_key source_snapshot_encryption_key",
        )
        | _under("network_interface", "network_attachment nic_type queue_count vlan")
        | _under(
            "scheduling",
            "preemptible provisioning_model termination_time max_run_duration"
            " on_instance_stop_action local_ssd_recovery_timeout",
        ),
        unread=_names(
            "allow_stopping_for_update deletion_policy desired_status labels params timeouts"
            " metadata_startup_script workload_identity_config attached_disk.force_attach"
            " attached_disk.disk_encryption_key_raw attached_disk.disk_encryption_key_rsa"
            " attached_disk.disk_encryption_service_account"
        )
        | _under(
            "boot_disk",
            "force_attach interface disk_encryption_key_raw disk_encryption_key_rsa"
            " disk_encryption_service_account",
        )
        | _under(
            _MADE,
            "snapshot resource_manager_tags resource_policies source_image_encryption_key"
            " source_snapshot_encryption_key",
        ),
        taken_away=_names(
            "hostname description can_ip_forward deletion_protection enable_display metadata tags"
            " key_revocation_action_type network_performance_config instance_encryption_key"
            " attached_disk service_account advanced_machine_features resource_policies"
            " boot_disk.auto_delete boot_disk.mode attached_disk.mode attached_disk.force_attach"
        )
        | _under(_MADE, "enable_confidential_compute storage_pool replica_zones")
        | _under(
            "network_interface",
            "vlan nic_type queue_count access_config alias_ip_range ipv6_access_config"
            " access_config.public_ptr_domain_name",
        )
        | _under(
            "scheduling",
            "automatic_restart preemptible node_affinities min_node_cpus termination_time"
            " instance_termination_action availability_domain max_run_duration"
            " max_run_duration.nanos on_instance_stop_action"
            " on_instance_stop_action.discard_local_ssd host_error_timeout_seconds"
            " local_ssd_recovery_timeout",
        )
        | _under(
            "advanced_machine_features",
            "enable_nested_virtualization threads_per_core turbo_mode visible_core_count"
            " performance_monitoring_unit enable_uefi_networking",
        ),
        defaults={
            "can_ip_forward": False,
            "deletion_protection": False,
            "enable_display": False,
            "boot_disk.auto_delete": True,
            "boot_disk.mode": "READ_WRITE",
            f"{_MADE}.enable_confidential_compute": False,
            "attached_disk.mode": "READ_WRITE",
            "attached_disk.force_attach": False,
            "network_interface.vlan": 0,
            "network_interface.queue_count": 0,
            "scheduling.automatic_restart": True,
            "scheduling.preemptible": False,
            "scheduling.min_node_cpus": 0,
            "scheduling.availability_domain": 0,
            "scheduling.host_error_timeout_seconds": 0,
            "scheduling.max_run_duration.nanos": 0,
            "scheduling.on_instance_stop_action.discard_local_ssd": False,
            "shielded_instance_config.enable_secure_boot": False,
            "shielded_instance_config.enable_vtpm": True,
            "shielded_instance_config.enable_integrity_monitoring": True,
            "advanced_machine_features.enable_nested_virtualization": False,
            "advanced_machine_features.threads_per_core": 0,
            "advanced_machine_features.visible_core_count": 0,
            "advanced_machine_features.enable_uefi_networking": False,
            "advanced_machine_features.performance_monitoring_unit": "STANDARD",
        },
        unordered=_names("tags service_account.scopes network_interface.alias_ip_range"),
        names=_names(
            f"machine_type zone {_MADE}.type attached_disk.source boot_disk.kms_key_self_link"
            " guest_accelerator.type network_interface.network network_interface.subnetwork"
            " resource_policies"
        ),
    ),
    DISK: Reading(
        forcing=_names(
            "project zone name architecture async_primary_disk description disk_encryption_key"
            " enable_confidential_compute guest_os_features image licenses params"
            " physical_block_size_bytes snapshot source_disk source_image_encryption_key"
            " source_instant_snapshot source_snapshot_encryption_key source_storage_object"
            " storage_pool type"
        ),
        unread=_names(
            "labels params architecture timeouts deletion_policy source_storage_object"
            " create_snapshot_before_destroy create_snapshot_before_destroy_prefix"
            " disk_encryption_key.raw_key"
            " disk_encryption_key.rsa_encrypted_key"
        ),
        taken_away=_names(
            "description image snapshot source_disk source_instant_snapshot storage_pool"
            " source_image_encryption_key source_snapshot_encryption_key async_primary_disk"
            " disk_encryption_key"
        ),
        defaults={"type": "pd-standard", "create_snapshot_before_destroy": False},
        names=_names("zone type disk_encryption_key.kms_key_self_link"),
    ),
    FIREWALL: Reading(
        forcing=_names("project name direction params"),
        unread=_names("params timeouts deletion_policy enable_logging"),
        taken_away=_names(
            "allow deny description disabled log_config source_ranges source_service_accounts"
            " source_tags target_service_accounts target_tags"
        ),
        defaults={"priority": 1000, "disabled": False},
        unordered=_names(
            "allow deny source_ranges source_service_accounts source_tags target_tags"
            " target_service_accounts destination_ranges"
        ),
        names=_names("network"),
    ),
    POLICY: Reading(
        forcing=_names("project region"),
        unread=_names("timeouts deletion_policy"),
        taken_away=_names(
            "description disk_consistency_group_policy group_placement_policy workload_policy"
            " snapshot_schedule_policy instance_schedule_policy.vm_start_schedule"
            " instance_schedule_policy.start_time instance_schedule_policy.expiration_time"
        ),
        names=_names("region"),
    ),
    RECORD: Reading(
        forcing=_names("project managed_zone name"),
        unread=_names("timeouts deletion_policy"),
        taken_away=_names("rrdatas routing_policy"),
        unordered=_names("rrdatas"),
    ),
}
"""By the type of resource, those that a stack makes."""

ASSUMED: dict[str, frozenset[str]] = {
    INSTANCE: _names(
        "scheduling shielded_instance_config guest_accelerator min_cpu_platform project zone"
        " confidential_instance_config reservation_affinity scheduling.on_host_maintenance"
        " scheduling.provisioning_model network_interface.network network_interface.subnetwork"
        " network_interface.access_config.network_tier network_interface.access_config.nat_ip"
        " attached_disk.device_name service_account.email boot_disk.initialize_params"
    )
    | _under(_MADE, "size type image provisioned_iops provisioned_throughput"),
    DISK: _names("project zone size provisioned_iops provisioned_throughput"),
    FIREWALL: _names("project direction"),
    POLICY: _names("project region"),
    RECORD: _names("project ttl"),
}
"""What Compute Engine chooses where a configuration leaves it out: nobody can tell from that."""
