"""Terraform and cdktf, run for real against the provider that stands in for the clouds' own.

`StandIn` is made once: the provider in a local mirror, and a configuration that lets Terraform
find providers nowhere else, so that nothing reaches for the network. `Workspace` is a folder with
a stack in it, and a cloud of its own.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import Any

import attrs

from tests.helpers import CHECKOUT
from tests.helpers.tools import require, unavailable
from tests.terraform.provider import schema
from tests.terraform.provider.by_hand import made

FOUND = f"PYTHONPATH={quote(str(CHECKOUT))}"
"""What a shell puts before a command for Python to find this checkout."""

LATE = CHECKOUT / "tests" / "terraform" / "tools" / "late.cjs"
"""What Node.js has to load first, for cdktf to start in half the time."""

VERSIONS = {
    "hashicorp/google": ("6.50.0", "7.0.0", "8.0.0"),
    "hetznercloud/hcloud": ("1.68.0",),
}
"""What the stand-in goes by: the version its schema is from, and the first of the next majors."""

HCLOUD = CHECKOUT / "tests" / "clouds" / "hetzner" / "hcloud-1.68.0.json"
"""The schema of hcloud's provider."""

SCHEMAS = "schemas.json"

REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")

TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""Colours, and what moves the cursor."""

JSON = dict[str, Any]


def terraform() -> str:
    """The path of Terraform: what TERRAFORM_BINARY_NAME names, or `terraform`, or `tofu`."""
    named = os.environ.get("TERRAFORM_BINARY_NAME")
    if not named and not shutil.which("terraform") and shutil.which("tofu"):
        named = "tofu"
    return require(named or "terraform")


def provider_package() -> Path:
    """The tarball of google's constructs, which the schema of the stand-in is read from."""
    # Found, not imported: an import loads all of it into a Node process.
    found = find_spec("cdktf_cdktf_provider_google")
    if found is None or not found.submodule_search_locations:
        unavailable("cdktf-cdktf-provider-google is not installed")
    (folder,) = found.submodule_search_locations
    (package,) = (Path(folder) / "_jsii").glob("*.tgz")
    return package


@attrs.frozen
class StandIn:
    """The provider, where Terraform finds it.

    Attributes:
        binary: The path of Terraform.
        config: Terraform's CLI configuration.
        mirror: The only place that Terraform finds providers in.
    """

    binary: str
    config: Path
    mirror: Path

    @property
    def schemas(self) -> Path:
        """The file that the schemas of both providers are in."""
        return self.config.with_name(SCHEMAS)

    @classmethod
    @contextmanager
    def installed(cls, folder: Path) -> Iterator["StandIn"]:
        """Put the provider into a mirror in `folder`, and answer for it meanwhile."""
        binary = terraform()
        machine = platform(binary)
        schemas = folder / SCHEMAS
        served = {"google": schema.derive(provider_package())}
        served["hcloud"] = schema.digested(HCLOUD.read_text())
        flat = {f"{name} provider": of.pop("provider") for name, of in served.items()}
        schemas.write_text(schema.dump(flat | served["google"] | served["hcloud"]))
        with subprocess.Popen(
            [sys.executable, "-m", "tests.terraform.provider.server", schemas],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as server:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            yield cls(binary, *cls.install(folder, machine, port))

    @staticmethod
    def install(folder: Path, machine: str, port: int) -> tuple[Path, Path]:
        """Put the provider for `machine` into a mirror in `folder`; its server is at `port`.

        Returns:
            Terraform's CLI configuration and the mirror.
        """
        mirror = folder / "mirror"
        for registry in REGISTRIES:
            for source, version in ((s, v) for s, versions in VERSIONS.items() for v in versions):
                name = source.partition("/")[2]
                target = mirror / registry / source / version / machine
                target.mkdir(parents=True)
                plugin = target / f"terraform-provider-{name}_v{version}"
                plugin.write_text(
                    f"#!/bin/sh\n{FOUND} PYTHONSAFEPATH=1 exec {quote(sys.executable)}"
                    f" -m tests.terraform.provider {port} {name}\n"
                )
                plugin.chmod(0o755)
        config = folder / "terraform.rc"
        config.write_text(
            "disable_checkpoint = true\n"
            "provider_installation {\n  filesystem_mirror {\n"
            f"    path = {json.dumps(str(mirror))}\n  }}\n}}\n"
        )
        return config, mirror

    def environment(self, cloud: Path) -> dict[str, str]:
        """The environment for Terraform and cdktf with their cloud in `cloud`."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TF_", "GOOGLE_", "CLOUDSDK_", "HCLOUD_"))
        }
        return kept | {
            # Each session's provider is its own; cdktf's cache of them is the user's.
            "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1",
            "CHECKPOINT_DISABLE": "1",
            "DISABLE_VERSION_CHECK": "1",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "HCLOUD_TOKEN": "t" * 64,
            # cdktf sets the first itself, and warns of options without it.
            "NODE_OPTIONS": f"--max-old-space-size=4096 --require={json.dumps(str(LATE))}",
            "STAND_IN_CLOUD": str(cloud),
            "TERRAFORM_BINARY_NAME": self.binary,
            # `cdktf deploy` locks providers after `init`, which asks their registry unless told.
            "TF_CLI_ARGS_providers_lock": f"-fs-mirror={self.mirror}",
            "TF_CLI_CONFIG_FILE": str(self.config),
            "TF_DISABLE_PLUGIN_TLS": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
        }


def platform(binary: str) -> str:
    """What Terraform calls this machine: `linux_amd64`."""
    asked = subprocess.run(
        [binary, "version", "-json"],
        check=True,
        capture_output=True,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull},
    )
    return str(json.loads(asked.stdout)["platform"])


@attrs.frozen
class CloudFile:
    """What is in the cloud, and what is to go wrong in it.

    Attributes:
        path: The file that the provider keeps it in.
        schemas: The file of the providers' schemas.
    """

    path: Path
    schemas: Path

    def by_hand(self, kind: str, **arguments: Any) -> str:
        """Make a resource by hand, while nothing runs, and return the ID that an import takes.

            cloud.by_hand("google_compute_instance", name="galena", project="example-project",
                          zone="us-central1-b", machine_type="e2-standard-8",
                          boot_disk={"initialize_params": {"image": "debian-cloud/debian-12"}},
                          network_interface=[{"network": "default", "access_config": [{}]}])
            server = cloud.by_hand("hcloud_server", name="cinnabar", server_type="cx43",
                                   location="fsn1", image="debian-12")
            cloud.by_hand("hcloud_volume", name="ore", size=50, server_id=int(server))

        What is not said is as the cloud has it; what only a state knows is not known.

        Args:
            kind: Its type in Terraform; every type that the stand-in serves will do.
            arguments: As Terraform has them, blocks as dictionaries. One of Google's says its
                project, and its zone or region.
        """
        return made(self.path, self.schemas, kind, arguments)

    def content(self) -> JSON:
        """Resources, faults, images and log; see `tests.terraform.provider.cloud`."""
        empty: JSON = {"resources": {}, "faults": [], "images": {}, "log": []}
        return empty | (json.loads(self.path.read_text()) if self.path.exists() else {})

    @contextmanager
    def changed(self) -> Iterator[JSON]:
        """The content, to be changed behind Terraform's back while nothing runs."""
        content = self.content()
        yield content
        self.path.write_text(json.dumps(content))

    def named(self, kind: str) -> dict[str, JSON]:
        """The resources of type `google_compute_<kind>`, by name."""
        found = self.content()["resources"].get(f"google_compute_{kind}", {})
        return {resource["name"]: resource for resource in found.values()}

    def hetzner(self, kind: str) -> dict[str, JSON]:
        """The objects of a kind at Hetzner Cloud, by name; see `tests.terraform.provider.hetzner`.

        Args:
            kind: `server`, `volume`, `primary_ip` …
        """
        found = self.content()["resources"].get(f"hcloud_{kind}", {})
        return {each["name"]: each for each in found.values()}

    @property
    def instances(self) -> dict[str, JSON]:
        """The instances, by name."""
        return self.named("instance")

    @property
    def log(self) -> list[str]:
        """The calls that changed something: `instances.insert galena` …"""
        return list(self.content()["log"])

    def publish(self, family: str, image: str) -> None:
        """Make `image` the newest of `family`, which is written `project/family`."""
        with self.changed() as content:
            content["images"][family] = image

    def fail(self, error: str, **narrowed: Any) -> None:
        """Let requests for capacity fail; see `struck` of `tests.terraform.provider.cloud`."""
        with self.changed() as content:
            content["faults"].append({"error": error, **narrowed})

    def recover(self) -> None:
        """Let nothing fail any more."""
        with self.changed() as content:
            content["faults"] = []


ACTIONS = {
    "noop": (),
    "import": (),
    "read": (),
    "create": ("create",),
    "update": ("update",),
    "replace": ("delete", "create"),
    "delete": ("delete",),
}


@attrs.frozen
class Plan:
    """What Terraform means to do.

    Attributes:
        actions: By address, what happens to each resource that something happens to, in the words
            of Terraform's plan format: `("update",)`, `("delete", "create")` …
        outputs: By name, what happens to each output that something happens to.
        imports: By address, the ID of each resource that is taken over, whatever else happens.
    """

    actions: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, tuple[str, ...]]
    imports: Mapping[str, str] = attrs.field(factory=dict)

    @classmethod
    def of(cls, messages: Iterable[JSON]) -> "Plan":
        """The plan in what Terraform prints with `-json`, before it carries it out."""
        actions: dict[str, tuple[str, ...]] = {}
        outputs: dict[str, tuple[str, ...]] = {}
        imports: dict[str, str] = {}
        for message in messages:
            if message["type"] == "planned_change":
                change = message["change"]
                if found := ACTIONS[change["action"]]:
                    actions[change["resource"]["addr"]] = found
                if "importing" in change:
                    imports[change["resource"]["addr"]] = change["importing"]["id"]
            if message["type"] == "outputs":
                for name, output in message["outputs"].items():
                    if (action := output.get("action", "noop")) != "noop":
                        outputs.setdefault(name, ACTIONS[action])
        return cls(actions, outputs, imports)


@attrs.frozen
class Workspace:
    """An app that cdktf runs, and the stack that Terraform runs in.

    Attributes:
        app: Where cdktf runs.
        folder: Where Terraform runs: the stack `gcp`, as cdktf lays it out.
        environment: What they run with.
        binary: The path of Terraform.
        cloud: What they change.
    """

    app: Path
    folder: Path
    environment: Mapping[str, str]
    binary: str
    cloud: CloudFile

    @classmethod
    def make(cls, folder: Path, stand_in: StandIn) -> "Workspace":
        """A workspace with an empty cloud, in an empty `folder`."""
        cloud = CloudFile(folder / "cloud.json", stand_in.schemas)
        app = folder / "app"
        stack = app / "cdktf.out" / "stacks" / "gcp"
        stack.mkdir(parents=True)
        return cls(app, stack, stand_in.environment(cloud.path), stand_in.binary, cloud)

    def run(
        self, *command: str, folder: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run `command`; where it fails and should not, raise with all that it printed."""
        done = subprocess.run(
            command,
            cwd=folder or self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        done.stdout = TERMINAL.sub("", done.stdout)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout}")
        return done

    def write(self, stack: JSON) -> None:
        """Make `stack` the stack, in Terraform's JSON."""
        (self.folder / "cdk.tf.json").write_text(json.dumps(stack, indent=2))
        self.initialize()

    def initialize(self) -> None:
        """Initialize the stack, once: the same providers serve all that follow."""
        if not (self.folder / ".terraform").exists():
            self.terraform("init")

    def terraform(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Terraform in the folder of the stack."""
        return self.run(self.binary, *arguments, check=check)

    def messages(self, *arguments: str, fails: bool = False) -> list[JSON]:
        """Run Terraform with `-json` and return all that it says; it has to fail if it `fails`."""
        verb, *rest = arguments
        done = self.terraform(verb, "-json", *rest, check=False)
        assert done.returncode == int(fails), done.stdout
        return [json.loads(line) for line in done.stdout.splitlines()]

    def plan(self, *arguments: str) -> Plan:
        """What `terraform apply` would do now."""
        return Plan.of(self.messages("plan", "-out=plan", *arguments))

    def planned(self, address: str) -> JSON:
        """The change of one resource in the last `plan`: `before`, `after`, `replace_paths` …"""
        shown = json.loads(self.terraform("show", "-json", "plan").stdout)
        (found,) = (c for c in shown["resource_changes"] if c["address"] == address)
        return dict(found["change"])

    def apply(self, *arguments: str) -> Plan:
        """Do what `plan` says, and return what that was."""
        return Plan.of(self.messages("apply", "-auto-approve", *arguments))

    def destroy(self) -> Plan:
        """Remove everything, and return what that was."""
        return self.apply("-destroy")

    def refused(self, *arguments: str) -> dict[str, str]:
        """Run Terraform, which has to fail, and return the errors by address.

        What belongs to no resource, or to one that is removed, stands at the empty address.
        """
        errors: dict[str, str] = {}
        for message in self.messages(*arguments, fails=True):
            if message["type"] == "diagnostic" and message["@level"] == "error":
                found = message["diagnostic"]
                context = found.get("snippet", {}).get("context") or ""
                address = found.get("address") or context.removeprefix("resource.")
                text = f"{found['summary']}\n{found['detail']}"
                errors[address] = f"{errors.get(address, '')}{text}\n"
        return errors

    def refused_apply(self, *arguments: str) -> dict[str, str]:
        """Apply, which has to fail, and return the errors by address."""
        return self.refused("apply", "-auto-approve", *arguments)

    def outputs(self) -> JSON:
        """The outputs, by name."""
        printed = json.loads(self.terraform("output", "-json").stdout)
        return {name: output["value"] for name, output in printed.items()}

    def cdktf(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run cdktf."""
        return self.run(require("cdktf"), *arguments, folder=self.app, check=check)

    def program(self, source: str) -> None:
        """Make `source` the program that cdktf runs, with this checkout on its path."""
        (self.app / "main.py").write_text(source)
        settings = {
            "language": "python",
            "app": f"env {FOUND} {quote(sys.executable)} main.py",
            "projectId": "00000000-0000-0000-0000-000000000000",
            "sendCrashReports": "false",
        }
        (self.app / "cdktf.json").write_text(json.dumps(settings))
