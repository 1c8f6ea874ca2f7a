"""Take the pictures of the user guide: the real window at work on the sample images.

    python tests/screenshots/make_screenshots.py                   # into resources/docs/images
    python tests/screenshots/make_screenshots.py --size 1280x800 --theme dark --to /tmp/look

Everything is done as a person would do it, with the shipped model and real processes, in folders of its own:
settings and projects of whoever runs it are not touched.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

PATIENCE_SECONDS = 600
PIXEL_SIZE_UM = 0.65
PLACES = {
    "control": ("nuclei_histology.tif", "quantitative_phase_prostate.tif"),
    "drug": ("nuclei_fluorescence.tif", "blood_smear.png", "phase_t98g.tif"),
}
SHOWN = "nuclei_histology.tif"
REFERENCES_SHOWN = "blood_smear.png"
REFERENCES = {"red cell": ((330, 310), (120, 190)), "nucleus": ((180, 170),)}
"""Column and row of cells by their type."""


class Walk:
    """Goes through the window and takes pictures of it."""

    def __init__(self, home: Path, target: Path, size: tuple[int, int], theme: str) -> None:
        from PySide6.QtWidgets import QApplication

        from dinocell_app.ui.indicators import IndicatorStyle
        from dinocell_app.ui.main_window import MainWindow
        from dinocell_app.ui.session import Session

        self.home, self.target = home, target
        self.application = QApplication.instance() or QApplication(sys.argv[:1])
        self.application.setStyle(IndicatorStyle())
        self.session = Session()
        self.session.change_settings(self.session.settings.model_copy(update={"theme": theme}))
        self.window = MainWindow(self.session)
        self.window.resize(*size)
        self.window.show()

    def wait(self, milliseconds: int = 400) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain for {what}")
            self.wait(50)
        self.wait()

    def take(self, name: str, widget: object = None) -> None:
        """Save a picture in 256 colours, so that the documents stay small."""
        from PIL import Image
        from PySide6.QtWidgets import QWidget

        shown = widget if isinstance(widget, QWidget) else self.window
        path = self.target / f"{name}.png"
        shown.grab().save(str(path), "PNG")
        with Image.open(path) as full:
            few = full.convert("RGB").quantize(
                256, Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE
            )
        few.save(path, optimize=True)
        sys.stdout.write(f"{path.name}: {few.width} x {few.height}\n")

    def project(self) -> None:
        self.take("welcome")
        plate = self.home / "Plate 1"
        samples = Path(__file__).resolve().parents[2] / "resources" / "samples"
        for place, names in PLACES.items():
            (plate / place).mkdir(parents=True)
            for name in names:
                shutil.copyfile(samples / name, plate / place / name)
        self.window.projects.take([plate])
        n_images = sum(len(names) for names in PLACES.values())
        session = self.session
        self.until(lambda: session.project and len(session.project.images.all()) == n_images, "the images")
        self.choose(SHOWN)
        self.take("images")

    def choose(self, name: str) -> None:
        images = self.window.panels.images
        image = next(image for image in self.session.project.images.all() if image.name == name)
        images.tree.setCurrentIndex(images.model.index_of(image.id))
        viewer = self.window.panels.viewer.viewer
        size = (image.height, image.width)
        self.until(lambda: viewer.image is not None and viewer.image.shape == size, "the image")

    def cell_size(self) -> None:
        from PySide6.QtCore import QPointF, Qt
        from PySide6.QtTest import QTest

        from dinocell_app.project.records import PixelSizeScope

        project = self.session.project
        project.images.set_pixel_size(PixelSizeScope.project(), PIXEL_SIZE_UM)
        self.session.refresh_images([image.id for image in project.images.all()])
        viewer = self.window.panels.viewer.viewer
        form = self.window.panels.segment.form
        form.cell_size.draw.click()
        self.wait()
        place = viewer.view.viewport()
        start, end = (viewer.view.mapFromScene(viewer.box.mapViewToScene(QPointF(x, 99))) for x in (64, 87))
        button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(place, button, keys, start)
        QTest.mouseMove(place, (start + end) / 2)
        self.wait(60)
        QTest.mouseMove(place, end)
        self.wait(60)
        self.take("cell_size")
        QTest.mouseRelease(place, button, keys, end)
        self.until(lambda: form.settings().diameter, "the drawn size")

    def segment(self) -> None:
        form = self.window.panels.segment.form
        form.cell_size.measured.click()
        previews = []
        self.session.engine.previewed.connect(lambda _number, result: previews.append(result))
        self.window.preview()
        viewer = self.window.panels.viewer.viewer
        self.until(lambda: previews and viewer.shows_preview, "the preview")
        self.wait(1500)
        self.take("preview")
        self.window.run_all()
        self.window.queue_line.button.click()
        results = self.session.project.results
        self.until(lambda: len(results.latest()) >= 2, "two images")
        self.take("queue")
        runs = self.session.project.runs
        self.until(lambda: all(run.state == "finished" for run in runs.all()), "the end of the run")
        self.window.queue_line.button.click()

    def results(self) -> None:
        self.choose(SHOWN)
        window, panel = self.window, self.window.panels.results
        self.until(lambda: window.panels.viewer.viewer.labels is not None, "the masks")
        window.work.show_view("both")
        self.until(lambda: len(panel.cells.rows) > 0, "the table")
        panel.cells.sort_by("area_um2", ascending=False)
        self.session.select_cell(4)
        for tab, name in (
            (panel.table, "cells"),
            (panel.images, "image_table"),
            (panel.plots, "plots"),
            (panel.gallery, "gallery"),
            (panel.overview, "overview"),
        ):
            panel.tabs.setCurrentWidget(tab)
            window.work.show_view("both" if tab in (panel.table, panel.images) else "results")
            self.wait(1500)
            self.take(name)
        window.work.show_view("image")
        window.actions_by_key["side_by_side"].trigger()
        self.wait(1500)
        self.take("side_by_side")
        window.actions_by_key["side_by_side"].trigger()

    def references(self) -> None:
        """Point at two kinds of cells in the blood smear."""
        self.choose(REFERENCES_SHOWN)
        viewer, dock = self.window.panels.viewer.viewer, self.window.panels.references
        self.until(lambda: viewer.shown_labels()[0] is not None, "the masks")
        self.window.docks["references"].show()
        self.window.docks["references"].raise_()
        dock.form.point.setChecked(True)
        self.until(lambda: dock.comparison.descriptions is not None, "what the cells are known by")
        for name, places in REFERENCES.items():
            dock._change(lambda edits, name=name: dock._take_type(edits.add_type(name)))
            for column, row in places:
                dock.add(viewer.label_at(row, column), positive=True)
        self.until(lambda: dock.comparison.scored is not None, "the scores")
        self.wait(1500)
        self.window.panels.viewer.labels.toggle("fill")
        self.take("references")
        self.window.panels.viewer.labels.toggle("fill")
        self.window.docks["segment"].raise_()
        self.choose(SHOWN)
        self.until(lambda: viewer.labels is not None, "the masks")

    def review(self) -> None:
        """Look through the cells with the keyboard."""
        self.window.docks["review"].show()
        self.window.docks["review"].raise_()
        self.wait(2000)
        self.take("review")
        self.window.docks["segment"].raise_()

    def correct(self) -> None:
        """Choose a cell and take the splitting tool in hand."""
        self.window.actions_by_key["correct"].trigger()
        mode = self.window.panels.correct
        self.until(lambda: mode.corrections.history is not None, "the corrections")
        self.session.select_cell(4)
        mode.correct_grow()
        self.until(lambda: "Saved" in mode.bar.saved.text(), "the corrected files")
        mode.bar.tools["correct_split"].click()
        self.wait(1500)
        self.take("correct")
        self.agreement()
        mode.undo()
        self.until(lambda: "Saved" in mode.bar.saved.text(), "the files as they were")
        self.window.actions_by_key["correct"].trigger()
        self.wait(1000)

    def agreement(self) -> None:
        """Compare corrected cells with what the model made of them."""
        from dinocell_app.ui.review.agreement_dialog import AgreementDialog

        dialog = AgreementDialog(self.session, self.window)
        dialog.show()
        dialog.compare.click()
        self.until(dialog.save.isEnabled, "the comparison")
        self.take("agreement", dialog)
        dialog.close()

    def regions(self) -> None:
        """Count cells in one region and leave them out in another."""
        from dinocell_app.regions.region import EXCLUDE, Region

        image = self.session.current_image
        width, height = image.width, image.height
        left = ((0.06, 0.08), (0.5, 0.1), (0.46, 0.6), (0.1, 0.55))
        right = ((0.62, 0.5), (0.94, 0.46), (0.9, 0.9))
        drawn = [
            Region("Gland", tuple((x * width, y * height) for x, y in left)),
            Region("Fold", tuple((x * width, y * height) for x, y in right), EXCLUDE, "#56b4e9"),
        ]
        self.session.project.regions.put(image.id, drawn)
        self.window.docks["regions"].show()
        self.window.docks["regions"].raise_()
        self.session.current_image_changed.emit()
        panel = self.window.panels.regions
        self.until(
            lambda: panel.list.count() and "cells" in panel.list.item(0).text().split("\n")[-1], "counts"
        )
        self.wait(800)
        self.take("regions")
        self.session.project.regions.put(image.id, ())
        self.session.current_image_changed.emit()
        self.window.docks["segment"].raise_()

    def training(self) -> None:
        """Walk through the wizard with the results as if a person had outlined them."""
        from dinocell_app.ui.training.parameters_dialog import ParametersDialog
        from dinocell_app.ui.training.training_window import GOAL, PICTURES, SETTINGS, SPLIT, TrainingWindow

        labelled = self.home / "outlined by us"
        labelled.mkdir()
        images = {path.stem: path for path in (self.home / "Plate 1").rglob("*.*")}
        for labels in self.session.project.results_folder.rglob("*_labels.tif"):
            image = images[labels.name.removesuffix("_labels.tif")]
            shutil.copyfile(image, labelled / image.name)
            shutil.copyfile(labels, labelled / f"{image.stem}_masks.tif")
        wizard = TrainingWindow(self.session, self.window)
        wizard.show()
        wizard.goal.buttons["both"].click()
        wizard.goal.choose_folders((self.home / "Plate 1",))
        wizard.choose_folders((labelled,))
        self.until(lambda: wizard.plan.examined and not wizard.doctor.is_running(), "the doctor")
        wizard.pictures.table.setCurrentCell(1, 0)
        pages = (
            (GOAL, "training_goal"),
            (PICTURES, "training_images"),
            (SPLIT, "training_judging"),
            (SETTINGS, "training_settings"),
        )
        for page, name in pages:
            wizard.show_page(page)
            self.wait(1000)
            self.take(name, wizard)
        wizard.settings.numbers.click()
        self.wait(1000)
        self.take("training_numbers", wizard.settings.findChildren(ParametersDialog)[-1])
        wizard.close()

    def dialogs(self) -> None:
        from dinocell_app.ui.export.export_dialog import ExportDialog
        from dinocell_app.ui.export.import_dialog import ImportLabelsDialog
        from dinocell_app.ui.settings_dialog import SettingsDialog

        for kind, name in (
            (ExportDialog, "export"),
            (ImportLabelsDialog, "import"),
            (SettingsDialog, "settings"),
        ):
            dialog = kind(self.session, self.window)
            if kind is ExportDialog:
                dialog.form.folder.setText(str(self.home / "For the paper"))
            if kind is ImportLabelsDialog:
                labels = next(self.session.project.results_folder.iterdir())
                dialog.look_at([labels])
            dialog.show()
            self.wait(2500)
            self.take(name, dialog)
            dialog.close()

    def dark(self) -> None:
        """Show the window at night, whatever theme the other pictures have."""
        panel = self.window.panels.results
        panel.tabs.setCurrentWidget(panel.table)
        self.window.work.show_view("both")
        self.session.change_settings(self.session.settings.model_copy(update={"theme": "dark"}))
        self.wait(1500)
        self.take("dark")

    def close(self) -> None:
        from dinocell_app.ui.workers import wait_for_all

        self.window.close()
        wait_for_all()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--to", type=Path, default=root / "resources" / "docs" / "images")
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    options = parser.parse_args()
    width, height = (int(part) for part in options.size.split("x"))
    options.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name in ("CONFIG", "CACHE", "DATA", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = str(home / name.lower())
        walk = Walk(home, options.to, (width, height), options.theme)
        for step in (
            walk.project,
            walk.cell_size,
            walk.segment,
            walk.results,
            walk.references,
            walk.review,
            walk.correct,
            walk.regions,
            walk.training,
            walk.dialogs,
            walk.dark,
        ):
            step()
        walk.close()


if __name__ == "__main__":
    main()
