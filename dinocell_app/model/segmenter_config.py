"""What determines the shape of the segmentation network, and the two networks that have a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from dinocell_app.base.errors import ModelError

FLOW_CHANNELS = ("flow_y", "flow_x", "cell_probability")


@dataclass(frozen=True)
class SegmenterConfig:
    """Everything that determines the shape of the network.

    Parameters
    ----------
    backbone : str
        Vision transformer, by its name in timm.
    patch_size : int
        Edge of a patch in pixels of the network input.
    tile_size : int
        Edge of a tile in image pixels.
    input_size : int
        Edge in pixels at which a tile is shown to the network.
    decoder_width : int
        Channels of the neck; halved by each upsampling.
    n_upsamplings : int
        Transposed convolutions, each doubling the resolution.
    feature_blocks : tuple of int
        Blocks whose normalised patch tokens go to the neck, counted from 0; empty for the last one.
    channel_names : tuple of str
        Heads, in the order of the objective.
    detail_width : int
        Channels of the detail branch at half resolution; 0 for none.
    dropout, drop_path : float
        Rates in the decoder and heads, and of stochastic depth in the transformer, while training.

    Raises
    ------
    ModelError
        If a field has a value that no network can be built with.
    """

    backbone: str
    patch_size: int
    tile_size: int
    input_size: int
    decoder_width: int
    n_upsamplings: int
    feature_blocks: tuple[int, ...]
    channel_names: tuple[str, ...]
    detail_width: int = 0
    dropout: float = 0.0
    drop_path: float = 0.0

    def __post_init__(self) -> None:
        problem = next(self._problems(), None)
        if problem is not None:
            raise ModelError(
                f"The network's {problem}", remedy="Import the model again, or update the application"
            )

    def to_dict(self) -> dict[str, Any]:
        """Give the fields as JSON types.

        Returns
        -------
        dict
            Field names and values.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> SegmenterConfig:
        """Restore a configuration from `to_dict`.

        Parameters
        ----------
        fields : dict
            Field names and values; lists become tuples.

        Raises
        ------
        ModelError
            If fields are missing, unknown or without sense.
        """
        try:
            values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
            return cls(**values)
        except TypeError as error:
            raise ModelError(
                f"The description of the network does not fit this version ({error})",
                remedy="Update the application or export the model again",
            ) from error

    def _problems(self) -> Iterator[str]:
        if not isinstance(self.backbone, str) or not self.backbone:
            yield f"backbone {self.backbone!r} is no name"
        for name, (lowest, highest) in _COUNTS.items():
            value = getattr(self, name)
            if not _is_count(value) or not lowest <= value <= highest:
                yield f"{name} {value!r} is no whole number from {lowest} to {highest}"
        if self.decoder_width % 2 ** (self.n_upsamplings + 1):
            yield f"decoder_width {self.decoder_width} cannot be halved {self.n_upsamplings + 1} times"
        if not _is_ascending(self.feature_blocks):
            yield f"feature_blocks {self.feature_blocks!r} are no ascending block numbers"
        if not _are_names(self.channel_names):
            yield f"channel_names {self.channel_names!r} are no different names"
        for name in ("dropout", "drop_path"):
            rate = getattr(self, name)
            if not isinstance(rate, int | float) or not 0 <= rate < 1:
                yield f"{name} {rate!r} is no rate from 0 to below 1"


_COUNTS = {
    "patch_size": (1, 256),
    "tile_size": (1, 8192),
    "input_size": (1, 8192),
    "decoder_width": (2, 8192),
    "n_upsamplings": (0, 8),
    "detail_width": (0, 1024),
}
"""Limits far beyond any use, which keep a damaged file from asking for all memory."""


def _is_ascending(blocks: object) -> bool:
    return (
        isinstance(blocks, tuple)
        and all(_is_count(block) and block >= 0 for block in blocks)
        and list(blocks) == sorted(set(blocks))
    )


def _are_names(names: object) -> bool:
    return (
        isinstance(names, tuple)
        and bool(names)
        and all(isinstance(name, str) and name.isidentifier() for name in names)
        and len(set(names)) == len(names)
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


DINOCELL_B8 = SegmenterConfig(
    backbone="vit_base_patch14_reg4_dinov2",
    patch_size=8,
    tile_size=512,
    input_size=896,
    decoder_width=512,
    n_upsamplings=2,
    feature_blocks=(),
    channel_names=FLOW_CHANNELS,
    dropout=0.05,
    drop_path=0.05,
)
"""The paper's network (3.2.2), which the published weights fit."""

DINOCELL_S8 = SegmenterConfig(
    backbone="vit_small_patch14_dinov2",
    patch_size=8,
    tile_size=256,
    input_size=256,
    decoder_width=256,
    n_upsamplings=2,
    feature_blocks=(3, 6, 9),
    channel_names=FLOW_CHANNELS,
    detail_width=32,
)
"""The shipped default: runs on a laptop without GPU."""

CONFIGS = {"dinocell-b8": DINOCELL_B8, "dinocell-s8": DINOCELL_S8}


def for_objective(config: SegmenterConfig, channel_names: tuple[str, ...]) -> SegmenterConfig:
    """Give the same network the heads of another objective.

    Parameters
    ----------
    channel_names : tuple of str
        Channels of the objective.
    """
    return replace(config, channel_names=channel_names)
