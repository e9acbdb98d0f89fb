"""`infra show`: the fleet at a glance."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra_lib.commands.cli import main

METALS = """
from infra_lib.clouds.gcp.catalog.entries import AddressPrice, DiskPrice

known = Catalog(
    prices=(Price("n1-standard-8", "*", 0.4, 0.1), Price("nvidia-tesla-t4", "*", 0.3, 0.15)),
    disk_prices=(DiskPrice("pd-balanced", "*", 0.146),),
    address_prices=(AddressPrice("*", 0.01),),
)
metals = fleet(
    Machine("cinnabar", tags=("cloud", "controller"), description="Primary VPS"),
    Machine("stibnite", machine_class="darwin", tags=("desk",), target_host="me@stibnite.local"),
    n1(
        Gpu("nvidia-tesla-t4", 2),
        name="scheelite",
        tags=("peer",), enabled=True,
        spot=True,
        boot_disk=BootDisk(type="pd-balanced"),
        catalog=known,
    ),
    caches=(
        BinaryCache("https://cache.nixos.org", public_key=CACHE_KEY),
        BinaryCache("https://cache.example.org", public_key=CACHE_KEY, priority=5),
    ),
    users=(
        User("cameron", machines=("scheelite",), tags=("desk",)),
        User("everyone", tags=("all",)),
    ),
    zerotier=ZeroTier(moons={"cinnabar": ("203.0.113.7",)}),
)
"""

SHORT = """\
MACHINE    CLASS   STATE  ZONE           MACHINE TYPE   GPU        USD/HOUR
cinnabar   nixos   -      -              -              -                 -
stibnite   darwin  -      -              -              -                 -
scheelite  nixos   on     us-central1-c  n1-standard-8  2x T4  $0.4300 spot

1 of 1 machines on: $0.4300 an hour, $313.90 a month.
"""

WHOLE = f"""\
fleet metals, domain zt, project example-project in us-central1

{SHORT}
MACHINE    HOST               ZEROTIER          USERS              TAGS
cinnabar   root@cinnabar.zt   controller, moon  everyone           nixos, cloud, controller
stibnite   me@stibnite.local  -                 cameron, everyone  darwin, desk
scheelite  root@scheelite.zt  peer              cameron, everyone  nixos, cloud, gcp, gpu, peer

CACHE                      PRIORITY
https://cache.nixos.org           -
https://cache.example.org         5

Google's network default of project example-project lets everybody in over SSH; a rule of the \
stack keeps them out of this fleet's machines.
To keep them out of all machines: gcloud compute firewall-rules delete default-allow-ssh \
--project=example-project
"""

Describe = Callable[[str], Path]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def test_a_machine_without_a_target_is_nowhere_in_particular(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    described('metals = fleet(Machine("cinnabar", target_host=None), gcp=None)')
    assert "cinnabar  -     -         -      nixos" in printed(capsys, "show")
    (machine,) = json.loads(printed(capsys, "show", "--json"))["machines"]
    assert machine["target_host"] is None


def test_text(described: Describe, capsys: pytest.CaptureFixture[str]) -> None:
    described(METALS)
    assert printed(capsys, "show") == WHOLE


@pytest.mark.parametrize("field", ['network="lab"', 'ssh_source_ranges=("0.0.0.0/0",)'])
def test_no_word_of_a_network_that_google_does_not_open_or_that_the_fleet_opens(
    described: Describe, capsys: pytest.CaptureFixture[str], field: str
) -> None:
    described(METALS.replace("    caches=(", f"    gcp=project({field}),\n    caches=(", 1))
    assert printed(capsys, "show") + "\n" == WHOLE.partition("Google's network")[0]


@pytest.mark.filterwarnings("default")
def test_a_machine_that_nobody_reaches_is_told(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    described(METALS.replace('tags=("peer",), ', ""))
    assert main(("show",)) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "ssh_keys=()" not in line]
    assert len(said) == 1
    assert said[0].startswith("infra: warning: machine 'scheelite': not in the ZeroTier network, ")


def test_short(described: Describe, capsys: pytest.CaptureFixture[str]) -> None:
    described(METALS)
    assert printed(capsys, "show", "--short") == SHORT


def test_json(described: Describe, capsys: pytest.CaptureFixture[str]) -> None:
    described(METALS)
    data = json.loads(printed(capsys, "show", "--json"))
    cinnabar, _, scheelite = data.pop("machines")
    assert data == {
        "name": "metals",
        "domain": "zt",
        "gcp": {"project": "example-project", "region": "us-central1"},
        "hetzner": None,
        "caches": [
            {"url": "https://cache.nixos.org", "priority": None},
            {"url": "https://cache.example.org", "priority": 5},
        ],
    }
    assert cinnabar == {
        "name": "cinnabar",
        "class": "nixos",
        "description": "Primary VPS",
        "tags": ["nixos", "cloud", "controller"],
        "target_host": "root@cinnabar.zt",
        "users": ["everyone"],
        "zerotier": ["controller", "moon"],
        "state": None,
        "on_until": None,
        "zone": None,
        "machine_type": None,
        "gpu": None,
        "spot": None,
        "usd_per_hour": None,
        "eur_per_hour": None,
        "currency": None,
    }
    assert scheelite == {
        "name": "scheelite",
        "class": "nixos",
        "description": "GCP GPU node (n1-standard-8, 2x T4)",
        "tags": ["nixos", "cloud", "gcp", "gpu", "peer"],
        "target_host": "root@scheelite.zt",
        "users": ["cameron", "everyone"],
        "zerotier": ["peer"],
        "state": "on",
        "on_until": None,
        "zone": "us-central1-c",
        "machine_type": "n1-standard-8",
        "gpu": {"type": "nvidia-tesla-t4", "count": 2},
        "spot": True,
        "usd_per_hour": 0.43,
        "eur_per_hour": None,
        "currency": "USD",
    }


@pytest.mark.parametrize("form", [(), ("--short",), ("--json",)])
def test_a_fleet_without_anything(
    described: Describe, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]
) -> None:
    described("metals = fleet(gcp=None)")
    assert printed(capsys, "show", *form)
