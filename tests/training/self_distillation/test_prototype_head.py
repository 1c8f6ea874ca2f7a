"""Scores are cosines to prototypes of unit length."""

import torch
from dinocell_training.self_distillation.prototype_head import HeadParameters, PrototypeHead


def _head():
    torch.manual_seed(0)
    return PrototypeHead(6, HeadParameters(n_prototypes=5, hidden_width=8, bottleneck_width=4))


def test_scores_are_cosines():
    head, tokens = _head(), torch.randn(2, 3, 6)
    projected = head.perceptron(tokens)
    expected = torch.cosine_similarity(projected[..., None, :], head.prototypes, dim=-1)
    torch.testing.assert_close(head(tokens), expected)
    assert head(tokens).shape == (2, 3, 5)


def test_the_length_of_prototypes_does_not_matter():
    head, tokens = _head(), torch.randn(2, 6)
    before = head(tokens)
    with torch.no_grad():
        head.prototypes *= torch.arange(1.0, 6.0)[:, None]
    torch.testing.assert_close(head(tokens), before)


def test_the_gradient_of_a_prototype_only_turns_it():
    head = _head()
    head(torch.randn(4, 6)).square().sum().backward()
    torch.testing.assert_close((head.prototypes.grad * head.prototypes).sum(1), torch.zeros(5))


def test_the_paper_sizes():
    parameters = HeadParameters()
    assert (parameters.n_prototypes, parameters.hidden_width, parameters.bottleneck_width) == (
        8192,
        2048,
        256,
    )
