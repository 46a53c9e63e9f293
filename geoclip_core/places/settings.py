"""Every number of the gazetteer that was set by hand, with its unit and how it was set.

Unless a line says otherwise, the numbers were set by hand on ``wikidata_places_dev`` as a whole, together with those of
:mod:`geoclip_core.text.settings`, never fitted one by one. The gazetteer is kept on disk: a change of any number that
goes into its arrays asks for a new ``FORMAT``.
"""

from __future__ import annotations

# What goes into the gazetteer (sources.py).

FORMAT = "15"  # raise it when the arrays change their content or meaning
PEOPLE_PER_KM2 = 3000.0  # of built-up land in developed countries: Angel et al. 2011, Progress in Planning 75
SMALLEST_CITY_KM = 1.0  # radius; GeoNames rounds many villages to about a minute of arc, and gives no shape
LANDMARK_FAME = 1_000_000.0  # people; a landmark is in the table because it is as well known as a city of this size
LANDSCAPE_FAME = 30_000.0  # people; "desert" beside the name of a place describes that place
COUNTRY_FAME = 3_000_000.0  # people added to its own: even a small country is better known than its namesakes
FUZZY_POPULATION = 1000  # people; smaller towns are found by exact names only, since too many names look alike
LONGEST_CODE = 4  # letters of an abbreviation in capitals

AIRPORT_KM = 3.0  # radius of an airport
AIRPORT_REACH_KM = 50.0  # who lives nearer uses an airport
AIRPORT_SHARE = 0.5  # of the people around an airport, as its fame
SMALL_AIRPORT = 0.2  # the same is multiplied by this for an airport that is not called international
LEAST_AIRPORT_FAME = 5_000.0  # people
MOST_AIRPORT_FAME = 4_000_000.0  # people

# The city that stands for a country (sources.py): in the middle of most people, among the largest.

SEAT_KM = 750.0  # "in the right country" of the usual thresholds: Weyand et al. 2016, PlaNet
SEAT_TOWNS = 512  # largest towns of a country that are compared
SEAT_SHARE = 0.5  # of the people of the largest town, which the city must have at least

# The code of first-level administration that a region of the landmark table belongs to (sources.py).

DEGREE_KM = 111.2  # length of a degree of latitude, rounded; only cities well inside or outside matter here
SMALLEST_REGION_KM = 10.0  # radius in which its cities are looked for
LEAST_AGREEMENT = 0.2  # intersection over union of "in the disk" and "has the code"

# The index of names (index.py).

BUCKET_BITS = 17  # of trigram hashes: 131,072 lists. Goes into the arrays
SHORTEST_FUZZY = 4  # characters; one slip in a shorter name makes another name. Goes into the arrays
CANDIDATES = 64  # names compared letter by letter per question
COMMONEST = 30_000  # trigrams in more names than this tell little and cost most
WORD_ORDER = 3  # percent of similarity lost where only the order of the words differs
