"""What a good vector is: losses over one batch. All vectors have length one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

SHARPNESS = 20.0  # of the softmax over cosines
SAME = 0.9  # the teacher takes two lines for one from here on


def contrast(left: Tensor, right: Tensor, alike: Tensor) -> Tensor:
    """Each row of `left` should find its own row of `right`; rivals that are `alike` do not count."""
    rivals = alike & ~torch.eye(len(left), dtype=torch.bool)
    scores = (SHARPNESS * left @ right.T).masked_fill(rivals, -1e4)
    return cross_entropy(scores, torch.arange(len(left)))


def distil(vectors: Tensor, targets: Tensor) -> Tensor:
    """`vectors` should lie where the teacher's `targets` lie, towards them and among each other."""
    likeness = targets @ targets.T
    towards = 1 - (vectors * targets).sum(1).mean()
    among = ((vectors @ vectors.T - likeness) ** 2).mean()
    return towards + 0.1 * contrast(vectors, targets, likeness > SAME) + 10 * among


def agree(left: Tensor, right: Tensor, alike: Tensor) -> Tensor:
    """Contrast in both directions."""
    return contrast(left, right, alike) + contrast(right, left, alike)
