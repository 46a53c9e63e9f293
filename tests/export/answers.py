"""A small answer whose places lie at awkward points and have awkward names, for tests of files and pictures."""

from __future__ import annotations

import numpy as np
import torch

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.window import Window
from geoclip_core.evidence.source import from_vectors
from geoclip_core.locate.answer import Answer, Candidate
from geoclip_core.locate.field import Field
from geoclip_core.locate.posterior import Posterior
from geoclip_core.locate.query import Query
from geoclip_core.places.nearest import nearest_places

POINTS = ((48.8584, 2.2945), (-16.8, 179.99), (-16.9, -179.9), (78.22, 15.65))
PROBABILITY = (0.6, 0.2, 0.15, 0.05)
EVIL = ('=HYPERLINK("http://a.b")', "+1", "-2 & <b>bold</b>", '@sum, "quoted"\nnew line \x07')


def sample_answer() -> Answer:
    candidates = tuple(
        Candidate(latlon, probability, 2.5, place, named)
        for latlon, probability, place, named in zip(POINTS, PROBABILITY, nearest_places(POINTS), EVIL, strict=True)
    )
    query = Query(from_vectors("text", "a text", torch.eye(4)[:1]))
    found = Posterior(np.array(POINTS), np.full(4, 2.0), np.array(PROBABILITY), 1.0)
    return Answer(candidates, "embedded", (), query, found, POINTS[0])


def sample_field() -> Field:
    window = Window.world((256, 512))
    points = window.pixel_latlon()
    places = zip(POINTS, PROBABILITY, strict=True)
    hills = sum(p * np.exp(-0.5 * (great_circle_km(x, points) / 400) ** 2) for x, p in places)
    mass = hills * window.pixel_area_km2()
    return Field(window, mass / mass.sum(), 1.0, "sampled")
