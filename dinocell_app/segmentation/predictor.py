"""Image and model to labels, in the frame of the image.

Long work is a generator of events here too: it yields what happened and returns its result, so that
callers write ``result = yield from ...``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.long_work import result_of
from dinocell_app.jobs.events import Event
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.segmentation.network_input import NetworkInput
from dinocell_app.segmentation.network_pass import NetworkPass
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.reference.feature_grid import FeatureGrid
from dinocell_app.segmentation.scale import ScaleChoice, decoding_at_scale, resample_image, resample_maps


@dataclass(frozen=True)
class Segmentation:
    """What was found in an image, in its frame.

    Parameters
    ----------
    labels : ndarray of shape (M, N), uint16 or uint32
        0 is background, cells are 1 to K.
    maps : ndarray of shape (C, M, N), float32
        Activated maps of the objective, from which `decode_again` derives labels with other thresholds.
    scale : ScaleChoice
        Cell diameter and scale used.
    features : FeatureGrid or None
        What the transformer saw; only when it was asked for.
    """

    labels: NDArray[np.unsignedinteger]
    maps: NDArray[np.float32]
    scale: ScaleChoice
    features: FeatureGrid | None = None

    @property
    def flows(self) -> NDArray[np.float32]:
        """Unit flows (dy, dx) of shape (2, M, N), for the flows objective."""
        return self.maps[:2]

    @property
    def cell_probability(self) -> NDArray[np.float32]:
        """Probability of shape (M, N) that a pixel belongs to a cell; the distance map for that objective."""
        probability: NDArray[np.float32] = self.maps[-1]
        return probability


def segment_image(
    image: NDArray[np.generic], model: SegmentationModel, parameters: SegmentationParameters | None = None
) -> Segmentation:
    """Segment one image.

    Parameters
    ----------
    image : ndarray of shape (M, N) or (M, N, 3)
        Any integer or floating depth; colours are shown as grey to a model that takes none.

    Raises
    ------
    InvalidParameterError
        If the image is neither a plane nor three colours of one.
    """
    return result_of(segmenting(image, model, parameters or SegmentationParameters()))


def segmenting(
    image: NDArray[np.generic],
    model: SegmentationModel,
    parameters: SegmentationParameters,
    name: str = "",
    *,
    keep_features: bool = False,
) -> Generator[Event, None, Segmentation]:
    """Segment one image, reporting each batch of tiles.

    Parameters
    ----------
    image : ndarray of shape (M, N) or (M, N, 3)
    name : str
        Of the image, in the events.
    keep_features : bool
        Whether features of the same pass come with the labels, for comparing cells.

    Yields
    ------
    Event
        TilesPredicted and Notice. Closing the generator stops between two batches.
    """
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)) or 0 in image.shape:
        raise InvalidParameterError(
            f"An image of shape {image.shape} is not one plane of pixels",
            remedy="Choose one channel and one plane",
        )
    prepared = NetworkInput(model.manifest).prepare_image(image)
    predictor = NetworkPass(model, parameters, name, keep_features=keep_features)
    scale, maps = yield from predictor.choose_scale(prepared)
    if maps is None:
        maps = yield from predictor.predict(resample_image(prepared, scale.factor))
    maps = resample_maps(maps, (image.shape[0], image.shape[1]))
    features = predictor.features.result() if predictor.features is not None else None
    return Segmentation(_decode(model, maps, parameters, scale), maps, scale, features)


def segmenting_region(
    image: NDArray[np.generic],
    region: tuple[slice, slice],
    model: SegmentationModel,
    parameters: SegmentationParameters,
    scale: ScaleChoice | None = None,
    *,
    keep_features: bool = False,
) -> Generator[Event, None, Segmentation]:
    """Segment a part of an image as it would be segmented within the whole.

    Parameters
    ----------
    image : ndarray of shape (M, N) or (M, N, 3)
        The whole plane: its intensities and cells decide how the part is shown to the network.
    region : tuple of slice
        Rows and columns.
    scale : ScaleChoice, optional
        Of an earlier segmentation of the image with the same diameter; chosen when not given.
    keep_features : bool
        As for `segmenting`.

    Yields
    ------
    Event
        TilesPredicted and Notice.

    Returns
    -------
    Segmentation
        In the frame of the region.
    """
    prepared = NetworkInput(model.manifest).prepare_image(image)
    predictor = NetworkPass(model, parameters, "", keep_features=keep_features)
    if scale is None:
        scale, _ = yield from predictor.choose_scale(prepared)
    part = prepared[region]
    maps = yield from predictor.predict(resample_image(part, scale.factor))
    maps = resample_maps(maps, (part.shape[0], part.shape[1]))
    features = predictor.features.result() if predictor.features is not None else None
    return Segmentation(_decode(model, maps, parameters, scale), maps, scale, features)


def decode_again(
    segmentation: Segmentation, model: SegmentationModel, parameters: SegmentationParameters
) -> Segmentation:
    """Derive labels with other thresholds; the network does not run.

    Parameters
    ----------
    model : SegmentationModel
        The model that made it.
    parameters : SegmentationParameters
        Only `decoding` matters.
    """
    labels = _decode(model, segmentation.maps, parameters, segmentation.scale)
    return replace(segmentation, labels=labels)


def predict_maps(
    image: NDArray[np.generic], model: SegmentationModel, parameters: SegmentationParameters
) -> NDArray[np.float32]:
    """Predict the activated maps of an image at its own scale.

    Parameters
    ----------
    image : ndarray of shape (M, N) or (M, N, 3)
    parameters : SegmentationParameters
        Tiles, blending, batches and precision.

    Returns
    -------
    ndarray of shape (C, M, N), float32
    """
    prepared = NetworkInput(model.manifest).prepare_image(image)
    return result_of(NetworkPass(model, parameters, "").predict(prepared))


def _decode(
    model: SegmentationModel,
    maps: NDArray[np.float32],
    parameters: SegmentationParameters,
    scale: ScaleChoice,
) -> NDArray[np.unsignedinteger]:
    decoding = decoding_at_scale(parameters, scale.diameter_px)
    labels = model.objective.decode(maps, decoding, model.device)
    return labels.astype(np.uint16 if labels.max(initial=0) <= np.iinfo(np.uint16).max else np.uint32)
