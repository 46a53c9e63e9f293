"""Tables in the formats that people have, and where the photos that they name are."""
