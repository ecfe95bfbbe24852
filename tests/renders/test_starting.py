"""What live mode needs and what it may be told: whatever cannot be is said in one line before anything starts."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from simulator.cli import main
from simulator.renders import starting
from simulator.renders.pool import Pool
from simulator.settings import BadSetting, read_settings


@pytest.mark.parametrize(
    ("engine", "lacking", "says"),
    [
        ("ray", "ray", "--engine ray needs ray: pip install 'media-api-simulator[live,scale]'"),
        (
            "local",
            "torch",
            "--live needs torch: pip install 'media-api-simulator[live]' (on Linux without a GPU, first: ",
        ),
    ],
)
def test_what_is_missing_is_told_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, engine: str, lacking: str, says: str
) -> None:
    monkeypatch.setattr(starting, "find_spec", lambda name: None if name == lacking else find_spec("json"))
    monkeypatch.setattr(starting, "version", lambda name: "1.0.0")

    assert starting.missing(engine).startswith(says)


def test_a_device_that_is_not_here_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")

    assert main(["serve", "--live", "--device", "cuda", "--port", "0"]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("simulator: live mode cannot start: there is no 'cuda' here")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"engine": "dask"}, "there is no engine 'dask'; there are local, ray"),
        ({"ray_address": "127.0.0.1:6379"}, "--ray-address and --gpu-share are for --engine ray"),
        ({"gpu_share": "0.5"}, "--ray-address and --gpu-share are for --engine ray"),
        (
            {"engine": "ray", "gpu_share": "-1"},
            "-1 is no share of a GPU; it may be 0, a part such as 0.5, or whole GPUs",
        ),
        ({"drain": "-1"}, "-1 seconds cannot be given to renders at the end; it may be 0 to 86400"),
        ({"slots": "0"}, "0 is no number of slots; there may be 1 to 64"),
    ],
)
def test_what_cannot_be_is_told(flags: dict[str, str], says: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        read_settings(flags, {})

    assert str(refusal.value) == says


def test_the_engine_of_this_machine_needs_no_ray() -> None:
    assert isinstance(starting.new_engine(2, "cpu"), Pool)


def test_a_server_that_does_not_render_imports_nothing_of_it() -> None:
    code = (
        "import sys; from simulator import vendors; from simulator.assembly import Simulator\n"
        "from simulator.settings import Settings\n"
        "simulator = Simulator(Settings(port=0)); [vendors.load(name) for name in vendors.NAMES]\n"
        "rooms = ('simulator.renders', 'simulator.media.live', 'torch', 'av', 'numpy', 'ray', 'c2pa', 'mtcnn')\n"
        "print([name for name in sys.modules if name in rooms or name.startswith(tuple(room + '.' for room in rooms))])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout == "[]\n"
