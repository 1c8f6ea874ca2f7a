"""What a model sees in an image that is looked at: its features as colours."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.engine.previews import Previews, slices_of
from dinocell_app.jobs.events import Event
from dinocell_app.jobs.preview_messages import PreviewRequest, Region
from dinocell_app.segmentation.feature_colours import colour_features
from dinocell_app.segmentation.predictor import segmenting_region

LARGEST_PIXELS = 2048 * 2048
"""Features of more pixels at once would take minutes without a graphics card, and much memory."""


@dataclass(frozen=True)
class FeaturePicture:
    """Features as colours.

    Parameters
    ----------
    pixels : ndarray of shape (M, N, 3), uint8
        Of the region, or of the whole plane.
    region : tuple of int or None
        As asked for, cut to the image.
    """

    pixels: NDArray[np.uint8]
    region: Region | None


def drawing_features(previews: Previews, request: PreviewRequest) -> Generator[Event, None, FeaturePicture]:
    """Draw the first three principal components of the patch embeddings of an image, or of a part of it.

    Parameters
    ----------
    previews : Previews
        Has the model and the plane.

    Yields
    ------
    Event
        TilesPredicted and Notice.

    Raises
    ------
    UserFacingError
        If the image, the model or a setting cannot be used, or too much of the image was asked for.
    """
    ready = previews.prepare(request)
    region = ready.region or (0, 0, *ready.shape)
    if region[2] * region[3] > LARGEST_PIXELS:
        edge = int(LARGEST_PIXELS**0.5)
        raise InvalidParameterError(
            f"Features of at most {edge:,} x {edge:,} pixels are drawn at a time",
            remedy="Zoom in and draw them again",
        )
    found = yield from segmenting_region(
        ready.pixels, slices_of(region), ready.model, ready.parameters, ready.scale, keep_features=True
    )
    if found.features is None:
        raise TypeError("the features that were asked for are missing")
    return FeaturePicture(colour_features(found.features, (region[2], region[3])), ready.region)
