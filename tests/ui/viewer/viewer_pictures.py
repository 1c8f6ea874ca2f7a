"""Pictures and cells for the tests of the viewer."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from dinocell_app.display.channels import channel_statistics
from dinocell_app.display.loading import LoadedImage, index_labels
from dinocell_app.display.pyramid import mean_pyramid
from dinocell_app.project.records import ChannelDisplay
from dinocell_app.ui.viewer.image_viewer import ImageViewer

WHITE = ChannelDisplay(0, True, "#ffffff", None, None)


def loaded(*planes, names=None) -> LoadedImage:
    """Hold planes as the worker gives them."""
    return LoadedImage(
        tuple(mean_pyramid(plane) for plane in planes),
        tuple(names or (f"channel {number}" for number in range(len(planes)))),
        tuple(channel_statistics(plane) for plane in planes),
    )


def two_cells(shape=(60, 90)) -> np.ndarray:
    """Cell 1 covers rows 10-19, columns 20-39; cell 7 covers rows 30-49, columns 50-59."""
    labels = np.zeros(shape, np.int32)
    labels[10:20, 20:40] = 1
    labels[30:50, 50:60] = 7
    return labels


def shown(qtbot, plane, labels=None, displays=(WHITE,)) -> ImageViewer:
    """Show a viewer of 400 x 300 pixels."""
    viewer = ImageViewer()
    qtbot.addWidget(viewer)
    viewer.resize(400, 300)
    viewer.show()
    qtbot.waitExposed(viewer)
    viewer.set_image(loaded(plane), displays)
    if labels is not None:
        viewer.set_labels(index_labels(labels))
    settled(qtbot, viewer)
    return viewer


def settled(qtbot, viewer) -> None:
    """Wait until everything seen is drawn."""
    viewer.grab()
    qtbot.waitUntil(lambda: viewer.complete)


def pixels(viewer) -> np.ndarray:
    """Grab the picture: (rows, columns, 3), red, green, blue."""
    image = viewer.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., 2::-1].copy()
