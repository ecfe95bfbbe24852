"""The manifests for a cluster: by the schemas of Kubernetes, and by what this simulator has to offer."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from simulator import __version__
from simulator.cli import _parser as parser
from simulator.settings import OPTIONS


@pytest.fixture(scope="session")
def manifests(checkout: Path) -> dict[str, Any]:
    """Return each manifest by its kind."""
    return {found["kind"]: found for found in yaml.safe_load_all((checkout / "examples/kubernetes.yaml").read_text())}


def test_the_manifests_are_what_a_cluster_understands(manifests: dict[str, Any]) -> None:
    assert set(manifests) == {"Secret", "ConfigMap", "Service", "Deployment"}
    for manifest in manifests.values():
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_the_cluster_finds_what_the_manifests_name(manifests: dict[str, Any], checkout: Path) -> None:
    pod = manifests["Deployment"]["spec"]["template"]
    [container] = pod["spec"]["containers"]

    assert manifests["Service"]["metadata"]["name"] == "simulator"  # the worst of names: see test_settings
    assert manifests["Service"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert manifests["Deployment"]["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert manifests["Deployment"]["spec"]["replicas"] == 1
    named = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert {port["targetPort"] for port in manifests["Service"]["spec"]["ports"]} <= set(named)
    assert named["http"] == 8080
    [volume] = pod["spec"]["volumes"]
    assert volume["configMap"]["name"] == manifests["ConfigMap"]["metadata"]["name"]
    [mount] = container["volumeMounts"]
    assert (mount["name"], mount["mountPath"]) == (volume["name"], "/simulator/scenarios")
    assert " SIMULATOR_FOLDER=/simulator " in (checkout / "Dockerfile").read_text()
    assert container["image"].endswith(f"/media-api-simulator:{__version__}")
    assert parser().parse_args(container["args"]).log == "json"
    assert {said["name"] for said in container["env"]} <= {option.variable for option in OPTIONS}
    [reference] = [said["valueFrom"]["secretKeyRef"] for said in container["env"] if "valueFrom" in said]
    assert reference["name"] == manifests["Secret"]["metadata"]["name"]
    assert reference["key"] in manifests["Secret"]["stringData"]


def test_the_pod_is_watched_and_may_do_nothing(manifests: dict[str, Any]) -> None:
    spec = manifests["Deployment"]["spec"]["template"]["spec"]
    [container] = spec["containers"]

    probed = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert probed == {
        "startup": "/_simulator/ready",
        "readiness": "/_simulator/ready",
        "liveness": "/_simulator/health",
    }
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert "enableServiceLinks" not in spec
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


def test_its_scenarios_are_read_as_a_cluster_mounts_them(manifests: dict[str, Any], tmp_path: Path) -> None:
    """A mounted ConfigMap is links into a folder of the hour, whose name begins with two dots."""
    hour = tmp_path / "..2026_01_31_12_00_00.1"
    hour.mkdir()
    (tmp_path / "..data").symlink_to(hour.name)
    for name, text in manifests["ConfigMap"]["data"].items():
        (hour / name).write_text(text)
        (tmp_path / name).symlink_to(f"..data/{name}")

    check = subprocess.run(
        [sys.executable, "-m", "simulator", "check", str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert check.stdout == "1 scenario, nothing wrong\n", check.stdout + check.stderr
