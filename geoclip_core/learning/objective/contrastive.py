"""The contrastive loss between photos and places."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def contrastive_loss(
    images: Tensor,
    points: Tensor,
    scale: Tensor,
    *,
    negatives: Tensor | None = None,
    first: int = 0,
    all_images: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of each photo's own place among all others (GeoCLIP, eq. 2), averaged over views.

    ``-1/(n P) sum_ij log( exp(s v_ij . l_i) / (sum_k exp(s v_ij . l_k) + sum_q exp(s v_ij . l_q)) )`` with unit
    vectors v of views, l of places and the scale s = 1/temperature. The logarithm of the sum is taken by the
    log-sum-exp of ``cross_entropy`` in float32, also under automatic mixed precision: it is finite at any scale.

    Args:
        images: (n, P, d), P views of n photos, not normalised.
        points: (m, d), places, not normalised; photo i belongs to place ``first + i``. m is n in one process and
            the size of the joined batch where places are gathered.
        scale: Factor on cosines, a scalar.
        negatives: (q, d), further places that belong to no photo.
        first: Index of the first photo's place.
        all_images: (m, P, d), the views of the joined batch. Where given, the loss of each of the n places among
            all photos is averaged in with equal weight (CLIP, fig. 3; beyond GeoCLIP).

    Returns:
        The loss, a float32 scalar.
    """
    n, views = images.shape[:2]
    with torch.autocast(images.device.type, enabled=False):
        photos = F.normalize(images.float(), dim=-1)
        places = F.normalize(points.float(), dim=-1)
        scale = scale.float()
        others = places if negatives is None else torch.cat((places, F.normalize(negatives.float(), dim=-1)))
        targets = torch.arange(first, first + n, device=images.device)
        logits = scale * (photos.reshape(n * views, -1) @ others.T)
        loss = F.cross_entropy(logits, targets.repeat_interleave(views))
        if all_images is None:
            return loss
        every = F.normalize(all_images.float(), dim=-1)
        # One cross-entropy per view: a place must find its photo among all photos' views of that number.
        back = scale * torch.einsum("nd,mpd->npm", places[first : first + n], every)
        return (loss + F.cross_entropy(back.reshape(n * views, -1), targets.repeat_interleave(views))) / 2
