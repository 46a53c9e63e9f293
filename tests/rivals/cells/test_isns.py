"""Scene experts: what picks them, what they change, and that they help where scenes matter."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from geoclip_core.evaluation.metrics import error_km
from geoclip_core.rivals.cells.isns import IndividualSceneNetworks
from geoclip_core.rivals.comparison.known_rules import known_set
from tests.rivals.conftest import small, smooth_photos


def test_the_scene_picks_the_expert() -> None:
    features, latlon = smooth_photos(150, 1)
    scenes = np.eye(2)[np.arange(150) % 2]
    rival = small("isns", steps=30).fit(features, latlon, scenes=scenes)
    assert isinstance(rival, IndividualSceneNetworks)
    one, other = (rival.log_density(features[:9], latlon[:30], scenes=np.tile(s, (9, 1))) for s in np.eye(2))
    assert not np.allclose(one, other)
    assert np.array_equal(rival.log_density(features[:9], latlon[:30], scenes=np.tile([0.6, 0.4], (9, 1))), one)
    assert rival.notes == ("scenes as given",)
    assert rival._experts is not None
    for expert in rival._experts:
        expert.load_state_dict(copy.deepcopy(rival._experts[0].state_dict()))
    same, again = (rival.log_density(features[:9], latlon[:30], scenes=np.tile(s, (9, 1))) for s in np.eye(2))
    assert np.array_equal(same, again)


@pytest.mark.slow
def test_experts_beat_the_base_where_features_mean_other_places_in_other_scenes() -> None:
    data = known_set("scenes", 600)
    train, test = np.flatnonzero(~data.test), np.flatnonzero(data.test)
    medians = []
    for experts in (True, False):
        rival = small("isns", steps=120, photos_per_cell=20, experts=experts)
        rival.fit(latlon=data.latlon[train], **data.inputs(train))
        medians.append(np.median(error_km(rival.predict(**data.inputs(test)), data.latlon[test])))
    assert medians[0] < 0.6 * medians[1]
