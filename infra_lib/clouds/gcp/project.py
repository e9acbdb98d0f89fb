"""The Google Cloud project of the fleet, and where Terraform keeps its state."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

from attrs import field

from infra_lib.clouds.gcp.rules import STACK_LABELS, check_kms_key
from infra_lib.model import check
from infra_lib.model.errors import field_error
from nixgen.frozen import frozen

# Identity-Aware Proxy's TCP forwarding: https://cloud.google.com/iap/docs/using-tcp-forwarding
IAP_RANGE = "35.235.240.0/20"

# https://cloud.google.com/resource-manager/docs/creating-managing-projects; some that are older
# have a domain before them.
_PROJECT = re.compile(r"(?:[a-z0-9.-]+:[a-z][-a-z0-9]*|[a-z][-a-z0-9]{4,28})[a-z0-9]")
_BUCKET = re.compile(r"[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]")
_PREFIX = re.compile(r"[-_./A-Za-z0-9]*")


@frozen
class GcsBackend:
    """Terraform state in a Cloud Storage bucket: shared, and locked while in use.

    Attributes:
        bucket: The bucket's name; it must exist.
        prefix: The folder in it; the stack's name comes after.

    Raises:
        FleetError: When a field cannot be.
    """

    bucket: str
    prefix: str = "terraform/state"

    def __attrs_post_init__(self) -> None:
        where = "backend"
        if not isinstance(self.bucket, str) or not _BUCKET.fullmatch(self.bucket):
            raise field_error(where, "bucket", self.bucket, "a Cloud Storage bucket's name")
        if not isinstance(self.prefix, str) or not _PREFIX.fullmatch(self.prefix):
            raise field_error(
                where, "prefix", self.prefix, "letters, digits and - _ . / are accepted"
            )


@frozen
class GcpProject:
    """A Google Cloud project.

    Attributes:
        project: The project ID.
        region: The region that the provider works in when nothing says otherwise.
        ssh_keys: OpenSSH public keys of those who install machines: they log in as root.
        ssh_source_ranges: Address ranges (CIDR) that SSH is open to. Identity-Aware Proxy's by
            default; ("0.0.0.0/0",) opens it to the world, () closes it. Google's network
            "default" comes with a rule that opens it to the world, default-allow-ssh
            (https://cloud.google.com/firewall/docs/firewalls#more_rules_default_vpc): there, a
            rule of the stack closes it to all but these ranges and the network's own machines.
            Rules of your own stand beside these, at the priority that you give them.
        project_ssh_keys: Whether the keys in the project's own metadata let people in as well,
            as long as a machine runs its image. NixOS takes none from there.
        os_login: Whether people log in by their Google accounts, as IAM lets them (OS Login): True
            has each image and each NixOS ask Google, beside root's `ssh_keys`, which clan comes in
            by. False has neither, None leaves images to what the project's own metadata says.
        guest_attributes: Whether a machine may publish facts about itself through Google: images
            publish their SSH host keys so, and the installation of NixOS checks them.
        firewall_logging: Whether each connection that the firewall rules let in is logged in Cloud
            Logging, which bills for it.
        kms_key: The key of Cloud KMS that encrypts every disk which names none of its own,
            `projects/…/locations/…/keyRings/…/cryptoKeys/…`; None for Google's own keys. A disk
            that exists is made anew, empty, for another one: name a key before there are any.
        network: The VPC network machines are in unless they say otherwise: its name or whole link.
        labels: Labels of every machine.
        install: Whether the creation of a machine also runs `clan machines install` on it, over
            SSH to its address: `ssh_source_ranges` has to let in whoever deploys.
        backend: Where Terraform keeps its state; None for a file beside the stack.

    Raises:
        FleetError: When a field cannot be.
    """

    project: str
    region: str = field(kw_only=True)
    ssh_keys: tuple[str, ...] = field(default=(), converter=check.strings, kw_only=True)
    ssh_source_ranges: tuple[str, ...] = field(
        default=(IAP_RANGE,), converter=check.strings, kw_only=True
    )
    project_ssh_keys: bool = field(default=False, kw_only=True)
    os_login: bool | None = field(default=None, kw_only=True)
    guest_attributes: bool = field(default=True, kw_only=True)
    firewall_logging: bool = field(default=False, kw_only=True)
    kms_key: str | None = field(default=None, kw_only=True)
    network: str = field(default="default", kw_only=True)
    labels: Mapping[str, str] = field(
        factory=dict, converter=check.string_mapping, kw_only=True, hash=False
    )
    install: bool = field(default=False, kw_only=True)
    backend: GcsBackend | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        where = f"project {self.project!r}"
        if not isinstance(self.project, str) or not _PROJECT.fullmatch(self.project):
            accepted = (
                'a project ID such as "example-project": 6 to 30 lower-case letters, digits and '
                "hyphens, a letter first and no hyphen last"
            )
            raise field_error(where, "project", self.project, accepted)
        check.name(where, "region", self.region)
        check.public_keys(where, "ssh_keys", self.ssh_keys)
        check.cidrs(where, "ssh_source_ranges", self.ssh_source_ranges)
        for switch in ("project_ssh_keys", "guest_attributes", "firewall_logging"):
            check.boolean(where, switch, getattr(self, switch))
        if self.os_login is not None:
            check.boolean(where, "os_login", self.os_login)
        if self.os_login and self.project_ssh_keys:
            accepted = "OS Login takes no keys from metadata: leave one of the two out"
            raise field_error(where, "project_ssh_keys", self.project_ssh_keys, accepted)
        check_kms_key(where, "kms_key", self.kms_key)
        check.link(where, "network", self.network, "global/networks")
        check.labels(where, "labels", self.labels, STACK_LABELS)
        check.boolean(where, "install", self.install)
        if self.backend is not None:
            check.instance(where, "backend", self.backend, GcsBackend)
        if self.install and set(self.ssh_source_ranges) == {IAP_RANGE}:
            warnings.warn(
                f"{where}: install=True: the installation dials each machine's own address, and "
                "ssh_source_ranges lets in Identity-Aware Proxy alone; add the range you deploy "
                'from, such as "203.0.113.7/32", or leave install out: infra runbook installs '
                "through the proxy",
                stacklevel=3,
            )
