"""Every text of the page itself, in one place: a translation replaces this file.

Names in braces are filled in. What an answer says of itself (its labels, doubts and numbers) is worded in ``locate``.
"""

from __future__ import annotations

TITLE = "GeoCLIP"

# The line above the map.
VIEW = "View"
ONE_PLACE = "One place"
ALBUM = "Album"
DESCRIBE = "Describe a place"
DESCRIBE_EXAMPLE = "a place, a landmark, a landscape"
PHOTOS = "or show photos of it"
PHOTOS_HELP = "One or several photos of the same place. You can also paste or drop them anywhere on the page."
MOST_PHOTOS = "The first {most} of {count} photos are used."
SEARCH_IN = "Search in"
SEARCH_EVERYWHERE = "the whole Earth"
SEARCH_HELP = (
    "Countries, continents, or what you type: a box (south,west,north,east) or a circle (lat,lon,radius in km). "
    "You can also draw a box on the map, or click the map and search around that point."
)
RADIUS = "Radius, km"
RADIUS_HELP = "Of a circle around a point that you click on the map."
MODEL = "Model: {name}"
WEIGHT = "Weight of the text against the photos"
WEIGHT_HELP = "0 is the photos alone, 1 the text alone; in the middle both count in full."

# Examples and samples.
TRY = "Try"
EXAMPLES = ("Pyramids of Giza", "Desert", "Burj Khalifa", "Boston, Massachusetts")
A_PHOTO = "A photo"
SAMPLES = "Sample photos"
SAMPLES_FROM = "Views from above by NASA's Blue Marble; they are part of this program."
SAMPLE = "Sample: {place}"
REMOVE = "Remove"
KEPT_PHOTOS = "Photo: {name}"
FROM_BEFORE = "from before"

# Before and beside every answer.
LANDING_TITLE = "Where on Earth is this?"
LANDING = (
    "Type a place or show a photo. You get the **places it may be**, how probable each is, and a heat map "
    "of the whole Earth; choose a place, click the map or draw a box to look closer.\n\n"
    ":material/lock: Photos stay on this machine. Nothing is sent, logged or kept.\n\n"
    ":material/help: Where there is nothing to go by, the answer says so. It never makes up a point."
)
HONESTY = (
    "Beside each answer stands how far its probabilities can be trusted. Where they are not calibrated, 80 % does not "
    "mean right four times in five. "
    "**Do not use this to find or follow people.**"
)
PRIVACY = ":material/lock: Photos and questions stay on this machine, unlogged."
TILES = "Map tiles come from a tile server."
NO_TILES = "The map is drawn on this machine."

# While it works.
COMPARING = "Comparing with every place on Earth"
COMPUTING = "Computing the field of this view"
LOADING = "Loading the model and its tables; the first time takes a minute"
TABLES = "Making tables, once: {done:,} of {total:,}"
TABLES_KEPT = "The tables of places are in {folder}"
MODEL_UNUSABLE = "The model {name} cannot be used: {reason}"
STOP = "Stop"

# The answer.
MAP_TITLE = "Map of the answer"
WORLD = "World"
SEARCH_AREA = "Search area"
ANSWER = "Answer"
CLOSER = "Closer: {km:g} km"
LOOK_AROUND = "Look at the {km:.0f} km around it."
HALF_WITHIN = "half of it within {km}"
ELSEWHERE = "elsewhere, or at sea · **{share}**"
TO_NEXT = "{km} to {number}"
RESTRICTED = "Restricted to {region}: before, **{share}** of the probability lay there."
COLOURS = "Stronger colour is more probable; the faintest is a thousandth of the strongest."
SHARE_IN_VIEW = "**{share}** of the answer lies in this view; colours compare places within it."
READ_INSTEAD = "Ask instead"
ALSO_READ = "It may also be"

# Tabs below the places.
EVIDENCE = "Evidence"
PHOTOS_TAB = "Photos"
CLAIM = "Check a claim"
KNOWN = "Known position"
COMPARE = "Compare"
TAKE = "Take along"

RESTS_ON = "What the answer rests on"
NOT_USED = " (not used)"
ANSWERED_BY = "Answered by the model **{model}**, which {does}."

FILE_SAYS = "What the photo's file says"
FILE_SAYS_NOTHING = "Nothing about place, time or camera."
FILE_IS_A_CLAIM = "Such notes can be edited or copied; they are shown apart from what the model found."
NO_PIXELS = "Its pixels cannot be read."

SIGNS = "Text in the photo"
SIGN_USED = "used"
SIGN_AS_CLUE = "Ask with these words as a clue."
SIGN_MAY_NAME = "may name {names}"
SIGNS_ELSEWHERE = (
    "A name in a photo may stand elsewhere: restaurants, streets and monuments are called after other places."
)

ONLY_FULL_MODEL_EXPLAINS = "Which parts of a photo matter can be shown by the full model."
EXPLAIN_QUICKLY = "Quick look: gradient"
EXPLAIN_THOROUGHLY = "Thorough: hide parts one by one"
EXPLAINING = "Looking at the photo"
EXPLAINING_PARTS = "Looking at the photo: {done} of {total}"
STOPPED = "Stopped."
EXPLAINED = "Orange speaks for the first place, blue against it; what the model does not see is dimmed."
AGAIN = "Again"

KNOWN_EXAMPLE = "latitude, longitude"
KNOWN_HELP = "Or click the map where it was. Nothing is sent anywhere."
KNOWN_ASK = "Do you know where it is? Then see how far off the answer is."
NO_POSITION = "{given!r} is not a position"
NO_POSITION_ALLOWED = "latitude, longitude, such as 29.977, 31.133"
AS_THE_PHOTO_SAYS = "As the photo says"
OFF_BY = "Off by"
SCORE = "GeoGuessr score"
SCORE_OF = "{score:,.0f} of {best:,.0f}"
TRACK_DRAWN = "From the first place to {position} along the great circle, which is drawn on the map."

CLAIMED = "Claimed place"
CLAIM_SAYS = "Somebody says where this photo was taken? See what the photo itself says of that."
CLAIM_EXAMPLE = "Kyiv, or 50.45, 30.52"
CLAIM_OF_FILE = "As the photo's file says"
CLAIM_PHOTO = "Which photo"
CLAIM_PHOTO_N = "Photo {n}"
CLAIM_CHECKING = "Holding the claim against the evidence"
CLAIM_VERDICTS = {"not contradicted": "Not contradicted", "doubtful": "Doubtful", "contradicted": "Contradicted"}
CLAIM_LIES = "The claimed place lies"
CLAIM_INSIDE = "inside the {share} region"
CLAIM_OUTSIDE = "outside the 99 % region"
CLAIM_TIMES = "The best place is likelier by"
CLAIM_MILLION = "over a million×"
CLAIM_AWAY = "The best place is **{km}** away"
CLAIM_SIDES = "What speaks for and against it"
CLAIM_FACTORS = {"for": "for it, {times}", "against": "against it, {times}", "neither": "neither for nor against"}
CLAIM_PIN = "Claimed: {words}"

COMPARE_LATER = "Ask something else as well; then both answers can be shown on one map."
COMPARE_WITH = "Compare with an earlier answer"
NONE = "none"

TAKE_SAYS = "Places and credible regions; the field and the picture are those of the view on the map."
ASK_AGAIN = ":material/link: [Ask the same text again]({link}): a link to keep or share, without any photo."

# The model.
MODELS = {
    "geoclip": "looks at pixels, and understands sentences",
    "embedded": "knows place names and what they mean, and what can be seen without the full model: the position "
    "a photo's file states, and views from above where it was trained for them",
}
LOCAL_MODEL = "was trained and exported here"
USUAL_MODEL = "the usual model"
USUAL_MODEL_IS = "geoclip where its weights are here, else embedded"
ASK_MODEL = "Ask"
LOOK_IN_PHOTOS = "Look in photos for"
LOOK_IN_PHOTOS_HELP = (
    "Whatever is off is not asked, as if the photo did not hold it. Turn off what leads the answer astray, "
    "such as a sign that names another place."
)
LOOKED_AT = {
    "metadata": "the position that the file states",
    "caption": "the place that the file names in words",
    "clip": "what the full model sees",
    "signs": "text, such as signs",
    "overhead": "views from above",
    "scenes": "the kind of thing it shows",
}
ASKED_WITHOUT = "without {what}"
GET_FULL_MODEL = "Get the full model ({size})"
FULL_MODEL_NEEDS = (
    "The full model looks at pixels. It needs the weights of CLIP ViT-L/14 once: **{size}** from `{repo}` on "
    "huggingface.co, kept in the hub's cache on this machine and checked before use. Your photos stay here all "
    "the same."
)
DOWNLOAD = "Download"
NOT_NOW = "Not now"
CONNECTING = "connecting"
FETCHED = "{done:.2f} of {total:.2f} GB"
FETCHING = "Fetching the full model: {known}"
FETCH_STOPPED = "The download was stopped; what has arrived is kept, and the next try goes on from there."
FULL_MODEL_HERE = "The full model is here."

# Words on the map itself, which is drawn in the browser (assets/web/map.js).
MAP = {
    "Look closer": "Look closer",
    "Compute the map anew for what is seen": "Compute the map anew for what is seen",
    "Draw a box": "Draw a box",
    "Drag over the map; then look closer there, or search only there": "Drag over the map; then look closer there, "
    "or search only there",
    "Look closer here": "Look closer here",
    "Search only in here": "Search only in here",
    "Look here: 50 km": "Look here: 50 km",
    "Look here: 5 km": "Look here: 5 km",
    "Search around here": "Search around here",
    "It was here": "It was here",
    "Opacity": "Opacity",
    "Opacity of the heat": "Opacity of the heat",
}

# The album.
ALBUM_TITLE = "Many photos, one map"
ALBUM_INTRO = (
    "Drop up to {most} photos of different places, or name a folder on this machine. Each gets an answer of its own; "
    "all are shown on one map and in one table as they come.\n\n"
    ":material/lock: Originals are never changed, and nothing leaves this machine."
)
ALBUM_ADD = "Add photos"
ALBUM_DROP = "Photos of different places"
ALBUM_FOLDER = "Folder on this machine"
ALBUM_FOLDER_EXAMPLE = "its path"
ALBUM_READ_FOLDER = "Read folder"
ALBUM_NO_FOLDER = "There is no folder “{folder}” on this machine."
ALBUM_LEFT_OUT = "Files of the folder left out: {reasons}."
ALBUM_MOST = "There is room for {most:,} photos: {left:,} of {count:,} are left out."
ALBUM_TWICE = "{count:,} of {of:,} are in the album already."
ALBUM_WORKING = "{done:,} of {total:,} photos"
ALBUM_TIME_LEFT = "{done:,} of {total:,} photos · about {left} left"
ALBUM_CANCEL = "Cancel"
ALBUM_CANCELLED = "Stopped. {waiting:,} photos wait for an answer; all others are kept."
ALBUM_GO_ON = "Go on"
ALBUM_FAILED = "The work ended early: {reason}"
ALBUM_COUNT = "{shown:,} of {count:,} photos · {placed:,} on the map"
ALBUM_FIND = "Find"
ALBUM_FIND_EXAMPLE = "name, place"
ALBUM_REGION = "In region"
ALBUM_REGION_EXAMPLE = "FR, Europe"
ALBUM_ONLY = "Show only"
ALBUM_ONLY_CHOICES = {
    "likely": "at least 50 % probable",
    "contradicted": "claims that the pixels contradict",
    "claimed": "files that state a position",
    "warned": "with warnings",
    "nothing": "without a place",
    "person": "confirmed or moved",
    "time": "placed by time",
}
ALBUM_ALL = "all"
ALBUM_SORT = "Sort by"
ALBUM_SORTS = {
    "number": "as added",
    "name": "name",
    "taken_at": "time taken",
    "place": "place",
    "country": "country",
    "probability": "probability",
    "radius_km": "radius",
    "claim_km": "claim off by",
    "warnings": "warnings",
    "status": "outcome",
    "origin": "position from",
}
ALBUM_FALLING = "Largest first"
ALBUM_COLUMNS = {
    "picture": "Photo",
    "name": "Name",
    "place": "Best place",
    "probability": "Probability",
    "radius": "Radius",
    "rests": "Rests on",
    "claims": "The file says",
    "off": "Claim off by",
    "warnings": "Warnings",
}
ALBUM_TABLE_HELP = "Choose a row, or a photo on the map, to see more of it."
ALBUM_NO_PLACE = "no place"
ALBUM_RINGS = {
    "sure": "at least 90 %, within 50 km",
    "fair": "at least 50 %",
    "doubtful": "less: doubtful",
    "fixed": "confirmed or moved",
}
ALBUM_BY_TIME = "between neighbours in time"
ALBUM_OPEN = "Open its answer"
ALBUM_CLOSE = "Close"
ALBUM_CONFIRM = "Confirm this place"
ALBUM_MOVE = "Move the pin"
ALBUM_MOVE_TO = "Position"
ALBUM_MOVING = "Click the map where it was, or type the position."
ALBUM_UNPIN = "Undo"
ALBUM_CONFIRMED = "Confirmed by you at {position}; the model's answer stays as it was."
ALBUM_MOVED = "Placed by you at {position}; the model's answer stays as it was."
ALBUM_GONE = "The photo {name} is not there any more; its answer stays."
ALBUM_NO_ORIGINAL = "This album was opened from a file, which holds answers but no photos."
ALBUM_TIME = "Place photos without evidence between their neighbours in time"
ALBUM_TIME_HELP = (
    "Evidence of its own, which no pixel and no file states; it spreads with the gap in time. "
    "It also places photos whose best place is less than 10 % probable."
)
ALBUM_TIME_SAYS = "{placed:,} placed by time; {untimed:,} photos state no time."
ALBUM_TIME_MORE = "and {count:,} more pairs of photos like that"
ALBUM_TAKE = "Take along"
ALBUM_TAKE_WHAT = "What"
ALBUM_TAKE_SIDECARS = "XMP sidecars"
ALBUM_TAKE_COPIES = "Copies with the position in EXIF"
ALBUM_TAKE_MAKE = "Make the zip"
ALBUM_TAKING = "{done:,} of {total:,} files"
ALBUM_TAKE_ZIP = "Download the zip (photos: {count})"
ALBUM_TAKE_SAYS = "Of the photos that are shown in the table. Originals are only read, never changed."
ALBUM_SAVE = "Save the album"
ALBUM_SAVE_SAYS = "Answers and small thumbnails, never the photos."
ALBUM_OPEN_FILE = "Open a saved album"
ALBUM_EMPTY = "Empty the album"
ALBUM_MORE = "Add, save, open"
