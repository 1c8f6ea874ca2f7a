"""The three terms of DINOv2's loss (Oquab et al. 2023, section 4), as functions of scores and features."""

from __future__ import annotations

import torch
from torch.nn import functional

STUDENT_TEMPERATURE = 0.1
_EPSILON = 1e-8


def class_token_loss(
    student_scores: torch.Tensor, teacher_targets: torch.Tensor, temperature: float = STUDENT_TEMPERATURE
) -> torch.Tensor:
    """Cross entropy between views of the same picture (DINO; Caron et al. 2021, equation 3).

    Parameters
    ----------
    student_scores : Tensor of shape (V, B, K)
        Scores of the class tokens of all views, the global ones first.
    teacher_targets : Tensor of shape (G, B, K)
        Probabilities of the global views, G at most V.
    temperature : float
        Of the student.

    Returns
    -------
    Tensor of shape ()
        Mean over the pictures and over all pairs of a teacher's view and another view of the student.
    """
    log_probability = torch.log_softmax(student_scores.float() / temperature, dim=-1)
    pairs = -torch.einsum("gbk,vbk->gv", teacher_targets.float(), log_probability) / student_scores.shape[1]
    n_global, n_views = pairs.shape
    other = ~torch.eye(n_global, n_views, dtype=torch.bool, device=pairs.device)
    return pairs[other].mean()


def patch_token_loss(
    student_scores: torch.Tensor,
    teacher_targets: torch.Tensor,
    masks: torch.Tensor,
    temperature: float = STUDENT_TEMPERATURE,
) -> torch.Tensor:
    """Cross entropy at masked patches (iBOT; Zhou et al. 2022, equation 2).

    Parameters
    ----------
    student_scores : Tensor of shape (M, K)
        Scores of the M masked patches, view by view, as `tokens[masks]` orders them.
    teacher_targets : Tensor of shape (M, K)
        Probabilities of the same patches, which the teacher sees unmasked.
    masks : Tensor of shape (V, P), bool
        Which of the P patches of each of the V global views are masked.
    temperature : float
        Of the student.

    Returns
    -------
    Tensor of shape ()
        Mean over the masked patches of a view, then over all views; views without a masked patch count
        as 0, as in DINOv2.
    """
    log_probability = torch.log_softmax(student_scores.float() / temperature, dim=-1)
    losses = -(teacher_targets.float() * log_probability).sum(dim=-1)
    n_masked = masks.sum(dim=1, keepdim=True)
    weights = (1 / n_masked.clamp(min=1)).expand(masks.shape)[masks]
    return (losses * weights).sum() / masks.shape[0]


def koleo_loss(features: torch.Tensor) -> torch.Tensor:
    """Kozachenko-Leonenko entropy: spreads the features of a batch (Sablayrolles et al. 2019, equation 2).

    Parameters
    ----------
    features : Tensor of shape (B, D)
        Of different pictures.

    Returns
    -------
    Tensor of shape ()
        Minus the mean logarithm of the distance to the nearest other feature on the unit sphere; 0 for a
        single picture, which has no neighbour.
    """
    if len(features) < 2:
        return features.float().sum() * 0
    directions = functional.normalize(features.float(), dim=-1, eps=_EPSILON)
    with torch.no_grad():
        similarity = directions @ directions.T
        nearest = similarity.fill_diagonal_(-2).argmax(dim=1)
    distance = functional.pairwise_distance(directions, directions[nearest], eps=_EPSILON)
    return -torch.log(distance + _EPSILON).mean()
