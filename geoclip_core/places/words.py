"""Words that name a kind of thing and no place, in many languages, and the languages they belong to.

"Museum", "Kunsthalle" and "мост" say what a place is. Alone they are no evidence of where it is (there are
villages called Tower and Museum), but their language is. Written for this project from general knowledge.
"""

from __future__ import annotations

from functools import cache

from geoclip_core.places.names import normalise

# language code (ISO 639-1): words
_KINDS = """
en: museum museums gallery galleries tower towers building buildings church chapel cathedral basilica abbey mosque
en: temple shrine monastery castle palace fort fortress bridge square street road avenue lane park garden gardens
en: house home hall theatre theater library station airport university college school market monument memorial beach
en: lake river mountain mountains hill hills island islands valley forest cave caves falls waterfall village town
en: city county district centre center plaza place court hotel tavern inn restaurant cafe bar shop mall statue
en: fountain lighthouse harbor harbour port bay cliff gate wall ruins site sites landscape landscapes historic
en: historical history art arts fine modern contemporary national international royal state public regional
en: municipal central old new great grand upper lower north south east west northern southern eastern western first
en: second science natural nature wildlife heritage archaeological archeological cultural culture collection
en: collections foundation institute academy company bank office offices headquarters apartments residence
en: residences suites club society medical hospital clinic stadium arena dome sky sun moon star view point bluff
en: ridge canyon desert ocean sea coast cape creek glacier pass peak volcano geyser spring springs summer winter
en: autumn day night sunset sunrise morning evening wedding party birthday trip holiday vacation travel christmas
en: festival concert band show game race parade photo photos picture image me my our your his her us friends family
en: baby dog cat bird flower tree trees food dinner lunch car train bus boat ship plane bike girl boy man woman
en: people group world trade one two three four five six seven eight nine ten red blue green black white yellow
en: golden silver union liberty independence victory queen king prince princess saint holy sacred big little small
en: long high tall deep young ancient medieval early life love time war peace light dark fire water stone rock wood
en: iron steel glass gold diamond crystal pearl crown cross lion eagle horse fish cotton apple rose lily orange
en: financial commercial residential corporate federal terrace heights gateway waterfront riverside from with and
en: the of in at on by for to near a an is are was this that it its into under over between inside st rd ave blvd
en: boulevard drive highway tunnel dam mill farm barn ranch vineyard winery brewery factory complex estate mansion
en: villa cottage manor pavilion pagoda stupa tomb mausoleum cemetery grave crypt catacombs exhibition exhibit
en: children childrens folk craft crafts design photography sculpture print textile toy doll maritime naval military
en: army aviation railway railroad transport technology industrial mining aquarium zoo botanical planetarium
en: observatory theme amusement opera cinema music dance literary sport sports football former ex old-time top
en: bottom left right front back side end middle corner edge way path trail route walk tour sand dunes snow ice fog
en: cloud clouds storm rain wind wave waves reef jungle savanna steppe tundra marsh swamp camels camel elephants
en: penguins reindeer kangaroo llama alpaca onion domes rice terraces tea field fields
de: museum kunsthalle kunstverein kunstmuseum galerie turm hochhaus gebäude kirche dom münster kloster schloss burg
de: brücke platz straße strasse weg park garten haus halle theater bibliothek bahnhof flughafen universität markt
de: denkmal strand see fluss berg insel tal wald höhle wasserfall dorf stadt altstadt rathaus zentrum tor stiftung
de: sammlung stadtmuseum heimatmuseum landesmuseum und der die das den dem des im am zum zur für von mit bei
fr: musée galerie tour immeuble église chapelle cathédrale basilique abbaye mosquée temple monastère château palais
fr: fort pont place rue avenue parc jardin maison salle théâtre bibliothèque gare aéroport université marché
fr: monument plage lac rivière montagne île vallée forêt grotte cascade village ville vieux vieille centre hôtel
fr: beaux-arts beaux art arts moderne contemporain fondation nationale histoire quartier et du des le la les au aux
fr: institut tours sur sous dans avec pour une un mont saint sainte
es: museo galería torre edificio iglesia capilla catedral basílica abadía mezquita templo monasterio castillo
es: palacio fuerte puente plaza calle avenida parque jardín casa sala teatro biblioteca estación aeropuerto
es: universidad mercado monumento playa lago río montaña isla valle bosque cueva cascada pueblo ciudad viejo centro
es: bellas artes instituto sierra cerro santa arte moderno contemporáneo nacional fundación histórico y el los las
es: del al con para por una un
it: museo galleria torre palazzo chiesa cappella duomo basilica abbazia moschea tempio monastero castello ponte
it: piazza via parco giardino casa sala teatro biblioteca stazione aeroporto università mercato spiaggia lago fiume
it: monte isola valle bosco grotta cascata villaggio città vecchia centro belle arti arte moderna contemporanea
it: nazionale istituto santa san pinacoteca fondazione civico civica raccolta diocesano il lo gli della delle degli
it: dei nel nella di da con per
pt: museu galeria torre edifício igreja capela catedral sé basílica abadia mosteiro castelo palácio forte ponte
pt: praça rua avenida parque jardim casa teatro biblioteca estação aeroporto universidade mercado praia lago rio
pt: monte ilha vale floresta caverna cachoeira vila cidade belas artes arte moderna contemporânea fundação história
pt: e o os do da instituto serra santa são dos das no na nos nas ao com para por um uma
ca: museu galeria torre edifici església capella catedral castell palau pont plaça carrer parc casa teatre
ca: biblioteca estació mercat platja riu muntanya illa vall cova ciutat d'art fundació i els les amb per
gl: igrexa praza praia museo rúa concello illa
nl: museum toren gebouw kerk kapel kathedraal abdij klooster kasteel paleis brug plein straat park tuin huis zaal
nl: schouwburg bibliotheek luchthaven universiteit markt strand meer rivier berg eiland bos grot dorp stad oude
nl: nieuwe kunst stedelijk gemeentemuseum koninklijke rijksmuseum stichting verzameling het een van voor met bij en
sv: museum torn kyrka slott kloster bro torg gata park trädgård hus bibliotek flygplats universitet marknad sjö älv
sv: berg ö dal skog by stad gamla konsthall konstmuseum och av på med nya
da: museum tårn kirke slot kloster bro plads gade park have hus bibliotek lufthavn universitet sø bjerg by gamle
da: kunsthal kunstmuseum og af på den det
no: museum tårn kirke slott bru bro torg gate hus bibliotek lufthavn universitet innsjø fjell øy dal skog
no: kunstmuseum kunsthall kunstforening og av på fjord foss
fi: museo torni kirkko linna silta tori katu puisto talo kirjasto lentoasema yliopisto järvi joki vuori saari metsä
fi: kylä kaupunki taidemuseo taidehalli ja
is: safn kirkja hús listasafn vatn fjall foss og
et: muuseum torn kirik loss linnus sild väljak tänav park maja järv jõgi saar kunstimuuseum ja
lv: muzejs tornis baznīca pils tilts laukums iela parks nams ezers upe mākslas un
lt: muziejus bokštas bažnyčia pilis tiltas aikštė gatvė parkas namas ežeras upė dailės ir
pl: muzeum galeria wieża wieżowiec kościół kaplica katedra klasztor zamek pałac most plac rynek ulica park ogród dom
pl: teatr biblioteka dworzec lotnisko uniwersytet targ pomnik plaża jezioro rzeka góra wyspa dolina las jaskinia
pl: wieś miasto stare sztuki narodowe i w na z im
cs: muzeum galerie věž budova kostel kaple katedrála klášter hrad zámek palác most náměstí ulice park zahrada dům
cs: divadlo knihovna nádraží letiště univerzita trh pomník jezero řeka hora ostrov údolí les jeskyně vesnice město
cs: umění národní staré a v na
sk: múzeum galéria veža kostol kaplnka katedrála kláštor hrad zámok palác most námestie ulica park dom divadlo
sk: knižnica jazero rieka vrch ostrov les jaskyňa mesto národné umenia
hu: múzeum galéria torony templom székesegyház kolostor vár kastély palota híd tér utca park kert ház színház
hu: könyvtár pályaudvar repülőtér egyetem piac tó folyó hegy sziget völgy erdő barlang falu város művészeti és
ro: muzeul muzeu galeria turnul biserica catedrala mănăstirea castelul palatul podul piața strada parcul grădina
ro: casa teatrul biblioteca gara aeroportul universitatea lacul râul muntele insula valea orașul artă artei și
hr: muzej galerija toranj crkva katedrala samostan dvorac palača most trg ulica park kuća kazalište knjižnica jezero
hr: rijeka planina otok dolina špilja slap selo grad umjetnosti i
sl: muzej galerija stolp cerkev stolnica samostan grad dvorec most trg ulica park hiša jezero reka gora otok in
sr: музеј галерија торањ црква манастир тврђава мост трг улица парк кућа позориште језеро река планина град
sr: уметности
sq: muzeu galeria kulla kisha xhamia kalaja ura sheshi rruga parku shtëpia liqeni lumi mali dhe
tr: müzesi müze galerisi kule kulesi kilisesi camii cami köprüsü sarayı kalesi meydanı caddesi sokak parkı bahçesi
tr: evi tiyatrosu kütüphanesi istasyonu havalimanı üniversitesi çarşısı pazarı anıtı plajı gölü nehri dağı adası
tr: vadisi ormanı mağarası şelalesi köyü şehri sanat ve
az: muzeyi məscidi qalası körpüsü meydanı küçəsi parkı evi gölü və
ru: музей галерея башня здание церковь часовня собор монастырь замок дворец крепость мост площадь улица проспект
ru: парк сад дом зал театр библиотека вокзал аэропорт университет рынок памятник пляж озеро река гора остров долина
ru: лес пещера водопад деревня город старый новый искусств художественный усадьба и в на
uk: музей галерея вежа будинок церква собор монастир замок палац фортеця міст площа вулиця парк сад театр бібліотека
uk: вокзал річка озеро гора острів місто мистецтв та і
be: музей царква касцёл замак палац вуліца плошча возера горад
bg: музей галерия кула църква катедрала манастир крепост дворец мост площад улица къща театър езеро река планина
bg: град художествена и на
el: μουσείο πινακοθήκη πύργος ναός εκκλησία μονή κάστρο παλάτι γέφυρα πλατεία οδός πάρκο θέατρο λιμάνι παραλία λίμνη
el: νησί βουνό σπήλαιο πόλη τέχνης και του της
he: מוזיאון מגדל כנסיה בית גשר כיכר רחוב פארק גן נמל חוף ים הר עיר
ar: متحف برج كنيسة مسجد جامع قلعة قصر جسر ميدان شارع حديقة بيت محطة مطار جامعة سوق شاطئ بحيرة نهر جبل جزيرة وادي
ar: مدينة
fa: موزه برج مسجد قلعه کاخ پل میدان خیابان باغ خانه کوه رود
hi: संग्रहालय मंदिर किला महल पुल मस्जिद
id: museum gedung menara gereja masjid candi benteng istana jembatan taman rumah perpustakaan stasiun bandara
id: universitas pasar pantai danau sungai gunung pulau lembah hutan gua desa kota seni nasional dan di
ms: muzium menara masjid istana jambatan taman rumah lapangan pasar pantai tasik sungai gunung pulau kampung seni
ms: negara
vi: bảo tàng tháp nhà thờ chùa đền cầu quảng trường đường công viên ga sân bay đại học chợ hồ sông núi đảo thành phố
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
_ENGLISH_PLACES = """
museum museums gallery tower towers building buildings church chapel cathedral abbey castle palace fort bridge square
street road avenue lane park garden gardens house hall theatre theater library station airport university college
school monument memorial county district centre center plaza place court hotel tavern inn terrace heights gateway
waterfront riverside boulevard drive highway tunnel mill farm barn ranch winery brewery factory mansion cottage manor
pavilion aquarium zoo headquarters apartments residences suites bank arena stadium lighthouse pier wharf
"""
_PREPOSITIONS = "in at near from de di du da en em bei im am w v в во na i nach zu te"
_BEFORE_COMMON = "a an my your his her our their very so this that i we you is are was"
_NATURE = "island islands isles mountain mountains hills lake lakes river forest valley falls creek bay"
_STREETS = "street road avenue ave boulevard blvd drive lane square quay улица strasse str straat via rue calle"

FUNCTION_WORDS = frozenset(_FUNCTION.split())  # join names, and belong to none where they stand at its edge
ENGLISH_PLACES = frozenset(_ENGLISH_PLACES.split())  # make a name of English words the name of a place
PREPOSITIONS = frozenset(_PREPOSITIONS.split())  # a place follows
BEFORE_COMMON_WORDS = frozenset(_BEFORE_COMMON.split())  # a word that is also a name is no name after these
NATURE_WORDS = frozenset(_NATURE.split())  # after the name of a city, something else of that name
STREET_WORDS = frozenset(_STREETS.split())  # after any name, a street called after it
