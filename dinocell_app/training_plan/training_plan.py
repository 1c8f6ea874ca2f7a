"""What a person chooses in the training wizard, as plain state: pages draw it, a test walks it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from dinocell_app.jobs.common_fields import DEFAULT_MODEL
from dinocell_app.jobs.holding_out import FEWEST_JUDGED, is_judged_in_turns, sentence_of_rule
from dinocell_app.training_plan.examined_pictures import Finding, Picture, picture_of
from dinocell_app.training_plan.split_suggestion import suggested_split

Goal = Literal["teach", "adapt", "both"]
AdaptPreset = Literal["laptop", "dinocell-paper", "own"]


@dataclass(frozen=True)
class TrainingPlan:
    """All choices.

    Parameters
    ----------
    goal : {"teach", "adapt", "both"}
        To teach with labelled pictures, to adapt to pictures without labels, or to adapt and then teach.
    unlabelled : tuple of Path
        Folders of pictures without labels.
    minutes : float
        For adapting.
    folders : tuple of Path
        Of labelled pictures.
    examined : bool
        Whether the doctor has looked at all folders.
    held_out, partly_labelled : frozenset of Path
        Images kept for judging, and images in which not every cell is outlined.
    adapt_preset : {"laptop", "dinocell-paper", "own"}
        How sizes and steps of adapting are chosen, as in `AdaptJob`.
    licence : str
        Of the pictures; it goes into the card of the model.
    own : tuple of (str, object)
        Parameters that are not those of the presets, by the names of `parameter_values`.
    """

    goal: Goal = "teach"
    unlabelled: tuple[Path, ...] = ()
    minutes: float = 60.0
    folders: tuple[Path, ...] = ()
    pictures: tuple[Picture, ...] = ()
    findings: tuple[Finding, ...] = ()
    examined: bool = False
    held_out: frozenset[Path] = frozenset()
    partly_labelled: frozenset[Path] = frozenset()
    base_model: str = DEFAULT_MODEL
    preset: str = "balanced"
    device: str = "auto"
    channel: str = "grey"
    name: str = "my model"
    adapt_preset: AdaptPreset = "laptop"
    licence: str = ""
    own: tuple[tuple[str, object], ...] = ()

    @property
    def adapts(self) -> bool:
        """Whether the network learns from pictures without labels."""
        return self.goal != "teach"

    @property
    def teaches(self) -> bool:
        """Whether the network learns from labelled pictures."""
        return self.goal != "adapt"

    @property
    def usable(self) -> tuple[Picture, ...]:
        """Pictures that can be taught."""
        return tuple(picture for picture in self.pictures if picture.usable)

    @property
    def n_different(self) -> int:
        """Number of images that can be taught and show something else than the others."""
        return len({picture.content for picture in self.usable})

    @property
    def judges_in_turns(self) -> bool:
        """Whether no image is kept from teaching, as each is judged by a model that was not taught it."""
        return not self.held_out and is_judged_in_turns(self.n_different)

    def with_folders(self, folders: Iterable[Path]) -> TrainingPlan:
        """Choose folders; what was found is forgotten, and with other folders what was chosen in them."""
        chosen = tuple(dict.fromkeys(folders))
        same = chosen == self.folders
        return replace(
            self,
            folders=chosen,
            pictures=(),
            findings=(),
            examined=False,
            held_out=self.held_out if same else frozenset(),
            partly_labelled=self.partly_labelled if same else frozenset(),
        )

    def with_line(self, line: str) -> TrainingPlan:
        """Take over what the doctor says.

        Parameters
        ----------
        line : str
            Of `dinocell-app train check --json`.

        Returns
        -------
        TrainingPlan
            The same for a line that is none of the doctor's.
        """
        try:
            fields: dict[str, Any] = json.loads(line)
            kind = fields.pop("item")
        except (ValueError, KeyError, AttributeError, TypeError):
            return self
        if kind == "PictureFound":
            return replace(self, pictures=(*self.pictures, picture_of(fields)))
        if kind == "Finding":
            images = tuple(Path(image) for image in fields.pop("images"))
            return replace(self, findings=(*self.findings, Finding(images=images, **fields)))
        if kind == "ExaminationFinished":
            usable = {picture.image for picture in self.usable}
            return replace(
                self,
                examined=True,
                held_out=self.held_out & usable or suggested_split(self.usable),
                partly_labelled=self.partly_labelled & usable,
            )
        return self

    def with_lines(self, lines: Iterable[str]) -> TrainingPlan:
        """Take over several things the doctor says."""
        plan = self
        for line in lines:
            plan = plan.with_line(line)
        return plan

    def hold_out(self, image: Path, *, held_out: bool) -> TrainingPlan:
        """Keep a picture for judging, or teach it; pictures that show the same go with it."""
        content = next(picture.content for picture in self.pictures if picture.image == image)
        same = {picture.image for picture in self.usable if picture.content == content}
        return replace(self, held_out=self.held_out | same if held_out else self.held_out - same)

    def label_partly(self, image: Path, *, partly: bool) -> TrainingPlan:
        """Say whether every cell of a picture is outlined.

        Parameters
        ----------
        partly : bool
            Not every one.
        """
        others = self.partly_labelled - {image}
        return replace(self, partly_labelled=others | {image} if partly else others)

    def problem_of_goal(self) -> str:
        """Say what is missing for what a person wants.

        Returns
        -------
        str
            Empty when nothing is.
        """
        if self.adapts and not self.unlabelled:
            return "Choose at least one folder of images without labels."
        return ""

    def problem_of_pictures(self) -> str:
        """Say why the pictures cannot be used as they are.

        Returns
        -------
        str
            Empty when they can.
        """
        if not self.folders:
            return "Choose at least one folder of images with labels."
        if not self.examined:
            return "The images have to be looked at first."
        if not any(picture.n_cells for picture in self.usable):
            return "There is no image with labelled cells."
        return ""

    def problem_of_split(self) -> str:
        """Say why the choice of pictures for judging cannot be used.

        Returns
        -------
        str
            Empty when it can.
        """
        taught = [picture for picture in self.usable if picture.image not in self.held_out]
        if not any(picture.n_cells for picture in taught):
            return "Leave at least one image with cells to be taught."
        judged = [picture for picture in self.usable if picture.image in self.held_out]
        if not judged and self.n_different > 1 and not self.judges_in_turns:
            return "Keep at least one image for judging: nobody can trust a model that was never tested."
        return ""

    def sentence_of_split(self) -> str:
        """Say what the choice comes to."""
        problem = self.problem_of_split()
        if problem:
            return problem
        judged = [picture for picture in self.usable if picture.image in self.held_out]
        taught = len(self.usable) - len(judged)
        if not judged:
            return f"{sentence_of_rule(self.n_different)}."
        cells = sum(picture.n_cells for picture in judged)
        words = f"{_count(taught, 'image')} will be taught, {_count(len(judged), 'image')} with "
        words += f"{_count(cells, 'cell')} kept for judging, for this model and all made from it."
        if len(judged) < FEWEST_JUDGED:
            few = f"fewer than {FEWEST_JUDGED} images the verdict can only be that nobody can tell"
            return f"{words} With {few}."
        return words if cells >= 50 else f"{words} With so few cells the verdict will be uncertain."

    def problem_of_settings(self) -> str:
        """Say why teaching cannot begin.

        Returns
        -------
        str
            Empty when it can.
        """
        if not any(letter.isalnum() for letter in self.name):
            return "Give the new model a name."
        return ""


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
