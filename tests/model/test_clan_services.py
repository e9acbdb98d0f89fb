"""Clan's own services by functions: what they write is what clan's interfaces take."""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from infra_lib import BinaryCache, ClanService, FleetError, Role, clan_services
from infra_lib.clan_services import (
    BorgDestination,
    DynDnsRecord,
    DynDnsServer,
    LocalBackupTarget,
    MulticastInterface,
    SyncthingDevice,
    SyncthingFolder,
    TorPort,
    WifiNetwork,
    borgbackup,
    certificates,
    data_mesher,
    dyndns,
    emergency_access,
    importer,
    localbackup,
    matrix_synapse,
    monitoring,
    mycelium,
    ncps,
    packages,
    sshd,
    syncthing,
    tor,
    trusted_nix_caches,
    wifi,
    wireguard,
    yggdrasil,
)
from nixgen import Raw, dumps
from tests.helpers.nix import evaluate
from tests.helpers.process import python

HERE = Path(__file__).parent
# See its first line for where it is from.
INTERFACES = json.loads((HERE / "clan_services.json").read_text())
SERVICES = [name for name in INTERFACES if name != "//"]

ALL = Role(tags=("all",))
VAULT = Role(machines=("vault",))
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
CACHE_KEY = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="
CACHE = BinaryCache("https://cache.nixos.org", public_key=CACHE_KEY)
DEVICE = "P56IOI7-MZJNU2Y-IQGDREY-DM2MGTI-MGL3BXN-PQ6W5BM-TBBZ4TJ-XZWICQ2"

# Every argument of every function, each with something that is not clan's default.
COMPLETE = (
    borgbackup(
        server=VAULT,
        client=ALL,
        directory="/srv",
        address="vault.example.org",
        start_at="*-*-* 03:00:00",
        exclude=("*.pyc",),
        destinations={"offsite": BorgDestination("borg@x:.", rsh="ssh -p 23", name="job")},
    ),
    certificates(ca=VAULT, role=ALL, tlds=("zt",), expire="24h", acme_email="admin@example.org"),
    data_mesher(
        role=ALL,
        bootstrap=VAULT,
        log_level="warn",
        port=7000,
        extra_bootstrap_peers=("/ip4/192.0.2.1/tcp/7946/p2p/12D3KooW",),
        interfaces=("eth1",),
        files={"dns:zt": ("P6AE0lukf9/qmVglYrGPNYo5ZnpFrnqLeAzlCZF0lTk=",)},
        namespaces=("dns",),
    ),
    dyndns(
        {
            "home": DynDnsRecord(
                provider="namecheap",
                domain="example.org",
                secret_field_name="token",  # noqa: S106 - what it is called
                extra_settings={"host": "@", "ttl": 300, "proxied": True},
            )
        },
        role=VAULT,
        period=10,
        server=DynDnsServer(domain="dns.example.org", acme_email="a@example.org", port=5000),
    ),
    emergency_access(role=ALL),
    importer(role=Role(tags=("all",), extra_modules=("base",))),
    localbackup(
        {
            "hdd": LocalBackupTarget(
                "/mnt/hdd/backup",
                mountpoint="/mnt/hdd",
                pre_mount_hook="unlock",
                post_mount_hook="true",
                pre_unmount_hook="sync",
                post_unmount_hook="lock",
                pre_backup_hook="dump",
                post_backup_hook="rm dump",
                name="job",
            )
        },
        role=VAULT,
        snapshots=3,
    ),
    matrix_synapse(
        role=VAULT,
        server_tld="example.org",
        app_domain="matrix.example.org",
        acme_email="admin@example.org",
        users=("bob",),
        admins=("alice",),
    ),
    monitoring(
        server=VAULT,
        client=ALL,
        grafana=True,
        host="vault.example.org",
        monitored_systemd_services=("nginx.service",),
        use_ssl=True,
        relabel_rules_before_normalization=('rule { action = "drop" }',),
        relabel_rules_after_normalization=('rule { action = "keep" }',),
    ),
    mycelium(peer=ALL, open_firewall=False, add_hosted_public_nodes=False),
    ncps(
        server=VAULT,
        client=ALL,
        caches=(CACHE,),
        data_path="/var/cache/ncps",
        port=8502,
        allow_put_verb=True,
    ),
    packages(("git", "python3Packages.numpy"), role=ALL),
    sshd(
        server=ALL,
        client=ALL,
        authorized_keys={"admin": KEY},
        generate_root_key=True,
        rsa_host_key=True,
        certificate=False,
        certificate_search_domains=("example.org",),
        trusted_search_domains=("example.net",),
    ),
    syncthing(
        {
            "notes": SyncthingFolder(
                "/var/lib/syncthing/notes",
                devices=("phone",),
                ignore_permissions=True,
                rescan_interval=60,
                type="sendonly",
                versioning="simple",
                versioning_parameters={"keep": "3"},
            )
        },
        peer=ALL,
        extra_devices={"phone": SyncthingDevice(DEVICE, addresses=("dynamic",), name="Phone")},
        open_default_ports=False,
    ),
    tor(
        server=ALL,
        client=VAULT,
        secret_hostname=False,
        port_mapping=(TorPort(22), TorPort(80, target_port=8080, target_address="127.0.0.2")),
    ),
    trusted_nix_caches(role=ALL),
    wifi(
        {"home": WifiNetwork(enable=True, auto_connect=False, key_management="wpa-eap")},
        role=ALL,
    ),
    wireguard(
        controller=VAULT,
        peer=Role(machines=("galena",)),
        endpoint="vpn.example.org",
        attach_to="vault",
        port=51821,
        domain="vpn",
        mtu=1300,
    ),
    yggdrasil(
        role=ALL,
        ports={"tcp": 1001, "quic": 1002, "ws": 1003, "tls": 1004},
        multicast_interfaces=(
            MulticastInterface("(eth|en).*", beacon=True, listen=True, port=0, priority=1),
        ),
        extra_peers=("tls://192.0.2.1:6446",),
        extra_yggdrasil_ips=("324:71e:281a:9ed3::cafe",),
    ),
)

# What functions leave out: a user's name, which is the name in the mapping; and the port of peers,
# which clan's own modules do not look at.
WITHOUT_ARGUMENT = {
    ("matrix-synapse", "default"): {"users.<name>.name"},
    ("wireguard", "peer"): {"port"},
}


def is_of_type(value: Any, kind: str) -> bool:
    """Whether plain data is what clan's type takes, in the words of Nix' module system."""
    kind = kind.removesuffix("!")
    if kind.startswith("one of "):
        choices, _, others = kind.removeprefix("one of ").partition(", or ")
        named = [choice.strip('"') for choice in choices.split(", ")]
        return value in named or (bool(others) and is_of_type(value, others))
    for of_each in ("list of ", "attribute set of "):
        if kind.startswith(of_each):
            right = isinstance(value, list if of_each == "list of " else dict)
            each = value.values() if isinstance(value, dict) else value
            return right and all(is_of_type(one, kind.removeprefix(of_each)) for one in each)
    kinds = {
        "string": str,
        "null or string": str,
        "boolean": bool,
        "integer": int,
        "null or integer": int,
        "port": int,
        "attribute set": dict,
        "null or attribute set": dict,
        "string, integer or boolean": str | int,
    }
    return isinstance(value, kinds[kind]) and isinstance(value, bool) <= ("boolean" in kind)


def settings_by_path(settings: Any, options: Mapping[str, str], at: str = "") -> Iterator[Any]:
    """Yield each setting by the path of its option, whatever it is called in the interface."""
    named = {path for path in options if path.startswith(f"{at}<name>.")}
    for key, value in settings.items():
        path = f"{at}{'<name>' if named else key}"
        if path in options:
            yield path, value
        if isinstance(value, dict) and (path not in options or is_below(path, options)):
            yield from settings_by_path(value, options, f"{path}.")
        elif path not in options:
            yield path, value


def is_below(path: str, options: Mapping[str, str]) -> bool:
    return any(option.startswith(f"{path}.") for option in options)


@pytest.fixture(scope="module")
def written() -> dict[str, dict[str, dict[str, Any]]]:
    """What Nix reads of the settings of every role."""
    settings = {
        service.module_name: {name: role.settings for name, role in service.roles.items()}
        for service in COMPLETE
    }
    return evaluate(dumps(settings))  # type: ignore[no-any-return]


@pytest.mark.parametrize("service", SERVICES)
def test_settings_have_the_names_and_types_of_clans_interface(
    service: str, written: dict[str, Any]
) -> None:
    assert written[service].keys() == INTERFACES[service].keys()
    for role, options in INTERFACES[service].items():
        for path, value in settings_by_path(written[service][role], options):
            assert path in options, (role, path)
            assert is_of_type(value, options[path]), (role, path, value)


def test_each_argument_is_written_as_the_setting_that_it_names(written: dict[str, Any]) -> None:
    assert written == json.loads((HERE / "clan_services_written.json").read_text())


@pytest.mark.parametrize("service", SERVICES)
def test_each_option_of_clans_interface_has_an_argument(
    service: str, written: dict[str, Any]
) -> None:
    for role, options in INTERFACES[service].items():
        set_here = {path for path, _ in settings_by_path(written[service][role], options)}
        assert options.keys() - set_here == WITHOUT_ARGUMENT.get((service, role), set()), role


def test_what_is_not_given_is_not_written() -> None:
    services = (
        borgbackup(server=VAULT, client=ALL),
        certificates(ca=VAULT, role=ALL),
        data_mesher(role=ALL, bootstrap=VAULT),
        dyndns(role=ALL),
        monitoring(server=VAULT, client=ALL),
        mycelium(peer=ALL),
        ncps(server=VAULT, client=ALL),
        sshd(server=ALL, client=ALL),
        syncthing(peer=ALL),
        tor(server=ALL, client=ALL),
        wifi(role=ALL),
        yggdrasil(role=ALL),
    )
    for service in services:
        assert not any(role.settings for role in service.roles.values())


def test_what_is_given_empty_is_written_empty() -> None:
    service = sshd(server=ALL, authorized_keys={}, certificate_search_domains=())
    assert evaluate(dumps(service.roles["server"].settings)) == {
        "authorizedKeys": {},
        "certificate": {"searchDomains": []},
    }


def test_the_parts_of_things_that_are_not_given_are_not_written() -> None:
    service = borgbackup(client=ALL, destinations={"offsite": BorgDestination("borg@x:.")})
    assert evaluate(dumps(service.roles["client"].settings)) == {
        "destinations": {"offsite": {"repo": "borg@x:."}}
    }
    network = wifi({"home": WifiNetwork()}, role=ALL)
    assert evaluate(dumps(network.roles["default"].settings)) == {"networks": {"home": {}}}
    folder = syncthing({"notes": SyncthingFolder("/notes")}, peer=ALL)
    assert evaluate(dumps(folder.roles["peer"].settings)) == {
        "folders": {"notes": {"path": "/notes"}}
    }


def test_a_role_of_nobody_is_left_out() -> None:
    assert [*sshd(server=ALL).roles] == ["server"]
    assert [*tor(client=ALL).roles] == ["client"]


def test_an_instance_has_the_services_name_or_one_of_its_own() -> None:
    assert sshd(server=ALL) == ClanService("sshd", roles={"server": ALL})
    other = sshd(server=ALL, name="sshd-clan", input="clan")
    assert other == ClanService("sshd-clan", module="sshd", input="clan", roles={"server": ALL})


def test_a_role_keeps_what_it_says_itself() -> None:
    role = Role(
        machines={"vault": {"rsh": "x"}},
        tags={"server": {"exclude": ["/tmp"]}},
        settings={"exclude": ["*.o"]},
        extra_modules=("base",),
    )
    made = borgbackup(client=role, start_at="daily").roles["client"]
    assert (made.machines, made.tags) == (role.machines, role.tags)
    assert made.extra_modules == ("base",)
    assert made.settings == {"startAt": "daily", "exclude": ["*.o"]}


def test_one_machine_may_have_settings_of_its_own() -> None:
    unasked = {"networks": {"home": WifiNetwork(auto_connect=False).settings}}
    role = Role(tags=("laptop",), machines={"galena": unasked})
    made = wifi({"home": WifiNetwork()}, role=role).roles["default"]
    assert evaluate(dumps({"all": made.settings, **made.machines})) == {
        "all": {"networks": {"home": {}}},
        "galena": {"networks": {"home": {"autoConnect": False}}},
    }


@pytest.mark.parametrize("settings", [{"startAt": "hourly"}, {("startAt",): "hourly"}])
def test_a_setting_is_said_in_one_place(settings: Any) -> None:
    said = "service 'borgbackup': client.settings='startAt': is given by name too; say it in one"
    with pytest.raises(FleetError, match=said):
        borgbackup(client=Role(tags=("all",), settings=settings), start_at="daily")


def test_a_setting_may_be_said_as_a_path() -> None:
    role = Role(tags=("all",), settings={("hostKeys", "rsa", "enable"): True})
    assert sshd(server=role, certificate=False).roles["server"].settings == {
        ("certificate", "enable"): False,
        ("hostKeys", "rsa", "enable"): True,
    }
    with pytest.raises(FleetError, match=r"server\.settings='hostKeys': is given by name too"):
        sshd(server=role, rsa_host_key=False)
    disk = Role(machines=("vault",), settings={("targets", "hdd", "directory"): "/mnt/hdd"})
    assert localbackup(role=disk).roles["default"] == disk


def test_a_part_of_a_setting_is_said_where_the_rest_is() -> None:
    """Nix would merge the two; a reader would have to."""
    said = {"certificate": {"searchDomains": ["example.org"]}}
    with pytest.raises(FleetError, match=r"server\.settings='certificate': is given by name too"):
        sshd(server=Role(tags=("all",), settings=said), certificate=False)


def test_an_interface_is_called_by_15_characters_at_most() -> None:
    assert wireguard(endpoint={"a": "a.x"}, name="wireguard-infra").module_name == "wireguard"


@pytest.mark.parametrize("port", [1, 65535])
def test_a_port_is_any_that_there_is(port: int) -> None:
    assert ncps(server=VAULT, port=port).roles["server"].settings == {"port": port}
    assert TorPort(port).settings == {"port": port, "target": {"port": port}}


def test_an_expression_is_all_of_the_settings_of_a_role() -> None:
    expression = Raw("import ./borg.nix")
    role = Role(tags=("all",), settings=expression)
    assert borgbackup(client=role).roles["client"].settings == expression
    with pytest.raises(FleetError, match=r"client\.settings: an expression is all.*startAt is giv"):
        borgbackup(client=role, start_at="daily")


def test_each_controller_of_wireguard_has_an_endpoint_of_its_own() -> None:
    service = wireguard(
        controller=Role(machines=("cinnabar",), settings={"port": 51821}),
        endpoint={"cinnabar": "vpn.example.org", "vault": "[2001:db8::7]"},
        attach_to={"galena": "vault", "stibnite": "cinnabar"},
        mtu=1280,
    )
    assert evaluate(dumps({name: role.machines for name, role in service.roles.items()})) == {
        "controller": {
            "cinnabar": {"endpoint": "vpn.example.org"},
            "vault": {"endpoint": "[2001:db8::7]"},
        },
        "peer": {"galena": {"controller": "vault"}, "stibnite": {"controller": "cinnabar"}},
    }
    assert service.roles["controller"].settings == {"mtu": 1280, "port": 51821}


@pytest.mark.parametrize(
    "controller",
    [
        Role(machines={"vault": {"endpoint": "vpn.example.org"}}),
        Role(machines=("vault",), settings={"endpoint": "vpn.example.org"}),
        Role(machines=("vault",), settings=Raw("import ./vpn.nix")),
        Role(tags={"vpn": {"endpoint": "vpn.example.org"}}),
        Role(machines=("vault",), tags={"vpn": {"endpoint": "vpn.example.org"}}),
    ],
)
def test_a_controller_may_have_its_endpoint_from_wherever_settings_are(controller: Role) -> None:
    assert wireguard(controller=controller, peer=Role(machines=("galena",))).roles["peer"]


def test_peers_of_one_controller_need_not_name_it() -> None:
    service = wireguard(endpoint={"vault": "vpn.example.org"}, peer=Role(tags=("laptop",)))
    assert not service.roles["peer"].settings


REFUSED: dict[str, tuple[str, str]] = {
    "no role at all": (
        "sshd()",
        "service 'sshd': server=None: a Role(…) is accepted: Role(tags=(\"all\",)), which says who "
        "has the service",
    ),
    "names for a role": (
        'tor(server=("all",))',
        "service 'tor': server=('all',): a Role(…) is accepted: Role(tags=(\"all\",))",
    ),
    "nothing for the only role": (
        "emergency_access(role=None)",
        "service 'emergency-access': role=None: a Role(…) is accepted",
    ),
    "settings of a role of nobody": (
        'borgbackup(server=VAULT, start_at="daily")',
        "service 'borgbackup': client=None: a Role(…) is accepted: Role(tags=(\"all\",)), which "
        "says whose startAt it is",
    ),
    "a name that no file can have": (
        'sshd(server=ALL, name="../sshd")',
        "service '../sshd': name='../sshd': a name has up to 200 letters",
    ),
    "an input that is none": ('sshd(server=ALL, input="a b")', "service 'sshd': input='a b'"),
    "a key that is not whole": (
        'sshd(server=ALL, authorized_keys={"admin": "ssh-ed25519 AAAA"})',
        "service 'sshd': authorized_keys['admin']='ssh-ed25519 AAAA': not a whole ssh-ed25519 key",
    ),
    "a key's name of two words": (
        'sshd(server=ALL, authorized_keys={"the admin": KEY})',
        "authorized_keys='the admin': a name is accepted, without spaces",
    ),
    "keys without names": (
        "sshd(server=ALL, authorized_keys=(KEY,))",
        "a mapping from names to keys is accepted",
    ),
    "a switch that is text": (
        'sshd(server=ALL, generate_root_key="yes")',
        "service 'sshd': generate_root_key='yes': True or False is accepted",
    ),
    "a domain that is none": (
        'sshd(server=ALL, certificate_search_domains=("*.example.org",))',
        "certificate_search_domains='*.example.org': a domain is lower-case DNS labels",
    ),
    "domains in one text": (
        'sshd(client=ALL, trusted_search_domains="example.org")',
        "trusted_search_domains='example.org': a tuple or a list is accepted",
    ),
    "a directory that depends on where one is": (
        'borgbackup(server=VAULT, directory="srv")',
        "service 'borgbackup': directory='srv': an absolute path is accepted",
    ),
    "no time": (
        'borgbackup(client=ALL, start_at=" ")',
        "service 'borgbackup': start_at=' ': text is accepted: \"*-*-* 03:00:00\"",
    ),
    "a destination that is text": (
        'borgbackup(client=ALL, destinations={"offsite": "borg@x:."})',
        "destinations['offsite']='borg@x:.': a BorgDestination(…) is accepted",
    ),
    "destinations without names": (
        'borgbackup(client=ALL, destinations=(BorgDestination("borg@x:."),))',
        'a mapping is accepted: {"offsite": BorgDestination(',
    ),
    "a job that clan cannot name": (
        'borgbackup(client=ALL, destinations={"off/site": BorgDestination("borg@x:.")})',
        "destinations='off/site': a name of letters, digits, . _ and - is accepted",
    ),
    "a repository that is nowhere": ('BorgDestination("")', "destination '': repo='': text is acc"),
    "a machine without a place for backups": (
        "localbackup(role=VAULT)",
        "service 'localbackup': role.machines='vault': say where its backups are kept: targets={",
    ),
    "no backups kept": (
        'localbackup({"hdd": LocalBackupTarget("/hdd")}, role=VAULT, snapshots=0)',
        "snapshots=0: a whole number of backups from 1",
    ),
    "an id that is none of Syncthing's": (
        'SyncthingDevice("P56IOI7")',
        "device 'P56IOI7': id='P56IOI7': an id of Syncthing is accepted",
    ),
    "a way to sync that there is not": (
        'SyncthingFolder("/notes", type="sendrecieve")',
        "folder '/notes': type='sendrecieve': \"sendreceive\" or",
    ),
    "parameters of nothing": (
        'SyncthingFolder("/notes", versioning_parameters={"keep": "3"})',
        "folder '/notes': versioning=None: say of what",
    ),
    "a port that is none": (
        "ncps(server=VAULT, port=65536)",
        "service 'ncps': port=65536: a port is accepted: 1 to 65535",
    ),
    "a directory that is none": (
        r'ncps(server=VAULT, data_path="/srv\0")',
        r"data_path='/srv\x00': text without control characters",
    ),
    "a directory that is a number": ("ncps(server=VAULT, data_path=5)", "data_path=5: text with"),
    "a time that is a number": ("borgbackup(client=ALL, start_at=3)", "start_at=3: text without"),
    "a network of two words": (
        'wifi({"at home": WifiNetwork()}, role=ALL)',
        "service 'wifi': networks='at home': a name is accepted, without spaces",
    ),
    "a cache that is anywhere": ('ncps(server=VAULT, data_path="x")', "data_path='x': an absolute"),
    "a switch of ncps that is text": (
        'ncps(server=VAULT, allow_put_verb="yes")',
        "service 'ncps': allow_put_verb='yes': True or False is accepted",
    ),
    "a cache that is text": (
        'ncps(server=VAULT, caches=("https://cache.nixos.org",))',
        "caches='https://cache.nixos.org': each is to be a BinaryCache",
    ),
    "a package of two words": (
        'packages(("git lfs",), role=ALL)',
        "service 'packages': packages='git lfs': one word such as \"git\"",
    ),
    "two servers of monitoring": (
        'monitoring(server=Role(machines=("a", "b")), client=ALL)',
        "service 'monitoring': server.machines=['a', 'b']: one machine is the server",
    ),
    "no server of monitoring": (
        "monitoring(client=ALL)",
        "service 'monitoring': server=None: one machine is the server",
    ),
    "units that are none": (
        'monitoring(server=VAULT, client=ALL, monitored_systemd_services="nginx.service")',
        'monitored_systemd_services=\'nginx.service\': "nixos", "all" or names of units',
    ),
    "dashboards that are text": (
        'monitoring(server=VAULT, client=ALL, grafana="yes")',
        "service 'monitoring': grafana='yes': True or False is accepted",
    ),
    "a server at no host": (
        'monitoring(server=VAULT, client=ALL, host="the vault")',
        "host='the vault': a host name or an address is accepted",
    ),
    "rules in one text": (
        'monitoring(server=VAULT, client=ALL, relabel_rules_before_normalization="rule { }")',
        "relabel_rules_before_normalization='rule { }': a tuple or a list is accepted",
    ),
    "a rule that is empty": (
        'monitoring(server=VAULT, client=ALL, relabel_rules_after_normalization=(" ",))',
        "relabel_rules_after_normalization=' ': text is accepted: rule {",
    ),
    "a unit of two words": (
        'monitoring(server=VAULT, client=ALL, monitored_systemd_services=("nginx service",))',
        "monitored_systemd_services='nginx service': one word such as",
    ),
    "no controller": (
        "wireguard(peer=ALL)",
        "service 'wireguard': controller=None: a network has at least one",
    ),
    "a controller without an endpoint": (
        "wireguard(controller=VAULT)",
        "service 'wireguard': controller.machines='vault': say where it is reached: endpoint=",
    ),
    "controllers by a tag without an endpoint": (
        'wireguard(controller=Role(tags=("vpn",)))',
        "service 'wireguard': controller.tags='vpn': say where it is reached: endpoint=",
    ),
    "an endpoint with a port": (
        'wireguard(controller=VAULT, endpoint="vpn.example.org:51820")',
        "endpoint='vpn.example.org:51820': a host name or an address without a port",
    ),
    "an endpoint that is IPv6 without brackets": (
        'wireguard(endpoint={"vault": "2001:db8::7"})',
        "endpoint['vault']='2001:db8::7': a host name or an address without a port, IPv6 in br",
    ),
    "an endpoint that is said twice": (
        'wireguard(controller=Role(machines={"a": {"endpoint": "a.x"}}), endpoint={"a": "b.x"})',
        "endpoint='a': controller.machines says it too; say it in one of the two places",
    ),
    "an endpoint beside an expression": (
        'wireguard(controller=Role(machines={"a": Raw("import ./a.nix")}), endpoint={"a": "b.x"})',
        "endpoint='a': controller.machines says it too",
    ),
    "a machine that is controller and peer": (
        'wireguard(controller=VAULT, endpoint="x", peer=VAULT)',
        "service 'wireguard': peer.machines='vault': a controller is no peer",
    ),
    "every machine as peer": (
        'wireguard(controller=VAULT, endpoint="x", peer=ALL)',
        "service 'wireguard': peer.tags='all': a controller is no peer",
    ),
    "a peer that does not say which controller": (
        'wireguard(endpoint={"a": "a.x", "b": "b.x"}, peer=Role(machines=("galena",)))',
        "peer.machines='galena': say which controller is its own: attach_to='a'",
    ),
    "a name that no interface can have": (
        'wireguard(endpoint={"a": "a.x"}, name="wireguard-of-all")',
        "name='wireguard-of-all': an interface is called so, which takes up to 15 characters",
    ),
    "packets shorter than IPv6 has them": (
        'wireguard(endpoint={"a": "a.x"}, mtu=1279)',
        "mtu=1279: a whole number of bytes from 1280 to 65535",
    ),
    "a protocol that Yggdrasil does not have": (
        'yggdrasil(role=ALL, ports={"udp": 1})',
        'service \'yggdrasil\': ports=\'udp\': "tcp" or "quic" or "ws" or "tls" is accepted',
    ),
    "a port of Yggdrasil that is none": (
        'yggdrasil(role=ALL, ports={"tcp": 0})',
        "service 'yggdrasil': ports['tcp']=0: a port is accepted",
    ),
    "a peer without a protocol": (
        'yggdrasil(role=ALL, extra_peers=("192.0.2.1:6446",))',
        "extra_peers='192.0.2.1:6446': a URI is accepted",
    ),
    "an address of the wrong kind": (
        'yggdrasil(role=ALL, extra_yggdrasil_ips=("192.0.2.1",))',
        "extra_yggdrasil_ips='192.0.2.1': IPv6 addresses are accepted",
    ),
    "a Tor port that is none": ("TorPort(65536)", "Tor port 65536: port=65536: a port is accepted"),
    "a Wi-Fi protection that there is not": (
        'WifiNetwork(key_management="wpa2")',
        "Wi-Fi network: key_management='wpa2': \"none\" or",
    ),
    "networks without names": (
        "wifi((WifiNetwork(),), role=ALL)",
        'a mapping is accepted: {"home": WifiNetwork()}',
    ),
    "a port of controllers that is none": (
        'wireguard(endpoint={"a": "a.x"}, port=0)',
        "service 'wireguard': port=0: a port is accepted",
    ),
    "a domain of a network that is none": (
        'wireguard(endpoint={"a": "a.x"}, domain="*.vpn")',
        "service 'wireguard': domain='*.vpn': a domain is lower-case DNS labels",
    ),
    "a controller of two words": (
        'wireguard(endpoint={"a": "a.x"}, peer=Role(tags=("b",)), attach_to="the first")',
        "attach_to='the first': the name of a controller is accepted",
    ),
    "an endpoint that is a number": (
        "wireguard(controller=VAULT, endpoint=5)",
        "endpoint=5: a host name or an address without a port",
    ),
    "interfaces that are text": (
        'yggdrasil(role=ALL, multicast_interfaces=("eth0",))',
        "multicast_interfaces='eth0': each is to be a MulticastInterface",
    ),
    "ports without protocols": (
        "yggdrasil(role=ALL, ports=(6443,))",
        "service 'yggdrasil': ports=(6443,): a mapping is accepted",
    ),
    "peers in one text": (
        'yggdrasil(role=ALL, extra_peers="tls://192.0.2.1:6446")',
        "extra_peers='tls://192.0.2.1:6446': a tuple or a list is accepted",
    ),
    "addresses in one text": (
        'yggdrasil(role=ALL, extra_yggdrasil_ips="324::cafe")',
        "extra_yggdrasil_ips='324::cafe': a tuple or a list is accepted",
    ),
    "a firewall that is text": (
        'mycelium(peer=ALL, open_firewall="no")',
        "service 'mycelium': open_firewall='no': True or False is accepted",
    ),
    "public nodes that are text": (
        'mycelium(peer=ALL, add_hosted_public_nodes="no")',
        "add_hosted_public_nodes='no': True or False is accepted",
    ),
    "a secret that is text": (
        'tor(server=ALL, secret_hostname="yes")',
        "service 'tor': secret_hostname='yes': True or False is accepted",
    ),
    "a Tor port that is a number": (
        "tor(server=ALL, port_mapping=(22,))",
        "service 'tor': port_mapping=22: each is to be a TorPort: TorPort(22)",
    ),
    "a target of Tor that is none": (
        "TorPort(80, target_port=0)",
        "Tor port 80: target_port=0: a ",
    ),
    "a log level that there is not": (
        'data_mesher(role=ALL, bootstrap=VAULT, log_level="trace")',
        "service 'data-mesher': log_level='trace': \"fatal\" or",
    ),
    "a port of data-mesher that is none": (
        "data_mesher(role=ALL, bootstrap=VAULT, port=0)",
        "service 'data-mesher': port=0: a port is accepted",
    ),
    "a node that is no libp2p address": (
        'data_mesher(role=ALL, extra_bootstrap_peers=("192.0.2.1:7946",))',
        "extra_bootstrap_peers='192.0.2.1:7946': libp2p addresses are accepted",
    ),
    "nodes in one text": (
        'data_mesher(role=ALL, extra_bootstrap_peers="/ip4/192.0.2.1/tcp/7946")',
        "extra_bootstrap_peers='/ip4/192.0.2.1/tcp/7946': a tuple or a list is accepted",
    ),
    "an interface of two words": (
        'data_mesher(role=ALL, bootstrap=VAULT, interfaces=("eth 1",))',
        "interfaces='eth 1': one word such as",
    ),
    "a namespace of two words": (
        'data_mesher(role=ALL, bootstrap=VAULT, namespaces=("d n s",))',
        "namespaces='d n s': one word such as",
    ),
    "files without keys": (
        'data_mesher(role=ALL, bootstrap=VAULT, files=("dns:zt",))',
        "files=('dns:zt',): a mapping is accepted",
    ),
    "a file whose key is text": (
        'data_mesher(role=ALL, bootstrap=VAULT, files={"dns:zt": "P6AE"})',
        "files['dns:zt']='P6AE': a tuple or a list is accepted",
    ),
    "a file of two words": (
        'data_mesher(role=ALL, bootstrap=VAULT, files={"the zone": ("P6AE",)})',
        "files='the zone': the name of a file is accepted",
    ),
    "an address of two words": (
        'borgbackup(server=VAULT, address="the vault")',
        "address='the vault': a host name or an address is accepted",
    ),
    "patterns in one text": (
        'borgbackup(client=ALL, exclude="*.pyc")',
        "exclude='*.pyc': a tuple or a list is accepted",
    ),
    "a drive that depends on where one is": (
        'LocalBackupTarget("mnt/hdd")',
        "target 'mnt/hdd': directory='mnt/hdd': an absolute path is accepted",
    ),
    "a switch of Syncthing that is text": (
        'syncthing(peer=ALL, open_default_ports="no")',
        "service 'syncthing': open_default_ports='no': True or False is accepted",
    ),
    "a folder that is text": (
        'syncthing({"notes": "/notes"}, peer=ALL)',
        "service 'syncthing': folders['notes']='/notes': a SyncthingFolder(…) is accepted",
    ),
    "a device that is text": (
        'syncthing(peer=ALL, extra_devices={"phone": DEVICE})',
        "service 'syncthing': extra_devices['phone']='P56IOI7",
    ),
    "parameters without names": (
        'SyncthingFolder("/notes", versioning="simple", versioning_parameters=("keep",))',
        "folder '/notes': versioning_parameters=('keep',): a mapping is accepted",
    ),
    "a parameter that is a number": (
        'SyncthingFolder("/notes", versioning="simple", versioning_parameters={"keep": 3})',
        "folder '/notes': versioning_parameters['keep']=3: text without",
    ),
    "a parameter of two words": (
        'SyncthingFolder("/notes", versioning="simple", versioning_parameters={"to keep": "3"})',
        "versioning_parameters='to keep': a name is accepted",
    ),
    "an authority's domain that is none": (
        'certificates(ca=VAULT, tlds=("*.zt",))',
        "service 'certificates': tlds='*.zt': a domain is lower-case",
    ),
    "domains of an authority in one text": (
        'certificates(ca=VAULT, tlds="zt")',
        "tlds='zt': a tuple or a list is accepted",
    ),
    "an authority's address of two words": (
        'certificates(ca=VAULT, acme_email="the admin")',
        "acme_email='the admin': an address is accepted",
    ),
    "settings of a provider without names": (
        'DynDnsRecord(provider="x", domain="x.org", extra_settings=("host",))',
        "DNS record 'x.org': extra_settings=('host',): a mapping is accepted",
    ),
    "a setting of a provider that is a list": (
        'DynDnsRecord(provider="x", domain="x.org", extra_settings={"host": ["@"]})',
        "DNS record 'x.org': extra_settings['host']=['@']: text, a whole number, True or False",
    ),
    "a setting of a provider of two words": (
        'DynDnsRecord(provider="x", domain="x.org", extra_settings={"the host": "@"})',
        "DNS record 'x.org': extra_settings='the host': a name is accepted",
    ),
    "another secret in the repository": (
        'DynDnsRecord(provider="x", domain="x.org", secret_field_name="api_key", '
        'extra_settings={"api_key": "hunter2"})',
        "DNS record 'x.org': extra_settings='api_key': clan asks for the api_key itself",
    ),
    "a page that is text": (
        'dyndns(role=ALL, server="dns.example.org")',
        "service 'dyndns': server='dns.example.org': a DynDnsServer(…) is accepted",
    ),
    "a Matrix domain that is none": (
        'matrix_synapse(role=VAULT, server_tld="@x", app_domain="m.x", acme_email="a@x")',
        "server_tld='@x': a domain is lower-case",
    ),
    "a Matrix user of two words": (
        'matrix_synapse(role=VAULT, server_tld="x", app_domain="m.x", acme_email="a@x", '
        'users=("the bob",))',
        "users='the bob': one word such as",
    ),
    "an address of Matrix of two words": (
        'matrix_synapse(role=VAULT, server_tld="x", app_domain="m.x", acme_email="the admin")',
        "acme_email='the admin': an address is accepted",
    ),
    "a Matrix server that is nowhere": (
        'matrix_synapse(role=VAULT, server_tld="x", acme_email="a@x")',
        "role.machines='vault': app_domain=\"matrix.example.org\" is wanted",
    ),
    "nobody to join by": (
        "data_mesher(role=ALL)",
        "service 'data-mesher': role.tags='all': say whom the others join by: bootstrap=",
    ),
    "a duration without a unit": (
        'certificates(ca=VAULT, expire="8760")',
        "service 'certificates': expire='8760': a duration is accepted: \"8760h\"",
    ),
    "a secret in the repository": (
        'DynDnsRecord(provider="x", domain="x.org", extra_settings={"password": "hunter2"})',
        "DNS record 'x.org': extra_settings='password': clan asks for the password itself",
    ),
    "no minutes": ("dyndns(role=ALL, period=0)", "period=0: a whole number of minutes from 1"),
    "a Matrix server without a domain": (
        'matrix_synapse(role=VAULT, app_domain="m.x", acme_email="a@x")',
        "service 'matrix-synapse': role.machines='vault': server_tld=\"example.org\" is wanted",
    ),
    "a Matrix server without an address": (
        'matrix_synapse(role=VAULT, app_domain="m.x", server_tld="x")',
        "role.machines='vault': acme_email=\"admin@example.org\" is wanted",
    ),
}


@pytest.mark.parametrize(
    "part",
    [
        'DynDnsRecord(provider="a b", domain="x.org")',
        'DynDnsRecord(provider="x", domain="x org")',
        'DynDnsRecord(provider="x", domain="x.org", secret_field_name="secret")',
        'DynDnsServer(domain="*.x.org", acme_email="a@x.org")',
        'DynDnsServer(domain="x.org", acme_email="the admin")',
        'DynDnsServer(domain="x.org", acme_email="a@x.org", port=0)',
        'BorgDestination("borg@x:.", rsh=" ")',
        'BorgDestination("borg@x:.", name="off/site")',
        'LocalBackupTarget("/hdd", mountpoint="hdd")',
        'LocalBackupTarget("/hdd", name="the hdd")',
        *(
            f'LocalBackupTarget("/hdd", {when}_{what}_hook=5)'
            for when, what in product(("pre", "post"), ("mount", "unmount", "backup"))
        ),
        'SyncthingFolder("notes")',
        'SyncthingFolder("/notes", devices="phone")',
        'SyncthingFolder("/notes", ignore_permissions="yes")',
        'SyncthingFolder("/notes", rescan_interval=-1)',
        'SyncthingFolder("/notes", versioning="git")',
        'SyncthingDevice(DEVICE, addresses="dynamic")',
        "SyncthingDevice(DEVICE, name=5)",
        "MulticastInterface(5)",
        'MulticastInterface("eth0", beacon=1)',
        'MulticastInterface("eth0", listen=1)',
        'MulticastInterface("eth0", port=65536)',
        'MulticastInterface("eth0", priority=256)',
        'TorPort(80, target_address="the host")',
        "WifiNetwork(enable=1)",
        "WifiNetwork(auto_connect=1)",
    ],
)
def test_a_part_is_refused_by_itself(part: str) -> None:
    with pytest.raises(FleetError):
        eval(part, globals())  # noqa: S307 - our own text


@pytest.mark.parametrize(
    ("given", "users"),
    [
        ({"users": ("bob",)}, {"bob": {}}),
        ({"admins": ["alice"]}, {"alice": {"admin": True}}),
        ({"users": ()}, {}),
        ({"users": ("alice", "bob"), "admins": ("alice",)}, {"alice": {"admin": True}, "bob": {}}),
    ],
)
def test_matrix_has_users_and_admins(given: dict[str, Any], users: dict[str, Any]) -> None:
    names: dict[str, Any] = {"server_tld": "x", "app_domain": "m.x", "acme_email": "a@x"}
    made = matrix_synapse(role=VAULT, **names, **given).roles["default"]
    assert made.settings["users"] == users


@pytest.mark.parametrize(
    ("call", "said"), [pytest.param(*refused, id=name) for name, refused in REFUSED.items()]
)
def test_what_cannot_be_is_refused_by_service_and_argument(call: str, said: str) -> None:
    with pytest.raises(FleetError) as caught:
        eval(call, globals())  # noqa: S307 - our own text
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_fleet_that_uses_no_function_loads_none() -> None:
    done = python("-c", "import infra_lib, sys; print([m for m in sys.modules if 'clan_s' in m])")
    assert done.stdout == "[]\n"


def test_one_function_loads_what_it_needs() -> None:
    code = (
        "from infra_lib.clan_services import sshd; import sys; "
        "print(sorted(m for m in sys.modules if 'infra_lib.clan_services.' in m))"
    )
    done = python("-c", code)
    assert done.stdout == (
        "['infra_lib.clan_services.access', 'infra_lib.clan_services.instance']\n"
    )


def test_each_public_name_is_there() -> None:
    for name in clan_services.__all__:
        assert getattr(clan_services, name).__doc__
    assert {*clan_services.__all__} <= {*dir(clan_services)}
    with pytest.raises(AttributeError, match="has no attribute 'ssh'"):
        getattr(clan_services, "ssh")  # noqa: B009 - mypy would say so too
