"""From a sentence to places: cleaning, coordinates, names, language and meaning."""
