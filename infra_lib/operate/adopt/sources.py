"""What `infra adopt` is given, read: each source in the order in which it was named."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, field

from infra_lib.clouds.adoption import Found, Item
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.caches import BinaryCache
from infra_lib.model.errors import FleetError
from infra_lib.operate.adopt.cache_files import read_caches
from infra_lib.operate.adopt.inventory import Inventory, read_inventory
from infra_lib.operate.adopt.json_files import parse_json, read_json
from infra_lib.operate.adopt.secrets import Secrets, marked, secrets_of
from infra_lib.operate.adopt.ssh_files import Block, HostKeys, read_known_hosts, read_ssh_config
from infra_lib.operate.adopt.terraform_files import Document, read_terraform
from nixgen.errors import NixgenError
from nixgen.frozen import frozen
from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Read = TypeVar("Read")


@frozen(kw_only=True)
class Caches:
    """Binary caches of one source.

    Attributes:
        where: What to call it in messages.
        caches: The caches.
        items: What the report says.
    """

    where: str
    caches: tuple[BinaryCache, ...]
    items: tuple[Item, ...] = ()


@frozen(kw_only=True)
class SshConfig:
    """An SSH client's configuration.

    Attributes:
        blocks: Its blocks.
        items: What the report says.
    """

    blocks: tuple[Block, ...]
    items: tuple[Item, ...] = ()


@frozen(kw_only=True)
class Vars:
    """Clan's vars, of which only what is public is read, when it is known of which machines.

    Attributes:
        folder: The folder.
    """

    folder: Path
    items: tuple[Item, ...] = ()


Source = Inventory | Document | Caches | SshConfig | HostKeys | Vars


@frozen(kw_only=True)
class Sources:
    """All that was read.

    Attributes:
        read: What each source tells, in the order in which they were named.
    """

    read: tuple[Source, ...] = field(default=())

    def of(self, kind: type[Read]) -> list[Read]:
        """Return what the sources of one kind tell."""
        return [each for each in self.read if isinstance(each, kind)]

    @property
    def found(self) -> list[Found]:
        """Every resource, of whatever provider."""
        return [found for document in self.of(Document) for found in document.found]

    @property
    def secrets(self) -> Secrets:
        """Texts that are secret in one of them, each with where it is."""
        beside = [each for document in self.of(Document) for each in document.beside]
        return secrets_of([*self.found, *beside])

    def guarded(self, secrets: Secrets) -> Sources:
        """Return these with all that holds a secret marked as one.

        Args:
            secrets: What is secret.
        """
        found = iter(marked(self.found, secrets))
        return Sources(
            read=tuple(
                evolve(each, found=tuple(islice(found, len(each.found))))
                if isinstance(each, Document)
                else each
                for each in self.read
            )
        )

    @property
    def items(self) -> list[Item]:
        """What the report says of reading them."""
        return [item for each in self.read for item in each.items]

    def provider(self, name: str) -> Mapping[str, Any]:
        """Return the arguments of a provider; nothing where no configuration has any."""
        said = (document.providers.get(name) for document in self.of(Document))
        return next((each for each in said if each), {})


def read_source(kind: str, path: Path) -> Source:
    """Return what a source tells.

    Args:
        kind: A key of `KINDS`.
        path: The file, or the folder.

    Raises:
        FleetError: When it cannot be read, or is no such thing.
    """
    return KINDS[kind](path)


def evaluated(kind: str, text: bytes, where: str) -> Source:
    """Return what JSON tells that a tool printed.

    Args:
        kind: "inventory" or "caches".
        text: What it printed.
        where: What to call it in messages.

    Raises:
        FleetError: When it is no such thing.
    """
    document = parse_json(text, where)
    return read_inventory(document, where) if kind == "inventory" else _caches(document, where)


def _inventory(path: Path) -> Inventory:
    return read_inventory(read_json(path), str(path))


def _terraform(path: Path) -> Document:
    return read_terraform(read_json(path), str(path))


def _cache_file(path: Path) -> Caches:
    return _caches(read_json(path), str(path))


def _caches(document: Any, where: str) -> Caches:
    caches, items = read_caches(document, where)
    return Caches(where=where, caches=tuple(caches), items=tuple(items))


def _list(path: Path) -> Document:
    """Return what a list of a cloud's own command line holds."""
    document, where = read_json(path), str(path)
    if not isinstance(document, list):
        accepted = "a list is wanted, as `gcloud compute instances list --format=json` prints it"
        raise FleetError(f"{where}: {accepted}")
    if not document:
        return Document(found=())
    for cloud in CLOUDS.values():
        found = cloud.adoption().listed(document, where)
        if found is not None:
            return Document(found=tuple(found))
    accepted = "instances, disks, firewall-rules or addresses of gcloud, or hcloud's lists"
    raise FleetError(f"{where}: this is no list that is known: {accepted} are accepted")


def _ssh_config(path: Path) -> SshConfig:
    blocks, items = read_ssh_config(_text(path), str(path))
    return SshConfig(blocks=tuple(blocks), items=tuple(items))


def _known_hosts(path: Path) -> HostKeys:
    return read_known_hosts(_text(path), str(path))


def _vars(path: Path) -> Vars:
    if not path.is_dir():
        raise FleetError(f"{path}: a folder is wanted: clan's vars")
    return Vars(folder=path)


def _text(path: Path) -> str:
    try:
        return read_regular_file(path).decode(errors="replace")
    except NixgenError as error:
        raise FleetError(str(error)) from None
    except OSError as error:
        raise FleetError(f"{path}: cannot be read: {error.strerror}") from None


KINDS: Mapping[str, Callable[[Path], Source]] = {
    "inventory": _inventory,
    "terraform": _terraform,
    "list": _list,
    "caches": _cache_file,
    "vars": _vars,
    "ssh-config": _ssh_config,
    "known-hosts": _known_hosts,
}
"""What reads each kind of source."""
