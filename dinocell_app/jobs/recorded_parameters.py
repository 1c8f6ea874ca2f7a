"""What the record beside a result says about settings: results with equal records need not be made again."""

from __future__ import annotations

from typing import Any

from dinocell_app.jobs.job_kinds import SegmentJob


def recorded_parameters(job: SegmentJob) -> dict[str, Any]:
    """Write what a job does to every image, but for its choice of channel and planes.

    Returns
    -------
    dict
        Plain JSON values by name.
    """
    return {
        "diameter": str(job.diameter) if job.diameter else "measured",
        "cell_probability_threshold": job.cell_probability,
        "flow_threshold": job.flow_threshold,
        "min_size": str(job.min_size) if job.min_size else "a tenth of the typical cell",
        "min_confidence": "half-way to 1" if job.min_confidence is None else job.min_confidence,
        "max_fraction": job.max_fraction,
        "precision": job.precision,
        "texture": job.texture,
    }
