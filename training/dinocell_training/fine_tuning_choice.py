"""Which weights a fine-tuning ends with: those of an epoch, a mixture with the base, or the base itself.

Mixtures forget less of what the base could do and are often better on the new images, too (WiSE-FT: Wortsman
et al. 2022, Robust fine-tuning of zero-shot models, CVPR); the share is chosen on held-out images.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import torch
from torch import nn

from dinocell_app.base.errors import ModelError
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.model.averaging import average_weights
from dinocell_app.model.catalogue import find_model, list_models
from dinocell_app.model.lineage import parent_of
from dinocell_app.model.manifest import Manifest, read_manifest
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.model.objective import Objective
from dinocell_app.model.objectives import objective_by_name
from dinocell_app.model.segmenter import Segmenter
from dinocell_training.candidates import SHARES, Candidate, Candidates
from dinocell_training.decoded_scores import AP_NAME, DecodedScores
from dinocell_training.fine_tuning_data import LabelledData, for_scoring


class FineTuningChoice:
    """Scores what a run could end with on its held-out images, and chooses.

    Parameters
    ----------
    run_folder : Path
        Scores are kept below it.
    manifest : Manifest
        Of the model to be.
    """

    def __init__(
        self,
        job: FineTuneJob,
        run_folder: Path,
        manifest: Manifest,
        data: LabelledData,
        device: torch.device,
    ) -> None:
        self.job = job
        self.manifest = manifest
        self.device = device
        self.candidates = Candidates(run_folder / "checkpoints")
        self._images = DecodedScores(for_scoring(data.held_out), manifest)

    @cached_property
    def base(self) -> SegmentationModel | None:
        """The model that the new one would replace; None for a new network, or when it is not at hand."""
        if self.job.base_model is None:
            return None
        folder = segmenting_base(find_model(self.job.base_model))
        return load_model(folder, self.device) if folder is not None else None

    @property
    def objective(self) -> Objective:
        """What the network is taught."""
        return objective_by_name(self.manifest.objective)

    @property
    def can_score(self) -> bool:
        """Whether any image is held out."""
        return len(self._images) > 0

    @property
    def has_base(self) -> bool:
        """Whether there is a base to be beaten, and images to tell by."""
        return self.can_score and self.base is not None

    def model_of(self, network: nn.Module) -> SegmentationModel:
        """Make a network ready to segment; it is brought into evaluation mode."""
        network = network.eval()
        if not isinstance(network, Segmenter):
            raise TypeError(f"a {type(network).__name__} cannot segment")
        return SegmentationModel(self.manifest, network, self.objective, self.device)

    def score_epoch(
        self, network: nn.Module, epoch: int, should_stop: Callable[[], bool]
    ) -> dict[str, float] | None:
        """Score the weights of an epoch; for epoch 0 those of the base.

        Returns
        -------
        dict of str to float or None
            None when it was asked to stop before the end.
        """
        model = self.base if epoch == 0 and self.base is not None else self.model_of(network)
        scores = self._images.of(model, should_stop)
        if scores is None:
            return None
        candidate = Candidate(epoch, 1.0, scores)
        self.candidates.add(candidate)
        return {AP_NAME: candidate.mean}

    def choose(self, network: nn.Module, epoch: int, should_stop: Callable[[], bool]) -> Candidate | None:
        """Mix an epoch with the base in several shares, and take what is best on the held-out images.

        Parameters
        ----------
        network : Module
            With the weights of the epoch. It ends with those chosen; with those of the epoch where the base
            is.
        epoch : int
            The best one.

        Returns
        -------
        Candidate or None
            None when there is no base or no held-out image, or when it was asked to stop before the end.
        """
        if not self.has_base or self.base is None:
            return None
        taught = {name: value.detach().clone() for name, value in network.state_dict().items()}
        for share in SHARES:
            if self.candidates.get(epoch, share) is not None:
                continue
            mixed = self._mixed(taught, share)
            if mixed is None:
                break
            network.load_state_dict(mixed)
            scores = self._images.of(self.model_of(network), should_stop)
            network.load_state_dict(taught)
            if scores is None:
                return None
            self.candidates.add(Candidate(epoch, share, scores))
        chosen = self.candidates.best_of(epoch)
        if chosen is not None and not chosen.is_base:
            self.mix_in_base(network, chosen.share)
        return chosen

    def mix_in_base(self, network: nn.Module, share: float) -> None:
        """Keep a share of what a network was taught, and take the rest of its weights from the base."""
        mixed = self._mixed(network.state_dict(), share) if share < 1 else None
        if mixed is not None:
            network.load_state_dict(mixed)

    def _mixed(self, taught: dict[str, torch.Tensor], share: float) -> dict[str, torch.Tensor] | None:
        """Mix with the base; None where the base is a network of another kind."""
        if self.base is None:
            return None
        try:
            return average_weights([taught, self.base.network.state_dict()], [share, 1 - share])
        except ModelError:
            return None


def segmenting_base(folder: Path) -> Path | None:
    """Find the model that a new one replaces: the base, or what that was adapted from.

    A network whose decoder has not followed its adaptation segments badly; whatever is made from it would
    seem better.

    Parameters
    ----------
    folder : Path
        Of the base model.

    Returns
    -------
    Path or None
        None if it is not among the models at hand.
    """
    manifest = read_manifest(folder)
    if not manifest.needs_teaching:
        return folder
    earlier = parent_of(manifest, list_models()[0])
    return segmenting_base(earlier.folder) if earlier is not None else None
