"""How weights are moved: optimisers and learning-rate schedules."""
