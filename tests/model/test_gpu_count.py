"""How many GPUs: whole ones, and parts of one."""

import pytest

from infra_lib import MachineType
from infra_lib.model.gpu_count import is_part, label


@pytest.mark.parametrize(
    ("count", "said", "part"),
    [
        (1, "1x T4", False),
        (16, "16x T4", False),
        (0.5, "1/2x T4", True),
        (0.25, "1/4x T4", True),
        (0.125, "1/8x T4", True),
    ],
)
def test_people_say_a_part_of_a_gpu_as_a_fraction(count: float, said: str, part: bool) -> None:
    assert label(count, "T4") == said
    assert is_part(count) == part


@pytest.mark.parametrize("count", [8, 8.0])
def test_a_table_may_say_a_whole_number_as_one_with_a_point(count: float) -> None:
    found = MachineType("a9-x", 96, 680, accelerator="nvidia-x", accelerator_count=count)
    assert repr(found.accelerator_count) == "8"
