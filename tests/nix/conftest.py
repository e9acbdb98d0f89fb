"""Trees of generated files, written once."""

from collections.abc import Callable
from functools import cache

import pytest

from infra_lib import Fleet
from tests.helpers.nix import NixTree, planted
from tests.helpers.nix_fleets import FLEETS

Plant = Callable[[Fleet], NixTree]


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], NixTree]:
    """The tree of one of FLEETS."""

    @cache
    def named(name: str) -> NixTree:
        return planted(FLEETS[name], tmp_path_factory.mktemp(name))

    return named


@pytest.fixture
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """The tree of any fleet."""
    return lambda fleet: planted(fleet, tmp_path_factory.mktemp("fleet"))
