"""Users' text reaches Terraform as it is, through cdktf."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cdktf import App, Fn, TerraformOutput, TerraformStack, Token
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from infra_lib import Reference
from infra_lib.stacks.cdktf import GcpStack
from infra_lib.terraform import escape as escaping
from tests.helpers.tools import require

# What means something to Terraform, or to cdktf: see its tokens/private/encoding.ts.
WORDS = (
    *"$%{}#&~\"'\\\n aé-|+.8e",
    *("${", "TfToken[", "x.9", "]}", "8.2", "e298", "e+298"),
    *("${TfToken[x]}", "#{TfToken[a:b._-1]}", "&{TfToken[x]}", "-8.2e+298", "-.0082E4e300"),
)
TEXTS = st.lists(st.sampled_from(WORDS), max_size=8).map("".join)
WHOLE = ["String Map Token Value", "Any Map Token Value", "-8.15e298", "${TfToken[x]}", ""]


def escape(text: str) -> str:
    return escaping.escape(text, GcpStack.constructs.is_known)


def evaluated(folder: Path, values: Sequence[Any]) -> list[Any]:
    """What Terraform makes of values that cdktf writes as outputs."""
    app = App(outdir=str(folder / "out"))
    stack = TerraformStack(app, "texts")
    for number, value in enumerate(values):
        TerraformOutput(stack, f"o{number}", value=value, static_id=True)
    app.synth()
    outputs = json.loads((folder / "out/stacks/texts/cdk.tf.json").read_text())["output"]
    (folder / "main.tf.json").write_text(json.dumps({"output": outputs}))
    for command in (["apply", "-auto-approve"], ["output", "-json"]):
        done = subprocess.run(
            [require("terraform"), *command], cwd=folder, check=True, capture_output=True, text=True
        )
    read = json.loads(done.stdout)
    return [read[f"o{number}"]["value"] for number in range(len(values))]


@settings(
    max_examples=2,
    phases=[Phase.generate],  # an example takes seconds: none is made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(texts=st.lists(TEXTS, min_size=200, max_size=200))
def test_terraform_reads_escaped_text_as_the_text(tmp_path: Path, texts: list[str]) -> None:
    texts += WHOLE
    written = [escape(text) for text in texts]
    # Also as the items of a list and the values of a map, where cdktf looks for other tokens.
    within = {str(number): [text] for number, text in enumerate(written)}
    *alone, read = evaluated(tmp_path, [*written, within])
    assert alone == texts
    assert [read[str(number)] for number in range(len(texts))] == [[text] for text in texts]


def test_what_holds_nothing_special_is_written_as_it_is() -> None:
    text = "AAAAC3Nz-8e4+9/1.2e-3 -1.8e289 -8.2e-298 {TfToken[x]} #{x} a Map Token Value $ % {}"
    assert escape(text) == text


def test_references_stay_references() -> None:
    assert (
        escape(Reference("${google_compute_network.vpc.id}")) == "${google_compute_network.vpc.id}"
    )


def test_tokens_of_cdktf_stay_references_amid_text(tmp_path: Path) -> None:
    text, number = Fn.join("", ["a", "b"]), str(Token.as_number(Fn.max([3, 4])))
    assert text.startswith("${TfToken[")
    befores = ("", "$", "$$", "${", "}", "${x:-", "%", "%{", "a$${ }", "${TfToken[x]} $", '"$')
    amid = [
        [f"{before}{token} ${{TfToken[x]}} %{{x}} ${{x}}" for token in (text, number, "ab", "4")]
        for before in befores
    ]
    read = evaluated(tmp_path, [[escape(each) for each in texts] for texts in amid])
    assert read == [[*texts[2:], *texts[2:]] for texts in amid]
