import math

import numpy as np
import pytest
import torch
from dinocell_training.reference_training.losses import cell_coverage, pool_cells, supervised_contrastive_loss


def test_contrastive_loss_of_three_cells_by_hand():
    # Cosines: a-b 0, a-c 1, b-c 0. Anchors a and c share a type; b is alone and is no anchor.
    cells = torch.tensor([[1.0, 0.0], [0.0, 3.0], [2.0, 0.0]])
    types = torch.tensor([7, 8, 7])
    expected = -math.log(math.exp(1 / 0.1) / (math.exp(1 / 0.1) + math.exp(0)))
    assert supervised_contrastive_loss(cells, types).item() == pytest.approx(expected, abs=1e-6)
    wrong = supervised_contrastive_loss(cells, torch.tensor([7, 7, 8])).item()
    # a: b is at 0 and c at 10; b: a and c are both at 0.
    assert wrong == pytest.approx((-math.log(1 / (1 + math.exp(10))) - math.log(1 / 2)) / 2, rel=1e-4)


def test_contrastive_loss_without_pairs_is_zero_and_has_a_gradient():
    cells = torch.randn(3, 4, requires_grad=True)
    loss = supervised_contrastive_loss(cells, torch.tensor([1, 2, 3]))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(cells.grad, torch.zeros(3, 4))


def test_cells_are_pooled_by_what_they_cover_of_each_patch():
    labels = np.zeros((4, 8), np.int32)
    labels[:2, :2] = 1  # the whole of patch (0, 0) ...
    labels[0, 2] = 1  # ... and a quarter of patch (0, 1)
    labels[2:, 6:] = 2
    coverage = cell_coverage(labels, (2, 4))
    assert coverage[0].tolist() == [[1, 0.25, 0, 0], [0, 0, 0, 0]]
    assert coverage[1].tolist() == [[0, 0, 0, 0], [0, 0, 0, 1]]
    tokens = torch.arange(8.0).reshape(1, 2, 4)
    pooled = pool_cells(tokens, torch.from_numpy(coverage))
    assert pooled.flatten().tolist() == pytest.approx([0.2, 7.0])
