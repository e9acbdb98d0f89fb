"""What a fleet costs to import: neither cdktf nor the tables, and few modules."""

from tests.helpers.process import python


def run(code: str) -> list[str]:
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


IMPORTED = "import sys; before = set(sys.modules); {}; print(*set(sys.modules) - before)"


def test_import_loads_neither_cdktf_nor_what_few_need() -> None:
    loaded = set(run(IMPORTED.format("import infra_lib")))
    assert not loaded & {
        *("cdktf", "jsii", "constructs", "infra_lib.stacks", "infra_lib.nix", "nixgen.files.cli"),
        *("json", "subprocess", "difflib", "tomllib", "csv", "tempfile", "argparse", "hashlib"),
        *("asyncio", "logging", "infra_lib.commands.cli", "urllib.request"),
    }


def test_import_loads_few_modules() -> None:
    with_attrs = set(run(IMPORTED.format("import attrs")))
    loaded = set(run(IMPORTED.format("import infra_lib")))
    # What is behind a module of the standard library differs from Python to Python.
    packages = {name.partition(".")[0] for name in loaded - with_attrs if name[0] != "_"}
    assert len(packages - {"infra_lib", "nixgen"}) <= 12


def test_import_reads_no_table() -> None:
    code = """
from infra_lib import GcpMachine, HetznerMachine
import os, sys
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
import infra_lib.clouds.gcp.catalog
def tables():
    return ",".join(os.path.basename(path) for path in opened if path.endswith(".json")) or "none"
print(tables())
GcpMachine("a", machine_type="e2-micro", zone="us-central1-a")
print(tables())
opened.clear()
HetznerMachine("b", server_type="cx43", location="fsn1")
print(tables())
"""
    assert run(code) == [
        "none",
        "machine_types.json,zones.json",
        "server_types.json,locations.json",
    ]


def test_the_command_needs_no_cdktf() -> None:
    code = """
import sys
sys.modules.update(cdktf=None, jsii=None, constructs=None)
from infra_lib.commands.cli import main
from infra_lib.commands.load import load_fleet
try:
    main(["--version"])
except SystemExit as end:
    print(end.code)
"""
    assert run(code)[-1] == "0"
