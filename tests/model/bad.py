"""Fleets that cannot be: how each is written, and what its message has to name."""

PRELUDE = """\
from pathlib import PurePath

import nixgen
from infra_lib import *

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
KMS_KEY = "projects/example-project/locations/us-central1/keyRings/fleet/cryptoKeys/disks"
WORLD = ("0.0.0.0/0", "::/0")
CACHE_KEY = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="


def gcp(name="galena", machine_type="e2-standard-8", zone="us-central1-b", **fields):
    return GcpMachine(name, machine_type=machine_type, zone=zone, **fields)


def new(machine_type="c4-standard-8", vcpus=8, **fields):
    gpus = {"a4x": "nvidia-gb200", "a3": "nvidia-h100-80gb"}.get(machine_type.split("-")[0])
    known = {"accelerator": gpus, "accelerator_count": 1 if gpus else 0, **fields.pop("type", {})}
    types = (MachineType(machine_type, vcpus, 30, **known),)
    gb200 = AcceleratorType("nvidia-gb200", "GB200", "blackwell", 186)
    return gcp(
        machine_type=machine_type,
        catalog=Catalog(machine_types=types, accelerator_types=(gb200,)),
        **{"zone": "us-central1-a", **fields},
    )


def n1(gpu, machine_type="n1-standard-8", zone="us-central1-c", **fields):
    return gcp(machine_type=machine_type, zone=zone, gpu=gpu, **fields)


def part(count, **fields):
    gpu = {"accelerator": "nvidia-rtx-pro-6000", "accelerator_count": count}
    types = (MachineType("g4-x", 24, 90, **gpu),)
    account = ServiceAccount("gpu@example-project.iam.gserviceaccount.com")
    given = {"catalog": Catalog(machine_types=types), "service_account": account}
    return gcp(machine_type="g4-x", **given | fields)


def fleet(*machines, **fields):
    given = {"name": "metals", "domain": "zt", "machines": machines, "gcp": project()}
    return Fleet(**given | fields)


def project(**fields):
    return GcpProject("example-project", **{"region": "us-central1", **fields})


def hetzner(name="cinnabar", server_type="cx43", location="fsn1", **fields):
    return HetznerMachine(name, server_type=server_type, location=location, **fields)


def at_hetzner(*machines, **fields):
    return Fleet(name="metals", domain="zt", machines=machines, hetzner=HetznerProject(**fields))


def catalog(**fields):
    return gcp(catalog=Catalog(**fields))


def instance(name="sshd", **roles):
    return ClanService(name, roles=roles)


FUNCTION = nixgen.Lambda("x", nixgen.ref("x"))
MAC = Machine("stibnite", machine_class="darwin")
"""

# What Compute Engine, clan or Nix would refuse.
REFUSED = {
    "a domain in capitals": ('Dns("Example.org", zones={"gcp": "a"})', ("domain='Example.org'",)),
    "a record that nobody may keep": (
        'Dns("zt", zones={"gcp": "a"}, ttl=59)',
        ("dns", "ttl=59", "seconds from 60 to 2147483647"),
    ),
    "a machine with two names in the DNS": (
        'Dns("zt", zones={"gcp": "a"}, machines=("galena", "galena"))',
        ("machines='galena'", "given twice"),
    ),
    "a passphrase for the name of its variable": (
        'StateEncryption(passphrase_variable="correct horse")',
        ("state_encryption", "passphrase_variable=", "the name of a variable"),
    ),
    "a variable of a name that Terraform needs": (
        'StateEncryption(passphrase_variable="count")',
        ("passphrase_variable='count'", "for something else"),
    ),
    "a version of a key": (
        'StateEncryption(gcp_kms_key=f"{KMS_KEY}/cryptoKeyVersions/1")',
        ("gcp_kms_key=", "without a version"),
    ),
    "key of a type that OpenSSH does not have": (
        'project(ssh_keys=("ssh-gold AAAA admin",))',
        (
            "'example-project'",
            "ssh_keys='ssh-gold AAAA admin'",
            "an OpenSSH public key on one line",
        ),
    ),
    "A100 on n1": (
        'n1(Gpu("nvidia-tesla-a100"))',
        ("'galena'", "gpu.type='nvidia-tesla-a100'", "a2-highgpu-1g", "n1-standard-8"),
    ),
    "three T4s": (
        'n1(Gpu("nvidia-tesla-t4", 3))',
        ("'galena'", "gpu.count=3", "1, 2, 4"),
    ),
    "half a T4": (
        'n1(Gpu("nvidia-tesla-t4", 0.5))',
        ("'galena'", "gpu.count=0.5", "1, 2, 4"),
    ),
    "a third of a GPU": (
        'n1(Gpu("nvidia-tesla-t4", 1 / 3))',
        ("gpu 'nvidia-tesla-t4'", "count=0.33", "whole number", "0.5, 0.25, 0.125"),
    ),
    "a quarter of a GPU where a half comes": (
        'part(0.5, gpu=Gpu("nvidia-rtx-pro-6000", 0.25))',
        ("'galena'", "gpu='1/4x nvidia-rtx-pro-6000'", "comes with 1/2x nvidia-rtx-pro-6000"),
    ),
    "a part of a GPU without a service account": (
        "part(0.5, service_account=None)",
        ("'galena'", "service_account=None", "vGPU driver", "ServiceAccount("),
    ),
    "a part of a GPU without a driver for it": (
        "fleet(part(0.5))",
        ("nvidia: vgpu_driver=None", "'galena'", "1/2x RTX PRO 6000", "whole GPUs"),
    ),
    "a driver for a part of a GPU that is text": (
        'Nvidia(vgpu_driver="pkgs.vgpu")',
        ("nvidia: vgpu_driver='pkgs.vgpu'", "an expression of nixgen", 'ref("pkgs.vgpu-driver")'),
    ),
    "a part of a GPU that machine types do not come with": (
        'MachineType("g4-standard-3", 3, 11, accelerator="nvidia-x", accelerator_count=0.0625)',
        ("'g4-standard-3'", "accelerator_count=0.0625", "0.5, 0.25, 0.125"),
    ),
    "NVSwitches of no generation": (
        'AcceleratorType("nvidia-x", "X", "hopper", 80, nvswitch=0)',
        ("'nvidia-x'", "nvswitch=0", "from 1"),
    ),
    "one T4 on n1-standard-64": (
        'n1(Gpu("nvidia-tesla-t4"), machine_type="n1-standard-64")',
        ("'galena'", "gpu.count=1", "up to 48 vCPUs", "has 64", "take 4 GPUs"),
    ),
    "one T4 on as many vCPUs as four allow": (
        'n1(Gpu("nvidia-tesla-t4"), machine_type="n1-standard-96")',
        ("'galena'", "gpu.count=1", "up to 48 vCPUs", "has 96", "take 4 GPUs"),
    ),
    "eight V100s' vCPUs on one": (
        'n1(Gpu("nvidia-tesla-v100"), machine_type="n1-standard-16")',
        ("'galena'", "gpu.count=1", "up to 12 vCPUs", "take 2 GPUs"),
    ),
    "one P100 on n1-standard-32": (
        'n1(Gpu("nvidia-tesla-p100"), machine_type="n1-standard-32")',
        ("'galena'", "up to 16 vCPUs"),
    ),
    "one P4 on n1-standard-32": (
        'n1(Gpu("nvidia-tesla-p4"), machine_type="n1-standard-32", zone="us-central1-a")',
        ("'galena'", "up to 24 vCPUs"),
    ),
    "L4 on n1": (
        'n1(Gpu("nvidia-l4"))',
        ("'galena'", "gpu.type='nvidia-l4'", "g2-standard-4"),
    ),
    "g2 with a T4": (
        'n1(Gpu("nvidia-tesla-t4"), machine_type="g2-standard-4")',
        ("'galena'", "gpu='1x nvidia-tesla-t4'", "1x nvidia-l4", "leave gpu out"),
    ),
    "g2 with too many L4s": (
        'n1(Gpu("nvidia-l4", 2), machine_type="g2-standard-4")',
        ("'galena'", "gpu='2x nvidia-l4'", "1x nvidia-l4"),
    ),
    "a GPU that attaches, for a machine type": (
        'gcp(machine_type="t4")',
        (
            "'galena'",
            "machine_type='t4'",
            "nvidia-tesla-t4 attaches to an n1 machine",
            'machine_type="n1-standard-8", gpu=Gpu("nvidia-tesla-t4")',
        ),
    ),
    "a GPU that comes with machine types, for one": (
        'gcp(machine_type="L4")',
        ("'galena'", "machine_type='L4'", "nvidia-l4 comes with g2-standard-4", "takes no gpu"),
    ),
    "a GPU of two words for a machine type": (
        'gcp(machine_type="A100 80GB")',
        ("'galena'", "machine_type='A100 80GB'", "nvidia-a100-80gb comes with a2-ultragpu-1g"),
    ),
    "e2 with a GPU": (
        'n1(Gpu("nvidia-tesla-t4"), machine_type="e2-standard-8")',
        ("'galena'", "machine_type='e2-standard-8'", "n1-standard-8"),
    ),
    "n2 with a GPU": (
        'n1(Gpu("nvidia-tesla-t4"), machine_type="n2-standard-8")',
        ("'galena'", "machine_type='n2-standard-8'", "n1-standard-8"),
    ),
    "GPU beside a shared core": (
        'n1(Gpu("nvidia-tesla-t4"), machine_type="n1-tiny", catalog=Catalog(machine_types=('
        'MachineType("n1-tiny", 1, 0.6, shared_core=True),)))',
        ("'galena'", "machine_type='n1-tiny'", "shares no core (n1-standard-8)"),
    ),
    "unknown GPU": (
        'n1(Gpu("nvidia-t4"))',
        ("'galena'", "gpu.type='nvidia-t4'", "nvidia-tesla-t4", "AcceleratorType("),
    ),
    "GPU by its short name": (
        'n1(Gpu("t4"))',
        ("'galena'", "gpu.type='t4'", "(did you mean 'nvidia-tesla-t4'?)", "AcceleratorType("),
    ),
    "no GPU counted": (
        'n1(Gpu("nvidia-tesla-t4", 0))',
        ("gpu 'nvidia-tesla-t4'", "count=0", "from 1"),
    ),
    "zone without that GPU": (
        'n1(Gpu("nvidia-tesla-t4"), zone="us-central1-d")',
        ("'galena'", "zone='us-central1-d'"),
    ),
    "zone without any GPU": (
        'n1(Gpu("nvidia-tesla-t4"), zone="africa-south1-a")',
        ("'galena'", "zone='africa-south1-a'", "nvidia-tesla-t4", "us-central1"),
    ),
    "zone without the L4 of its machine type": (
        'gcp(machine_type="g2-standard-4", zone="us-central1-f")',
        ("'galena'", "zone='us-central1-f'", "nvidia-l4", "in us-central1 it is in us-central1-a"),
    ),
    "zone outside any region": (
        'gcp(zone="moon-base1-a")',
        ("'galena'", "zone='moon-base1-a'", "Catalog(zones=(Zone('moon-base1-a'"),
    ),
    "zone that its region has not": (
        'gcp(zone="us-central1-d")',
        ("'galena'", "zone='us-central1-d'", "us-central1-a", "Catalog(zones="),
    ),
    "region for a zone": (
        'gcp(zone="us-central1")',
        ("'galena'", "zone='us-central1'", "us-central1-a"),
    ),
    "unknown machine type": (
        'gcp(machine_type="e2-standard-9")',
        (
            "'galena'",
            "machine_type='e2-standard-9'",
            "e2-standard-8",
            "catalog=Catalog(machine_types=(MachineType('e2-standard-9', vcpus=…, memory_gib=…),))",
        ),
    ),
    "SSH port that is none": (
        "SshHost(port=0)",
        ("ssh host: port=0", "1 to 65535"),
    ),
    "SSH login that is an option": (
        'SshHost(user="-l")',
        ("ssh host: user='-l'", "a login name"),
    ),
    "SSH address in brackets": (
        'SshHost(host_name="[2001:db8::1]")',
        ("host_name='[2001:db8::1]'", "without brackets"),
    ),
    "SSH address that is cut short": (
        'SshHost(host_name="2001:db8:1")',
        ("host_name='2001:db8:1'", "no IPv6 address"),
    ),
    "SSH alias of two words": (
        'SshHost(host_key_alias="a b")',
        ("host_key_alias='a b'", "a host name"),
    ),
    "SSH jump that runs a program": (
        'SshHost(proxy_jump="-oProxyCommand=id")',
        ("proxy_jump='-oProxyCommand=id'", "no host name", "root@host.example"),
    ),
    "SSH jump with an option": (
        'SshHost(proxy_jump="a,b?ConnectTimeout=5")',
        ("proxy_jump=", "a host to jump over has no options"),
    ),
    "SSH options of a list": (
        'SshHost(options=["ForwardAgent"])',
        ("options=['ForwardAgent']", '"ForwardAgent": True'),
    ),
    "SSH option that OpenSSH does not have": (
        'SshHost(options={"ForwardAgents": True})',
        ("options='ForwardAgents'", "(nearest: ForwardAgent", "ssh connects to no host at all"),
    ),
    "SSH option of one ssh alone, ignored in part": (
        'SshHost(options={"UseKeychain": True, "IgnoreUnknown": "Use"})',
        ("options='UseKeychain'", 'beside {"IgnoreUnknown": "UseKeychain"}'),
    ),
    "SSH option that is two words": (
        'SshHost(options={"ForwardAgent yes\\nProxyCommand": True})',
        ("options='ForwardAgent yes", "an option of ssh_config"),
    ),
    "SSH option on two lines": (
        'SshHost(options={"RemoteCommand": "a\\nProxyCommand b"})',
        ("options['RemoteCommand']='a", "one line"),
    ),
    "SSH option that opens a quote": (
        """SshHost(options={"RemoteCommand": "echo it's"})""",
        ("options['RemoteCommand']", "quotes in pairs", "ssh connects to no host at all"),
    ),
    "SSH option that escapes the end of its quote": (
        r"""SshHost(options={"RemoteCommand": 'echo "a\\"'})""",
        ("options['RemoteCommand']", "quotes in pairs"),
    ),
    "SSH option that is a comment, one of several": (
        'SshHost(options={"IdentityFile": ("~/.ssh/a", "# b")})',
        ("options['IdentityFile']='# b'", "no # or = first"),
    ),
    "SSH option of nothing but a space": (
        'SshHost(options={"IdentityFile": " "})',
        ("options['IdentityFile']=' '", "ssh connects to no host at all"),
    ),
    "SSH option on two lines, one of several": (
        'SshHost(options={"IdentityFile": ("a", "b\\rc")})',
        ("options['IdentityFile']='b", "one line"),
    ),
    "SSH option of nothing": (
        'SshHost(options={"IdentityFile": ()})',
        ("options['IdentityFile']=''", "one line"),
    ),
    "SSH option of a fraction": (
        'SshHost(options={"ConnectTimeout": 1.5})',
        ("options['ConnectTimeout']=1.5", "a number"),
    ),
    "SSH option below zero": (
        'SshHost(options={"ConnectTimeout": -1})',
        ("options['ConnectTimeout']=-1", "a number"),
    ),
    "SSH option that counts once, of several": (
        'SshHost(options={"ProxyCommand": ("a", "b")})',
        ("options['ProxyCommand']=('a', 'b')", "the first of several"),
    ),
    "SSH option given twice": (
        'SshHost(options={"forwardAgent": True, "ForwardAgent": False})',
        ("options='forwardagent'", "twice"),
    ),
    "SSH option that a field says": (
        'SshHost(options={"port": 22})',
        ("options='port'", "SshHost(port=…)"),
    ),
    "SSH option that begins another block": (
        'SshHost(options={"Match": "all"})',
        ("options='Match'", "another block"),
    ),
    "SSH option that home-manager makes the block's head of": (
        'SshHost(options={"header": "Host *", "IgnoreUnknown": "*"})',
        ("options='header'", "another block"),
    ),
    "SSH variables of a text": (
        'SshHost(options={"SetEnv": "TERM=xterm"})',
        ("options['SetEnv']='TERM=xterm'", '{"TERM": "xterm"}'),
    ),
    "SSH variable of two words": (
        'SshHost(options={"SetEnv": {"A B": "c"}})',
        ("options['SetEnv']='A B'", "the name of a variable"),
    ),
    "SSH variable on two lines": (
        'SshHost(options={"SetEnv": {"A": "b\\nc"}})',
        ("options['SetEnv']['A']='b", "one line"),
    ),
    "SSH of a machine that is a text": (
        'Machine("a", ssh="root@a")',
        ("machine 'a'", "ssh='root@a'", "a SshHost(…)"),
    ),
    "SSH port of a device said twice": (
        'Device("pixel", zerotier_member_id="1d2e3f4a5b", port=23, ssh=SshHost(port=24))',
        ("device 'pixel'", "port=23", "say it once"),
    ),
    "SSH user of a device said twice": (
        'Device("pixel", zerotier_member_id="1d2e3f4a5b", user="a", ssh=SshHost(user="a"))',
        ("device 'pixel'", "user='a'", "say it once"),
    ),
    "certificate authority of a private key": (
        'SshCertificateAuthority("a", public_key="-----BEGIN OPENSSH PRIVATE KEY-----",'
        ' host_names=("*.zt",))',
        ("certificate authority 'a'", "public_key", "PRIVATE"),
    ),
    "certificate authority with an old kind of key": (
        'SshCertificateAuthority("a", public_key="ssh-dss AAAA", host_names=("*.zt",))',
        ("public_key='ssh-dss AAAA'", "of a certificate authority", "sk-ssh-ed25519@openssh.com"),
    ),
    "certificate authority for nobody": (
        'SshCertificateAuthority("a", public_key=KEY, host_names=())',
        ("host_names=()", "at least one host"),
    ),
    "certificate authority against somebody only": (
        'SshCertificateAuthority("a", public_key=KEY, host_names=("!b.zt",))',
        ("host_names=('!b.zt',)", "at least one host"),
    ),
    "certificate authority for two hosts in one": (
        'SshCertificateAuthority("a", public_key=KEY, host_names=("a.zt,b.zt",))',
        ("host_names='a.zt,b.zt'", "a pattern"),
    ),
    "certificate authority for hosts on two lines": (
        'SshCertificateAuthority("a", public_key=KEY, host_names=("a.zt\\n*",))',
        ("host_names='a.zt", "a pattern"),
    ),
    "certificate authority of two lines": (
        'SshCertificateAuthority("a\\nb", public_key=KEY, host_names=("*.zt",))',
        ("name='a", "a name on one line"),
    ),
    "certificate authority with a machine's name": (
        'fleet(Machine("a"), ssh=Ssh(certificate_authorities=(SshCertificateAuthority("a",'
        ' public_key=KEY, host_names=("*.zt",)),)))',
        ("certificate authority 'a'", "name='a'", "a machine or a device has that name"),
    ),
    "two certificate authorities of one name": (
        'Ssh(certificate_authorities=(SshCertificateAuthority("a", public_key=KEY,'
        ' host_names=("*.zt",)),) * 2)',
        ("ssh", "certificate_authorities='a'", "twice"),
    ),
    "key for a certificate authority": (
        "Ssh(certificate_authorities=(KEY,))",
        ("certificate_authorities='ssh-ed25519", "SshCertificateAuthority("),
    ),
    "cache in a bucket with a login": (
        'BinaryCache("s3://me@builds", public_key=CACHE_KEY)',
        ("url='s3://me@builds'", "do not belong in an address"),
    ),
    "cache with the keys that sign": (
        'BinaryCache("s3://a?secret-keys=/run/a,/run/b", public_key=CACHE_KEY)',
        ("secret-keys is for whoever fills a cache",),
    ),
    "cache with a secret in another spelling": (
        'BinaryCache("https://a.example?API%2dToken=hush", public_key=CACHE_KEY)',
        ("API-Token is a secret", "netrc_file="),
    ),
    "cache with the key that signs, in another spelling": (
        'BinaryCache("s3://a?secret%2Dkey=/run/key", public_key=CACHE_KEY)',
        ("secret-key is for whoever fills a cache",),
    ),
    "cache parameter without a name": (
        'BinaryCache("https://a.example?=true", public_key=CACHE_KEY)',
        ("'=true' is no parameter",),
    ),
    "cache whose priority is in digits that Nix does not read": (
        'BinaryCache("https://a.example?priority=\\u0663", public_key=CACHE_KEY)',
        ("is no whole number from 0",),
    ),
    "cache with a password in its endpoint": (
        'BinaryCache("s3://a?endpoint=https://ada:key@minio.example", public_key=CACHE_KEY)',
        ("login and password do not belong in an endpoint", "profile="),
    ),
    "cache priority beyond what Nix holds": (
        'BinaryCache("https://a.example?priority=2147483648", public_key=CACHE_KEY)',
        ("priority=2147483648 is no whole number",),
    ),
    "cache at the root of the machine": (
        'BinaryCache("file:///", public_key=CACHE_KEY)',
        ("three slashes: file:///path",),
    ),
    "cache at a path that is half escaped": (
        'BinaryCache("https://a.example/%zz", public_key=CACHE_KEY)',
        ("'/%zz' is no path",),
    ),
    "cache over SSH with a path": (
        'BinaryCache("ssh://a/", public_key=CACHE_KEY)',
        ("over SSH a store is a host",),
    ),
    "netrc in the Nix store, by two slashes": (
        'fleet(netrc_file="//nix/store/x")',
        ("netrc_file='//nix/store/x'", "no absolute path"),
    ),
    "SSH address that is an option": (
        'SshHost(host_name="-oProxyCommand=id")',
        ("host_name='-oProxyCommand=id'", "no host name"),
    ),
    "SSH option beyond what Nix holds": (
        'SshHost(options={"ConnectTimeout": 2**63})',
        ("options['ConnectTimeout']=", "a number to 2147483647"),
    ),
    "SSH option that home-manager refuses": (
        'SshHost(options={"extraOptions": "a", "IgnoreUnknown": "*"})',
        ("options='extraOptions'", "another block"),
    ),
    "certificate authority with a device's name": (
        'fleet(Machine("c", tags=("controller",)),'
        ' devices=(Device("pixel", zerotier_member_id="1d2e3f4a5b"),),'
        " ssh=Ssh(certificate_authorities=("
        'SshCertificateAuthority("pixel", public_key=KEY, host_names=("*.zt",)),)))',
        ("certificate authority 'pixel'", "a machine or a device has that name"),
    ),
    "duplicate machine": (
        'fleet(Machine("galena"), gcp())',
        ("'metals'", "machines='galena'", "twice"),
    ),
    "name with capitals": ('gcp("Galena")', ("name='Galena'", "lower-case")),
    "name with an underscore": ('gcp("gal_ena")', ("name='gal_ena'", "hyphens")),
    "name of 64 characters": ('gcp("g" * 64)', ("name='gggg", "1 to 63")),
    "name ending in a hyphen": ('gcp("galena-")', ("name='galena-'", "not ending in a hyphen")),
    "name beginning with a digit": (
        'gcp("7galena")',
        ("name='7galena'", "beginning with a letter"),
    ),
    "name with a dot": ('Machine("galena.zt")', ("name='galena.zt'", "a host name")),
    "name with a line end": ('Machine("galena\\n")', (r"name='galena\n'", "a host name")),
    "name with a digit of another script": (
        'Machine("galena٣")',
        ("name='galena٣'", "a host name"),
    ),
    "empty name": ('Machine("")', ("name=''", "1 to 63")),
    "a Mac's name with an underscore": (
        'Machine("my_mac", machine_class="darwin")',
        ("machine 'my_mac'", "name='my_mac'", "a Mac has no underscore"),
    ),
    "names of two machines that differ in case": (
        'fleet(Machine("Vault"), Machine("vault"))',
        ("'metals'", "machines='vault'", "'Vault'", "ignore case"),
    ),
    "names of a machine and a device that differ in case": (
        'fleet(Machine("a", tags=("controller",)), Machine("Phone"), '
        'devices=(Device("phone", zerotier_member_id="abcdef1201"),))',
        ("'metals'", "machines='phone'", "'Phone'", "ignore case"),
    ),
    "a fleet's name that Google Cloud does not take": (
        'fleet(gcp(), name="Metals_1")',
        ("fleet 'Metals_1'", "name='Metals_1'", "Google Cloud", "lower-case"),
    ),
    "such a name beside a project alone": (
        'fleet(name="Metals_1")',
        ("fleet 'Metals_1'", "name='Metals_1'", "Google Cloud"),
    ),
    "a fleet's name with a space": ('fleet(name="my fleet")', ("name='my fleet'", "- and _")),
    "a target pattern without the name": (
        'fleet(target_host="root@host")',
        ("'metals'", "target_host='root@host'", "{name} has to be in it", "root@{name}.{domain}"),
    ),
    "a target pattern with another field": (
        'fleet(target_host="{user}@{name}")',
        ("target_host='{user}@{name}'", "root@{name}.{domain}"),
    ),
    "a target pattern that is no destination": (
        'fleet(target_host={"nixos": "root@{name}:0"})',
        ("target_host['nixos']='root@{name}:0'", "root@{name}.{domain}"),
    ),
    "a target of a class that there is not": (
        'fleet(target_host={"macos": None})',
        ("target_host's class='macos'", '"nixos" or "darwin"'),
    ),
    "a target host that is empty": ('Machine("a", target_host="")', ("'a'", "target_host=''")),
    "a build host that is none": (
        'Machine("a", build_host="root@a b")',
        ("'a'", "build_host='root@a b'", "root@host.example"),
    ),
    "modules that are no tuple": (
        'Machine("a", modules="base")',
        ("'a'", "modules='base'", '("base",)'),
    ),
    "a module that is none": (
        'Machine("a", modules=(5,))',
        ("'a'", "modules=5", "PurePath(", "inputs.srvos"),
    ),
    "a module at an absolute path": (
        'Machine("a", modules=(PurePath("/etc/nixos/hardware.nix"),))',
        ("'a'", "modules='/etc/nixos/hardware.nix'", "absolute"),
    ),
    "a module outside the flake": (
        'fleet(modules=(PurePath("../a.nix"),))',
        ("'metals'", "modules='../a.nix'", "out of the root"),
    ),
    "a tag of a machine that there is not": (
        'fleet(Machine("galena"), tags={"server": ("galana",)})',
        ("'metals'", "tags['server']='galana'", "one of galena (nearest: galena)"),
    ),
    "a file of keys at an absolute path": (
        'User("cameron", ssh_key_files=(PurePath("/home/cameron/.ssh/id.pub"),))',
        ("user 'cameron'", "ssh_key_files='/home/cameron/.ssh/id.pub'", "absolute"),
    ),
    "a file of keys outside the flake": (
        'User("cameron", ssh_key_files=(PurePath("../id.pub"),))',
        ("user 'cameron'", "ssh_key_files='../id.pub'", "out of the root"),
    ),
    "a module whose options have a dot": (
        'Machine("a", modules=({"services.nginx.enable": True},))',
        ("'a'", "modules='services.nginx.enable'", '("services", "nginx", "enable")'),
    ),
    "modules of a class that there is not": (
        'fleet(modules={"mac": ("base",)})',
        ("'metals'", "modules's class='mac'", '"nixos" or "darwin"'),
    ),
    "modules of a class that are no tuple": (
        'fleet(modules={"nixos": "base"})',
        ("'metals'", "modules['nixos']='base'", '("base",)'),
    ),
    "a layout on a device that nobody says": (
        'Machine("a", disko=zfs_layout)',
        ("'a'", "boot_device=None", "/dev/disk/by-id/"),
    ),
    "a boot device that nothing lays out": (
        'Machine("a", boot_device="/dev/sda")',
        ("'a'", "boot_device='/dev/sda'", "disko=zfs_layout"),
    ),
    "a boot device that is none": (
        'Machine("a", boot_device="sda", disko=zfs_layout)',
        ("'a'", "boot_device='sda'", "/dev/disk/by-id/"),
    ),
    "a layout of a Mac's disks": (
        'Machine("a", machine_class="darwin", disko={"disk": {}})',
        ("'a'", "disko={'disk': {}}", "a Mac has none"),
    ),
    "a platform of another class": (
        'Machine("a", machine_class="darwin", platform="x86_64-linux")',
        ("'a'", "platform='x86_64-linux'", '"aarch64-darwin"'),
    ),
    "a platform that is none": (
        'Machine("a", platform="amd64")',
        ("'a'", "platform='amd64'", '"x86_64-linux"'),
    ),
    "a release of NixOS on a Mac": (
        'Machine("a", machine_class="darwin", state_version="25.11")',
        ("'a'", "state_version='25.11'", "nix-darwin's own count"),
    ),
    "nix-darwin's count on NixOS": (
        'Machine("a", state_version=6)',
        ("'a'", "state_version=6", "a NixOS release"),
    ),
    "two machines of one generated module": (
        'fleet(Machine("a", module_name="b", platform="x86_64-linux"), '
        'Machine("b", module_name="b"))',
        ("machine 'a'", "module_name='b'", "machine 'b' has that name"),
    ),
    "a machine's module that every machine imports": (
        'fleet(Machine("a", module_name="base", platform="x86_64-linux"))',
        ("machine 'a'", "module_name='base'", "another generated module"),
    ),
    "a module's name without a module of that name": (
        'fleet(Machine("a", module_name="b"), module_style="nixos")',
        ("machine 'a'", "module_name='b'", "leave it out"),
    ),
    "a pattern of modules' names without the machine's": (
        'ModuleNames(machine="hosts")',
        ("module names", "machine='hosts'", "{name}"),
    ),
    "a pattern of modules' names with another field": (
        'ModuleNames(machine="{name}/{zone}")',
        ("module names", "machine='{name}/{zone}'", "{machine_class}"),
    ),
    "one name for the drivers and for what all import": (
        'ModuleNames(base="nvidia")',
        ("module names", "nvidia='nvidia'", "another module has that name"),
    ),
    "one name for the drivers and for the fleet's configuration": (
        'ModuleNames(nvidia="fleet")',
        ("module names", "nvidia='fleet'", "another module has that name"),
    ),
    "one name for the fleet's configuration and for the caches": (
        'ModuleNames(caches="fleet")',
        ("module names", "fleet='fleet'", "another module has that name"),
    ),
    "empty fleet name": ('fleet(name="")', ("fleet ''", "name=''")),
    "domain with a space": ('fleet(domain="z t")', ("'metals'", "domain='z t'", "example.org")),
    "domain with an empty label": ('fleet(domain="a..b")', ("domain='a..b'", "example.org")),
    "two ZeroTier controllers": (
        'fleet(Machine("a", tags=("controller",)), Machine("b", tags=("controller",)))',
        (
            "'metals'",
            "machines=['a', 'b']",
            "one machine is the ZeroTier controller",
            "ZeroTier(controller_tag=None)",
        ),
    ),
    "ZeroTier peers and no controller": (
        'fleet(gcp(tags=("peer",)))',
        (
            "'metals'",
            "machines=['galena']",
            "tag one machine 'controller'",
            "ZeroTier(peer_tag=None)",
        ),
    ),
    "a Mac as ZeroTier controller": (
        'fleet(Machine("a", machine_class="darwin", tags=("controller",)))',
        ("'metals'", "machines='a'", "the ZeroTier controller is a NixOS machine"),
    ),
    "a Mac as moon by its role": (
        'fleet(Machine("a", tags=("controller",)), MAC, '
        'zerotier=ZeroTier(roles={"moon": Role(machines=("stibnite",))}))',
        ("machines='stibnite'", "the ZeroTier moon is a NixOS machine"),
    ),
    "a Mac as moon": (
        'fleet(Machine("c", tags=("controller",)), Machine("a", machine_class="darwin"),'
        ' zerotier=ZeroTier(moons={"a": ("203.0.113.7",)}))',
        ("'metals'", "machines='a'", "the ZeroTier moon is a NixOS machine"),
    ),
    "a moon and no ZeroTier controller": (
        'fleet(Machine("a"), zerotier=ZeroTier(moons={"a": ("203.0.113.7",)}))',
        ("zerotier", "moons=['a']", "tag one machine 'controller'"),
    ),
    "moon on no machine": (
        'fleet(Machine("a"), zerotier=ZeroTier(moons={"luna": ("203.0.113.7",)}))',
        ("zerotier", "moons='luna'", "one of a"),
    ),
    "five moons": (
        'ZeroTier(moons={name: ("203.0.113.7",) for name in "abcde"})',
        ("zerotier", "moons=['a', 'b', 'c', 'd', 'e']", "at most 4"),
    ),
    "moon at no address": (
        'ZeroTier(moons={"a": ("luna.example.org",)})',
        ("moons['a']='luna.example.org'", "IP addresses"),
    ),
    "zerotier under the internet service's name": (
        'fleet(Machine("a", tags=("controller",)), zerotier=ZeroTier(instance="internet"))',
        ("internet", "instance='internet'", "ZeroTier(instance=…) calls"),
    ),
    "zerotier under a user's name": (
        'fleet(Machine("a", tags=("controller",)), users=(User("cameron"),), '
        'zerotier=ZeroTier(instance="user-cameron"))',
        ("user 'cameron'", "instance='user-cameron'", "ZeroTier(instance=…) calls"),
    ),
    "one tag for controller and peers": (
        'ZeroTier(controller_tag="peer")',
        ("peer_tag='peer'", "controller"),
    ),
    "user on a machine that is not there": (
        'fleet(Machine("a"), users=(User("cameron", machines=("b",)),))',
        ("user 'cameron'", "machines='b'", "one of a"),
    ),
    "user on a misspelt tag": (
        'fleet(Machine("a", tags=("server",)), users=(User("cameron", tags=("sever",)),))',
        ("user 'cameron'", "tags='sever'", "nearest: server"),
    ),
    "duplicate user": (
        'fleet(users=(User("cameron"), User("cameron")))',
        ("'metals'", "users='cameron'", "twice"),
    ),
    "role that a machine is given twice": (
        'Role(machines=("galena", "galena"))',
        ("role", "machines='galena'", "twice"),
    ),
    "role that a tag is given twice": ('Role(tags=["a", "a"])', ("role", "tags='a'", "twice")),
    "settings of Python's": (
        'Role(settings={"hook": print})',
        ("role: settings: hook: <built-in function print>", "no Nix expression"),
    ),
    "settings of a machine that are an object": (
        'Role(machines={"galena": {"port": object()}})',
        ("role: machines['galena']: port: <object object", "no Nix expression"),
    ),
    "settings that are a function of Nix": (
        "Role(settings=FUNCTION)",
        ("role: settings=Lambda(", "data is accepted", "no function"),
    ),
    "settings that hold a function of Nix": (
        'Role(tags={"server": {"hooks": [{"run": FUNCTION}]}})',
        ("role: tags['server']['hooks'][0]['run']=Lambda(", "data is accepted", "no function"),
    ),
    "a setting that would be lost": (
        'Role(machines={"vault": {"key": "keys/vault"}})',
        ("role: machines['vault']='key'", "this is no option of a service"),
    ),
    "a setting that is a module's, in a path": (
        'Role(settings={("config", "port"): 22})',
        ("role: settings='config'", "this is no option of a service"),
    ),
    "settings that are a list": ('Role(settings=["a"])', ("settings=['a']", "data is accepted")),
    "settings of a machine that are text": (
        'Role(machines={"galena": "203.0.113.7"})',
        ("machines['galena']='203.0.113.7'", "data is accepted"),
    ),
    "instance whose file would be elsewhere": (
        'ClanService("../sshd")',
        ("service '../sshd'", "name='../sshd'", "letters, digits"),
    ),
    "instance whose file import-tree leaves out": (
        'ClanService("_sshd")',
        ("service '_sshd'", "name='_sshd'", "a letter or a digit first"),
    ),
    "instance whose file no file system has room for": (
        'ClanService("a" * 201)',
        ("name='aaa", "up to 200 letters"),
    ),
    "settings that hold themselves": (
        "(lambda data: (data.update(a=data), Role(settings=data)))({})",
        ("role", "settings: a.a", "holds itself"),
    ),
    "public keys of a user outside the flake": (
        'User("ada", ssh_key_files=(PurePath("../ada.pub"),))',
        ("user 'ada'", "ssh_key_files='../ada.pub'", "relative to the root"),
    ),
    "public keys of a user wherever this computer has them": (
        'User("ada", ssh_key_files=(PurePath("/home/ada/ada.pub"),))',
        ("user 'ada'", "ssh_key_files='/home/ada/ada.pub'", "absolute"),
    ),
    "two instances of one name": (
        "fleet(services=(instance(), instance()))",
        ("service 'sshd'", "instance='sshd'", "service 'sshd' is the instance of that name"),
    ),
    "instance under a user's name": (
        'fleet(users=(User("cameron"),), services=(instance("user-cameron"),))',
        ("instance='user-cameron'", "user 'cameron' is the instance of that name"),
    ),
    "another service under the internet service's name": (
        'fleet(services=(ClanService("internet", module="p2p"),))',
        ("service 'internet'", "instance='internet'", "Internet(instance=…) calls"),
    ),
    "another service under ZeroTier's name": (
        'fleet(Machine("a", tags=("controller",)), '
        'services=(ClanService("zerotier", module="yggdrasil"),))',
        ("service 'zerotier'", "instance='zerotier'", "ZeroTier(instance=…) calls"),
    ),
    "misspelt machine in a role": (
        'fleet(gcp(), services=(instance(server=Role(machines=("galean",))),))',
        ("service 'sshd'", "roles['server'].machines='galean'", "nearest: galena"),
    ),
    "misspelt tag in a role": (
        'fleet(gcp(tags=("server",)), services=(instance(client=Role(tags=("sever",))),))',
        ("roles['client'].tags='sever'", "nearest: server", "Fleet(tags={'sever': None})"),
    ),
    "a Mac in a role that has nothing for it": (
        'fleet(MAC, services=(instance(client=Role(machines=("stibnite",))),))',
        (
            "service 'sshd'",
            "roles['client'].machines='stibnite'",
            "nothing for a Mac in the role 'client'",
            "extra_modules",
        ),
    ),
    "role that ZeroTier has not": (
        'ZeroTier(roles={"controler": Role()})',
        ("zerotier", "roles='controler'", "one of controller, peer, moon"),
    ),
    "misspelt field of an instance": (
        'ClanService("sshd", rolse={})',
        ("ClanService('sshd', rolse=…)", "no field 'rolse'", "nearest: roles"),
    ),
    "misspelt field of a machine": (
        "gcp(stoped=True)",
        ("GcpMachine('galena', stoped=…)", "no field 'stoped'", "nearest: stopped"),
    ),
    "login name with a space": ('User("Cameron R")', ("name='Cameron R'", "letters, digits")),
    "login name that is an option": ('User("-c")', ("name='-c'", "a letter or _ first")),
    "login name of 32 characters": (f'User("{"c" * 32}")', (f"name='{'c' * 32}'", "up to 31")),
    "malformed cache key": (
        'BinaryCache("https://a.example", public_key="a.example:AAAA")',
        ("'https://a.example'", "public_key='a.example:AAAA'", "base64 of 32 bytes"),
    ),
    "cache key without a name": (
        'BinaryCache("https://a.example", public_key=CACHE_KEY.partition(":")[2])',
        ("public_key=", "a name, a colon"),
    ),
    "cache key with a line end": (
        'BinaryCache("https://a.example", public_key=CACHE_KEY + "\\n")',
        ("public_key=", "without spaces"),
    ),
    "cache URL without a scheme": (
        'BinaryCache("cache.nixos.org", public_key=CACHE_KEY)',
        ("url='cache.nixos.org'", "https://"),
    ),
    "cache priority in the address and beside it": (
        'BinaryCache("https://a.example?priority=5", public_key=CACHE_KEY, priority=5)',
        ("'https://a.example?priority=5'", "priority=5", "the address says priority=5 already"),
    ),
    "cache priority in the address that is no number": (
        'BinaryCache("https://a.example?priority=high", public_key=CACHE_KEY)',
        ("url='https://a.example?priority=high'", "priority=high is no whole number"),
    ),
    "cache of a kind that Nix does not have": (
        'BinaryCache("http+unix://cache", public_key=CACHE_KEY)',
        ("url='http+unix://cache'", "Nix has no stores http+unix://", "ssh-ng, file"),
    ),
    "cache with a password": (
        'BinaryCache("https://me:hush@a.example", public_key=CACHE_KEY)',
        ("url='https://", "a.example", 'netrc_file="/run/secrets/netrc"'),
    ),
    "cache with a token for a parameter": (
        'BinaryCache("https://a.example?token=hush", public_key=CACHE_KEY)',
        ("token is a secret", "netrc_file="),
    ),
    "cache with the key that signs": (
        'BinaryCache("s3://a?secret-key=/run/key", public_key=CACHE_KEY)',
        ("url='s3://a?secret-key=/run/key'", "for whoever fills a cache", "public key"),
    ),
    "cache with a private key in the repository": (
        'BinaryCache("ssh-ng://a?ssh-key=./key", public_key=CACHE_KEY)',
        ("'./key' is no absolute path on the machines", "Nix store"),
    ),
    "cache with a private key in the Nix store": (
        'BinaryCache("https://a.example?tls-private-key=/nix/store/a/key", public_key=CACHE_KEY)',
        ("everybody on the machine can read",),
    ),
    "cache parameter without a value": (
        'BinaryCache("https://a.example?trusted", public_key=CACHE_KEY)',
        ("'trusted' is no parameter",),
    ),
    "cache parameter given twice": (
        'BinaryCache("s3://a?region=b&region=c", public_key=CACHE_KEY)',
        ("the parameter region stands there twice",),
    ),
    "cache parameter that is half escaped": (
        'BinaryCache("s3://a?region=%4", public_key=CACHE_KEY)',
        ("'region=%4' is no parameter",),
    ),
    "cache that is trusted perhaps": (
        'BinaryCache("https://a.example?trusted=maybe", public_key=())',
        ("trusted=maybe: trusted=true or trusted=false",),
    ),
    "cache with a fragment, a comment in nix.conf": (
        'BinaryCache("https://a.example?want-mass-query=true#x", public_key=CACHE_KEY)',
        ("is no parameter",),
    ),
    "cache in a folder of two slashes": (
        'BinaryCache("file://srv/cache", public_key=CACHE_KEY)',
        ("url='file://srv/cache'", "three slashes: file:///path"),
    ),
    "cache that is the store itself": (
        'BinaryCache("local", public_key=CACHE_KEY)',
        ("url='local'", "local?root=/mnt"),
    ),
    "cache at a bare path": (
        'BinaryCache("/srv/cache", public_key=CACHE_KEY)',
        ("url='/srv/cache'", "file:///srv/cache"),
    ),
    "local cache without a root": (
        'BinaryCache("local?read-only=true", public_key=CACHE_KEY)',
        ("has a root: local?root=/mnt",),
    ),
    "cache without a key": (
        'BinaryCache("https://a.example", public_key=())',
        ("'https://a.example'", "public_key=()", "trusted=true", "mirrors"),
    ),
    "cache without a key, of an empty list": (
        'BinaryCache("https://a.example?trusted=false", public_key=[])',
        ("public_key=()", "trusted=true"),
    ),
    "cache key given twice": (
        'BinaryCache("https://a.example", public_key=(CACHE_KEY, CACHE_KEY))',
        ("public_key='cache.nixos.org-1:", "twice"),
    ),
    "malformed cache key among others": (
        'BinaryCache("https://a.example", public_key=(CACHE_KEY, "a:AAAA"))',
        ("public_key='a:AAAA'", "base64 of 32 bytes"),
    ),
    "cache keys in a set": (
        'BinaryCache("https://a.example", public_key={CACHE_KEY})',
        ("public_key={", "base64 of 32 bytes"),
    ),
    "cache for a machine that is not there": (
        'fleet(gcp(), caches=(BinaryCache("https://a.example", public_key=CACHE_KEY,'
        ' machines=("galene",)),))',
        ("cache 'https://a.example'", "machines='galene'", "one of galena", "(nearest: galena)"),
    ),
    "cache for a tag that nobody has": (
        'fleet(gcp(), caches=(BinaryCache("https://a.example", public_key=CACHE_KEY,'
        ' tags=("gcpp",)),))',
        ("cache 'https://a.example'", "tags='gcpp'", "(nearest: gcp)"),
    ),
    "netrc of the repository": (
        'fleet(netrc_file="secrets/netrc")',
        ("'metals'", "netrc_file='secrets/netrc'", "no absolute path on the machines", "Nix store"),
    ),
    "netrc of the repository, made absolute for nobody": (
        'fleet(netrc_file="~/.netrc")',
        ("netrc_file='~/.netrc'", "/run/secrets/netrc"),
    ),
    "netrc in the Nix store": (
        'fleet(netrc_file="/nix/store/x-netrc")',
        ("netrc_file='/nix/store/x-netrc'", "everybody on the machine can read"),
    ),
    "netrc that leads to the Nix store": (
        'fleet(netrc_file="/run/../nix/store/x")',
        ("netrc_file=", "no absolute path"),
    ),
    "cache priority below zero": (
        'BinaryCache("https://cache.nixos.org", public_key=CACHE_KEY, priority=-1)',
        ("'https://cache.nixos.org'", "priority=-1", "from 0"),
    ),
    "one cache under two addresses": (
        'fleet(caches=(BinaryCache("https://a.example/?priority=5", public_key=CACHE_KEY),'
        ' BinaryCache("https://a.example?trusted=true", public_key=())))',
        ("'metals'", "caches='https://a.example'", "twice"),
    ),
    "one bucket with two profiles": (
        'fleet(caches=(BinaryCache("s3://a?region=b&profile=c", public_key=CACHE_KEY),'
        ' BinaryCache("s3://a?profile=d&region=b", public_key=CACHE_KEY)))',
        ("'metals'", "caches='s3://a?region=b'", "twice"),
    ),
    "duplicate cache": (
        'fleet(caches=(BinaryCache("https://a.example", public_key=CACHE_KEY),) * 2)',
        ("'metals'", "caches='https://a.example'", "twice"),
    ),
    "tag with a space": ('gcp(tags=("a b",))', ("'galena'", "tags='a b'", "without spaces")),
    "tag with $": ('gcp(tags=("${a}",))', ("'galena'", "tags='${a}'", "$")),
    "module of a machine with a space": (
        'gcp(modules=("a b",))',
        ("'galena'", "modules='a b'", "without spaces"),
    ),
    "CUDA package given twice": (
        'Nvidia(cuda_packages=("torch", "torch"))',
        ("nvidia", "cuda_packages='torch'", "twice"),
    ),
    "kernel parameter with a space": (
        'Nvidia(kernel_params=("pci=realloc quiet",))',
        ("nvidia", "kernel_params='pci=realloc quiet'", "without spaces"),
    ),
    "SSH source range with a zone index": (
        'project(ssh_source_ranges=("fe80::%eth0/64",))',
        ("ssh_source_ranges='fe80::%eth0/64'", "no zone index"),
    ),
    "public key that is cut short": (
        "project(ssh_keys=(KEY[:-20],))",
        ("ssh_keys='ssh-ed25519 AAAA", "not a whole ssh-ed25519 key"),
    ),
    "state version with more after it": (
        'gcp(state_version="25.05pre")',
        ("'galena'", "state_version='25.05pre'", "a NixOS release"),
    ),
    "zone in a region whose name begins alike": (
        'Zone("us-central12-a", "us-central1")',
        ("name='us-central12-a'", "us-central1-a"),
    ),
    "empty tag": ('gcp(tags=("",))', ("'galena'", "tags=''", "one word")),
    "fallback zone that is none": (
        'gcp(fallback_zones=("us-central1-a", "us-central1-z"))',
        ("'galena'", "fallback_zones='us-central1-z'", "us-central1-f", "Catalog(zones="),
    ),
    "fallback zone without that GPU": (
        'n1(Gpu("nvidia-tesla-t4"), fallback_zones=("africa-south1-a",))',
        ("'galena'", "fallback_zones='africa-south1-a'", "does not offer nvidia-tesla-t4"),
    ),
    "fallback zone that is the zone": (
        'gcp(fallback_zones=("us-central1-a", "us-central1-b"))',
        ("'galena'", "fallback_zones='us-central1-b'", "twice"),
    ),
    "fallback zones and a disk that stays": (
        'gcp(fallback_zones=("us-central1-a",), data_disks=(DataDisk("tank", size_gb=1),))',
        ("'galena'", "fallback_zones=", "data disks stay in us-central1-b"),
    ),
    "fallback zone that a reserved address is not in": (
        'gcp(fallback_zones=("us-east1-b",), external_ip="203.0.113.7")',
        ("'galena'", "fallback_zones=", "external_ip='203.0.113.7' is in us-central1 only"),
    ),
    "fallback zone that a subnetwork is not in": (
        'gcp(fallback_zones=("us-east1-b",), subnetwork="lab")',
        ("'galena'", "fallback_zones=", "subnetwork='lab' is in us-central1 only"),
    ),
    "stop schedule of four fields": (
        'StopSchedule("20 * * *")',
        ("cron='20 * * *'", "five fields", '"0 20 * * *"'),
    ),
    "stop schedule at an hour that no day has": (
        'StopSchedule("0 24 * * *")',
        ("cron='0 24 * * *'", "hour: * or numbers from 0 to 23", "not '24'"),
    ),
    "stop schedule with times too close": (
        'StopSchedule("0,50 * * * *")',
        ("cron='0,50 * * * *'", "15 minutes"),
    ),
    "stop schedule for a day that never comes": (
        'StopSchedule("0 0 30,31 FEB *")',
        ("cron='0 0 30,31 FEB *'", "day 30", "never comes"),
    ),
    "stop schedule in no time zone": (
        'StopSchedule("0 20 * * *", time_zone="Europe/Berln")',
        ("time_zone='Europe/Berln'", "Europe/Berlin"),
    ),
    "budget below nothing": (
        "fleet(gcp(), budget_usd_per_hour=-1)",
        ("'metals'", "budget_usd_per_hour=-1", "USD per hour"),
    ),
    "max_run_duration of zero": (
        "gcp(max_run_duration=0)",
        ("'galena'", "max_run_duration=0", "seconds", "30", "None for no limit"),
    ),
    "max_run_duration of a year": (
        "gcp(max_run_duration=365 * 24 * 3600)",
        ("'galena'", "max_run_duration=31536000", "120 days"),
    ),
    "termination action without an end": (
        'gcp(instance_termination_action="STOP")',
        ("'galena'", "instance_termination_action='STOP'", "spot=True or max_run_duration"),
    ),
    "unknown termination action": (
        'gcp(spot=True, instance_termination_action="HALT")',
        ("'galena'", "instance_termination_action='HALT'", '"STOP" or "DELETE"'),
    ),
    "deletion of what is protected": (
        'gcp(spot=True, instance_termination_action="DELETE", deletion_protection=True)',
        ("'galena'", "instance_termination_action='DELETE'", "STOP"),
    ),
    "stopped and not enabled": (
        "gcp(enabled=False, stopped=True)",
        ("'galena'", "stopped=True", "enabled=True"),
    ),
    "SSH source range that is no CIDR": (
        'project(ssh_source_ranges=("everyone",))',
        ("'example-project'", "ssh_source_ranges='everyone'", "203.0.113.0/24"),
    ),
    "SSH source range with host bits": (
        'project(ssh_source_ranges=("10.0.0.1/8",))',
        ("ssh_source_ranges='10.0.0.1/8'", '"10.0.0.0/8"'),
    ),
    "SSH source range without a length": (
        'project(ssh_source_ranges=("203.0.113.7",))',
        ("ssh_source_ranges='203.0.113.7'", '"203.0.113.7/32"'),
    ),
    "SSH source range with a mask": (
        'project(ssh_source_ranges=("10.0.0.0/255.0.0.0",))',
        ("ssh_source_ranges='10.0.0.0/255.0.0.0'", '"10.0.0.0/8"'),
    ),
    "private key": (
        'project(ssh_keys=("-----BEGIN OPENSSH PRIVATE KEY-----\\nhush",))',
        ("ssh_keys", "PRIVATE"),
    ),
    "public key with a line end": (
        'project(ssh_keys=(KEY + "\\n",))',
        ("ssh_keys=", "on one line"),
    ),
    "unknown region": (
        'fleet(gcp(), gcp=project(region="us-centrall1"))',
        ("'example-project'", "region='us-centrall1'", "us-central1", "Zone("),
    ),
    "region with capitals": ('project(region="US")', ("region='US'",)),
    "project of three letters": (
        'GcpProject("abc", region="us-central1")',
        ("'abc'", "6 to 30", "example-project"),
    ),
    "project of five letters": ('GcpProject("abcde", region="us-central1")', ("6 to 30",)),
    "project of 31 letters": ('GcpProject("a" * 31, region="us-central1")', ("6 to 30",)),
    "project with a space": ('GcpProject("my project", region="us-central1")', ("'my project'",)),
    "bucket with a slash": ('GcsBackend("a/b")', ("bucket='a/b'", "bucket's name")),
    "provisioned machine without a project": (
        "fleet(gcp(), gcp=None)",
        ("'metals'", "gcp=None", "GcpProject(…)", "'galena'"),
    ),
    "label key with a capital": (
        'gcp(labels={"Team": "ml"})',
        ("'galena'", "labels='Team'", "lower-case"),
    ),
    "label value with ${": (
        'gcp(labels={"team": "${ml}"})',
        ("'galena'", "labels['team']='${ml}'", "lower-case"),
    ),
    "label value with quotes": (
        """gcp(labels={"team": "''\\"\\\\\\n"})""",
        ("'galena'", "labels['team']=", "lower-case"),
    ),
    "label value of 64 characters": (
        'gcp(labels={"team": "m" * 64})',
        ("labels['team']=", "1 to 63"),
    ),
    "label value that is empty": (
        'gcp(labels={"team": ""})',
        ("'galena'", "labels['team']=''", "1 to 63"),
    ),
    "label value that is empty, in the project": (
        'project(labels={"team": ""})',
        ("'example-project'", "labels['team']=''", "1 to 63"),
    ),
    "more labels than an instance has": (
        'gcp(labels={f"l{n}": "x" for n in range(60)})',
        ("'galena'", "labels='60 labels'", "at most 59"),
    ),
    "more network tags than an instance has": (
        'gcp(network_tags=[f"t{n}" for n in range(63)])',
        ("'galena'", "network_tags='63 tags'", "at most 62"),
    ),
    "label of the stack": ('gcp(labels={"cost": "a"})', ("labels='cost'", "by the stack itself")),
    "label of the stack in the project": (
        'project(labels={"fleet": "a"})',
        ("'example-project'", "labels='fleet'", "by the stack itself"),
    ),
    "metadata key with ${": (
        'gcp(metadata={"${a}": "b"})',
        ("'galena'", "metadata='${a}'", "letters, digits, _ and -"),
    ),
    "metadata of the stack": (
        'gcp(metadata={"startup-script": "b"})',
        ("metadata='startup-script'", "by the stack itself"),
    ),
    "metadata that a field of the project says": (
        'gcp(metadata={"enable-oslogin": "TRUE"})',
        ("metadata='enable-oslogin'", "GcpProject(os_login=…) says it"),
    ),
    "OS Login and keys that it does not take": (
        "project(os_login=True, project_ssh_keys=True)",
        ("'example-project'", "project_ssh_keys=True", "OS Login takes no keys from metadata"),
    ),
    "key of a disk by its name alone": (
        'project(kms_key="disks")',
        ("'example-project'", "kms_key='disks'", "keyRings/fleet/cryptoKeys/disks"),
    ),
    "key of a disk with its version": (
        'gcp(boot_disk=BootDisk(kms_key=KMS_KEY + "/cryptoKeyVersions/1"))',
        ("boot disk: kms_key='projects/", "without a version"),
    ),
    "key of a disk as a URL": (
        'gcp(boot_disk=BootDisk(kms_key="https://cloudkms.googleapis.com/v1/" + KMS_KEY))',
        ("boot disk: kms_key='https://", "by its full name"),
    ),
    "key of a data disk with a line end": (
        'gcp(data_disks=(DataDisk("ore", size_gb=1, kms_key=KMS_KEY + "\\n"),))',
        ("data disk 'ore': kms_key=", "by its full name"),
    ),
    "key of a disk in another region": (
        'gcp(boot_disk=BootDisk(kms_key=KMS_KEY.replace("central1", "east1")))',
        (
            "machine 'galena'",
            "boot_disk.kms_key='projects/",
            "galena may be in us-central1",
            "global",
        ),
    ),
    "key of a data disk in another region": (
        'gcp(zone="us-east1-b", data_disks=(DataDisk("ore", size_gb=1, kms_key=KMS_KEY),))',
        ("machine 'galena'", "data_disks['ore'].kms_key='projects/", "galena may be in us-east1"),
    ),
    "key that is not where a machine may fall back to": (
        'gcp(fallback_zones=("us-east1-b",), boot_disk=BootDisk(kms_key=KMS_KEY))',
        ("machine 'galena'", "boot_disk.kms_key='projects/", "may be in us-central1, us-east1"),
    ),
    "metadata with NUL": ('gcp(metadata={"a": "\\0"})', (r"metadata['a']='\x00'", "control")),
    "description with an escape": ('Machine("a", description="\\x1b[2J")', ("description=",)),
    "description with a lone surrogate": (
        'Machine("a", description="\\ud800")',
        (r"description='\ud800'", "surrogates"),
    ),
    "description cut short in the message": (
        'Machine("a", description="\\0" * 10_000)',
        ("machine 'a'", "description=", "…: text"),
    ),
    "target host with a space": ('Machine("a", target_host="a b")', ("target_host='a b'", "root@")),
    "target host that ssh takes for an option": (
        'Machine("a", target_host="-oProxyCommand=x")',
        ("target_host='-oProxyCommand=x'", "root@"),
    ),
    "unknown class": (
        'Machine("a", machine_class="windows")',
        ("machine_class='windows'", '"nixos" or "darwin"'),
    ),
    "boot disk too small": (
        "gcp(boot_disk=BootDisk(size_gb=9))",
        ("boot disk: size_gb=9", "from 10 to 65536"),
    ),
    "boot disk too large": (
        "gcp(boot_disk=BootDisk(size_gb=10**30))",
        ("boot disk: size_gb=1000", "from 10 to 65536"),
    ),
    "image with a space": (
        'gcp(boot_disk=BootDisk(image="a b"))',
        ("boot disk: image='a b'", "debian-cloud/debian-12"),
    ),
    "Persistent Disk that boots a machine of a newer series": (
        'new(boot_disk=BootDisk(type="pd-balanced"))',
        (
            "'galena'",
            "boot_disk.type='pd-balanced'",
            "c4-standard-8 boots from hyperdisk-balanced",
        ),
    ),
    "Hyperdisk on e2": (
        'gcp(data_disks=(DataDisk("ore", size_gb=10, type="hyperdisk-balanced"),))',
        ("'galena'", "data_disks['ore'].type='hyperdisk-balanced'", "e2-standard-8 takes pd-"),
    ),
    "pd-standard on a3": (
        'new("a3-highgpu-8g", 208, boot_disk=BootDisk(type="pd-standard"))',
        ("'galena'", "boot_disk.type='pd-standard'", "pd-balanced, pd-ssd, hyperdisk-balanced"),
    ),
    "Persistent Disk on an a3 that takes none": (
        'new("a3-ultragpu-8g", 224, data_disks=(DataDisk("ore", size_gb=10, type="pd-ssd"),))',
        ("'galena'", "data_disks['ore'].type='pd-ssd'", "a3-ultragpu-8g takes hyperdisk-"),
    ),
    "Hyperdisk that nothing boots from": (
        'new(boot_disk=BootDisk(type="hyperdisk-ml"))',
        ("'galena'", "boot_disk.type='hyperdisk-ml'", "boots from hyperdisk-balanced"),
    ),
    "Hyperdisk Extreme with few vCPUs": (
        'new(data_disks=(DataDisk("ore", size_gb=64, type="hyperdisk-extreme"),))',
        (
            "'galena'",
            "data_disks['ore'].type='hyperdisk-extreme'",
            "hyperdisk-extreme from 96 vCPUs on",
        ),
    ),
    "Hyperdisk smaller than there are": (
        'new(data_disks=(DataDisk("ore", size_gb=3),))',
        ("'galena'", "data_disks['ore'].size_gb=3", "hyperdisk-balanced is accepted from 4 to"),
    ),
    "Hyperdisk Throughput smaller than there are": (
        'DataDisk("ore", size_gb=2047, type="hyperdisk-throughput")',
        ("data disk 'ore'", "size_gb=2047", "from 2048 to 32768 GB"),
    ),
    "Hyperdisk Throughput larger than there are": (
        'DataDisk("ore", size_gb=32769, type="hyperdisk-throughput")',
        ("data disk 'ore'", "size_gb=32769", "from 2048 to 32768 GB"),
    ),
    "pd-extreme smaller than there are": (
        'BootDisk(size_gb=499, type="pd-extreme")',
        ("boot disk", "size_gb=499", "pd-extreme is accepted from 500 to 65536 GB"),
    ),
    "image for Arm on other processors": (
        'gcp(boot_disk=BootDisk(image="debian-cloud/debian-12-arm64"))',
        ("'galena'", "boot_disk.image='debian-cloud/debian-12-arm64'", "has x86 processors"),
    ),
    "image for other processors on Arm": (
        'new("c4a-standard-4", 4, boot_disk=BootDisk(image="debian-cloud/debian-13"))',
        (
            "'galena'",
            "boot_disk.image='debian-cloud/debian-13'",
            "has Arm processors",
            '"debian-cloud/debian-12-arm64"',
        ),
    ),
    "image of one's own for other processors on Arm": (
        'new("t2a-standard-4", 4, boot_disk=BootDisk(image="lab/nixos-x86_64-linux"))',
        ("'galena'", "boot_disk.image='lab/nixos-x86_64-linux'", "has Arm processors"),
    ),
    "GPU that is to be moved to another host": (
        'n1(Gpu("nvidia-tesla-t4"), on_host_maintenance="MIGRATE")',
        ("'galena'", "on_host_maintenance='MIGRATE'", "a machine with accelerators", "TERMINATE"),
    ),
    "Spot VM that is to be moved to another host": (
        'gcp(spot=True, on_host_maintenance="MIGRATE")',
        ("'galena'", "on_host_maintenance='MIGRATE'", "a Spot VM is not moved"),
    ),
    "machine type that is not moved to another host": (
        'new("h4d-standard-192", 192, on_host_maintenance="MIGRATE")',
        ("'galena'", "on_host_maintenance='MIGRATE'", "h4d-standard-192 is not moved"),
    ),
    "Local SSDs that are too many to be moved": (
        'new("z3-highmem-88", 88, type={"local_ssd_gib": 18001}, on_host_maintenance="MIGRATE")',
        ("'galena'", "on_host_maintenance='MIGRATE'", "z3-highmem-88 is not moved"),
    ),
    "bare metal that is to be moved": (
        'new("c3-standard-192-metal", 192, on_host_maintenance="MIGRATE")',
        ("'galena'", "on_host_maintenance='MIGRATE'", "c3-standard-192-metal is not moved"),
    ),
    "Confidential VM that is not moved to another host": (
        'gcp(machine_type="n2d-standard-8", confidential="SEV_SNP", on_host_maintenance="MIGRATE")',
        ("'galena'", "on_host_maintenance='MIGRATE'", "a Confidential VM with SEV_SNP"),
    ),
    "Confidential VM of a series whose are not moved to another host": (
        'new("c2d-standard-8", 8, confidential="SEV", on_host_maintenance="MIGRATE")',
        ("'galena'", "on_host_maintenance='MIGRATE'", "a Confidential VM with SEV is not moved"),
    ),
    "e2 that is to be terminated for maintenance": (
        'gcp(on_host_maintenance="TERMINATE")',
        ("'galena'", "on_host_maintenance='TERMINATE'", "a machine of e2 is always moved"),
    ),
    "what maintenance does, misspelt": (
        'gcp(on_host_maintenance="STOP")',
        ("'galena'", "on_host_maintenance='STOP'", '"MIGRATE" or "TERMINATE"'),
    ),
    "provisioning model misspelt": (
        'gcp(provisioning_model="FLEX")',
        ("'galena'", "provisioning_model='FLEX'", '"FLEX_START"'),
    ),
    "Spot VM that is said to be another": (
        'gcp(spot=True, provisioning_model="STANDARD")',
        ("'galena'", "spot=True", 'contradicts provisioning_model="STANDARD"'),
    ),
    "Spot VM that is said to be none": (
        'gcp(spot=False, provisioning_model="SPOT")',
        ("'galena'", "spot=False", 'contradicts provisioning_model="SPOT"'),
    ),
    "Spot VM of a series that has none": (
        'new("m2-ultramem-208", 208, spot=True)',
        ("'galena'", "provisioning_model='SPOT'", "STANDARD, RESERVATION_BOUND"),
    ),
    "few H100s on demand": (
        'new("a3-highgpu-1g", 26)',
        ("'galena'", "provisioning_model='STANDARD'", "is to be had as SPOT, FLEX_START"),
    ),
    "GB200s by chance": (
        'new("a4x-highgpu-4g", 140, spot=True)',
        ("'galena'", "provisioning_model='SPOT'", "is to be had as RESERVATION_BOUND"),
    ),
    "Flex-start VM without accelerators": (
        'gcp(provisioning_model="FLEX_START", max_run_duration=3600)',
        ("'galena'", "provisioning_model='FLEX_START'", "e2-standard-8 is to be had as STANDARD"),
    ),
    "Flex-start VM of n1 without a GPU": (
        'n1(None, provisioning_model="FLEX_START", max_run_duration=3600)',
        ("'galena'", "provisioning_model='FLEX_START'", "with GPUs as FLEX_START"),
    ),
    "Flex-start VM without an end": (
        'gcp(machine_type="g2-standard-4", provisioning_model="FLEX_START")',
        ("'galena'", "max_run_duration=None", "600 to 604800 seconds (7 days)"),
    ),
    "Flex-start VM for more than a week": (
        'gcp(machine_type="g2-standard-4", provisioning_model="FLEX_START",'
        " max_run_duration=604801)",
        ("'galena'", "max_run_duration=604801", "600 to 604800 seconds (7 days)"),
    ),
    "Flex-start VM for less than ten minutes": (
        'gcp(machine_type="g2-standard-4", provisioning_model="FLEX_START", max_run_duration=599)',
        ("'galena'", "max_run_duration=599", "600 to 604800 seconds (7 days)"),
    ),
    "Flex-start VM that is to be stopped": (
        'gcp(machine_type="g2-standard-4", provisioning_model="FLEX_START", max_run_duration=600,'
        ' instance_termination_action="STOP")',
        ("'galena'", "instance_termination_action='STOP'", "take DELETE"),
    ),
    "Flex-start VM that may not be deleted": (
        'gcp(machine_type="g2-standard-4", provisioning_model="FLEX_START", max_run_duration=600,'
        " deletion_protection=True)",
        ("'galena'", "instance_termination_action='DELETE'", "deletion_protection=True forbids it"),
    ),
    "reservation for a Flex-start VM": (
        'gcp(machine_type="g2-standard-4", provisioning_model="FLEX_START", max_run_duration=600,'
        ' reservation="lab")',
        ("'galena'", "reservation='lab'", "leave it out"),
    ),
    "reservation for a Spot VM": (
        'gcp(spot=True, reservation="lab")',
        ("'galena'", "reservation='lab'", "a Spot VM"),
    ),
    "bound to no reservation": (
        'gcp(provisioning_model="RESERVATION_BOUND")',
        ("'galena'", "reservation=None", "RESERVATION_BOUND wants the name"),
    ),
    "reservation by half a link": (
        'gcp(reservation="reservations/lab")',
        ("'galena'", "reservation='reservations/lab'", "projects/<project ID>/reservations/<name>"),
    ),
    "Confidential VM of a series that has none": (
        'gcp(confidential="SEV")',
        ("'galena'", "confidential='SEV'", "e2-standard-8 has none", "c2d, c3d, c4d", "n2d"),
    ),
    "Confidential VM with what others have": (
        'gcp(machine_type="n2d-standard-8", confidential="TDX")',
        ("'galena'", "confidential='TDX'", "n2d-standard-8 has SEV, SEV_SNP", "c3-standard"),
    ),
    "Confidential VM with too many vCPUs": (
        'new("c3d-standard-360", 360, confidential="SEV")',
        ("'galena'", "confidential='SEV'", "up to 255 vCPUs", "has 360"),
    ),
    "Confidential VM with TDX and Local SSDs": (
        'new("c3-standard-8-lssd", 8, confidential="TDX")',
        ("'galena'", "confidential='TDX'", "not with Local SSDs"),
    ),
    "reservation for a Confidential VM with SEV-SNP": (
        'gcp(machine_type="n2d-standard-8", confidential="SEV_SNP", reservation="lab")',
        ("'galena'", "reservation='lab'", "a Confidential VM with SEV_SNP"),
    ),
    "two threads of a core that runs one": (
        'gcp(machine_type="t2d-standard-8", threads_per_core=2)',
        ("'galena'", "threads_per_core=2", "a core of t2d-standard-8 runs one thread"),
    ),
    "half a core of a series whose are not shared": (
        'gcp(machine_type="n1-standard-1", threads_per_core=1)',
        ("'galena'", "threads_per_core=1", "n1-standard-1 has no whole core"),
    ),
    "half a core": (
        'gcp(machine_type="e2-micro", threads_per_core=1)',
        ("'galena'", "threads_per_core=1", "e2-micro has no whole core"),
    ),
    "three threads of a core": (
        "gcp(threads_per_core=3)",
        ("'galena'", "threads_per_core=3", "from 1 to 2"),
    ),
    "virtual machines inside an e2": (
        "gcp(nested_virtualization=True)",
        ("'galena'", "nested_virtualization=True", "not with e2-standard-8", "n2-standard-8"),
    ),
    "virtual machines inside bare metal": (
        'new("c3-standard-192-metal", 192, nested_virtualization=True)',
        ("'galena'", "nested_virtualization=True", "not with c3-standard-192-metal"),
    ),
    "Shielded VM without a hypervisor": (
        'new("c3-standard-192-metal", 192, shielded_vm=ShieldedVm(secure_boot=True))',
        ("'galena'", "shielded_vm=ShieldedVm(secure_boot=True", "is bare metal"),
    ),
    "series twice": (
        'Catalog(series=(Series("x9"), Series("x9")))',
        ("catalog", "series='x9'", "twice"),
    ),
    "series of a machine type's whole name in capitals": (
        'Series("X9")',
        ("series 'X9'", "name='X9'", '"n1"'),
    ),
    "series with a disk type misspelt": (
        'Series("x9", disk_types=("pd-sdd",))',
        ("series 'x9'", "disk_types='pd-sdd'", "pd-ssd"),
    ),
    "series that takes no disk": (
        'Series("x9", disk_types=())',
        ("series 'x9'", "disk_types=''", "pd-balanced"),
    ),
    "series with a technology that there is not": (
        'Series("x9", confidential=("SEV-SNP",))',
        ("series 'x9'", "confidential='SEV-SNP'", '"SEV_SNP"'),
    ),
    "series with a provisioning model that there is not": (
        'Series("x9", provisioning_models=("RESERVED",))',
        ("series 'x9'", "provisioning_models='RESERVED'", '"RESERVATION_BOUND"'),
    ),
    "disk type with a space": (
        'gcp(boot_disk=BootDisk(type="pd ssd"))',
        ("boot disk: type='pd ssd'", "pd-ssd"),
    ),
    "disk type without its family": (
        'gcp(boot_disk=BootDisk(type="ssd"))',
        ("boot disk: type='ssd'", "pd-ssd", "hyperdisk-balanced"),
    ),
    "disk type misspelled": (
        'gcp(data_disks=(DataDisk("a", size_gb=1, type="pd-sdd"),))',
        ("data disk 'a': type='pd-sdd'", "pd-ssd"),
    ),
    "data disk twice on a machine": (
        'gcp(data_disks=(DataDisk("a", size_gb=1), DataDisk("a", size_gb=1)))',
        ("'galena'", "data_disks.name='a'", "twice"),
    ),
    "data disk on two machines": (
        'fleet(*(gcp(name, data_disks=(DataDisk("a", size_gb=1),)) for name in ("b", "c")))',
        ("'c'", "data_disks.name='a'", "'b'"),
    ),
    "data disk named like a boot disk": (
        'fleet(gcp("a"), gcp("b", data_disks=(DataDisk("a", size_gb=1),)))',
        ("'b'", "data_disks.name='a'", "'a'"),
    ),
    "data disk named like its own boot disk": (
        'gcp("a", data_disks=(DataDisk("a", size_gb=1),))',
        ("'a'", "data_disks.name='a'", "boot disk"),
    ),
    "address that is none": (
        'gcp(external_ip="203.0.113.700")',
        ("'galena'", "external_ip='203.0.113.700'", "reserved IPv4 address"),
    ),
    "network with a quote": ("""gcp(network="a'b")""", ("network=", '"default"')),
    "part of a network's link": (
        'gcp(network="global/networks/lab")',
        ("'galena'", "network='global/networks/lab'", '"projects/<project ID>/global/networks/'),
    ),
    "less of a network's link": ('gcp(network="networks/lab")', ("network='networks/lab'",)),
    "link of a network's project by its number": (
        'gcp(network="projects/123456789012/global/networks/lab")',
        ("network='projects/123456789012/", "<project ID>"),
    ),
    "link with a slash at its end": (
        'gcp(network="projects/example-project/global/networks/lab/")',
        ("network='projects/example-project/global/networks/lab/'",),
    ),
    "link of a network without global": (
        'gcp(network="projects/example-project/networks/lab")',
        ("network=", "global/networks/<name>"),
    ),
    "part of a link for the project's network": (
        'project(network="global/networks/lab")',
        ("'example-project'", "network='global/networks/lab'", "global/networks/<name>"),
    ),
    "part of a subnetwork's link": (
        'gcp(subnetwork="regions/us-central1/subnetworks/lab")',
        ("'galena'", "subnetwork='regions/", '"projects/<project ID>/regions/us-central1/'),
    ),
    "link of a subnetwork in another region": (
        'gcp(subnetwork="projects/example-project/regions/us-east1/subnetworks/lab")',
        ("'galena'", "subnetwork=", "regions/us-central1/subnetworks/<name>"),
    ),
    "link of a network for a subnetwork": (
        'gcp(subnetwork="projects/example-project/global/networks/lab")',
        ("subnetwork=", "regions/us-central1/subnetworks/<name>"),
    ),
    "network tag with a capital": ('gcp(network_tags=("Web",))', ("network_tags='Web'",)),
    "service account that is no address": (
        'gcp(service_account=ServiceAccount("a@b@c"))',
        ("service account: email='a@b@c'", "iam.gserviceaccount.com"),
    ),
    "scope with a space": (
        'gcp(service_account=ServiceAccount("a@b", scopes=("a b",)))',
        ("service account: scopes='a b'", "https://www.googleapis.com"),
    ),
    "state version with digits of another script": (
        r'gcp(state_version="\u0662\u0665.\u0660\u0665")',
        ("'galena'", "state_version=", '"25.05"'),
    ),
    "driver older than the GPU": (
        'fleet(gcp(machine_type="a4-x", zone="us-central1-b", catalog=Catalog('
        'machine_types=(MachineType("a4-x", 8, 32, False, "nvidia-b200", 8),), '
        'accelerator_types=(AcceleratorType("nvidia-b200", "B200", "blackwell", 180),))), '
        'nvidia=Nvidia(driver="legacy_535"))',
        ("driver='legacy_535'", "hopper", "'galena'", "B200", "blackwell"),
    ),
    "driver newer than the GPU": (
        'fleet(gcp(machine_type="n1-standard-8", zone="us-central1-c", '
        'gpu=Gpu("nvidia-tesla-v100")), nvidia=Nvidia(driver="production"))',
        ("driver='production'", "older than turing", "'galena'", "V100", "volta", "leave driver"),
    ),
    "driver with a licence of its own": (
        'Nvidia(driver="legacy_470")',
        ("nvidia", "driver='legacy_470'", "nvidia.acceptLicense", "leave driver out"),
    ),
    "CUDA capability that there is not": (
        'Nvidia(cuda_capabilities=("7.1",))',
        ("nvidia", "cuda_capabilities='7.1'", '"7.5"', "7.0, 7.5, 8.0"),
    ),
    "CUDA capability of a Jetson": (
        'Nvidia(cuda_capabilities=("7.5", "11.0"))',
        ("nvidia", "cuda_capabilities='11.0'", "12.0, 12.1, or a newer one"),
    ),
    "CUDA capability with a letter that was none then": (
        'Nvidia(cuda_capabilities=("8.9a",))',
        (
            "nvidia",
            "cuda_capabilities='8.9a'",
            "from 9.0 on also with an a, from 10.0 on with an f",
        ),
    ),
    "CUDA capability of a family before there were any": (
        'Nvidia(cuda_capabilities=("9.0f",))',
        ("nvidia", "cuda_capabilities='9.0f'", "from 10.0 on with an f"),
    ),
    "CUDA capability of a Jetson with a letter": (
        'Nvidia(cuda_capabilities=("11.0a",))',
        ("nvidia", "cuda_capabilities='11.0a'", "12.0, 12.1, or a newer one"),
    ),
    "CUDA capability with two letters": (
        'Nvidia(cuda_capabilities=("10.0af",))',
        ("nvidia", "cuda_capabilities='10.0af'", '"7.5"'),
    ),
    "compute capability of a GPU with a letter": (
        'AcceleratorType("a", "A", "hopper", 8, compute_capability="9.0a")',
        ("accelerator type 'a'", "compute_capability='9.0a'", '"7.5"'),
    ),
    "CUDA capability as nvcc has it": (
        'Nvidia(cuda_capabilities=("sm_75",))',
        ("nvidia", "cuda_capabilities='sm_75'", '"7.5"'),
    ),
    "CUDA capability that is a number": (
        "Nvidia(cuda_capabilities=(7.5,))",
        ("nvidia", "cuda_capabilities=7.5", "a str"),
    ),
    "a string for CUDA capabilities": (
        'Nvidia(cuda_capabilities="7.5")',
        ("nvidia", "cuda_capabilities='7.5'", "a tuple or a list"),
    ),
    "CUDA capability given twice": (
        'Nvidia(cuda_capabilities=("7.5", "8.0", "7.5"))',
        ("nvidia", "cuda_capabilities='7.5'", "twice"),
    ),
    "CUDA capabilities without that of a GPU": (
        'fleet(gcp(machine_type="n1-standard-8", zone="us-central1-c", '
        'gpu=Gpu("nvidia-tesla-v100")), nvidia=Nvidia(cuda_capabilities=("7.5",)))',
        ("nvidia", "cuda_capabilities=('7.5',)", "V100", "'galena'", "add '7.0'"),
    ),
    "compute capability that is none": (
        'AcceleratorType("a", "A", "turing", 8, compute_capability="75")',
        ("accelerator type 'a'", "compute_capability='75'", '"7.5"'),
    ),
    "configuration in a string": (
        'gcp(config="{ pkgs, ... }: { }")',
        ("'galena'", "config='{ pkgs, ... }: { }'", "a mapping of options", "Raw("),
    ),
    "an option's path as one name": (
        'gcp(config={"services.nginx.enable": True})',
        ("'galena'", "config='services.nginx.enable'", '("services", "nginx", "enable")'),
    ),
    "configuration that Nix cannot hold": (
        'fleet(gcp(), config={"a": float("inf")})',
        ("fleet 'metals'", "config", "not finite"),
    ),
    "disk layout that is none": (
        'gcp(disko="zfs")',
        ("'galena'", "disko='zfs'", "a function from the device", "zfs_layout"),
    ),
    "layout that takes no device": (
        "gcp(disko=lambda: {})",
        ("'galena'", "disko=", "a function from the device"),
    ),
    "layout that is none": (
        "gcp(disko=lambda device: None)",
        ("'galena'", "disko('/dev/sda')=None", "a mapping of options"),
    ),
    "layout that Nix cannot hold": (
        'gcp(disko=lambda device: {"disk": {1, 2}})',
        ("'galena'", "disko('/dev/sda')"),
    ),
    "style of modules that there is not": (
        'fleet(gcp(), module_style="dendritic")',
        ("module_style='dendritic'", '"flake-parts" or "nixos"'),
    ),
    "plain module outside the flake": (
        'fleet(gcp(modules=("../x.nix",)), module_style="nixos")',
        ("'galena'", "modules='../x.nix'", "out of the root"),
    ),
    "plain module of a role outside the flake": (
        "fleet(services=(instance(server=Role(extra_modules=('../x.nix',))),), "
        'module_style="nixos")',
        ("service 'sshd'", "roles['server'].extra_modules='../x.nix'", "'..'"),
    ),
    "plain module of a user wherever this computer has it": (
        'fleet(gcp(), users=(User("ada", extra_modules=("/etc/x.nix",)),), module_style="nixos")',
        ("user 'ada'", "extra_modules='/etc/x.nix'", "absolute"),
    ),
    "references to flake-parts from plain modules": (
        'fleet(gcp(), module_style="nixos", ssh=Ssh(known_hosts="vars"))',
        ("known_hosts='vars'", '"facts"'),
    ),
    "generator of files that is none": (
        'fleet(gcp(), extra_files=("motd.nix",))',
        ("extra_files='motd.nix'", "functions of the fleet"),
    ),
    "driver that is none": ('Nvidia(driver="legacy_390")', ("driver='legacy_390'", '"production"')),
    "CUDA package that is no attribute": (
        'Nvidia(cuda_packages=("torch;",))',
        ("cuda_packages='torch;'", "python3Packages"),
    ),
    "power limit of zero": ("NvidiaTuning(power_limit=0)", ("power_limit=0", "watts", "from 1")),
    "one clock": (
        "NvidiaTuning(application_clocks=(1590,))",
        ("application_clocks=(1590,)", "(memory MHz, graphics MHz)"),
    ),
    "price below zero": (
        'Price("e2-standard-8", "*", -0.1)',
        ("'e2-standard-8'", "usd_per_hour=-0.1", "USD per hour"),
    ),
    "price that is no number": (
        'Price("e2-standard-8", "*", float("nan"))',
        ("'e2-standard-8'", "usd_per_hour=nan", "USD per hour"),
    ),
    "price without end": (
        'Price("e2-standard-8", "*", 0.1, float("inf"))',
        ("usd_per_hour_spot=inf", "USD per hour"),
    ),
    "price twice": (
        'Catalog(prices=(Price("a", "*", 1), Price("a", "*", 2)))',
        ("catalog", "prices='a in *'", "twice"),
    ),
    "machine type's price in a zone": (
        'Catalog(prices=(Price("e2-standard-8", "us-central1-b", 9.9),))',
        ("'e2-standard-8'", "location='us-central1-b'", "a region", "nearest: us-central1"),
    ),
    "GPU's price in a region": (
        'Catalog(prices=(Price("nvidia-tesla-t4", "us-central1", 9.9),))',
        ("'nvidia-tesla-t4'", "location='us-central1'", "a zone", "us-central1-"),
    ),
    "price of a GPU that is in a machine type's": (
        'Catalog(prices=(Price("nvidia-l4", "*", 9.9),))',
        ("name='nvidia-l4'", "with a machine type", "g2-standard-"),
    ),
    "price of a machine type that is misspelt": (
        'Catalog(prices=(Price("e2-standrad-8", "*", 9.9),))',
        ("name='e2-standrad-8'", "nearest: e2-standard-8"),
    ),
    "price in a region that is misspelt": (
        'Catalog(prices=(Price("e2-standard-8", "us-centrall", 9.9),))',
        ("location='us-centrall'", "nearest: us-central1"),
    ),
    "price of a disk below zero": (
        'DiskPrice("pd-ssd", "*", -0.1)',
        ("'pd-ssd'", "usd_per_gib_month=-0.1", "USD per GiB and month"),
    ),
    "price of a disk of no type": (
        'DiskPrice("pd_ssd", "*", 0.1)',
        ("disk_type='pd_ssd'", '"pd-ssd"'),
    ),
    "price of a disk in a zone": (
        'Catalog(disk_prices=(DiskPrice("pd-ssd", "us-central1-b", 9.9),))',
        ("'pd-ssd'", "location='us-central1-b'", "nearest: us-central1"),
    ),
    "price of a disk twice": (
        'Catalog(disk_prices=(DiskPrice("pd-ssd", "*", 1), DiskPrice("pd-ssd", "*", 2)))',
        ("catalog", "disk_prices='pd-ssd in *'", "twice"),
    ),
    "price of an address below zero": (
        'AddressPrice("*", -0.1)',
        ("address in '*'", "usd_per_hour_in_use=-0.1", "USD per hour"),
    ),
    "price of an address in a region that is misspelt": (
        'Catalog(address_prices=(AddressPrice("us-centrall", 0.1),))',
        ("price of an address", "location='us-centrall'", "nearest: us-central1"),
    ),
    "price of an address twice": (
        'Catalog(address_prices=(AddressPrice("*", 1), AddressPrice("*", 2)))',
        ("catalog", "address_prices='*'", "twice"),
    ),
    "custom machine type with an odd number of vCPUs": (
        'gcp(machine_type="n2-custom-3-8192")',
        ("machine_type='n2-custom-3-8192'", "2, 4 … 32", "nearest: n2-custom-4-8192"),
    ),
    "custom machine type of a series without them": (
        'gcp(machine_type="c3-custom-4-8192")',
        ("machine_type='c3-custom-4-8192'", "c3 has no custom machine types"),
    ),
    "obsolete machine type": (
        'gcp(machine_type="m2-ultramemx-96")',
        ("machine_type='m2-ultramemx-96'", "obsolete", "nearest: m2-"),
    ),
    "zone in another region": (
        'Zone("us-central1-z", "us-east1")',
        ("name='us-central1-z'", "us-east1-a"),
    ),
    "machine type with GPUs and no count": (
        'MachineType("a", 8, 30, accelerator="nvidia-l4")',
        ("'a'", "accelerator_count=0", "from 1"),
    ),
    "generation with a capital": (
        'AcceleratorType("a", "A", "Pascal", 8)',
        ("'a'", "architecture='Pascal'", "lower case"),
    ),
}

# Values of the wrong kind, which Python itself would only meet later or not at all.
WRONG_KIND = {
    "a name for the DNS": ('fleet(gcp(), dns="example.org")', ("dns='example.org'", "Dns(…)")),
    "a zone without its cloud": ('Dns("zt", zones="zt")', ("zones='zt'", '{"hetzner": ')),
    "no zone": ('Dns("zt", zones={})', ("zones={}", "the zone in each cloud's DNS")),
    "a number for a zone": ('Dns("zt", zones={"gcp": 1})', ("zones['gcp']=1",)),
    "a lone name with a name in the DNS": (
        'Dns("zt", zones={"gcp": "zt"}, machines="galena")',
        ("machines='galena'", "a tuple or a list"),
    ),
    "a switch for the encryption of state": (
        "fleet(gcp(), state_encryption=True)",
        ("state_encryption=True", "StateEncryption(…)"),
    ),
    "a word for a migration": ('StateEncryption(migrate="yes")', ("migrate='yes'", "True or")),
    "a string for tags": ('Machine("a", tags="peer")', ("'a'", "tags='peer'", '("peer",)')),
    "a set for tags": ('Machine("a", tags={"b"})', ("tags={'b'}", "a tuple or a list")),
    "None for tags": ('Machine("a", tags=None)', ("tags=None", "a tuple or a list")),
    "a number among tags": ('Machine("a", tags=(5,))', ("tags=5", "str")),
    "None for a name": ("Machine(None)", ("name=None", "a host name")),
    "None for a description": ('Machine("a", description=None)', ("'a'", "description=None")),
    "a list for a class": ('Machine("a", machine_class=["nixos"])', ("machine_class=['nixos']",)),
    "a number for a build host": ('Machine("a", build_host=0)', ("build_host=0", "root@")),
    "a number for a target host": ('Machine("a", target_host=5)', ("target_host=5", "root@")),
    "None for a machine type": (
        "gcp(machine_type=None)",
        ("'galena'", "machine_type=None", "n1-standard-8"),
    ),
    "a list for a machine type": (
        'gcp(machine_type=["e2-standard-8"])',
        ("'galena'", "machine_type=['e2-standard-8']"),
    ),
    "a list for a machine type that is enabled": (
        'gcp(machine_type=["e2-standard-8"], enabled=True)',
        ("'galena'", "machine_type=['e2-standard-8']"),
    ),
    "None for a zone": ("gcp(zone=None)", ("'galena'", "zone=None", "us-central1-c")),
    "a dict for a zone": ("gcp(zone={})", ("'galena'", "zone={}", "us-central1-c")),
    "None for a catalogue": ("gcp(catalog=None)", ("'galena'", "catalog=None", "Catalog(…)")),
    "a string for a GPU": ('n1("nvidia-tesla-t4")', ("'galena'", "gpu='nvidia-t", "Gpu(…)")),
    "a number for a GPU's type": ("n1(Gpu(4))", ("'galena'", "gpu.type=4", "nvidia-tesla-t4")),
    "a bool for a count": (
        'n1(Gpu("nvidia-tesla-t4", count=True))',
        ("gpu 'nvidia-tesla-t4'", "count=True", "a whole number"),
    ),
    "a float for a count": (
        'n1(Gpu("nvidia-tesla-t4", 1.0))',
        ("gpu 'nvidia-tesla-t4': count=1.0", "a whole number"),
    ),
    "a string for enabled": ('gcp(enabled="no")', ("'galena'", "enabled='no'", "True or False")),
    "None for enabled": ("gcp(enabled=None)", ("'galena'", "enabled=None", "True or False")),
    "a number for spot": ("gcp(spot=1)", ("'galena'", "spot=1", "True or False")),
    "a string for fallback zones": (
        'gcp(fallback_zones="us-central1-a")',
        ("'galena'", "fallback_zones='us-central1-a'", "a tuple or a list"),
    ),
    "a string for a stop schedule": (
        'gcp(stop_schedule="0 20 * * *")',
        ("'galena'", "stop_schedule='0 20 * * *'", "StopSchedule(…)"),
    ),
    "a number for the times of a stop schedule": (
        "StopSchedule(20)",
        ("cron=20", "five fields"),
    ),
    "a number for a time zone": (
        'StopSchedule("0 20 * * *", time_zone=1)',
        ("time_zone=1", "tz database"),
    ),
    "a string for a budget": (
        'fleet(gcp(), budget_usd_per_hour="2")',
        ("'metals'", "budget_usd_per_hour='2'", "USD per hour"),
    ),
    "no number for a budget": (
        'fleet(gcp(), budget_usd_per_hour=float("nan"))',
        ("'metals'", "budget_usd_per_hour=nan", "USD per hour"),
    ),
    "a bool for seconds": ("gcp(max_run_duration=True)", ("max_run_duration=True", "seconds")),
    "a float for seconds": ("gcp(max_run_duration=3.6e3)", ("max_run_duration=3600.0", "seconds")),
    "a list for a termination action": (
        'gcp(spot=True, instance_termination_action=["STOP"])',
        ("instance_termination_action=['STOP']", '"STOP"'),
    ),
    "None for a boot disk": ("gcp(boot_disk=None)", ("boot_disk=None", "BootDisk(…)")),
    "a string for a boot disk's size": (
        'gcp(boot_disk=BootDisk(size_gb="100"))',
        ("boot disk: size_gb='100'", "whole number of GB"),
    ),
    "a number for a disk's type": ("gcp(boot_disk=BootDisk(type=5))", ("boot disk: type=5",)),
    "a disk for disks": (
        'gcp(data_disks=DataDisk("a", size_gb=1))',
        ("data_disks=DataDisk(", "a tuple or a list"),
    ),
    "names for disks": ('gcp(data_disks=("a",))', ("data_disks='a'", "DataDisk(")),
    "a number for an address": ("gcp(external_ip=5)", ("external_ip=5", "IPv4")),
    "an address that is no text": (
        'gcp(external_ip=__import__("ipaddress").IPv4Address("203.0.113.7"))',
        ("'galena'", "external_ip=IPv4Address('203.0.113.7')", "reserved IPv4 address"),
    ),
    "layout with an attribute path as one name": (
        'gcp(disko=lambda device: {"disk.primary": {}})',
        ("'galena'", "disko('/dev/sda')='disk.primary'", '("disk", "primary")'),
    ),
    "ESP size that disko does not know": (
        'zfs_layout("/dev/sda", esp_size="512MB")',
        ("zfs_layout", "esp_size='512MB'", '"512M"'),
    ),
    "ESP that is the whole disk": (
        'zfs_layout("/dev/sda", esp_size="100%")',
        ("esp_size='100%'", '"1G"'),
    ),
    "pool name that ZFS reserves": (
        'zfs_layout("/dev/sda", pool="mirror0")',
        ("zfs_layout", "pool='mirror0'", "mirror"),
    ),
    "pool name of a disk for both kinds of firmware": (
        'hybrid_zfs_layout("/dev/sda", pool="log")',
        ("hybrid_zfs_layout", "pool='log'"),
    ),
    "pool name with a space": ('zfs_layout("/dev/sda", pool="my pool")', ("pool='my pool'",)),
    "text for a path": ('Facts(path="facts.json")', ("path='facts.json'", "Path")),
    "None for an address": ("gcp(external_ip=None)", ("external_ip=None", "True")),
    "a string for network tags": ('gcp(network_tags="web")', ("network_tags='web'", '("web",)')),
    "a list for labels": ('gcp(labels=["team"])', ("labels=['team']", "a mapping")),
    "a number for a label": ('gcp(labels={"team": 5})', ("labels['team']=5",)),
    "None for metadata": ("gcp(metadata=None)", ("metadata=None", "a mapping")),
    "a bool in metadata": ('gcp(metadata={"a": True})', ("metadata['a']=True", "text")),
    "None for a script": ("gcp(startup_script=None)", ("startup_script=None", "text")),
    "a dict for Shielded VM": ("gcp(shielded_vm={})", ("shielded_vm={}", "ShieldedVm(…)")),
    "a number in Shielded VM": (
        "gcp(shielded_vm=ShieldedVm(vtpm=1))",
        ("Shielded VM: vtpm=1", "True or False"),
    ),
    "a string for a service account": (
        'gcp(service_account="a@b")',
        ("service_account='a@b'", "ServiceAccount(…)"),
    ),
    "a number for a service account's address": (
        "gcp(service_account=ServiceAccount(5))",
        ("service account: email=5",),
    ),
    "a float for a state version": ("gcp(state_version=25.05)", ("state_version=25.05", '"25.05"')),
    "a machine for machines": (
        'fleet(machines=Machine("a"))',
        ("'metals'", "machines=Machine(", "a tuple or a list"),
    ),
    "a name among machines": ('fleet("a")', ("'metals'", "machines='a'", 'Machine("cinnabar")')),
    "a set of machines": ('fleet(machines={Machine("a")})', ("machines={", "a tuple or a list")),
    "None for machines": ("fleet(machines=None)", ("machines=None", "a tuple or a list")),
    "one cache in two spellings": (
        'fleet(caches=(BinaryCache("https://a.example", public_key=CACHE_KEY),'
        ' BinaryCache("https://a.example/", public_key=CACHE_KEY)))',
        ("'metals'", "caches='https://a.example'", "twice"),
    ),
    "a user among caches": ('fleet(caches=(User("a"),))', ("caches=User(", "BinaryCache")),
    "a string for users": ('fleet(users="cameron")', ("users='cameron'", "a tuple or a list")),
    "a string for a project": ('fleet(gcp="example")', ("gcp='example'", "GcpProject(…)")),
    "None for nvidia": ("fleet(nvidia=None)", ("nvidia=None", "Nvidia(…)")),
    "None for zerotier": ("fleet(zerotier=None)", ("zerotier=None", "ZeroTier(…)")),
    "a string for modules": ('fleet(modules="base")', ("modules='base'", '("base",)')),
    "a list for files": ('fleet(files=["a"])', ("files=['a']", "a mapping")),
    "a bool for a file": ('fleet(files={"lib/caches.nix": False})', ("files=False", "None")),
    "None for a domain": ("fleet(domain=None)", ("domain=None", "example.org")),
    "a number for a fleet's name": ("fleet(name=5)", ("name=5", "letters, digits")),
    "a number for a project's name": (
        'GcpProject(5, region="us-central1")',
        ("project=5", "example-project"),
    ),
    "a string for a backend": ('project(backend="bucket")', ("backend='bucket'", "GcsBackend(…)")),
    "a string for SSH keys": ("project(ssh_keys=KEY)", ("ssh_keys='ssh-ed25519", "a tuple or")),
    "a number for an SSH range": ("project(ssh_source_ranges=(5,))", ("ssh_source_ranges=5",)),
    "a number for a user's name": ("User(5)", ("name=5", "login name")),
    "a string for a user's machines": (
        'User("cameron", machines="galena")',
        ("'cameron'", "machines='galena'", '("galena",)'),
    ),
    "a string for a user's keys": ('User("a", ssh_keys="k")', ("ssh_keys='k'", "a tuple or")),
    "a number for share": ('User("a", share=1)', ("'a'", "share=1", "True or False")),
    "None for a cache's URL": ("BinaryCache(None, public_key=CACHE_KEY)", ("url=None",)),
    "None for a cache's key": (
        'BinaryCache("https://a.example", public_key=None)',
        ("public_key=None", "base64"),
    ),
    "a bool for a priority": (
        'BinaryCache("https://a.example", public_key=CACHE_KEY, priority=True)',
        ("priority=True", "a whole number"),
    ),
    "a number for clocks": ("NvidiaTuning(application_clocks=5)", ("application_clocks=5",)),
    "a dict for tuning": ("Nvidia(tuning={})", ("tuning={}", "NvidiaTuning(…)")),
    "a string for CUDA packages": ('Nvidia(cuda_packages="torch")', ("cuda_packages='torch'",)),
    "a list for moons": ('ZeroTier(moons=["a"])', ("moons=['a']",)),
    "a string for a moon's addresses": (
        'ZeroTier(moons={"a": "203.0.113.7"})',
        ("moons['a']='203.0.113.7'", '("203.0.113.7",)'),
    ),
    "a string for vCPUs": ('MachineType("a", "8", 30)', ("vcpus='8'", "whole number of vCPUs")),
    "a string for memory": ('MachineType("a", 8, "30")', ("memory_gib='30'", "GiB")),
    "a name for machine types": ('Catalog(machine_types=("a",))', ("machine_types='a'",)),
    "a string for prices": ('Catalog(prices="a")', ("prices='a'", "a tuple or a list")),
    "a string for a price": ('Price("a", "*", "0.1")', ("usd_per_hour='0.1'", "USD per hour")),
    "a string for disk prices": (
        'Catalog(disk_prices="a")',
        ("disk_prices='a'", "a tuple or a list"),
    ),
    "a price for a disk's": (
        'Catalog(disk_prices=(Price("a", "*", 1),))',
        ("disk_prices=Price(", "DiskPrice(…)"),
    ),
    "a name for an address' price": (
        'Catalog(address_prices=("*",))',
        ("address_prices='*'", "AddressPrice(…)"),
    ),
    "a dict for tables": ("Catalog(tables={})", ("catalog", "tables={}")),
    "a bool for a price": ('Price("a", "*", True)', ("usd_per_hour=True", "USD per hour")),
    "None for a price's place": ('Price("a", None, 1)', ("location=None", '"*"')),
    "a list for vCPU limits": (
        'AcceleratorType("a", "A", "turing", 8, [48])',
        ("max_vcpus=[48]", "a mapping"),
    ),
    "a string for accelerators": (
        'Zone("us-central1-z", "us-central1", "nvidia-l4")',
        ("accelerators='nvidia-l4'", '("nvidia-l4",)'),
    ),
    "a number of endless digits": ("gcp(max_run_duration=10**9999)", ("max_run_duration=int(…)",)),
}
