"""How the modules of `infra_lib.nix` stand to each other, and to the clouds."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import infra_lib.nix
from infra_lib.nix import all_files

ROOM = "infra_lib.nix"
MODULES = {
    path.stem: path
    for path in Path(infra_lib.nix.__path__[0]).glob("*.py")
    if path.stem != "__init__"
}
HELPERS = {"all_files", "arguments", "concerned", "from_root", "modules", "placement", "style"}


def imports(path: Path) -> set[str]:
    """The modules that a module imports anywhere, also for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)}
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_no_module_knows_a_cloud() -> None:
    of_clouds = {
        (name, each)
        for name, path in MODULES.items()
        for each in imports(path)
        if each.startswith("infra_lib.clouds.")
    }
    general = ("infra_lib.clouds.all_clouds", "infra_lib.clouds.answers", "infra_lib.clouds.cloud")
    assert [pair for pair in of_clouds if not pair[1].startswith(general)] == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {
        name: {each for each in MODULES if f"{ROOM}.{each}" in imports(path)}
        for name, path in MODULES.items()
    }
    assert len([*TopologicalSorter(graph).static_order()]) == len(MODULES)


def test_every_module_is_a_file_or_a_helper_that_is_named() -> None:
    """A file that stands in no list would be generated for nobody."""
    files = {module.__name__.removeprefix(f"{ROOM}.") for module in all_files.MODULES}
    files.add("clan")  # which imports the others
    assert files == MODULES.keys() - HELPERS
    described = str(infra_lib.nix.__doc__)
    assert all(f"`{helper}`" in described for helper in HELPERS)
