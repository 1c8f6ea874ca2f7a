"""Every action of the window in one table: text, menu, shortcuts by preset, tooltip.

Keys name the method of the main window that does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PRESETS = ("cellpose", "napari")


@dataclass(frozen=True)
class ActionInfo:
    """An action before there is any widget.

    Parameters
    ----------
    key : str
        Name of the method that does it.
    cellpose, napari : str
        Shortcuts of the two presets; empty for none.
    needs : str
        "project", "image", "cell", "result", "correcting" or empty: without it the action is greyed out.
    checkable : bool
        Whether it is on or off.
    """

    key: str
    text: str
    menu: str
    tooltip: str
    cellpose: str = ""
    napari: str = ""
    needs: str = ""
    checkable: bool = False

    def shortcut(self, preset: str, changed: Mapping[str, str]) -> str:
        """Give the shortcut in use.

        Parameters
        ----------
        preset : str
            Of `PRESETS`.
        changed : mapping of str to str
            Shortcuts a person changed, by key.
        """
        return changed.get(self.key, self.napari if preset == "napari" else self.cellpose)


ACTIONS = (
    ActionInfo(
        "new_project",
        "New project …",
        "Project",
        "Choose a folder of images; a project is made beside it.",
        "Ctrl+N",
        "Ctrl+N",
    ),
    ActionInfo(
        "open_project",
        "Open project …",
        "Project",
        "Open a folder that ends with .dinocell.",
        "Ctrl+O",
        "Ctrl+O",
    ),
    ActionInfo(
        "open_sample",
        "Open the sample project",
        "Project",
        "A small project with real images to try things on.",
    ),
    ActionInfo(
        "add_folder",
        "Add folder of images …",
        "Project",
        "Search a folder, and the folders in it, for images.",
        "Ctrl+L",
        "Ctrl+Shift+O",
        "project",
    ),
    ActionInfo(
        "add_images",
        "Add images …",
        "Project",
        "Choose image files.",
        "Ctrl+Shift+L",
        "Ctrl+Alt+O",
        "project",
    ),
    ActionInfo(
        "import_labels",
        "Import masks …",
        "Project",
        "Label images of Cellpose, StarDist or ImageJ become results that can be measured.",
        "Ctrl+M",
        "Ctrl+Shift+I",
        "project",
    ),
    ActionInfo(
        "export",
        "Export …",
        "Project",
        "Write masks, overlays, ROIs, tables and the methods paragraph.",
        "Ctrl+S",
        "Ctrl+S",
        "project",
    ),
    ActionInfo(
        "locate",
        "Locate moved images …",
        "Project",
        "Say where images are now that were moved; one answer mends all.",
        "",
        "",
        "project",
    ),
    ActionInfo(
        "close_project",
        "Close project",
        "Project",
        "Runs go on in the background.",
        "Ctrl+W",
        "Ctrl+W",
        "project",
    ),
    ActionInfo(
        "settings",
        "Settings …",
        "Project",
        "Device, threads, cache, formats, appearance and shortcuts.",
        "Ctrl+,",
        "Ctrl+Shift+P",
    ),
    ActionInfo("quit", "Quit", "Project", "Asks what to do with running jobs.", "Ctrl+Q", "Ctrl+Q"),
    ActionInfo(
        "previous_image", "Previous image", "Image", "Look at the image above.", "A", "Shift+Up", "project"
    ),
    ActionInfo("next_image", "Next image", "Image", "Look at the image below.", "D", "Shift+Down", "project"),
    ActionInfo(
        "set_pixel_size",
        "Set pixel size …",
        "Image",
        "For this image, its folder or the whole project.",
        "Ctrl+P",
        "Ctrl+P",
        "image",
    ),
    ActionInfo(
        "set_axes",
        "Axes …",
        "Image",
        "Say what rows, columns, channels, slices and times are, where a file has them mixed up.",
        "",
        "",
        "image",
    ),
    ActionInfo(
        "set_tags", "Tags …", "Image", "Words to find and group images by.", "Ctrl+T", "Ctrl+T", "image"
    ),
    ActionInfo("set_note", "Note …", "Image", "A remark about the image.", "", "", "image"),
    ActionInfo(
        "open_in_napari",
        "Open in napari",
        "Image",
        "The image with its cells and their table, in a window of napari.",
        "",
        "",
        "image",
    ),
    ActionInfo(
        "remove_images", "Remove from project", "Image", "The files stay where they are.", "", "", "image"
    ),
    ActionInfo(
        "fit",
        "Fit to window",
        "View",
        "Show the whole image (double-click does it too).",
        "F",
        "Ctrl+R",
        "image",
    ),
    ActionInfo(
        "zoom_in",
        "Zoom in",
        "View",
        "Look closer (the mouse wheel does it too).",
        "Ctrl++",
        "Ctrl++",
        "image",
    ),
    ActionInfo("zoom_out", "Zoom out", "View", "Look from further away.", "Ctrl+-", "Ctrl+-", "image"),
    ActionInfo(
        "zoom_to_cell", "Zoom to cell", "View", "Look at the selected cell from close by.", "J", "Z", "cell"
    ),
    ActionInfo(
        "toggle_masks", "Show masks", "View", "Show or hide the filled masks.", "X", "V", "image", True
    ),
    ActionInfo(
        "toggle_outlines",
        "Show outlines",
        "View",
        "Show or hide the outlines of the cells.",
        "Z",
        "O",
        "image",
        True,
    ),
    ActionInfo(
        "measure_with_ruler",
        "Ruler",
        "View",
        "Drag a line to measure a distance.",
        "Ctrl+D",
        "Ctrl+D",
        "image",
        True,
    ),
    ActionInfo(
        "side_by_side",
        "Side by side",
        "View",
        "Image and result, or two results, with linked views.",
        "Ctrl+B",
        "Ctrl+B",
        "image",
        True,
    ),
    ActionInfo(
        "show_image_view",
        "Image",
        "View",
        "The image takes all the room in the middle.",
        "Ctrl+1",
        "Ctrl+1",
        "project",
    ),
    ActionInfo(
        "show_results_view",
        "Results",
        "View",
        "Tables, plots, gallery and overview take all the room in the middle.",
        "Ctrl+2",
        "Ctrl+2",
        "project",
    ),
    ActionInfo(
        "show_both_views",
        "Image and results",
        "View",
        "The image above, the results below.",
        "Ctrl+3",
        "Ctrl+3",
        "project",
    ),
    ActionInfo(
        "maximise",
        "Maximize",
        "View",
        "Hide the panels around the image or the results, or show them again.",
        "F11",
        "F11",
        "project",
    ),
    ActionInfo(
        "preview",
        "Preview",
        "Segment",
        "Segment what is visible, without writing anything.",
        "Ctrl+Return",
        "Ctrl+Return",
        "image",
    ),
    ActionInfo(
        "run_all",
        "Run on all images",
        "Segment",
        "Segment and measure every image of the project.",
        "Ctrl+Shift+Return",
        "Ctrl+Shift+Return",
        "project",
    ),
    ActionInfo(
        "review_cells",
        "Review cells",
        "Segment",
        "Look through cells with the keyboard, or judge random ones for precision and recall.",
        "Ctrl+Shift+R",
        "Ctrl+Shift+R",
        "project",
    ),
    ActionInfo(
        "compare_results",
        "Compare two results …",
        "Segment",
        "See how far two people's corrections, or two models, agree on the same images.",
        "",
        "",
        "project",
    ),
    ActionInfo(
        "train_model",
        "Train a model …",
        "Segment",
        "Teach a model with your own labelled images, and be told whether it is better.",
        "",
        "",
        "project",
    ),
    ActionInfo(
        "correct",
        "Correct cells",
        "Correct",
        "Brush, eraser, split, merge and more for the cells of the shown result.",
        "Ctrl+E",
        "Ctrl+E",
        "image",
        checkable=True,
    ),
    ActionInfo(
        "undo",
        "Undo",
        "Correct",
        "Undo the last correction of this result.",
        "Ctrl+Z",
        "Ctrl+Z",
        "correcting",
    ),
    ActionInfo(
        "redo",
        "Redo",
        "Correct",
        "Do again what was undone.",
        "Ctrl+Y",
        "Ctrl+Shift+Z",
        "correcting",
    ),
    ActionInfo(
        "correct_brush",
        "Brush",
        "Correct",
        "Enlarge a cell, or draw a new one.",
        "B",
        "P",
        "correcting",
    ),
    ActionInfo(
        "correct_eraser",
        "Eraser",
        "Correct",
        "Take from a cell.",
        "E",
        "E",
        "correcting",
    ),
    ActionInfo(
        "correct_outline",
        "Outline",
        "Correct",
        "Draw around a cell.",
        "L",
        "3",
        "correcting",
    ),
    ActionInfo(
        "correct_split",
        "Split",
        "Correct",
        "Cut a cell along a line.",
        "S",
        "S",
        "correcting",
    ),
    ActionInfo(
        "correct_merge",
        "Merge",
        "Correct",
        "Make one cell of several.",
        "M",
        "J",
        "correcting",
    ),
    ActionInfo(
        "correct_delete",
        "Delete cells by clicking",
        "Correct",
        "Take away the cells that are clicked.",
        "C",
        "C",
        "correcting",
    ),
    ActionInfo(
        "correct_box",
        "Delete all in a box",
        "Correct",
        "Take away the cells in a box.",
        "Shift+C",
        "Shift+C",
        "correcting",
    ),
    ActionInfo(
        "correct_segment",
        "Segment here",
        "Correct",
        "Let the model look for cells in a box.",
        "N",
        "N",
        "correcting",
    ),
    ActionInfo(
        "correct_smaller",
        "Smaller brush",
        "Correct",
        "Draw with a smaller brush.",
        ",",
        "[",
        "correcting",
    ),
    ActionInfo(
        "correct_bigger",
        "Bigger brush",
        "Correct",
        "Draw with a bigger brush.",
        ".",
        "]",
        "correcting",
    ),
    ActionInfo(
        "correct_new",
        "Begin a new cell",
        "Correct",
        "The next stroke begins a new cell.",
        "Ins",
        "M",
        "correcting",
    ),
    ActionInfo(
        "correct_delete_chosen",
        "Delete the chosen cell",
        "Correct",
        "Take away the cell that is chosen.",
        "Del",
        "Del",
        "correcting",
    ),
    ActionInfo(
        "correct_fill",
        "Fill holes",
        "Correct",
        "Fill the holes of the chosen cell.",
        "H",
        "4",
        "correcting",
    ),
    ActionInfo(
        "correct_grow",
        "Grow",
        "Correct",
        "Let the chosen cell grow by a pixel.",
        "G",
        "G",
        "correcting",
    ),
    ActionInfo(
        "correct_shrink",
        "Shrink",
        "Correct",
        "Take a pixel off the chosen cell all around.",
        "Shift+G",
        "Shift+G",
        "correcting",
    ),
    ActionInfo(
        "correct_smooth",
        "Smooth",
        "Correct",
        "Round the outline of the chosen cell.",
        "R",
        "R",
        "correcting",
    ),
    ActionInfo(
        "correct_name_version",
        "Name this version …",
        "Correct",
        "Give the cells as they are a name to come back to.",
        "",
        "",
        "correcting",
    ),
    ActionInfo(
        "correct_to_model",
        "Back to the model's result",
        "Correct",
        "Undo all corrections; this can be undone, too.",
        "",
        "",
        "correcting",
    ),
    ActionInfo(
        "mark_corrected",
        "Approve image",
        "Correct",
        "Say that all cells of this image are right, so that a training can learn from it, or take it back.",
        "Ctrl+Shift+E",
        "Ctrl+Shift+E",
        "result",
    ),
    ActionInfo(
        "next_to_correct",
        "Next image to correct",
        "Correct",
        "Go to the image whose correction would teach a model most.",
        needs="project",
    ),
    ActionInfo(
        "newer_results",
        "Newer results …",
        "Correct",
        "Choose what becomes of edited cells where the model has made newer results.",
        needs="project",
    ),
    ActionInfo(
        "train_on_corrected",
        "Train on approved images …",
        "Correct",
        "Open the training wizard with the images that are approved.",
        needs="project",
    ),
    ActionInfo(
        "help_here",
        "Help on this part",
        "Help",
        "The section of the guide about the part of the window that you are in.",
        "F1",
        "F1",
    ),
    ActionInfo("user_guide", "User guide", "Help", "How to work with the application."),
    ActionInfo(
        "check_computer",
        "Check this computer …",
        "Help",
        "Look at devices, drivers, memory, disks and what is installed.",
    ),
    ActionInfo(
        "look_for_update",
        "Look for a new version",
        "Help",
        "Asks pypi.org for the newest version number; nothing is installed.",
    ),
    ActionInfo(
        "show_log", "Show log file", "Help", "Where the application notes what it did; useful in a report."
    ),
    ActionInfo("about", "About DINOCell", "Help", "Version, licence and papers."),
)
"""In the order of the menus."""

MENUS = tuple(dict.fromkeys(info.menu for info in ACTIONS))
TOOLBAR = {
    "add_folder": "Add folder",
    "previous_image": "Previous",
    "next_image": "Next",
    "fit": "Fit",
    "toggle_masks": "Masks",
    "toggle_outlines": "Outlines",
    "measure_with_ruler": "Ruler",
    "side_by_side": "Side by side",
    "preview": "Preview",
    "run_all": "Run all",
    "correct": "Correct",
    "export": "Export",
}
"""What is in reach without a menu, and the short words there."""


def conflicting(shortcuts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Find actions that share a shortcut.

    Parameters
    ----------
    shortcuts : iterable of (str, str)
        Key of the action and its shortcut.

    Returns
    -------
    list of (str, str)
        Pairs of keys.
    """
    taken: dict[str, str] = {}
    clashes = []
    for key, shortcut in shortcuts:
        if shortcut and shortcut in taken:
            clashes.append((taken[shortcut], key))
        elif shortcut:
            taken[shortcut] = key
    return clashes
