"""A jsii assembly cut down to some of its submodules.

An assembly is an npm package with a description of its types, `.jsii`. What is made here holds
the types and the code of the submodules that are asked for, and nothing else: its code is loaded
when it is used, and it can make way for a larger one in a process that has loaded it. It also keeps
the framework that it is for from noting where in Node.js each value is made.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterable, Mapping

# A class of our own in the assembly: what it does is called through jsii like anything else.
HELPER: Final = "InfraLib"

_INDEX = """"use strict";
const fs = require("fs");
const path = require("path");
const folders = FOLDERS;
for (const [name, folder] of Object.entries(folders)) {
  Object.defineProperty(exports, name, { enumerable: true, get: () => require("./" + folder) });
}
// Where in Node.js a value was made tells nobody anything, and is a quarter of a machine's time.
for (const name of FRAMEWORKS) {
  try {
    const trace = require(name + "/lib/tokens/private/stack-trace");
    Object.keys(trace).forEach((capture) => (trace[capture] = () => []));
  } catch {
    // A release that has it elsewhere is as slow as it always was.
  }
}
exports.HELPER = class HELPER {
  // Fails unless the code of every submodule that is here loads.
  static check() {
    const here = Object.values(folders).filter((f) => fs.existsSync(path.join(__dirname, f)));
    here.forEach((folder) => require("./" + folder));
  }
  // Uninstalls the package (jsii's cache keeps it), so that jsii installs what it is next given.
  static makeWay() {
    const installed = path.dirname(__dirname);
    if (path.basename(path.resolve(installed, "../..")) !== "node_modules") {
      throw new Error(installed + " is not where jsii installs packages");
    }
    fs.rmSync(installed, { recursive: true });
  }
};
"""


def trim(tarball: str, submodules: frozenset[str]) -> bytes:
    """Return the tarball of an assembly with these submodules and those that they refer to.

    The same bytes are returned for the same assembly and submodules.

    Args:
        tarball: The path of the whole assembly's tarball.
        submodules: Names of submodules as jsii has them: {"computeInstance"}.

    Raises:
        ValueError: When the assembly is not laid out as jsii lays them out.
        OSError: When it cannot be read.
    """
    import tarfile  # not needed where the result is cached

    files: dict[str, bytes] = {}
    folders: frozenset[str] | None = None
    with tarfile.open(tarball, "r|gz") as archive:
        for member in archive:
            name = member.name.removeprefix("package/")
            if name == ".jsii":
                assembly = json.loads(_content(archive, member))
                files |= _metadata(assembly, submodules)
                folders = frozenset(_folders(assembly, json.loads(files[".jsii"])["submodules"]))
            elif name.startswith("lib/") and name.endswith(".js"):
                if folders is None:
                    msg = f"{tarball}: .jsii is not its first file"
                    raise ValueError(msg)
                if name.split("/")[1] in folders:
                    files[name] = _content(archive, member)
    missing = [name for name in folders or () if f"lib/{name}/index.js" not in files]
    if missing or folders is None:
        msg = f"{tarball}: it lacks {', '.join(missing) or '.jsii'}"
        raise ValueError(msg)
    return _tarball(files)


def _metadata(assembly: dict[str, Any], submodules: frozenset[str]) -> dict[str, bytes]:
    name = assembly["name"]
    kept = _closure(assembly, submodules)
    prefixes = tuple(f"{name}.{submodule}." for submodule in kept)
    helper = {
        "assembly": name,
        "fqn": f"{name}.{HELPER}",
        "kind": "class",
        "methods": [{"name": method, "static": True} for method in ("check", "makeWay")],
        "name": HELPER,
    }
    types = {fqn: type_ for fqn, type_ in assembly["types"].items() if fqn.startswith(prefixes)}
    described = {
        **{key: value for key, value in assembly.items() if key != "readme"},
        "types": {**types, helper["fqn"]: helper},
        "submodules": {f"{name}.{key}": assembly["submodules"][f"{name}.{key}"] for key in kept},
    }
    package = {"name": name, "version": assembly["version"], "main": "lib/index.js"}
    folders = json.dumps(
        {
            key.removeprefix(f"{name}."): folder
            for folder, key in _folders(assembly, assembly["submodules"]).items()
        }
    )
    frameworks = json.dumps(sorted(assembly.get("dependencies", {}).keys() - {"constructs"}))
    index = _INDEX.replace("FOLDERS", folders).replace("FRAMEWORKS", frameworks)
    index = index.replace("HELPER", HELPER)
    return {
        ".jsii": json.dumps(described).encode(),
        "package.json": json.dumps(package).encode(),
        "lib/index.js": index.encode(),
    }


def _closure(assembly: dict[str, Any], submodules: frozenset[str]) -> list[str]:
    """Return the submodules and those that their types refer to, sorted."""
    name = assembly["name"]
    by_submodule: dict[str, list[Any]] = {}
    for fqn, type_ in assembly["types"].items():
        by_submodule.setdefault(fqn.removeprefix(f"{name}.").split(".")[0], []).append(type_)
    reference = re.compile(rf'"{re.escape(name)}\.(\w+)\.')
    kept: set[str] = set()
    wanted = set(submodules)
    while wanted:
        unknown = wanted - by_submodule.keys()
        if unknown:
            msg = f"{name} has no submodule {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        kept |= wanted
        wanted = {
            found
            for submodule in wanted
            for found in reference.findall(json.dumps(by_submodule[submodule]))
        } - kept
    return sorted(kept)


def _folders(assembly: dict[str, Any], submodules: Iterable[str]) -> Mapping[str, str]:
    """Return the submodules' names by their folders: "src/compute-instance/index:" tells one."""
    folders = {}
    for name in submodules:
        match = re.fullmatch(r"src/([^/]+)/index:", assembly["submodules"][name]["symbolId"])
        if match is None:
            msg = f"{name} is not in a folder of its own"
            raise ValueError(msg)
        folders[match[1]] = name
    return folders


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    if file is None:
        msg = f"{member.name} is not a file"
        raise ValueError(msg)
    return file.read()


def _tarball(files: Mapping[str, bytes]) -> bytes:
    import gzip
    import io
    import tarfile

    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name in sorted(files):
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(files[name])
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(files[name]))
    return buffer.getvalue()
