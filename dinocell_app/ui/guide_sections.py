"""Which section of the documents tells about which part of the window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GUIDE = "user_guide.md"


@dataclass(frozen=True)
class Section:
    """A place in the documents.

    Parameters
    ----------
    heading : str
        As it is written.
    page : str
        File in the folder of documents.
    """

    heading: str
    page: str = GUIDE


SECTIONS: Mapping[str, Section] = {
    "WelcomePage": Section("Quick start"),
    "ImagePanel": Section("Images"),
    "AxesDialog": Section("Images"),
    "LeftOutDialog": Section("Images"),
    "ViewerPanel": Section("Viewer"),
    "CorrectBar": Section("Correct cells"),
    "SegmentPanel": Section("Segment"),
    "ModelCardDialog": Section("Segment"),
    "ReferencePanel": Section("Reference cells"),
    "QueuePanel": Section("Queue"),
    "RunLogDialog": Section("When something stops"),
    "ResultsPanel": Section("Measurements"),
    "ColumnChooser": Section("Columns"),
    "ReviewPanel": Section("Review"),
    "AgreementDialog": Section("Review"),
    "RegionPanel": Section("Regions of interest"),
    "ExportDialog": Section("Export"),
    "ImportLabelsDialog": Section("Masks made elsewhere"),
    "SettingsDialog": Section("Settings"),
    "DoctorDialog": Section("When something is wrong"),
    "TrainingWindow": Section("Train a model"),
    "ParametersDialog": Section("Train a model"),
    "MainWindow": Section("The window"),
}
"""By the class of a panel or dialog."""

START = Section("Quick start")


def section_of(classes: Iterable[str]) -> Section:
    """Choose the section for a part of the window.

    Parameters
    ----------
    classes : iterable of str
        Names of the classes of a widget and of what it lies in, from the inside to the outside.
    """
    return next((SECTIONS[name] for name in classes if name in SECTIONS), START)
