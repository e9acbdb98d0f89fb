"""Users' text reaches Terraform as it is."""

import json
import subprocess
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_lib import Reference
from infra_lib.stacks.escape import escape
from tests.tools import require

TEMPLATES = st.text(st.sampled_from("$%{}~\"'\\\n aé"), max_size=12)


@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(texts=st.lists(TEMPLATES, min_size=200, max_size=200))
def test_terraform_reads_escaped_text_as_the_text(tmp_path: Path, texts: list[str]) -> None:
    terraform = require("terraform")
    outputs = {f"o{number}": {"value": escape(text)} for number, text in enumerate(texts)}
    (tmp_path / "main.tf.json").write_text(json.dumps({"output": outputs}))
    for command in (["apply", "-auto-approve"], ["output", "-json"]):
        done = subprocess.run(
            [terraform, *command], cwd=tmp_path, check=True, capture_output=True, text=True
        )
    read = json.loads(done.stdout)
    assert [read[f"o{number}"]["value"] for number in range(len(texts))] == texts


def test_references_stay_references() -> None:
    assert (
        escape(Reference("${google_compute_network.vpc.id}")) == "${google_compute_network.vpc.id}"
    )


def test_tokens_of_cdktf_stay_references_amid_text() -> None:
    assert escape("at ${TfToken[TOKEN.12]} ${x}") == "at ${TfToken[TOKEN.12]} $${x}"
