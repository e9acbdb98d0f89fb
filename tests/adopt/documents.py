"""Sources as people have them: each in the words of the tool that writes it."""

from __future__ import annotations

from typing import Any

URL = "https://www.googleapis.com/compute/v1/projects/acme-prod"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"


def instance(name: str, **more: Any) -> dict[str, Any]:
    """An instance as a state has it."""
    place = f"{URL}/zones/europe-west4-a"
    return {
        "name": name,
        "project": "acme-prod",
        "zone": "europe-west4-a",
        "machine_type": "e2-standard-8",
        "id": f"projects/acme-prod/zones/europe-west4-a/instances/{name}",
        "self_link": f"{place}/instances/{name}",
        "allow_stopping_for_update": True,
        "can_ip_forward": False,
        "deletion_protection": False,
        "description": "",
        "labels": {"team": "ops"},
        "effective_labels": {"team": "ops"},
        "terraform_labels": {"team": "ops"},
        "metadata": {"ssh-keys": f"root:{KEY}\nalice:{KEY}", "note": "zwölf"},
        "metadata_startup_script": "#!/bin/sh\necho started\n",
        "tags": ["web"],
        "boot_disk": [
            {
                "auto_delete": True,
                "device_name": "persistent-disk-0",
                "mode": "READ_WRITE",
                "source": f"{place}/disks/{name}",
                "kms_key_self_link": "",
                "initialize_params": [
                    {"image": "debian-cloud/debian-12", "size": 50, "type": "pd-balanced"}
                ],
            }
        ],
        "attached_disk": [
            {"source": f"{place}/disks/{name}-data", "device_name": f"{name}-data"},
        ],
        "network_interface": [
            {
                "network": f"{URL}/global/networks/default",
                "subnetwork": f"{URL}/regions/europe-west4/subnetworks/default",
                "network_ip": "10.164.0.2",
                "stack_type": "IPV4_ONLY",
                "access_config": [{"nat_ip": "34.90.0.1", "network_tier": "PREMIUM"}],
            }
        ],
        "scheduling": [
            {
                "automatic_restart": True,
                "on_host_maintenance": "MIGRATE",
                "preemptible": False,
                "provisioning_model": "STANDARD",
            }
        ],
        "service_account": [
            {
                "email": "vm@acme-prod.iam.gserviceaccount.com",
                "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            }
        ],
        "shielded_instance_config": [{"enable_vtpm": True, "enable_integrity_monitoring": True}],
        "guest_accelerator": [],
        "current_status": "RUNNING",
        "timeouts": None,
        **more,
    }


def disk(name: str) -> dict[str, Any]:
    """A disk as a state has it."""
    return {
        "name": name,
        "project": "acme-prod",
        "zone": "europe-west4-a",
        "size": 200,
        "type": "pd-ssd",
        "self_link": f"{URL}/zones/europe-west4-a/disks/{name}",
        "labels": {},
        "effective_labels": {},
    }


def server(name: str, number: int, **more: Any) -> dict[str, Any]:
    """A server as a state has it."""
    return {
        "id": str(number),
        "name": name,
        "server_type": "cx32",
        "location": "fsn1",
        "datacenter": "fsn1-dc14",
        "image": "debian-12",
        "ipv4_address": "5.75.0.1",
        "ipv6_address": "2a01:4f8:1::1",
        "ipv6_network": "2a01:4f8:1::/64",
        "labels": {"team": "ops"},
        "backups": False,
        "firewall_ids": [],
        "keep_disk": False,
        "network": [],
        "public_net": [
            {"ipv4": number + 1, "ipv4_enabled": True, "ipv6": number + 2, "ipv6_enabled": True}
        ],
        "ssh_keys": None,
        "status": "running",
        "user_data": None,
        **more,
    }


def addresses(name: str, number: int) -> list[tuple[str, str, dict[str, Any]]]:
    """The addresses of a server as a state has them."""
    return [
        (
            "hcloud_primary_ip",
            f"{name}-{kind}",
            {
                "id": str(number + index),
                "name": f"{name}-{kind}",
                "type": kind,
                "location": "fsn1",
                "assignee_id": number,
                "assignee_type": "server",
                "auto_delete": False,
                "ip_address": address,
                "labels": {},
            },
        )
        for index, kind, address in ((1, "ipv4", "5.75.0.1"), (2, "ipv6", "2a01:4f8:1::1"))
    ]


Resource = tuple[str, str, dict[str, Any]]


def resources() -> list[Resource]:
    """What a state of both clouds has: type, name and attributes."""
    return [
        ("google_compute_instance", "galena", instance("galena")),
        ("google_compute_disk", "data", disk("galena-data")),
        ("hcloud_server", "cinnabar", server("cinnabar", 100)),
        *addresses("cinnabar", 100),
        ("random_password", "db", {"id": "none", "length": 24, "result": "vq9!xPz-Kd27Lmw#tt3"}),
    ]


def shown(found: list[Resource], **more: Any) -> dict[str, Any]:
    """A state as `terraform show -json` prints it."""
    listed = [
        {
            "address": f"{kind}.{name}",
            "mode": "managed",
            "type": kind,
            "name": name,
            "provider_name": f"registry.terraform.io/hashicorp/{kind.partition('_')[0]}",
            "schema_version": 6,
            "values": values,
            "sensitive_values": {},
        }
        for kind, name, values in found
    ]
    root = {"resources": listed, "child_modules": []}
    version = {"format_version": "1.0", "terraform_version": "1.11.4"}
    return {**version, "values": {"root_module": root, "outputs": {}}, **more}


def kept(found: list[Resource], **more: Any) -> dict[str, Any]:
    """A state as Terraform keeps it."""
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 12,
        "lineage": "7c6d3b0e-2f30-5a49-9d4a-7a2c4a0f1d11",
        "outputs": {},
        "resources": [
            {
                "mode": "managed",
                "type": kind,
                "name": name,
                "provider": f'provider["registry.terraform.io/hashicorp/{kind.partition("_")[0]}"]',
                "instances": [
                    {"schema_version": 6, "attributes": values, "sensitive_attributes": []}
                ],
            }
            for kind, name, values in found
        ],
        "check_results": None,
        **more,
    }


def written() -> dict[str, Any]:
    """A configuration as terranix writes it."""
    return {
        "terraform": {
            "backend": {"gcs": {"bucket": "acme-state", "prefix": "prod"}},
            "required_providers": {"google": {"source": "hashicorp/google"}},
        },
        "provider": {
            "google": [
                {"project": "acme-prod", "region": "europe-west4", "zone": "europe-west4-a"},
                {"alias": "other", "project": "acme-test", "zone": "europe-west1-b"},
            ],
            "hcloud": {"token": "${var.hcloud_token}"},
        },
        "variable": {"hcloud_token": {"type": "string", "sensitive": True}},
        "output": {"ip": {"value": "${google_compute_instance.galena.network_interface[0]}"}},
        "resource": {
            "google_compute_instance": {
                "galena": {
                    "name": "galena",
                    "machine_type": "e2-standard-8",
                    "boot_disk": {"initialize_params": {"image": "debian-cloud/debian-12"}},
                    "network_interface": {"network": "default", "access_config": {}},
                    "metadata": {"enable-oslogin": "TRUE"},
                },
                "elsewhere": {
                    "provider": "google.other",
                    "name": "elsewhere",
                    "machine_type": "e2-standard-8",
                    "boot_disk": {"initialize_params": {"image": "debian-cloud/debian-12"}},
                    "network_interface": {"network": "default"},
                },
            },
            "hcloud_server": {
                "cinnabar": {
                    "name": "cinnabar",
                    "server_type": "cx32",
                    "location": "fsn1",
                    "image": "debian-12",
                    "ssh_keys": ["${hcloud_ssh_key.admin.id}"],
                    "labels": {"team": "ops"},
                }
            },
            "hcloud_ssh_key": {"admin": {"name": "admin", "public_key": KEY}},
        },
    }


def inventory() -> dict[str, Any]:
    """An inventory as somebody wrote it."""
    return {
        "meta": {"name": "ore", "description": "Metals", "domain": "example.org"},
        "machines": {
            "galena": {
                "tags": ["nixos", "server"],
                "description": "GCP node (e2-standard-8): builds",
                "deploy": {"targetHost": "root@galena.example.org", "buildHost": None},
            },
            "cinnabar": {"tags": ["nixos"], "deploy": {"targetHost": "root@5.75.0.1"}},
            "stibnite": {"machineClass": "darwin", "description": "Zoë's MacBook"},
        },
        "tags": {"backup": ["galena", "cinnabar"]},
        "instances": {
            "sshd": {
                "module": {"name": "sshd", "input": "clan-core"},
                "roles": {"server": {"tags": {"all": {}}, "settings": {"certificate": {}}}},
            },
            "borg": {
                "module": {"name": "borgbackup"},
                "roles": {
                    "client": {"machines": {"galena": {"settings": {"startAt": "*-*-* 01:00"}}}},
                    "server": {"machines": {"cinnabar": {"settings": {"directory": "/x"}}}},
                },
            },
        },
    }


def gcloud() -> list[dict[str, Any]]:
    """What `gcloud compute instances list --format=json` prints."""
    zone = f"{URL}/zones/europe-west4-a"
    return [
        {
            "kind": "compute#instance",
            "id": "4242424242424242424",
            "name": "galena",
            "selfLink": f"{zone}/instances/galena",
            "zone": zone,
            "machineType": f"{zone}/machineTypes/e2-standard-8",
            "status": "RUNNING",
            "labels": {"team": "ops"},
            "metadata": {
                "fingerprint": "x=",
                "items": [{"key": "ssh-keys", "value": f"root:{KEY}"}, {"key": "a", "value": "b"}],
            },
            "tags": {"fingerprint": "x=", "items": ["web"]},
            "disks": [
                {
                    "autoDelete": True,
                    "boot": True,
                    "deviceName": "persistent-disk-0",
                    "diskSizeGb": "50",
                    "mode": "READ_WRITE",
                    "source": f"{zone}/disks/galena",
                    "type": "PERSISTENT",
                }
            ],
            "networkInterfaces": [
                {
                    "name": "nic0",
                    "network": f"{URL}/global/networks/default",
                    "networkIP": "10.164.0.2",
                    "stackType": "IPV4_ONLY",
                    "accessConfigs": [{"natIP": "34.90.0.1", "networkTier": "PREMIUM"}],
                }
            ],
            "scheduling": {
                "automaticRestart": True,
                "onHostMaintenance": "MIGRATE",
                "preemptible": False,
                "provisioningModel": "STANDARD",
            },
            "serviceAccounts": [{"email": "vm@acme-prod.iam.gserviceaccount.com", "scopes": []}],
            "shieldedInstanceConfig": {"enableVtpm": True, "enableIntegrityMonitoring": True},
        }
    ]


def hcloud() -> list[dict[str, Any]]:
    """What `hcloud server list -o json` prints."""
    return [
        {
            "id": 100,
            "name": "cinnabar",
            "server_type": {"id": 109, "name": "cx32"},
            "location": {"id": 1, "name": "fsn1"},
            "image": {"id": 1, "name": "debian-12"},
            "status": "running",
            "labels": {"team": "ops"},
            "public_net": {
                "ipv4": {"id": 101, "ip": "5.75.0.1"},
                "ipv6": {"id": 102, "ip": "2a01:4f8:1::/64"},
                "firewalls": [],
            },
            "private_net": [],
            "volumes": [],
            "protection": {"delete": False, "rebuild": False},
            "backup_window": None,
            "rescue_enabled": False,
            "locked": False,
            "placement_group": None,
        }
    ]
