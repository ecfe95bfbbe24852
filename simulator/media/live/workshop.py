"""What a worker keeps between jobs: the device, and the models once they are loaded."""

from functools import cached_property

import torch

from simulator.media.live.faces import Detector


class Workshop:
    """One device and the models on it. If it ``signs``, files get content credentials (see ``credentials``) and no two are the same."""

    def __init__(self, device: str | torch.device = "cpu", *, signs: bool = False) -> None:
        self.device, self.signs = torch.device(device), signs

    @cached_property
    def detector(self) -> Detector:
        """Finds faces. Raises: WrongWeights."""
        return Detector(self.device)
