"""What cdktf is told to do."""

import json
from pathlib import Path

from infra_lib.deploy.cdktf import Cdktf

CDKTF = """\
#!/bin/sh
echo "$@" >>calls
mkdir -p cdktf.out
printf %s '{}' >cdktf.out/manifest.json
"""


def test_all_that_a_pattern_deploys_is_shown_first(tmp_path: Path) -> None:
    """Only `cdktf deploy` takes patterns; a stack without machines is deployed as well."""
    command = tmp_path / "cdktf"
    manifest = {"stacks": dict.fromkeys(("prod-network", "prod-gcp", "test-gcp"))}
    command.write_text(CDKTF.format(json.dumps(manifest)))
    command.chmod(0o755)
    assert Cdktf(str(command), tmp_path, ("prod-*",), "metals").diff()
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["synth", "diff prod-gcp", "diff prod-network"]
