"""All rivals on the same photos: the data, the search of settings, the scores, the table and the picture."""
