"""Words that name a kind of thing and no place, in many languages, and the languages they belong to.

"Museum", "Kunsthalle" and "мост" say what a place is. Alone they are no evidence of where it is (there are
villages called Tower and Museum), but their language is. Written for this project from general knowledge.
"""

from __future__ import annotations

from functools import cache

from geoclip_core.places.names import normalise

# language code (ISO 639-1): words
_KINDS = """
en: museum museums gallery galleries tower towers building buildings church chapel cathedral basilica
en: abbey mosque
en: temple shrine monastery castle palace fort fortress bridge square street road avenue lane park garden
en: gardens
en: house home hall theatre theater library station airport university college school market monument
en: memorial
en: beach lake river mountain mountains hill hills island islands valley forest cave caves falls waterfall
en: village
en: town city county district centre center plaza place court hotel tavern inn restaurant cafe bar shop
en: mall
en: statue fountain lighthouse harbor harbour port bay cliff gate wall ruins site sites landscape
en: landscapes historic
en: historical history art arts fine modern contemporary national international royal state public
en: regional municipal
en: central old new great grand upper lower north south east west northern southern eastern western first
en: second
en: science natural nature wildlife heritage archaeological archeological cultural culture collection
en: collections
en: foundation institute academy company bank office offices headquarters apartments residence residences
en: suites
en: club society medical hospital clinic stadium arena dome sky sun moon star view point bluff ridge
en: canyon desert
en: ocean sea coast cape creek glacier pass peak volcano geyser spring springs summer winter autumn day
en: night
en: sunset sunrise morning evening wedding party birthday trip holiday vacation travel christmas festival
en: concert
en: band show game race parade photo photos picture image me my our your his her us friends family baby
en: dog cat
en: bird flower tree trees food dinner lunch car train bus boat ship plane bike girl boy man woman people
en: group
en: world center trade one two three four five six seven eight nine ten red blue green black white yellow
en: golden
en: silver union liberty independence victory queen king prince princess saint holy sacred big little
en: small long
en: high tall deep young ancient medieval early life love time war peace light dark fire water stone rock
en: wood
en: iron steel glass gold diamond crystal pearl crown cross lion eagle horse fish cotton apple rose lily
en: orange
en: financial commercial residential corporate federal county plaza terrace heights gateway waterfront
en: riverside
en: from with and the of in at on by for to near a an is are was this that it its into under over between
en: inside
en: street st rd ave blvd boulevard drive highway tunnel dam mill farm barn ranch vineyard winery brewery
en: factory
en: complex estate mansion villa cottage manor pavilion pagoda stupa tomb mausoleum cemetery grave crypt
en: catacombs
en: exhibition exhibit children childrens folk craft crafts design photography sculpture print textile toy
en: doll
en: maritime naval military army aviation railway railroad transport technology industrial mining aquarium
en: zoo botanical planetarium observatory theme amusement opera cinema music dance literary sport sports
en: football
en: former ex old-time top bottom left right front back side end middle corner edge way path trail route
en: walk tour
en: sand dunes snow ice fog cloud clouds storm rain wind wave waves reef jungle savanna steppe tundra
en: marsh swamp
en: camels camel elephants penguins reindeer kangaroo llama alpaca onion domes dome rice terraces tea
en: field fields
de: museum kunsthalle kunstverein kunstmuseum galerie turm hochhaus gebäude kirche dom münster kloster
de: schloss burg
de: brücke platz straße strasse weg park garten haus halle theater bibliothek bahnhof flughafen
de: universität markt
de: denkmal strand see fluss berg insel tal wald höhle wasserfall dorf stadt altstadt rathaus zentrum tor
de: stiftung
de: sammlung stadtmuseum heimatmuseum landesmuseum und der die das den dem des im am zum zur für von mit
de: bei
fr: musée galerie tour immeuble église chapelle cathédrale basilique abbaye mosquée temple monastère
fr: château palais
fr: fort pont place rue avenue parc jardin maison salle théâtre bibliothèque gare aéroport université
fr: marché
fr: monument plage lac rivière montagne île vallée forêt grotte cascade village ville vieux vieille centre
fr: hôtel
fr: beaux-arts beaux art arts moderne contemporain fondation nationale histoire quartier et du des le la
fr: les au aux
fr: institut sur sous dans avec pour une un mont saint sainte
es: museo galería torre edificio iglesia capilla catedral basílica abadía mezquita templo monasterio
es: castillo palacio
es: fuerte puente plaza calle avenida parque jardín casa sala teatro biblioteca estación aeropuerto
es: universidad
es: mercado monumento playa lago río montaña isla valle bosque cueva cascada pueblo ciudad viejo centro
es: bellas artes
es: instituto sierra cerro santa arte moderno contemporáneo nacional fundación histórico y el los las del al con para por una un
it: museo galleria torre palazzo chiesa cappella duomo basilica abbazia moschea tempio monastero castello
it: ponte piazza
it: via parco giardino casa sala teatro biblioteca stazione aeroporto università mercato spiaggia lago
it: fiume monte
it: isola valle bosco grotta cascata villaggio città vecchia centro belle arti arte moderna contemporanea
it: nazionale
it: istituto monte santa san pinacoteca fondazione civico civica raccolta diocesano il lo gli della delle degli dei nel nella di da
it: con per
pt: museu galeria torre edifício igreja capela catedral sé basílica abadia mosteiro castelo palácio forte
pt: ponte praça
pt: rua avenida parque jardim casa teatro biblioteca estação aeroporto universidade mercado praia lago rio
pt: monte ilha
pt: vale floresta caverna cachoeira vila cidade belas artes arte moderna contemporânea fundação história e
pt: o os do da
pt: instituto serra santa são dos das no na nos nas ao com para por um uma
ca: museu galeria torre edifici església capella catedral castell palau pont plaça carrer parc casa teatre
ca: biblioteca
ca: estació mercat platja riu muntanya illa vall cova ciutat d'art fundació i els les amb per
gl: igrexa praza praia museo rúa concello illa
nl: museum toren gebouw kerk kapel kathedraal abdij klooster kasteel paleis brug plein straat park tuin
nl: huis zaal
nl: schouwburg bibliotheek luchthaven universiteit markt strand meer rivier berg eiland bos grot dorp stad
nl: oude nieuwe
nl: kunst stedelijk gemeentemuseum koninklijke rijksmuseum stichting verzameling het een van voor met bij
nl: en
sv: museum torn kyrka slott kloster bro torg gata park trädgård hus bibliotek flygplats universitet
sv: marknad sjö älv
sv: berg ö dal skog by stad gamla konsthall konstmuseum och av på med nya
da: museum tårn kirke slot kloster bro plads gade park have hus bibliotek lufthavn universitet sø bjerg by
da: gamle
da: kunsthal kunstmuseum og af på den det
no: museum tårn kirke slott bru bro torg gate hus bibliotek lufthavn universitet innsjø fjell øy dal skog
no: kunstmuseum kunsthall kunstforening og av på fjord foss
fi: museo torni kirkko linna silta tori katu puisto talo kirjasto lentoasema yliopisto järvi joki vuori
fi: saari metsä
fi: kylä kaupunki taidemuseo taidehalli ja
is: safn kirkja hús listasafn vatn fjall foss og
et: muuseum torn kirik loss linnus sild väljak tänav park maja järv jõgi saar kunstimuuseum ja
lv: muzejs tornis baznīca pils tilts laukums iela parks nams ezers upe mākslas un
lt: muziejus bokštas bažnyčia pilis tiltas aikštė gatvė parkas namas ežeras upė dailės ir
pl: muzeum galeria wieża wieżowiec kościół kaplica katedra klasztor zamek pałac most plac rynek ulica park
pl: ogród dom
pl: teatr biblioteka dworzec lotnisko uniwersytet targ pomnik plaża jezioro rzeka góra wyspa dolina las
pl: jaskinia wieś
pl: miasto stare sztuki narodowe i w na z im
cs: muzeum galerie věž budova kostel kaple katedrála klášter hrad zámek palác most náměstí ulice park
cs: zahrada dům
cs: divadlo knihovna nádraží letiště univerzita trh pomník jezero řeka hora ostrov údolí les jeskyně
cs: vesnice město
cs: umění národní staré a v na
sk: múzeum galéria veža kostol kaplnka katedrála kláštor hrad zámok palác most námestie ulica park dom
sk: divadlo
sk: knižnica jazero rieka vrch ostrov les jaskyňa mesto národné umenia
hu: múzeum galéria torony templom székesegyház kolostor vár kastély palota híd tér utca park kert ház
hu: színház
hu: könyvtár pályaudvar repülőtér egyetem piac tó folyó hegy sziget völgy erdő barlang falu város
hu: művészeti és
ro: muzeul muzeu galeria turnul biserica catedrala mănăstirea castelul palatul podul piața strada parcul
ro: grădina
ro: casa teatrul biblioteca gara aeroportul universitatea lacul râul muntele insula valea orașul artă
ro: artei și
hr: muzej galerija toranj crkva katedrala samostan dvorac palača most trg ulica park kuća kazalište
hr: knjižnica jezero
hr: rijeka planina otok dolina špilja slap selo grad umjetnosti i
sl: muzej galerija stolp cerkev stolnica samostan grad dvorec most trg ulica park hiša jezero reka gora
sl: otok in
sr: музеј галерија торањ црква манастир тврђава мост трг улица парк кућа позориште језеро река планина
sr: град уметности
sq: muzeu galeria kulla kisha xhamia kalaja ura sheshi rruga parku shtëpia liqeni lumi mali dhe
tr: müzesi müze galerisi kule kulesi kilisesi camii cami köprüsü sarayı kalesi meydanı caddesi sokak parkı
tr: bahçesi
tr: evi tiyatrosu kütüphanesi istasyonu havalimanı üniversitesi çarşısı pazarı anıtı plajı gölü nehri dağı
tr: adası
tr: vadisi ormanı mağarası şelalesi köyü şehri sanat ve
az: muzeyi məscidi qalası körpüsü meydanı küçəsi parkı evi gölü və
ru: музей галерея башня здание церковь часовня собор монастырь замок дворец крепость мост площадь улица
ru: проспект парк
ru: сад дом зал театр библиотека вокзал аэропорт университет рынок памятник пляж озеро река гора остров
ru: долина лес
ru: пещера водопад деревня город старый новый искусств художественный усадьба и в на
uk: музей галерея вежа будинок церква собор монастир замок палац фортеця міст площа вулиця парк сад театр
uk: бібліотека
uk: вокзал річка озеро гора острів місто мистецтв та і
be: музей царква касцёл замак палац вуліца плошча возера горад
bg: музей галерия кула църква катедрала манастир крепост дворец мост площад улица къща театър езеро река
bg: планина град
bg: художествена и на
el: μουσείο πινακοθήκη πύργος ναός εκκλησία μονή κάστρο παλάτι γέφυρα πλατεία οδός πάρκο θέατρο λιμάνι
el: παραλία λίμνη
el: νησί βουνό σπήλαιο πόλη τέχνης και του της
he: מוזיאון מגדל כנסיה בית גשר כיכר רחוב פארק גן נמל חוף ים הר עיר
ar: متحف برج كنيسة مسجد جامع قلعة قصر جسر ميدان شارع حديقة بيت محطة مطار جامعة سوق شاطئ بحيرة نهر جبل
ar: جزيرة وادي مدينة
fa: موزه برج مسجد قلعه کاخ پل میدان خیابان باغ خانه کوه رود
hi: संग्रहालय मंदिर किला महल पुल मस्जिद
id: museum gedung menara gereja masjid candi benteng istana jembatan taman rumah perpustakaan stasiun
id: bandara
id: universitas pasar pantai danau sungai gunung pulau lembah hutan gua desa kota seni nasional dan di
ms: muzium menara masjid istana jambatan taman rumah lapangan pasar pantai tasik sungai gunung pulau
ms: kampung seni negara
vi: bảo tàng tháp nhà thờ chùa đền cầu quảng trường đường công viên ga sân bay đại học chợ hồ sông núi đảo
vi: thành phố
th: พิพิธภัณฑ์ วัด สะพาน ถนน ตลาด
ja: 美術館 博物館 記念館 資料館 神社 寺 城 駅 公園 橋 塔 タワー ビル 大学 美術 文学館 bijutsukan kinenkan
ja: hakubutsukan jinja kaikan
zh: 博物馆 博物院 美术馆 大厦 中心 广场 公园 大学 寺 塔 桥 路 街 博物館 大樓 廣場 艺术 dasha
ko: 박물관 미술관 타워 빌딩 공원 대학교 역 사찰 다리 시립 국립 아트센터
ka: მუზეუმი ეკლესია მონასტერი ციხე
hy: թանգարան եկեղեցի վանք
cy: amgueddfa castell eglwys
ga: músaem caisleán
eu: museoa eliza kultur etxea
"""


@cache
def kind_words() -> dict[str, tuple[str, ...]]:
    """Every kind word, normalised, with the ISO 639-1 codes of the languages that use it."""
    words: dict[str, list[str]] = {}
    for line in _KINDS.strip().splitlines():
        language, _, text = line.partition(": ")
        for word in text.split():
            languages = words.setdefault(normalise(word), [])
            if language not in languages:
                languages.append(language)
    return {word: tuple(languages) for word, languages in words.items()}


# script, by the first word of the Unicode names of its letters: the languages written in it
SCRIPT_LANGUAGES = {
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "HANGUL": ("ko",),
    "THAI": ("th",),
    "LAO": ("lo",),
    "KHMER": ("km",),
    "MYANMAR": ("my",),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy",),
    "GREEK": ("el",),
    "HEBREW": ("he",),
    "TIBETAN": ("bo", "dz"),
    "ETHIOPIC": ("am", "ti"),
    "SINHALA": ("si",),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "BENGALI": ("bn",),
    "GUJARATI": ("gu",),
    "GURMUKHI": ("pa",),
    "KANNADA": ("kn",),
    "MALAYALAM": ("ml",),
    "DEVANAGARI": ("hi", "ne", "mr"),
    "THAANA": ("dv",),
    "ARABIC": ("ar", "fa", "ur", "ps"),
    "CYRILLIC": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"),
    "CJK": ("zh", "cmn", "yue", "ja"),
}

_FUNCTION = """
a al am an and at au aux by da das de dei del della der des di die do dos du e ed el en et for from i il im in its la
las le les lo los na near o of on os the their to und van von w with y z zu zum zur и в на
"""
_PREPOSITIONS = "in at near from de di du da en em bei im am w v в во na i nach zu te"
_BEFORE_COMMON = "a an my your his her our their very so this that i we you is are was"
_NATURE = "island islands isles mountain mountains hills lake lakes river forest valley falls creek bay"
_STREETS = "street road avenue ave boulevard blvd drive lane square quay улица strasse str straat via rue calle"

FUNCTION_WORDS = frozenset(_FUNCTION.split())  # join names, and belong to none where they stand at its edge
PREPOSITIONS = frozenset(_PREPOSITIONS.split())  # a place follows
BEFORE_COMMON_WORDS = frozenset(_BEFORE_COMMON.split())  # a word that is also a name is no name after these
NATURE_WORDS = frozenset(_NATURE.split())  # after the name of a city, something else of that name
STREET_WORDS = frozenset(_STREETS.split())  # after any name, a street called after it
