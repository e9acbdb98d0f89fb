"""Clan's vars: what is secret stands beside what is public, and is not opened."""

from pathlib import Path

from tests.helpers.folders import put
from tests.helpers.process import python

VARS = [
    "per-machine/galena/openssh/ssh.id_ed25519",
    "per-machine/galena/openssh/ssh.id_ed25519.pub",
    "per-machine/galena/state-version/version",
    "per-machine/galena/zerotier/zerotier-identity-secret",
    "per-machine/galena/zerotier/zerotier-ip",
    "per-machine/galena/zerotier/zerotier-network-id",
    "shared/zerotier-network-zerotier/network-id",
]
READING = """\
import sys
from pathlib import Path
from infra_lib.operate import clan_vars

opened = []
sys.addaudithook(lambda event, given: opened.append(given[0]) if event == "open" else None)
folder = Path(sys.argv[1])
print(clan_vars.of_machine(folder, "galena", "zerotier").zerotier_ip)
print(clan_vars.network_id(folder, "galena", "zerotier"))
print(*(path for path in opened if str(path).startswith(sys.argv[1])), sep="\\n")
"""


def test_only_public_values_are_opened(tmp_path: Path) -> None:
    """Ask Python itself, which tells its audit hooks of all that is opened."""
    for var in VARS:
        put(tmp_path, f"{var}/value", f"the value of {var}")
        put(tmp_path, f"{var}/secret", "hidden")
    done = python("-c", READING, str(tmp_path))
    assert done.returncode == 0, done.stderr
    address, network, *opened = done.stdout.splitlines()
    assert address == "the value of per-machine/galena/zerotier/zerotier-ip"
    assert network == "the value of shared/zerotier-network-zerotier/network-id"
    assert len(opened) > 4
    assert {Path(path).name for path in opened} == {"value"}
