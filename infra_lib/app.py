"""Running an app, as cdktf.json has it: `python -m infra_lib.app main.py`.

It does what `python main.py` does, but what goes wrong ends in one message, not a traceback; and no
module beside the script takes the place of one of Python's own. With `-P` that holds as well for
those that are imported before this begins.
"""

from __future__ import annotations

import os
import sys
from json import JSONDecodeError
from pathlib import Path
from runpy import run_path
from traceback import walk_tb

from infra_lib.model.errors import FleetError
from infra_lib.terraform.frameworks import GET_NODE, WITHOUT_CDKTF, WITHOUT_CDKTN, WITHOUT_NODE
from nixgen.command import run_command
from nixgen.files.isolation import put_python_first
from nixgen.files.source import failure

_WITHOUT = {"cdktf": WITHOUT_CDKTF, "cdktn": WITHOUT_CDKTN}


def main() -> int:
    """Run the script that the command line names; it sees the words that follow as its own.

    Returns:
        The exit status: 0 fine; 2 bad input, or the script failed. With INFRA_DEBUG=1 in the
        environment a traceback says how.
    """
    # Node.js 20 and 22 are what cdktf runs on, also after their end, of which jsii would tell in
    # fifteen lines each time.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20,22")
    del sys.argv[0]
    return run_command(_run, "infra", (FleetError,), untouched=True)


def _run() -> int:
    given = sys.argv[0] if sys.argv else ""
    script = Path(given).absolute()
    if not script.is_file():
        raise FleetError(f"no script {given!r}; usage: python -m infra_lib.app main.py")
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder, which is not the script's
    put_python_first(script.parent)
    try:
        run_path(str(script), run_name="__main__")
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name in _WITHOUT:
            raise FleetError(_WITHOUT[error.name]) from error
        without = _without_node(error)
        if without is not None:
            # What jsii made for it fails once more when it is thrown away.
            sys.unraisablehook = lambda _: None
            raise FleetError(without) from error
        raise FleetError(failure(error, given, script.parent, "INFRA_DEBUG")) from error
    return 0


def _without_node(error: Exception) -> str | None:
    """Return what to say where an app failed for want of a Node.js that works; None otherwise."""
    node = os.environ.get("JSII_NODE", "node")  # what jsii runs
    if isinstance(error, OSError) and error.filename == node:
        said = f"JSII_NODE={node!r} cannot be run: {error.strerror}"
        return WITHOUT_NODE if node == "node" else said
    modules = (frame.f_globals["__name__"] for frame, _ in walk_tb(error.__traceback__))
    if isinstance(error, OSError | JSONDecodeError) and "jsii._kernel.providers.process" in modules:
        return f"{node} ended, or gave no answer: where {node} --version fails too, {GET_NODE}"
    return None


if __name__ == "__main__":
    sys.exit(main())
