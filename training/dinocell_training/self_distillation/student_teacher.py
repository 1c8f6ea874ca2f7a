"""The student, and the teacher that follows it: DINOv2's network around a vision transformer.

The student sees all views, the large ones with patches hidden; the teacher sees the large ones whole.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from timm.layers.drop import DropPath
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from dinocell_app.imaging.intensity import IMAGENET_MEAN, IMAGENET_STD
from dinocell_app.jobs.training_settings import AdaptationSettings
from dinocell_training.self_distillation.centering import MovingAverageCentre, sinkhorn_knopp
from dinocell_training.self_distillation.losses import class_token_loss, koleo_loss, patch_token_loss
from dinocell_training.self_distillation.prototype_head import HeadParameters, PrototypeHead


@dataclass(frozen=True)
class Views:
    """The views of a batch of pictures.

    Parameters
    ----------
    large : Tensor of shape (G, B, H, W)
        Grey, 0 for black and 1 for white.
    small : Tensor of shape (L, B, h, w)
    masks : Tensor of shape (G * B, P), bool
        Hidden patches of the large views.
    """

    large: torch.Tensor
    small: torch.Tensor
    masks: torch.Tensor


class DistillationNetwork(nn.Module):
    """A vision transformer with a token for hidden patches and heads for class and patch tokens."""

    def __init__(self, backbone: VisionTransformer, settings: AdaptationSettings) -> None:
        super().__init__()
        self.backbone = backbone
        self.mask_token = nn.Parameter(torch.zeros(backbone.embed_dim))
        head = HeadParameters(settings.n_prototypes, settings.hidden_width, settings.bottleneck_width)
        self.class_head = PrototypeHead(backbone.embed_dim, head)
        separate = settings.separate_heads and settings.patch_loss_weight > 0
        self.patch_head = PrototypeHead(backbone.embed_dim, head) if separate else None

    def tokens(
        self, views: torch.Tensor, masks: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Look at views of one size.

        Parameters
        ----------
        views : Tensor of shape (N, H, W)
            Grey, 0 to 1.
        masks : Tensor of shape (N, P), bool, optional
            Patches in whose place the network sees a token that says nothing.

        Returns
        -------
        class_tokens : Tensor of shape (N, D)
        patch_tokens : Tensor of shape (N, P, D)
        """
        mean, deviation = (views.new_tensor(each).view(1, 3, 1, 1) for each in (IMAGENET_MEAN, IMAGENET_STD))
        patches = self.backbone.patch_embed((views.unsqueeze(1) - mean) / deviation)  # [N, rows, columns, D]
        if masks is not None:
            hidden = masks.view(*patches.shape[:3], 1)
            patches = torch.where(hidden, self.mask_token.to(patches.dtype), patches)
        tokens = self.backbone.norm_pre(self.backbone._pos_embed(patches))
        for block in self.backbone.blocks:
            tokens = block(tokens)
        tokens = self.backbone.norm(tokens)
        return tokens[:, 0], tokens[:, self.backbone.num_prefix_tokens :]

    def patch_scores(self, tokens: torch.Tensor) -> torch.Tensor:
        """Score patch tokens by the head that is theirs.

        Parameters
        ----------
        tokens : Tensor of shape (..., D)

        Returns
        -------
        Tensor of shape (..., K)
        """
        head = self.class_head if self.patch_head is None else self.patch_head
        scores: torch.Tensor = head(tokens)
        return scores

    def forward(
        self, large: torch.Tensor, small: torch.Tensor, masks: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Score all views, as the student does.

        Parameters
        ----------
        large : Tensor of shape (G, B, H, W)
        small : Tensor of shape (L, B, h, w)
        masks : Tensor of shape (G * B, P), bool

        Returns
        -------
        dict of str to Tensor
            "class" (G + L, B, K), "patch" (M, K) at the M hidden patches and "features" (G, B, D).
        """
        batch = large.shape[1]
        classes, patches = self.tokens(large.flatten(0, 1), masks)
        seen = [classes]
        if len(small):
            seen.append(self.tokens(small.flatten(0, 1))[0])
        return {
            "class": _by_view(self.class_head(torch.cat(seen)), batch),
            "patch": self.patch_scores(patches[masks]),
            "features": _by_view(classes, batch),
        }


class Teacher(nn.Module):
    """The moving average of the student, with what centres its scores."""

    def __init__(self, student: DistillationNetwork, settings: AdaptationSettings) -> None:
        super().__init__()
        self.network = copy.deepcopy(student)
        self.class_centre = MovingAverageCentre(settings.n_prototypes)
        self.patch_centre = MovingAverageCentre(settings.n_prototypes)
        self._sinkhorn = settings.centering == "sinkhorn_knopp"
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Teacher:
        """Stay as it is: the teacher never drops blocks."""
        del mode
        return super().train(False)

    @torch.no_grad()
    def targets(self, views: Views, temperature: float) -> dict[str, torch.Tensor]:
        """Say what the student should find, and move the centres.

        Returns
        -------
        dict of str to Tensor
            "class" (G, B, K) and "patch" (M, K), rows summing to 1, and "features" (G, B, D).
        """
        batch = views.large.shape[1]
        classes, patches = self.network.tokens(views.large.flatten(0, 1))
        scores = self.network.class_head(classes)
        hidden = self.network.patch_scores(patches[views.masks])
        return {
            "class": _by_view(self._centred(scores, self.class_centre, temperature), batch),
            "patch": self._centred(hidden, self.patch_centre, temperature),
            "features": _by_view(classes.float(), batch),
        }

    @torch.no_grad()
    def follow(self, student: nn.Module, momentum: float) -> None:
        """Move every weight towards the student's.

        Parameters
        ----------
        momentum : float
            Share of the old weight in the new one.
        """
        pairs = zip(self.network.parameters(), student.parameters(), strict=True)
        for mine, learned in pairs:
            mine.lerp_(learned.detach(), 1 - momentum)

    def _centred(self, scores: torch.Tensor, centre: MovingAverageCentre, temperature: float) -> torch.Tensor:
        if self._sinkhorn:
            return sinkhorn_knopp(scores, temperature)
        probabilities: torch.Tensor = centre(scores, temperature)
        centre.update(scores)
        return probabilities


def set_drop_path(backbone: VisionTransformer, rate: float) -> None:
    """Give all blocks the same rate of stochastic depth, as DINOv2 does.

    Parameters
    ----------
    backbone : VisionTransformer
        Changed in place.
    """
    for block in backbone.blocks:
        for name in ("drop_path1", "drop_path2"):
            setattr(block, name, DropPath(rate) if rate else nn.Identity())


def distillation_loss(
    student: nn.Module, targets: Mapping[str, torch.Tensor], views: Views, settings: AdaptationSettings
) -> dict[str, torch.Tensor]:
    """Compare what the student finds with what the teacher says.

    Parameters
    ----------
    student : Module
        A `DistillationNetwork`, or several processes' together.
    targets : mapping of str to Tensor
        From `Teacher.targets`.

    Returns
    -------
    dict of str to Tensor
        "class_tokens", "patch_tokens" and "koleo" as weighted, without those of weight 0, and "total".
    """
    found = student(views.large, views.small, views.masks)
    terms = {"class_tokens": class_token_loss(found["class"], targets["class"])}
    if settings.patch_loss_weight:
        patch = patch_token_loss(found["patch"], targets["patch"], views.masks)
        terms["patch_tokens"] = settings.patch_loss_weight * patch
    if settings.koleo_weight:
        spread = torch.stack([koleo_loss(features) for features in found["features"]]).sum()
        terms["koleo"] = settings.koleo_weight * spread
    return {**terms, "total": torch.stack(list(terms.values())).sum()}


def _by_view(rows: torch.Tensor, batch: int) -> torch.Tensor:
    return rows.reshape(-1, batch, rows.shape[-1])
