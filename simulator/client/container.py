"""A simulator in a container, in the manner of testcontainers. No test runs it where there is no container engine."""

from importlib import import_module
from typing import Any

from simulator.client.simulator import Simulator

PORT = 8080
_READY = "Ctrl-C ends it"


class SimulatorContainer:
    """``with SimulatorContainer() as simulator:`` starts the image and gives a ``Simulator``; the end of the block stops it.

    It needs the package testcontainers and a container engine. ``flags`` go to ``simulator serve``.
    """

    def __init__(self, image: str = "media-api-simulator", *flags: str, token: str | None = None) -> None:
        """Make one that does not run yet.

        Raises:
            ImportError: testcontainers is not installed.
        """
        try:
            engine = import_module("testcontainers.core.container")  # here, for it is not among our requirements
            waiting = import_module("testcontainers.core.wait_strategies")
        except ImportError as error:
            raise ImportError(
                "SimulatorContainer needs the package testcontainers, 4.13 or newer, and a container engine;"
                " simulator.client.start() starts a simulator without them"
            ) from error
        command = ["serve", "--host", "0.0.0.0", *flags]  # noqa: S104 - inside the container
        command += ["--token", token] if token else []
        container: Any = engine.DockerContainer(image).with_exposed_ports(PORT).with_command(command)
        self._container = container.waiting_for(waiting.LogMessageWaitStrategy(_READY))
        self._token = token
        self._simulator: Simulator | None = None

    def start(self) -> Simulator:
        """Start it; return it once it serves."""
        self._container.start()
        host, port = self._container.get_container_host_ip(), self._container.get_exposed_port(PORT)
        self._simulator = Simulator(f"http://{host}:{port}", token=self._token)
        return self._simulator

    def stop(self) -> None:
        """Stop and remove it."""
        if self._simulator is not None:
            self._simulator.close()
        self._container.stop()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, *about: object) -> None:
        self.stop()
