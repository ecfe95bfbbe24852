"""The three small networks of MTCNN (Zhang et al., 2016) in plain PyTorch, written from the paper.

All take pictures scaled to about -1…1 as ``(batch, 3, height, width)`` float RGB. P-Net looks everywhere and proposes, R-Net
sorts out, O-Net decides and places five points: eyes, nose and corners of the mouth.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from simulator.media.live.weights import read_weights


def _convolution(weight: Tensor, bias: Tensor) -> nn.Conv2d:
    height, width, into, out = weight.shape  # as Keras has it
    layer = nn.Conv2d(into, out, (height, width))
    layer.weight.data = weight.permute(3, 2, 0, 1).contiguous()
    layer.bias = nn.Parameter(bias)
    return layer


def _prelu(slope: Tensor) -> nn.PReLU:
    layer = nn.PReLU(slope.numel())
    layer.weight.data = slope.reshape(-1)
    return layer


def _dense(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[0], weight.shape[1])
    layer.weight.data = weight.t().contiguous()
    layer.bias = nn.Parameter(bias)
    return layer


def _body(weights: list[Tensor], *pools: nn.Module | None) -> nn.Sequential:
    """Return convolution and PReLU again and again, each followed by its pool if it has one."""
    layers: list[nn.Module] = []
    for at, pool in enumerate(pools):
        weight, bias, slope = weights[3 * at : 3 * at + 3]
        layers += [_convolution(weight, bias), _prelu(slope)]
        if pool is not None:
            layers.append(pool)
    return nn.Sequential(*layers)


def _pool(size: int, *, ceil: bool = True) -> nn.MaxPool2d:
    return nn.MaxPool2d(size, 2, ceil_mode=ceil)


class ProposalNet(nn.Module):
    """Slides a window of 12 by 12 pixels in steps of 2; says of each place whether a face is there and how to shift the box."""

    def __init__(self, weights: list[Tensor]) -> None:
        super().__init__()
        self.body = _body(weights, _pool(2), None, None)
        self.shift = _convolution(weights[9], weights[10])
        self.is_face = _convolution(weights[11], weights[12])

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return shifts ``(batch, 4, rows, columns)`` and scores ``(batch, rows, columns)``."""
        seen = self.body(pictures)
        return self.shift(seen), self.is_face(seen).softmax(1)[:, 1]


class CropNet(nn.Module):
    """Judges crops of one size: shifts, (points,) score."""

    def __init__(self, body: nn.Sequential, weights: list[Tensor]) -> None:
        super().__init__()
        self.body, self.dense, self.slope = body, _dense(weights[0], weights[1]), _prelu(weights[2])
        heads = weights[3:]
        self.heads = nn.ModuleList(_dense(heads[at], heads[at + 1]) for at in range(0, len(heads), 2))

    def forward(self, crops: Tensor) -> list[Tensor]:
        """Return what each head says, ``(crops, values)``; the last one is the score, ``(crops,)``."""
        seen = self.body(crops).permute(0, 3, 2, 1).flatten(1)  # Keras flattens columns first
        seen = self.slope(self.dense(seen))
        said = [head(seen) for head in self.heads]
        return [*said[:-1], said[-1].softmax(1)[:, 1]]


class Networks:
    """The three networks on one device, ready to be asked."""

    def __init__(self, device: torch.device) -> None:
        """Raises: WrongWeights."""
        refine, output = read_weights("rnet"), read_weights("onet")
        self.device = device
        self._propose = _ready(ProposalNet(read_weights("pnet")), device)
        self._refine = _ready(CropNet(_body(refine, _pool(3), _pool(3, ceil=False), None), refine[9:]), device)
        body = _body(output, _pool(3), _pool(3, ceil=False), _pool(2), None)
        self._output = _ready(CropNet(body, output[12:]), device)

    def propose(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Ask P-Net: shifts ``(batch, 4, rows, columns)``, scores ``(batch, rows, columns)``."""
        return cast(tuple[Tensor, Tensor], self._propose(pictures))

    def refine(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Ask R-Net of ``(crops, 3, 24, 24)``: shifts ``(crops, 4)``, scores ``(crops,)``."""
        shift, score = self._refine(crops)
        return shift, score

    def judge(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Ask O-Net of ``(crops, 3, 48, 48)``: shifts ``(crops, 4)``, points ``(crops, 5, 2)`` within the crop 0…1, scores."""
        shift, points, score = self._output(crops)
        return shift, torch.stack([points[:, :5], points[:, 5:]], 2), score


def _ready(network: nn.Module, device: torch.device) -> Any:
    """Channels last: a quarter faster, above all where the largest of neighbours is taken."""
    return network.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
