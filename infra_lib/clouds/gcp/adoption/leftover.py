"""What a resource says that no field here does, and what becomes of that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from infra_lib.clouds.adoption import Item, without_indexes
from infra_lib.clouds.gcp import left_alone
from infra_lib.clouds.gcp.adoption.values import flag, is_nothing, leaves, number, text
from infra_lib.clouds.gcp.readings import DISK, INSTANCE, POLICY, READINGS
from infra_lib.clouds.secret_values import HIDDEN, is_secret, looks_secret
from infra_lib.model.errors import shown

if TYPE_CHECKING:
    from infra_lib.clouds.adoption import Found

_CALLED = {INSTANCE: "machine", DISK: "disk", POLICY: "policy"}
_INSTEAD = {
    INSTANCE: "leave this machine out of the fleet, or let it be made anew by hand",
    DISK: "copy what is on it onto a disk of its own, or leave its machine out of the fleet",
}
# What the stack leaves alone, by the path without indexes.
_LEFT_ALONE = {
    INSTANCE: frozenset(map(without_indexes, left_alone.INSTANCE)),
    DISK: frozenset(left_alone.DATA_DISK),
}

# Terraform's own, and what only the provider says.
_ALWAYS = {
    *("id", "self_link", "creation_timestamp", "effective_labels", "terraform_labels"),
    *("label_fingerprint", "timeouts", "lifecycle", "provider", "depends_on", "count", "for_each"),
    *("//", "deletion_policy", "project", "name", "zone", "region", "labels"),
}

# What is said elsewhere, by hand: maps, and lists in which each entry counts.
_BY_HAND = {
    *("metadata", "tags", "attached_disk", "scratch_disk", "resource_policies"),
    *("guest_accelerator", "reservation_affinity", "network_interface.access_config"),
    *("desired_status", "current_status", "metadata_startup_script", "min_cpu_platform"),
    "scheduling.automatic_restart",
    *("provisioned_iops", "provisioned_throughput"),
    "boot_disk.initialize_params.provisioned_iops",
    "boot_disk.initialize_params.provisioned_throughput",
}

# What fields here say, by the kind of value that it has.
_CARRIED: dict[str, dict[str, str]] = {
    INSTANCE: {
        "machine_type": "text",
        "boot_disk.initialize_params.size": "number",
        "boot_disk.initialize_params.type": "text",
        "boot_disk.initialize_params.image": "text",
        "boot_disk.kms_key_self_link": "text",
        "boot_disk.source": "text",
        "boot_disk.device_name": "text",
        "network_interface.network": "text",
        "network_interface.subnetwork": "text",
        "network_interface.subnetwork_project": "text",
        "scheduling.on_host_maintenance": "text",
        "scheduling.preemptible": "flag",
        "scheduling.provisioning_model": "text",
        "scheduling.instance_termination_action": "text",
        "scheduling.max_run_duration.seconds": "number",
        "scheduling.on_instance_stop_action.discard_local_ssd": "flag",
        "service_account.email": "text",
        "service_account.scopes": "list",
        "shielded_instance_config.enable_secure_boot": "flag",
        "shielded_instance_config.enable_vtpm": "flag",
        "shielded_instance_config.enable_integrity_monitoring": "flag",
        "advanced_machine_features.enable_nested_virtualization": "flag",
        "advanced_machine_features.threads_per_core": "number",
        "confidential_instance_config.enable_confidential_compute": "flag",
        "confidential_instance_config.confidential_instance_type": "text",
        "deletion_protection": "flag",
        "allow_stopping_for_update": "flag",
    },
    DISK: {
        "size": "number",
        "type": "text",
        "disk_encryption_key.kms_key_self_link": "text",
    },
    POLICY: {
        "instance_schedule_policy.time_zone": "text",
        "instance_schedule_policy.vm_stop_schedule.schedule": "text",
    },
}

# What the provider or Compute Engine says by itself, of what is there as of what is written.
_COMPUTED: dict[str, set[str]] = {
    INSTANCE: {
        *("cpu_platform", "instance_id", "metadata_fingerprint", "tags_fingerprint"),
        *("boot_disk.disk_encryption_key_sha256", "boot_disk.initialize_params.labels"),
        *("boot_disk.force_attach", "boot_disk.interface"),
        "boot_disk.guest_os_features",
        "boot_disk.initialize_params.architecture",
        *("network_interface.name", "network_interface.ipv6_access_type"),
        "network_interface.parent_nic_name",
        "instance_encryption_key.sha256",
    },
    DISK: {
        *("disk_id", "last_attach_timestamp", "last_detach_timestamp", "source_disk_id"),
        *("source_image_id", "source_instant_snapshot_id", "source_snapshot_id", "users"),
        *("disk_encryption_key.sha256", "source_image_encryption_key.sha256", "architecture"),
        *("source_snapshot_encryption_key.sha256", "create_snapshot_before_destroy_prefix"),
        # What a machine that is made anew would not lose.
        *("guest_os_features", "licenses", "physical_block_size_bytes"),
    },
    POLICY: set(),
}

# What somebody said where it is written, and Compute Engine chose where it is there.
_CHOSEN = {
    INSTANCE: {
        *("network_interface.network_ip", "network_interface.igmp_query"),
        *("network_interface.internal_ipv6_prefix_length", "network_interface.ipv6_address"),
        "boot_disk.initialize_params.resource_policies",
    },
    DISK: {"access_mode"},
}

# What is as good as said by nobody.
_USUAL: Mapping[str, Collection[Any]] = {
    "network_interface.stack_type": ("IPV4_ONLY",),
    "boot_disk.mode": ("READ_WRITE",),
    "boot_disk.auto_delete": (True,),
    "advanced_machine_features.performance_monitoring_unit": ("STANDARD",),
    "key_revocation_action_type": ("NONE", "KEY_REVOCATION_ACTION_TYPE_UNSPECIFIED"),
    "network_performance_config.total_egress_bandwidth_tier": ("DEFAULT",),
    "access_mode": ("READ_WRITE_SINGLE",),
}


def leftover(found: Found, attributes: Mapping[str, Any] | None = None) -> Iterator[Item]:
    """Yield what a resource says that matters, and nothing here does; and what cannot be read.

    Args:
        found: The resource: an instance, a disk or a policy.
        attributes: Those of its attributes that count; all of them where they are not given.
    """
    carried = _CARRIED[found.type]
    for path, plain, value in leaves(found.attributes if attributes is None else attributes):
        handling = _handling(found.type, plain, there=found.exists)
        if handling == "skipped" or (is_nothing(value) and value is not False):
            continue
        if handling == "carried":
            if not _is_read(carried[plain], value):
                yield _unread(found, path, value, carried[plain])
        elif handling == "block":
            yield _unread(found, path, value, "block")
        elif not _is_usual(found.type, plain, value):
            yield unsaid(found, path, plain, value)


@lru_cache(maxsize=4096)
def _handling(
    kind: str, plain: str, *, there: bool
) -> Literal["skipped", "carried", "block", "unsaid"]:
    """Return what is done with an argument, by its path without indexes."""
    carried = _CARRIED[kind]
    skipped = _ALWAYS | _COMPUTED[kind] | _BY_HAND | (_CHOSEN.get(kind, set()) if there else set())
    if _is_in(plain, skipped):
        return "skipped"
    if plain in carried:
        return "carried"
    inside = any(other.startswith(f"{plain}.") for other in carried)
    return "block" if inside else "unsaid"


def unsaid(found: Found, path: str, plain: str, value: object) -> Item:
    """Return what the report says of an argument that no field here does.

    Args:
        found: The resource.
        path: Where the argument is.
        plain: That without indexes.
        value: What it is.
    """
    forced = is_forced(found.type, plain)
    return Item(
        kind="left",
        where=found.where,
        what=f"{path}={told(found, path, value)}: nothing here says it; {fate(found.type, plain)}",
        do=_INSTEAD.get(found.type, "") if forced else "",
    )


def fate(kind: str, plain: str) -> str:
    """Return what the first deployment does with an argument that the stack does not say."""
    if kind == POLICY:
        return "a machine that follows it is no longer stopped and started so"
    if _is_in(plain, _LEFT_ALONE.get(kind, ())):
        if kind == DISK and _is_in(plain, left_alone.MADE_OF):
            return "what is on it stays, and a disk that is made anew is empty"
        return f"it stays as it is, and a {_CALLED[kind]} that is made anew is without"
    if is_forced(kind, plain):
        return f"Google's provider would make the {_CALLED[kind]} anew to be without it"
    if _is_in(plain, READINGS[kind].taken_away):
        return "the first deployment takes it away"
    return "it stays as it is"


def is_forced(kind: str, plain: str) -> bool:
    """Whether a resource would be made anew for an argument that the stack does not say."""
    if _is_in(plain, _LEFT_ALONE.get(kind, ())):
        return False
    reading = READINGS[kind]
    gone = _is_in(plain, reading.taken_away) and not _is_in(plain, reading.unread)
    return gone and _is_in(plain, reading.forcing)


def told(found: Found, path: str, value: object) -> str:
    """Return a value as the report has it: without what may be secret, and not too long."""
    key = path.rpartition(".")[2]
    hidden = is_secret(found, path) or _holds_secret(key, value)
    return HIDDEN if hidden else shown(value)


def _holds_secret(key: str, value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_secret(str(name), each) for name, each in value.items())
    if isinstance(value, list | tuple):
        return any(_holds_secret(key, each) for each in value)
    return looks_secret(value, key)


def _unread(found: Found, path: str, value: object, wanted: str) -> Item:
    article = "a block" if wanted == "block" else _WORDS[wanted]
    what = f"{path}={told(found, path, value)}: Terraform has {article} there, so it is not read"
    return Item(kind="left", where=found.where, what=what)


_WORDS = {"text": "a text", "number": "a whole number", "flag": "true or false", "list": "a list"}


def _is_read(kind: str, value: object) -> bool:
    read = {"text": text, "number": number, "flag": flag}.get(kind)
    if read is None:
        return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
    return read(value) is not None


def _is_usual(kind: str, plain: str, value: object) -> bool:
    default = READINGS[kind].defaults.get(plain)
    if plain in _USUAL and value in _USUAL[plain]:
        return True
    return value == default if plain in READINGS[kind].defaults else value is False


def _is_in(plain: str, names: Collection[str]) -> bool:
    return plain in names or any(plain.startswith(f"{name}.") for name in names)
