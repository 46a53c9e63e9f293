"""Asking a model about a claim: the claim is understood, the evidence gathered without it, and both compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.locate.claim.check import ClaimCheck, claim_points, judge
from geoclip_core.locate.claim.claimed import FROM_FILE, ClaimedPlace, ClaimLike, read_claim
from geoclip_core.locate.density import TINY, ComparedPoints
from geoclip_core.locate.fusion.answering import Model, answered
from geoclip_core.locate.fusion.looking import Looked, Sources, look_together
from geoclip_core.locate.many.settings import AnswerSettings
from geoclip_core.locate.posterior import Comparison
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.exif import read_exif


def check_claim(model: Model, sources: Sources, photo: Photo, claim: ClaimLike, *, crops: int = 1) -> ClaimCheck:
    """Hold a claim against the evidence in a photo; see ``Locator.check``.

    Args:
        model: The model.
        sources: The sources that may be asked.
        photo: The decoded photo.
        claim: See ``claimed.ClaimLike``.
        crops: 1 or 10.

    Raises:
        QueryError: The claim is no known place, or the file states none.
        CoordinateError: The claim is not on Earth.
        NoEvidenceError: There is nothing to hold the claim against.
    """
    claimed = read_claim(claim, read_exif(photo))
    # What a file says is no evidence for what it says.
    witnesses = sources.without_file() if claimed.source == FROM_FILE else sources
    (looked,) = look_together([witnesses.view(photo, crops)])
    return check_looked(model, witnesses, looked, claimed, crops=crops)


def check_looked(
    model: Model,
    witnesses: Sources,
    looked: Looked,
    claimed: ClaimedPlace,
    *,
    cosines: Sequence[Tensor | None] | None = None,
    crops: int = 1,
) -> ClaimCheck:
    """Hold a claim against what sources found in a photo.

    Args:
        model: The model.
        witnesses: The sources that were asked.
        looked: What they found, none of it outstanding.
        claimed: The claim.
        cosines: See ``posterior.compare``.
        crops: 1 or 10.

    Raises:
        NoEvidenceError: They found nothing.
    """
    points = claim_points(claimed, model.gallery.latlon)
    found = answered(model, witnesses, [looked], AnswerSettings(), cosines=cosines, also=points, crops=crops)
    told = _told(model, looked, found.compared)
    return judge(claimed, found.answer, found.answer.query, found.compared, found.answer.posterior, told)


def _told(model: Model, looked: Looked, compared: Comparison) -> list[tuple[str, str, Floats]]:
    """Kind, label and log density of what is only shown beside the answer."""
    points = ComparedPoints(model.gallery, compared.latlon[len(model.gallery) :], model.encoder)
    return [
        (piece.kind, piece.label, np.log(points.density(piece, model.scale, compared.prior) + TINY))
        for finding in looked.beside
        for piece in finding.evidence
    ]
