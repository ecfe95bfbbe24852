"""Puts a JSON twin beside each contract in the wheel: a start need not parse YAML, which takes thirty times as long."""

from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TwinsHook(BuildHookInterface[Any]):
    """Makes the twins while a wheel is built; an editable install reads the YAML and keeps twins in the user's cache."""

    _made: TemporaryDirectory[str]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the twins, elsewhere than in the source, for two may build from it at a time; add them to what is included."""
        self._made = TemporaryDirectory(prefix="twins-")
        if version == "editable":
            return
        root = Path(self.root)
        # By its path: the package around it would want more than a build has installed.
        build_twin = run_path(str(root / "simulator/library/twins.py"))["build_twin"]
        for path in sorted((root / "openapi").glob("*.yaml")):
            if not path.name.endswith(".facts.yaml"):
                twin = Path(self._made.name, f"{path.stem}.json")
                twin.write_bytes(build_twin(path.read_bytes()))
                build_data["force_include"][str(twin)] = f"simulator/data/openapi/{twin.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made for the build."""
        self._made.cleanup()
