"""Contracts and their JSON twins."""

import json
from pathlib import Path

import pytest

from simulator.jobs.errors import NotFound
from simulator.library import Library
from simulator.library.contracts import Contracts
from simulator.library.twins import build_twin

CONTRACT = (
    "openapi: 3.1.0\ninfo: {version: 2023-09-09, on: yes}\npaths: {/a: {get: {responses: {200: {description: no}}}}}\n"
)
AS_DATA = {
    "openapi": "3.1.0",
    "info": {"version": "2023-09-09", "on": "yes"},
    "paths": {"/a": {"get": {"responses": {"200": {"description": "no"}}}}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "openapi").mkdir()
    (tmp_path / "openapi/acme.yaml").write_text(CONTRACT)
    return tmp_path / "openapi"


def contracts(folder: Path, cache_folder: Path | None = None, *, are_built: bool = False) -> Contracts:
    return Contracts(folder, cache_folder, are_built=are_built)


def test_a_contract_has_jsons_own_types_only(folder: Path) -> None:
    assert contracts(folder).load("acme") == AS_DATA


def test_a_twin_is_kept_and_used(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "not/there/yet"

    assert contracts(folder, cache).load("acme") == AS_DATA
    [twin] = cache.iterdir()
    assert json.loads(twin.read_text()) == AS_DATA
    twin.write_text('{"from": "the twin"}')
    assert contracts(folder, cache).load("acme") == {"from": "the twin"}


def test_a_changed_contract_has_another_twin(folder: Path, tmp_path: Path) -> None:
    contracts(folder, tmp_path / "cache").load("acme")

    (folder / "acme.yaml").write_text("openapi: 3.2.0\n")

    assert contracts(folder, tmp_path / "cache").load("acme") == {"openapi": "3.2.0"}


@pytest.mark.parametrize(
    "rubbish", ["", "{", "[1]", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "[" * 100_000]
)
def test_a_broken_twin_is_made_anew(folder: Path, tmp_path: Path, rubbish: str) -> None:
    contracts(folder, tmp_path / "cache").load("acme")
    [twin] = (tmp_path / "cache").iterdir()
    twin.write_text(rubbish)

    assert contracts(folder, tmp_path / "cache").load("acme") == AS_DATA
    assert json.loads(twin.read_text()) == AS_DATA


def test_a_cache_that_cannot_be_written_is_no_error(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    assert contracts(folder, tmp_path / "file").load("acme") == AS_DATA
    assert contracts(folder, tmp_path / "file/below").load("acme") == AS_DATA


def test_only_an_installed_package_trusts_the_twin_beside_the_file(folder: Path) -> None:
    (folder / "acme.json").write_text('{"built": true}')

    assert contracts(folder).load("acme") == AS_DATA
    assert contracts(folder, are_built=True).load("acme") == {"built": True}


@pytest.mark.parametrize("name", ["nobody", "../openapi/acme", "", "acme.yaml", "a/b"])
def test_an_unknown_contract_is_not_found(folder: Path, name: str) -> None:
    with pytest.raises(NotFound, match="there is no contract"):
        contracts(folder).load(name)


def test_every_contract_of_ours_can_be_loaded(checkout: Path) -> None:
    for path in (checkout / "openapi").glob("*.yaml"):
        if not path.name.endswith(".facts.yaml"):
            assert Library().contract(path.stem)["openapi"].startswith("3.")
            assert json.loads(build_twin(path.read_bytes())) == Library().contract(path.stem)
