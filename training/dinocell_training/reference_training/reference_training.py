"""Training of the head on features of the frozen network: flows, type of each pixel and cell, contrast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dinocell_app.jobs.reference_training_settings import ReferenceTrainingSettings
from dinocell_app.references.types import N_LOOKS
from dinocell_app.segmentation.reference.evidence import evidence
from dinocell_app.segmentation.reference.percs_head import PercsHead
from dinocell_training.checkpoint import TrainingState
from dinocell_training.reference_training.encoding import EncodedCrop
from dinocell_training.reference_training.losses import cell_coverage, pool_cells, supervised_contrastive_loss
from dinocell_training.reference_training.sampling import Question, draw_question
from dinocell_training.reference_training.type_scores import score_head
from dinocell_training.schedule import parameter_groups

BANK_CROPS = 64
"""Crops whose cells are references for other crops, when no crop is kept."""

GRADIENT_CLIP = 1.0


class ReferenceTraining:
    """Leads a head through its steps; `training_loop.training_events` asks it to.

    Parameters
    ----------
    head : PercsHead
        Trained in place.
    crop : callable
        Gives the training crop of a number.
    held_out : mapping of str to sequence of EncodedCrop
        Crops for scoring by the name of their set; the set "test" decides which epoch is the best.
    """

    kind = "references"
    rank = 0

    def __init__(
        self,
        head: PercsHead,
        crop: Callable[[int], EncodedCrop],
        held_out: Mapping[str, Sequence[EncodedCrop]],
        settings: ReferenceTrainingSettings,
        device: torch.device,
    ) -> None:
        self.head, self.device, self._settings = head.to(device), device, settings
        self._crop, self._held_out = crop, held_out
        rate = settings.learning_rate
        # Decoupled from the rate: Adam's own decay of 0.1 would outweigh every gradient.
        optimiser = torch.optim.AdamW(parameter_groups(head, rate, rate, settings.weight_decay))
        self.state = TrainingState(head, None, optimiser)
        self._bank: dict[str, list[NDArray[np.float32]]] = {}

    @property
    def plan(self) -> ReferenceTrainingSettings:
        """How the run is divided."""
        return self._settings

    def start(self, step: int) -> None:
        """Gather cells that are references for other crops.

        Parameters
        ----------
        step : int
            The first one of this process; steps draw by their own number, so that none is special.
        """
        for number in range(self._settings.crops or BANK_CROPS):
            crop = self._crop(number)
            for name in crop.known_types:
                self._bank.setdefault(name, []).append(crop.cells[crop.types == name])

    def take_step(self) -> dict[str, float]:
        """Learn from a batch of crops.

        Returns
        -------
        dict of str to float
            Terms of the loss and their sum "total".
        """
        settings, step = self._settings, self.state.step
        rng = np.random.default_rng((settings.seed, step))
        for group in self.state.optimiser.param_groups:
            group["lr"] = self.learning_rate()
        self.head.train()
        terms: dict[str, float] = {}
        for index in range(settings.batch_size):
            n_kept = settings.crops
            number = int(rng.integers(n_kept)) if n_kept else step * settings.batch_size + index
            losses = self._losses(self._crop(number), rng, maps=index < settings.maps_per_step)
            if not losses:
                continue
            total = torch.stack(list(losses.values())).sum()
            (total / settings.batch_size).backward()  # type: ignore[no-untyped-call] # untyped in torch
            for name, value in {**losses, "total": total}.items():
                terms[name] = terms.get(name, 0.0) + float(value.detach()) / settings.batch_size
        torch.nn.utils.clip_grad_norm_(self.head.parameters(), GRADIENT_CLIP)
        self.state.optimiser.step()
        self.state.optimiser.zero_grad(set_to_none=True)
        self.state.step += 1
        return {"total": 0.0} | terms

    def learning_rate(self) -> float:
        """Tell the learning rate: cut tenfold for the last epochs."""
        settings = self._settings
        n_first = (settings.epochs - settings.last_epochs) * settings.steps_per_epoch
        return settings.learning_rate * (0.1 if 0 < n_first <= self.state.step else 1.0)

    def validate(self) -> dict[str, float] | None:
        """Score held-out crops.

        Returns
        -------
        dict of str to float
            Mean AP by set, and "total", which is 1 less the one of "test".
        """
        self.head.eval()
        values = {name: score_head(self.head, crops) for name, crops in self._held_out.items() if crops}
        return ({"total": 1 - values["test"]} if "test" in values else {}) | values

    def notices(self) -> Iterable[str]:
        """Say nothing."""
        return ()

    def _losses(self, crop: EncodedCrop, rng: np.random.Generator, *, maps: bool) -> dict[str, torch.Tensor]:
        question = draw_question(crop.cells, crop.types, self._bank, rng)
        if question is None:
            return {}
        losses = dict(self._cell_losses(crop, question))
        if maps:
            losses |= self._map_losses(crop, question)
        return losses

    def _cell_losses(self, crop: EncodedCrop, question: Question) -> Iterator[tuple[str, torch.Tensor]]:
        known = evidence(crop.cells, question.positives, question.negatives)
        logits, attended = self.head.judge(
            self._features(crop.cells),
            torch.from_numpy(known).to(self.device),
            self._features(question.positives),
            self._features(question.negatives),
        )
        wanted = torch.from_numpy(crop.types == question.wanted).to(self.device).float()
        weight = torch.from_numpy(_balanced(crop.types, question.wanted)).to(self.device)
        yield (
            "cells",
            (
                functional.binary_cross_entropy_with_logits(logits, wanted, weight, reduction="sum")
                / weight.sum().clamp_min(1e-6)
            ),
        )
        yield "contrast", _contrast(attended, crop.types)

    def _map_losses(self, crop: EncodedCrop, question: Question) -> dict[str, torch.Tensor]:
        tokens = torch.from_numpy(crop.tokens.astype(np.float32)).to(self.device)
        attended = self.head.attend(
            tokens, self._features(question.positives), self._features(question.negatives)
        )
        size = (crop.labels.shape[0], crop.labels.shape[1])
        maps = self.head.decode(attended, size)
        of_type = np.concatenate([[False], crop.types == question.wanted])[crop.labels]
        known = np.concatenate([[True], crop.types != ""])[crop.labels]
        wanted = torch.from_numpy(of_type.astype(np.float32)).to(self.device)
        weight = torch.from_numpy(known.astype(np.float32)).to(self.device)
        flows = torch.from_numpy(crop.flows.astype(np.float32)).to(self.device) * wanted
        coverage = torch.from_numpy(cell_coverage(crop.labels, (tokens.shape[1], tokens.shape[2])))
        return {
            "flows": functional.mse_loss(maps[:2] * weight, flows),
            "type": functional.binary_cross_entropy_with_logits(maps[2], wanted, weight),
            "contrast of patches": _contrast(pool_cells(attended, coverage.to(self.device)), crop.types),
        }

    def _features(self, described: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(described[:, :-N_LOOKS])).to(self.device)


def _contrast(cells: torch.Tensor, types: NDArray[np.str_]) -> torch.Tensor:
    known = np.flatnonzero(types != "")
    _, numbers = np.unique(types[known], return_inverse=True)
    chosen = torch.from_numpy(known).to(cells.device)
    return supervised_contrastive_loss(cells[chosen], torch.from_numpy(numbers).to(cells.device))


def _balanced(types: NDArray[np.str_], wanted: str) -> NDArray[np.float32]:
    """Weigh wanted cells and others by the square root of what the rarer of them are fewer."""
    weight = (types != "").astype(np.float32)
    own = types == wanted
    n_own, n_other = int(own.sum()), int(weight.sum() - own.sum())
    if n_own and n_other:
        weight[own] *= np.sqrt(n_other / n_own)
    return np.asarray(weight, np.float32)
