"""Every number of the text reader that was set by hand, with its unit and how it was set.

Unless a line says otherwise, the numbers were set by hand on ``wikidata_places_dev`` as a whole (a table of names and
positions of places that is not part of the repository), never fitted one by one.

Most are scores: natural logarithms of odds, up to a constant, so that only differences count. A gain of 1 makes a place
2.7 times as likely as another one. A score of 0 is that of a rare word which is the name of a town of
``ZERO_FAME`` people; far below that, the word is likelier to mean something else.
"""

from __future__ import annotations

# Names: the stretches of a text that are looked up (spans.py). Lengths are those of the gazetteer's names.

LONGEST_NAME = 9  # words
LONGEST_DENSE_NAME = 14  # characters, in a script without spaces
LONGEST_ACRONYM = 3  # letters; a longer word in capitals may be an ordinary name in capitals
LONGEST_PLACE_WITH_CODE = 3  # words of a name before a code: "Salt Lake City, UT"
FUZZY_LOOKUPS = 24  # stretches of one text compared by similarity; measured: each costs about 3 ms
FUZZY_NAMES = 3  # similar names followed per stretch
FUZZY_WORDS = 6  # longest stretch that is compared by similarity
FUZZY_LETTERS = 6  # shortest
LOWEST_SIMILARITY = 0.84  # share of letters that agree, 0 to 1; below, two names are different names
LOWEST_SIMILARITY_OF_A_WORD = 0.88  # the same for a stretch of one word
SWAPPED_SIMILARITY = 0.95  # as which a word with two neighbouring letters exchanged counts
HIGHEST_SIMILARITY = 0.99  # of a name that is not written exactly the same
FUZZY_FAME = 20_000.0  # people; a misspelt name of a smaller place is less likely than another word

# Names with endings (inflection.py).

SHORTEST_STEM = 4  # letters of the name that is left when an ending is taken off
TELLING_ENDING = 1  # letters; a longer ending is taken off a word with a capital whatever the language around it
MOST_FORMS = 64  # combinations of the forms of several words that are looked up
INFLECTED_WORDS = 2  # longest stretch that is tried
INFLECTED_FAME = 50_000.0  # people; a smaller place is not looked for
INFLECTED_SIMILARITY = 0.995  # as which a form of a name counts

# Scores of a name by itself (ranking.py).

FAME_POWER = 0.7  # a name's use grows with this power of the population
ZERO_FAME = 20_000.0  # people; the size of town whose rare name scores 0
SMALLEST_FAME = 300.0  # people added to all, so that a hamlet of none has a score
OTHER_NAME = 1.3  # loss for a name that is not the usual one, in Latin script
OTHER_BESIDE_MAIN = 1.2  # further loss where the name is another place's usual one
ABBREVIATION = 2.5  # loss for "MA", unless it is the whole text
DEMONYM = 3.0  # loss of a country for "Egyptian" in place of "Egypt"
DEMONYM_OF_A_REGION = 2.5  # the same for "Parisian" and "Bavarian", whose places are less known than countries
LIKENESS = 5.0  # loss of the Eiffel Tower in "a replica of the Eiffel Tower", and of Italy in "Little Italy"
INFLECTED = 0.2  # loss for a form of the name
MISSPELT = 1.0  # loss for a name that is only similar
SLIP = 30.0  # further loss per unit of dissimilarity (0 the same, 1 no letter in common)
PER_WORD = 1.5  # gain for every telling word of a name after the first: chance agreement gets rarer
KIND_WORD_SHARE = 0.5  # "museum" counts as this part of a telling word
DENSE_CHARACTER_SHARE = 0.5  # a character of a script without spaces counts as this part of a word after the second
MOST_EXTRA_WORDS = 3.0  # telling words after the first that count
COMMON_WORD = 3.0  # loss for an English word of rank COMMON_WORD_RANK, and for a kind word
OWN_FAME = 100_000.0  # people; a word that names a larger city or a country is frequent because of it, not common
COMMON_WORD_RANK = 2_000  # in MiniLM's vocabulary; the loss is larger before and falls to 0 at RARE_WORD_RANK
RARE_WORD_RANK = 30_000  # about the end of that vocabulary
STREET_IS_NO_CITY = 2.0  # loss of "Vermont" in "Vermont Avenue"
NATURE_IS_NO_CITY = 2.0  # loss of the city in "Phoenix Islands"

COUNTRY_CODE = 1.5  # loss of a country for "LA" or "FRA" alone
NEAR_SPELLING_FAME = 300_000.0  # people; "Odessa" means Odesa, too
NEAR_SPELLING = 85.0  # percent of letters; "Odessa" and "Odesa" are one name

# Scores of a name by where it stands in the text (ranking.py).

WHOLE_TEXT = 3.0  # gain of a name that is the whole text
OWN_SEGMENT = 1.5  # gain between commas: "..., Cardiff"
AFTER_PREPOSITION = 1.5  # gain: "in Nice"
NOT_A_NAME = 4.0  # loss of a common word after "a", "my", "so"
IN_A_LONGER_NAME = 5.0  # loss of "York" in "New York", unless both are in the same place
LOWEST_LONGER = -1.0  # score from which a longer name puts the names inside it in doubt
LONGER_MAY_BE_WEAKER = 3.0  # by how much the longer name may score below the one inside it

SEGMENTS_OF_A_LIST = 4  # a text of so many segments lists places, rather than saying in what each lies

# Scores by what the rest of the text names (ranking.py).

INSIDE = {"country": 4.0, "region": 5.0, "other": 3.0}  # gain for lying in a place that the text names elsewhere
OTHERWISE_QUALIFIED = 4.0  # loss of the Greek city in "Athens, Georgia", and of the country Georgia
LANDSCAPE_SHARE = 0.5  # landscapes are found in every country, so that being found there says less
NEXT_SEGMENT = 1.5  # "Paris, Texas" says it this much more clearly than "a Texan in Paris"
DEMONYM_SHARE = 0.4  # "Egyptian" says Egypt with this part of the weight of "Egypt"
CONTAINER = 6.0  # loss of the container when the text names something inside it
NEAR_KM = 10.0  # places this much beyond the edge of another one still count as inside
MOST_BELIEVED = 5  # likeliest places of a name that others are compared with
LEAST_BELIEF = 0.02  # share of belief from which they are
MOST_SPANS = 48  # names of a text that are compared with one another; a long sentence has a dozen. Costs their square

# Scores by language (ranking.py): whether the rest of the text is in a language of the place's country.

LANGUAGE = 0.4  # weight of the log likelihood ratio of language.py
LANGUAGE_LIMIT = 2.0  # the most that it adds or takes away
ENGLISH_RANK = 6_000  # a foreign word for a thing that ranks before this in MiniLM's vocabulary is English as well

# The language model that is learnt from the names of cities (language.py). A change here asks for a new NGRAM_FORMAT,
# since the counts are kept on disk.

NGRAM_FORMAT = "3"
NGRAM_SIZES = (2, 3, 4, 5)  # characters, with a space at either end of the word
FEWEST_TIMES = 12  # an n-gram seen less often among all names tells more of chance than of language
SMOOTHING = 3_000.0  # n-grams at large (those of about 100 names) that every country starts with
FEWEST_NAMES = 30  # a country with fewer names teaches nothing
MAIN_LANGUAGES = 3  # of a country's list, which starts with the official ones

# What the language model says of a word (language.py), log likelihood ratios.

INDEPENDENCE = 0.1  # n-grams of one word overlap, so that each counts as this part of an independent one
UNSEEN_NGRAM = -1.0  # of a bigram or trigram that no country's names have often enough
STRONGEST_WORD = 6.0  # limit of what one word may say, either way
NEXT_LANGUAGE = 0.4  # each language of a country's list is used this much as often as the one before it
FOREIGN = 0.003  # share of uses of a word outside the countries of its language
ENGLISH_ELSEWHERE = 0.15  # the same for English, into which names are translated
ENGLISH_NAME = 0.5  # evidence of a name made of English words
KNOWN_WORD = 3.0  # evidence of a word that a language is known to have, against random letters
PEOPLE_IN_PRIOR = 0.5  # weight of the logarithm of a country's people in its prior probability
SIGHTS_IN_PRIOR = 0.5  # the same for its landmarks
PEOPLE_EVERYWHERE = 1e5  # people added to each country in that, so that small ones are not ruled out

# Meaning (meaning.py): cosines of sentence embeddings, -1 to 1.

LOWEST_LANDSCAPE = 0.6  # between a description and a landscape; measured: nonsense stays below 0.53
LOWEST_PARAPHRASE = 0.82  # the same for a text that looks like a name
LOWEST_LANDMARK = 0.86  # between a text and the name of a landmark
COSINE_SCALE = 0.05  # difference of cosines that is worth a factor e in weight
PHRASES = 4  # other words for a landscape that are encoded too; the first in the table are English. See MEANING_FORMAT
MEANING_FORMAT = "2"  # raise it when what is encoded changes, since the vectors are kept on disk
PHRASES_PER_PLACE = 8  # nearest phrases looked at per place wanted, since several may be of the same place
BATCH = 128  # texts encoded at a time; changes no result
TOLD_EVERY = 4 * BATCH  # texts, after which it is told how many are encoded; changes no result

# Which of names, meaning and language is believed (reader.py), scores.

LOWEST_SCORE = -1.0  # of a name; below, it is likelier that the words mean something else
DOUBTFUL_SCORE = 0.0  # of a name; below, a clear meaning of the whole text is believed instead
CERTAIN_SCORE = 2.0  # of a name; above, similar names are looked for only in whole segments, and no language is asked
LOWEST_EVIDENCE = -0.4  # of a language, from LanguagePrior.countries
LOWEST_EVIDENCE_OF_A_NAME = -1.0  # the same where capitals say that it is a name
MOST_EVIDENCE = 1.5  # of a language
EVIDENCE_AS_SCORE = -0.3  # added to evidence of a language, it compares with the scores of names
NAME_IN_ITS_COUNTRY = 1.5  # a name this much weaker than the language of its own country is believed as much
DESCRIBED = 2.0  # gain of a landscape over the country or region that it is said to be in

# Relations between places (surroundings.py).

OFFSET_ERROR = 0.2  # of a distance in words: "20 km east" leaves about 10 degrees either way, and distances are rounded
LARGEST_ANCHOR_KM = 15.0  # distances are counted from somewhere in the middle of a city
RING = 16  # disks that stand for "20 km from Paris"
BESIDE_KM = 15.0  # from the edge of a town to what lies "west of" it, and the error of a border
NEARBY_KM = 10.0  # from the edge of a town to what lies "near" it
FEWEST_TOWNS = 8  # of a country whose northern or southern part is told apart
OUTER = 0.33  # of the towns in order from south (-1) to north (1), from where one is in the north
CENTRAL = 0.5  # the same, within which one is in the middle
PART_QUANTILE = 0.8  # share of the towns of a part that its disk holds
TOGETHER_KM = 1000.0  # of two places in one relation: a namesake this much farther away is 2.7 times less likely
DISKS_BETWEEN = 5  # along the way between two places
HALFWAY_ERROR = 0.1  # of the distance of two places, for "halfway"
DISKS_ON_A_BORDER = 12

# Suggestions (suggestions.py).

MOST_QUOTED = 4  # words
LONGEST_QUOTED_WORD = 40  # characters of one that a message repeats
MOST_GUESSED = 6  # stretches that are compared with names
LOWEST_GUESS = 0.7  # similarity of a name that is offered
MOST_SUGGESTED = 4

# The answer (reader.py, reading.py).

MOST_ALTERNATIVES = 12  # places
LEAST_WEIGHT = 0.005  # share of belief below which a place is left out
MOST_EXPLAINED = 4  # alternatives in the sentence that explains a reading
LEAST_EXPLAINED = 0.02  # share of belief from which an alternative is worth a word there
COORDINATE_KM = 0.1  # least radius of a point written as coordinates: about three decimals
LARGEST_ERROR_KM = 1_000.0  # an error stated beside coordinates; a larger one is a slip
DEGREE_KM = 111.2  # length of a degree of latitude
DECIMALS_OF_A_POSITION = 3  # decimals of two numbers from which a third one after them is an altitude
MOST_POINTS = 192  # that stand for a reading; each is encoded once
SPACING_KM = 2.0  # between points; the released location encoder tells points a few kilometres apart in towns
MOST_PER_DISK = 256  # points
FEWEST_PER_DISK = 7  # points: the centre and six around it
NEIGHBOUR = 3  # which nearest town of the same country tells how far apart its towns lie there
LARGEST_HALF_WAY_KM = 60.0  # beyond, a town stands for no more land around it
