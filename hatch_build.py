"""Puts a JSON twin beside each contract in the wheel: a start need not parse YAML, which takes thirty times as long."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TwinsHook(BuildHookInterface[Any]):
    """Makes the twins while a wheel is built; an editable install reads the YAML and keeps twins in the user's cache."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the twins and add them to what is included."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from simulator.library.twins import build_twin

        folder = root / "build" / "twins"
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted((root / "openapi").glob("*.yaml")):
            if not path.name.endswith(".facts.yaml"):
                twin = folder / f"{path.stem}.json"
                twin.write_bytes(build_twin(path.read_bytes()))
                build_data["force_include"][str(twin)] = f"simulator/data/openapi/{twin.name}"
