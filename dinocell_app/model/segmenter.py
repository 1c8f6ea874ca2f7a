"""The segmentation network: vision transformer, neck, upsampling decoder, one head a channel.

Paper 3.2.2 and, layer for layer, the published network; a detail branch of plain convolutions may be
added, because a patch of 8 pixels is coarser than a cell's edge.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from dinocell_app.base.errors import ModelError
from dinocell_app.model.backbone import create_backbone
from dinocell_app.model.segmenter_config import (
    CONFIGS,
    DINOCELL_B8,
    DINOCELL_S8,
    FLOW_CHANNELS,
    SegmenterConfig,
    for_objective,
)

__all__ = [
    "CONFIGS",
    "DINOCELL_B8",
    "DINOCELL_S8",
    "FLOW_CHANNELS",
    "DetailBranch",
    "LayerNorm2d",
    "Segmenter",
    "SegmenterConfig",
    "UpsamplingDecoder",
    "for_objective",
]


class LayerNorm2d(nn.LayerNorm):
    """Layer normalisation over the channels of each pixel of a [B, C, H, W] map."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise.

        Parameters
        ----------
        x : Tensor of shape (B, C, H, W)

        Returns
        -------
        Tensor of shape (B, C, H, W)
        """
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class DetailBranch(nn.Module):
    """Shallow convolutions that keep what a patch of pixels blurs.

    Parameters
    ----------
    width : int
        Channels at half resolution; half as many at full resolution, twice as many at each coarser one.
    n_scales : int
        Number of resolutions below the full one.
    """

    def __init__(self, width: int, n_scales: int) -> None:
        super().__init__()
        widths = [width // 2] + [width * 2**i for i in range(n_scales)]
        self.widths = tuple(widths)
        self.full = _conv(3, widths[0])
        self.coarser = nn.ModuleList(
            nn.Sequential(_conv(a, b, stride=2), _conv(b, b)) for a, b in pairwise(widths)
        )

    def forward(self, tiles: torch.Tensor) -> list[torch.Tensor]:
        """Compute maps from full resolution to the coarsest.

        Parameters
        ----------
        tiles : Tensor of shape (B, 3, H, W)

        Returns
        -------
        list of Tensor of shape (B, widths[i], H / 2**i, W / 2**i)
        """
        maps = [self.full(tiles)]
        for layer in self.coarser:
            maps.append(layer(maps[-1]))
        return maps


class UpsamplingDecoder(nn.Module):
    """Transposed convolutions, each followed by the detail map of its resolution where there is one.

    Parameters
    ----------
    detail_widths : tuple of int
        Channels of the detail maps from full resolution to the coarsest; empty for none.
    """

    def __init__(self, config: SegmenterConfig, detail_widths: tuple[int, ...]) -> None:
        super().__init__()
        width, count = config.decoder_width, config.n_upsamplings
        self.upsamplings = nn.ModuleList(
            nn.ConvTranspose2d(width // 2**i, width // 2 ** (i + 1), kernel_size=4, stride=2, padding=1)
            for i in range(count)
        )
        self.fusions = nn.ModuleList()
        if detail_widths:
            self.fusions.extend(
                _conv(width // 2 ** (i + 1) + detail_widths[count - i], width // 2 ** (i + 1))
                for i in range(count)
            )
        self.dropout = nn.Dropout2d(config.dropout)
        self.refinement = nn.Conv2d(width // 2**count, width // 2 ** (count + 1), kernel_size=3, padding=1)
        self.width = width // 2 ** (count + 1) + (detail_widths[0] if detail_widths else 0)

    def forward(self, x: torch.Tensor, details: list[torch.Tensor], size: tuple[int, int]) -> torch.Tensor:
        """Bring neck features to the resolution of the tile.

        Parameters
        ----------
        x : Tensor of shape (B, decoder_width, h, w)
            Neck features.
        details : list of Tensor
            Maps of the detail branch, or empty.
        size : tuple of int
            Height and width of the tile.

        Returns
        -------
        Tensor of shape (B, width, *size)
        """
        for i, upsampling in enumerate(self.upsamplings):
            x = self.dropout(functional.relu(upsampling(x)))
            if details:
                detail = details[len(self.upsamplings) - i]
                x = self.fusions[i](torch.cat([x, _resized(detail, x.shape[-2:])], dim=1))
        x = _resized(functional.relu(self.refinement(x)), size)
        return torch.cat([x, details[0]], dim=1) if details else x


class Segmenter(nn.Module):
    """Tiles to the maps of an objective."""

    def __init__(self, config: SegmenterConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = create_backbone(
            config.backbone,
            patch_size=config.patch_size,
            image_size=config.input_size,
            drop_path=config.drop_path,
        )
        depth = len(self.backbone.blocks)
        self._blocks = config.feature_blocks or (depth - 1,)
        if max(self._blocks) >= depth:
            raise ModelError(
                f"The network asks for block {max(self._blocks)} of {config.backbone}, which has {depth}",
                remedy="Import the model again, or update the application",
            )
        del self.backbone.blocks[max(self._blocks) + 1 :]
        width = config.decoder_width
        self.neck = nn.Sequential(
            nn.Conv2d(self.backbone.embed_dim * len(self._blocks), width, kernel_size=1, bias=False),
            LayerNorm2d(width, eps=1e-6),
            nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(width, eps=1e-6),
        )
        self.detail = DetailBranch(config.detail_width, config.n_upsamplings) if config.detail_width else None
        self.decoder = UpsamplingDecoder(config, self.detail.widths if self.detail is not None else ())
        self.heads = nn.ModuleDict(
            {name: _head(self.decoder.width, config.dropout) for name in config.channel_names}
        )

    def features(self, tiles: torch.Tensor) -> list[torch.Tensor]:
        """Encode tiles with the transformer.

        Parameters
        ----------
        tiles : Tensor of shape (B, 3, H, W)
            Tiles at the scale of the image, normalised.

        Returns
        -------
        list of Tensor of shape (B, D, h, w)
            Normalised patch tokens of each of the feature blocks.
        """
        config = self.config
        height, width = tiles.shape[-2:]
        if config.input_size != config.tile_size:
            height = round(height * config.input_size / config.tile_size)
            width = round(width * config.input_size / config.tile_size)
            # The published network sees tiles resampled by torchvision, whose bicubic is antialiased.
            tiles = functional.interpolate(
                tiles, size=(height, width), mode="bicubic", align_corners=False, antialias=True
            )
        pad_y, pad_x = -height % config.patch_size, -width % config.patch_size
        if pad_y or pad_x:
            tiles = functional.pad(tiles, (0, pad_x, 0, pad_y), mode="replicate")
        features = self.backbone.forward_intermediates(
            tiles, indices=list(self._blocks), norm=True, intermediates_only=True
        )
        return cast("list[torch.Tensor]", features)

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        """Predict the raw maps of the objective.

        Parameters
        ----------
        tiles : Tensor of shape (B, 3, H, W)
            Tiles at the scale of the image, normalised. Multiples of the patch size keep the maps
            aligned to the pixel.

        Returns
        -------
        Tensor of shape (B, C, H, W)
            One map for each of `config.channel_names`.
        """
        return self.decode(self.features(tiles), tiles)

    def decode(self, features: list[torch.Tensor], tiles: torch.Tensor) -> torch.Tensor:
        """Predict the raw maps from features that are there already.

        Parameters
        ----------
        features : list of Tensor of shape (B, D, h, w)
            From `features`, of the same tiles.
        tiles : Tensor of shape (B, 3, H, W)

        Returns
        -------
        Tensor of shape (B, C, H, W)
        """
        size = (tiles.shape[-2], tiles.shape[-1])
        x = self.neck(torch.cat(features, dim=1))
        details = self.detail(tiles) if self.detail is not None else []
        x = self.decoder(x, details, size)
        return torch.cat([self.heads[name](x) for name in self.config.channel_names], dim=1)


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1), nn.ReLU(inplace=True)
    )


def _head(width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, width // 2, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.Dropout2d(dropout),
        nn.Conv2d(width // 2, max(1, width // 4), kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(max(1, width // 4), 1, kernel_size=1),
    )


def _resized(x: torch.Tensor, size: tuple[int, int] | torch.Size) -> torch.Tensor:
    if x.shape[-2:] == torch.Size(size):
        return x
    return functional.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
