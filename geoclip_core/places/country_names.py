"""What people call countries: formal names, names in their own and in the large languages, demonyms.

Written for this project from general knowledge. A country may take several lines; after ``;`` come demonyms,
which hint at a country ("Egyptian museum") where a name states it.
"""

from __future__ import annotations

_TABLE = """
AD Andorra|Principat d'Andorra|Andorre
AE United Arab Emirates|UAE|U.A.E.|Emirates|Emirats arabes unis|Emiratos Árabes Unidos
AE الإمارات|阿联酋 ; Emirati
AF Afghanistan|افغانستان|Afganistán|阿富汗 ; Afghan
AG Antigua and Barbuda
AL Albania|Shqipëria|Shqipëri|Albanie|Albanien ; Albanian
AM Armenia|Հայաստան|Hayastan|Arménie|Armenien|Армения ; Armenian
AO Angola ; Angolan
AQ Antarctica|Antarctic|Antarktis|Antártida|Antarctique|Антарктида|南极洲|南極 ; Antarctic
AR Argentina|República Argentina|Argentine Republic|Argentine|Argentinien|Аргентина|阿根廷
AR ; Argentine|Argentinian|argentino
AT Austria|Österreich|Autriche|Oostenrijk|Австрия|オーストリア|奥地利 ; Austrian|österreichisch
AU Australia|Commonwealth of Australia|Australie|Australien|Австралия|オーストラリア
AU 澳大利亚|호주 ; Australian|Aussie
AZ Azerbaijan|Azərbaycan|Aserbaidschan|Азербайджан ; Azerbaijani|Azeri
BA Bosnia and Herzegovina|Bosnia|Bosna i Hercegovina|Bosna|Bosnia-Herzegovina|Bosnien ; Bosnian
BB Barbados ; Barbadian|Bajan
BD Bangladesh|বাংলাদেশ|孟加拉国 ; Bangladeshi
BE Belgium|Belgique|België|Belgien|Bélgica|Belgio|Бельгия|ベルギー|比利时 ; Belgian|belge|Flemish
BF Burkina Faso|Burkina
BG Bulgaria|България|Bulgarien|Bulgarie|Болгария ; Bulgarian|български
BH Bahrain|البحرين ; Bahraini
BI Burundi
BJ Benin|Bénin
BN Brunei|Brunei Darussalam
BO Bolivia|Plurinational State of Bolivia|Bolivia Plurinational State of|Bolivie|Боливия
BO ; Bolivian|boliviano
BR Brazil|Brasil|Brésil|Brasilien|Brasile|Бразилия|ブラジル|巴西|브라질 ; Brazilian|brasileiro|brasileira
BS Bahamas|The Bahamas ; Bahamian
BT Bhutan|འབྲུག་ཡུལ|不丹 ; Bhutanese
BW Botswana
BY Belarus|Беларусь|Belarus'|Weißrussland|Biélorussie|Белоруссия ; Belarusian
BZ Belize ; Belizean
CA Canada|Kanada|Canadá|Канада|カナダ|加拿大|캐나다 ; Canadian|canadien
CD Democratic Republic of the Congo|DR Congo|DRC|Congo-Kinshasa
CD République démocratique du Congo|Zaire ; Congolese
CF Central African Republic|République centrafricaine|Centrafrique
CG Congo|Republic of the Congo|Congo-Brazzaville|République du Congo
CH Switzerland|Schweiz|Suisse|Svizzera|Svizra|Suiza|Zwitserland|Swiss Confederation
CH Швейцария|スイス|瑞士 ; Swiss|schweizerisch
CI Ivory Coast|Côte d'Ivoire|Cote d Ivoire|Elfenbeinküste|Costa de Marfil ; Ivorian
CL Chile|Chili|Республика Чили|Чили|智利 ; Chilean|chileno
CM Cameroon|Cameroun|Kamerun ; Cameroonian
CN China|People's Republic of China|PRC|中国|中國|Chine|Cina|Китай|중국|الصين
CN Mainland China ; Chinese|chinois
CO Colombia|Colombie|Kolumbien|Колумбия|哥伦比亚 ; Colombian|colombiano
CR Costa Rica ; Costa Rican
CU Cuba|Kuba|Куба|古巴 ; Cuban|cubano
CV Cape Verde|Cabo Verde|Cap-Vert
CY Cyprus|Κύπρος|Kıbrıs|Chypre|Zypern|Chipre|Кипр ; Cypriot
CZ Czechia|Czech Republic|Česko|Česká republika|Tschechien|Tchéquie|Чехия|チェコ|捷克
CZ ; Czech|český|česká|české
DE Germany|Deutschland|Federal Republic of Germany|Allemagne|Alemania|Germania|Alemanha|Duitsland
DE Niemcy|Tyskland|Германия|ドイツ|德国|德國|독일|ألمانيا ; German|deutsche|deutsches|deutscher|allemand
DJ Djibouti
DK Denmark|Danmark|Dänemark|Danemark|Dinamarca|Дания|デンマーク|丹麦 ; Danish|dansk
DM Dominica
DO Dominican Republic|República Dominicana|Dominikanische Republik
DZ Algeria|Algérie|الجزائر|Algerien|Argelia|Алжир ; Algerian|algérien
EC Ecuador|Équateur|Эквадор ; Ecuadorian|ecuatoriano
EE Estonia|Eesti|Estland|Estonie|Viro|Эстония ; Estonian
EG Egypt|Arab Republic of Egypt|مصر|Égypte|Ägypten|Egipto|Egitto|Misr|Египет|エジプト|埃及
EG 이집트 ; Egyptian|égyptien
EH Western Sahara|Sahrawi Republic ; Sahrawi
ER Eritrea ; Eritrean
ES Spain|España|Espagne|Spanien|Spagna|Espanha|Spanje|Espanya|Испания|スペイン|西班牙|스페인|إسبانيا
ES Kingdom of Spain ; Spanish|español|española|espagnol
ET Ethiopia|ኢትዮጵያ|Éthiopie|Äthiopien|Abyssinia|Эфиопия ; Ethiopian
FI Finland|Suomi|Finnland|Finlande|Finlandia|Финляндия|フィンランド|芬兰 ; Finnish|suomen
FJ Fiji|Viti|Fidji ; Fijian
FM Micronesia|Federated States of Micronesia|Micronesia Federated States of ; Micronesian
FO Faroe Islands|Føroyar|Færøerne|Faroes ; Faroese
FR France|French Republic|République française|Frankreich|Francia|França|Frankrijk|Franța
FR Франция|フランス|法国
FR 法國|프랑스|فرنسا ; French|français|française|francesa
GA Gabon ; Gabonese
GB United Kingdom|United Kingdom of Great Britain and Northern Ireland|UK|U.K.|Great Britain|Britain
GB Royaume-Uni|Vereinigtes Königreich|Großbritannien|Grande-Bretagne|Reino Unido|Gran Bretaña|Regno Unito
GB Великобритания|イギリス|英国|英國|영국|المملكة المتحدة ; British
GD Grenada
GE Georgia|საქართველო|Sakartvelo|Géorgie|Georgien|Грузия ; Georgian
GH Ghana ; Ghanaian
GL Greenland|Kalaallit Nunaat|Grønland|Grönland|Groenland ; Greenlandic
GM Gambia|The Gambia|Gambia the
GN Guinea|Guinée
GQ Equatorial Guinea
GR Greece|Ελλάδα|Hellas|Hellenic Republic|Griechenland|Grèce|Grecia|Греция|ギリシャ|希腊
GR Yunanistan ; Greek|Hellenic
GT Guatemala|Гватемала ; Guatemalan
GW Guinea-Bissau
GY Guyana ; Guyanese
HK Hong Kong|香港|Hongkong|Гонконг|홍콩
HN Honduras ; Honduran
HR Croatia|Hrvatska|Kroatien|Croatie|Croacia|Croazia|Хорватия|クロアチア|克罗地亚 ; Croatian|hrvatski
HT Haiti|Haïti|Ayiti ; Haitian
HU Hungary|Magyarország|Ungarn|Hongrie|Hungría|Ungheria|Венгрия|ハンガリー|匈牙利 ; Hungarian|magyar
ID Indonesia|Indonésie|Indonesien|Индонезия|インドネシア|印度尼西亚|印尼|인도네시아 ; Indonesian
IE Ireland|Republic of Ireland|Éire|Irland|Irlande|Irlanda|Ирландия|アイルランド|爱尔兰 ; Irish
IL Israel|ישראל|إسرائيل|Israël|Израиль|イスラエル|以色列 ; Israeli
IN India|भारत|Bharat|Inde|Indien|Индия|インド|印度|인도|Republic of India ; Indian
IQ Iraq|العراق|Irak|Ирак|伊拉克 ; Iraqi
IR Iran|ایران|Islamic Republic of Iran|Iran Islamic Republic of|Persia|Иран|伊朗 ; Iranian|Persian
IS Iceland|Ísland|Islande|Islandia|Islanda|IJsland|Исландия|アイスランド|冰岛 ; Icelandic
IT Italy|Italia|Italien|Italie|Itália|Italië|Włochy|Италия|イタリア|意大利|이탈리아
IT إيطاليا ; Italian|italiano|italiana
JM Jamaica|Jamaïque|Jamaika|Ямайка ; Jamaican
JO Jordan|الأردن|Jordanie|Jordanien|Jordania|Иордания|约旦|Hashemite Kingdom of Jordan ; Jordanian
JP Japan|日本|Nippon|Nihon|Japon|Japón|Giappone|Япония|일본|اليابان|日本国 ; Japanese|japonais|japanisch
KE Kenya|Kenia|Кения|肯尼亚 ; Kenyan
KG Kyrgyzstan|Кыргызстан|Kirghizistan|Kirgisistan|Киргизия|Kyrgyz Republic ; Kyrgyz
KH Cambodia|កម្ពុជា|Kampuchea|Cambodge|Kambodscha|Camboya|Камбоджа|カンボジア|柬埔寨 ; Cambodian|Khmer
KI Kiribati
KM Comoros|Comores
KN Saint Kitts and Nevis
KP North Korea|DPRK|Democratic People's Republic of Korea|조선민주주의인민공화국|북한
KP 北朝鮮|朝鲜 ; North Korean
KR South Korea|Republic of Korea|Korea|대한민국|한국|Corée du Sud|Südkorea|Corea del Sur
KR 韓国|韩国|Корея ; Korean|South Korean
KW Kuwait|الكويت|Koweït ; Kuwaiti
KZ Kazakhstan|Қазақстан|Казахстан|Kasachstan|哈萨克斯坦 ; Kazakh
LA Laos|ລາວ|Lao People's Democratic Republic|Lao PDR|Лаос|老挝 ; Laotian|Lao
LB Lebanon|لبنان|Liban|Libanon|Líbano|Ливан|黎巴嫩 ; Lebanese
LC Saint Lucia
LI Liechtenstein
LK Sri Lanka|ශ්‍රී ලංකා|இலங்கை|Ceylon|Шри-Ланка|スリランカ|斯里兰卡 ; Sri Lankan|Sinhalese
LR Liberia ; Liberian
LS Lesotho ; Basotho
LT Lithuania|Lietuva|Litauen|Lituanie|Lituania|Litwa|Литва|立陶宛 ; Lithuanian
LU Luxembourg|Lëtzebuerg|Luxemburg|Luxemburgo|Люксембург|卢森堡 ; Luxembourgish
LV Latvia|Latvija|Lettland|Lettonie|Letonia|Латвия|拉脱维亚 ; Latvian
LY Libya|ليبيا|Libye|Libyen|Ливия|利比亚 ; Libyan
MA Morocco|المغرب|Maroc|Marokko|Marruecos|Marocco|Марокко|モロッコ|摩洛哥 ; Moroccan|marocain
MC Monaco|Principality of Monaco ; Monegasque
MD Moldova|Republic of Moldova|Republica Moldova|Молдова|Moldau ; Moldovan
ME Montenegro|Crna Gora|Црна Гора|Monténégro|Черногория ; Montenegrin
MG Madagascar|Madagasikara|Мадагаскар ; Malagasy
MH Marshall Islands
MK North Macedonia|Северна Македонија|Македонија|Macedonia|Македония
MK The former Yugoslav Republic of Macedonia ; Macedonian
ML Mali ; Malian
MM Myanmar|Burma|မြန်မာ|Birmanie|Мьянма|ミャンマー|缅甸 ; Burmese
MN Mongolia|Монгол Улс|Mongolie|Mongolei|Монголия|モンゴル|蒙古 ; Mongolian
MO Macau|Macao|澳門|澳门|マカオ
MR Mauritania|موريتانيا|Mauritanie ; Mauritanian
MT Malta|Malte|Мальта ; Maltese
MU Mauritius|Île Maurice ; Mauritian
MV Maldives|Malediven|ދިވެހިރާއްޖެ|Мальдивы|モルディブ ; Maldivian
MW Malawi ; Malawian
MX Mexico|México|Mexique|Mexiko|Messico|Мексика|メキシコ|墨西哥|멕시코 ; Mexican|mexicano|mexicana
MY Malaysia|Malaisie|Малайзия|マレーシア|马来西亚|말레이시아 ; Malaysian|Malay
MZ Mozambique|Moçambique|Mosambik ; Mozambican
NA Namibia|Namibie|Намибия ; Namibian
NC New Caledonia|Nouvelle-Calédonie
NE Niger
NG Nigeria|Нигерия|尼日利亚 ; Nigerian
NI Nicaragua|Никарагуа ; Nicaraguan
NL Netherlands|Nederland|The Netherlands|Holland|Niederlande|Pays-Bas|Países Bajos|Holanda|Paesi Bassi
NL Нидерланды|Голландия|オランダ|荷兰|네덜란드 ; Dutch|Nederlands|Nederlandse
NO Norway|Norge|Noreg|Norwegen|Norvège|Noruega|Norvegia|Noorwegen|Норвегия|ノルウェー|挪威
NO ; Norwegian|norsk
NP Nepal|नेपाल|Népal|Непал|ネパール|尼泊尔 ; Nepalese|Nepali
NZ New Zealand|Aotearoa|Neuseeland|Nouvelle-Zélande|Nueva Zelanda|Новая Зеландия
NZ ニュージーランド|新西兰 ; Kiwi|Maori
OM Oman|عمان|سلطنة عمان ; Omani
PA Panama|Panamá|Панама ; Panamanian
PE Peru|Perú|Pérou|Перу|ペルー|秘鲁|페루 ; Peruvian|peruano
PF French Polynesia|Polynésie française ; Polynesian|Tahitian
PG Papua New Guinea|Papouasie-Nouvelle-Guinée ; Papuan
PH Philippines|The Philippines|Pilipinas|Filipinas|Philippinen|Филиппины|フィリピン|菲律宾
PH 필리핀 ; Filipino|Philippine
PK Pakistan|پاکستان|Пакистан|パキスタン|巴基斯坦 ; Pakistani
PL Poland|Polska|Polen|Pologne|Polonia|Polônia|Польша|ポーランド|波兰|폴란드
PL ; Polish|polski|polskie|polska
PR Puerto Rico|Porto Rico|Пуэрто-Рико ; Puerto Rican
PS Palestine|Palestinian Territories|فلسطين|State of Palestine|West Bank|Палестина ; Palestinian
PT Portugal|Португалия|ポルトガル|葡萄牙|포르투갈|البرتغال ; Portuguese|português|portuguesa
PW Palau ; Palauan
PY Paraguay|Парагвай ; Paraguayan
QA Qatar|قطر|Катар|カタール ; Qatari
RE Réunion|La Réunion|Reunion Island
RO Romania|România|Rumänien|Roumanie|Rumanía|Rumania|Румыния|ルーマニア|罗马尼亚
RO ; Romanian|românesc|românească
RS Serbia|Србија|Srbija|Serbien|Serbie|Сербия|セルビア|塞尔维亚 ; Serbian|српски
RU Russia|Россия|Russian Federation|Russland|Russie|Rusia|Российская Федерация|Rossiya
RU Rosja|ロシア|俄罗斯|러시아
RU روسيا|USSR|СССР|Soviet Union ; Russian|русский|русская
RW Rwanda ; Rwandan
SA Saudi Arabia|المملكة العربية السعودية|السعودية|KSA|Arabie saoudite|Saudi-Arabien
SA Arabia Saudí|沙特阿拉伯 ; Saudi
SB Solomon Islands
SC Seychelles ; Seychellois
SD Sudan|السودان|Soudan ; Sudanese
SE Sweden|Sverige|Schweden|Suède|Suecia|Svezia|Zweden|Швеция|スウェーデン|瑞典|스웨덴
SE ; Swedish|svensk|svenska
SG Singapore|新加坡|Singapura|சிங்கப்பூர்|Singapour|Singapur|Сингапур|シンガポール|싱가포르 ; Singaporean
SI Slovenia|Slovenija|Slowenien|Slovénie|Словения|スロベニア ; Slovenian|Slovene
SK Slovakia|Slovensko|Slowakei|Slovaquie|Eslovaquia|Slovak Republic|Словакия|スロバキア
SK ; Slovak|slovenský|slovenská
SL Sierra Leone
SM San Marino|Republic of San Marino
SN Senegal|Sénégal ; Senegalese
SO Somalia|Soomaaliya|الصومال|Somaliland ; Somali
SR Suriname|Surinam ; Surinamese
SS South Sudan
ST São Tomé and Príncipe|Sao Tome
SV El Salvador ; Salvadoran
SY Syria|سوريا|سورية|Syrian Arab Republic|Syrie|Syrien|Siria|Сирия|叙利亚 ; Syrian
SZ Eswatini|Swaziland ; Swazi
TD Chad|Tchad|تشاد ; Chadian
TG Togo ; Togolese
TH Thailand|ประเทศไทย|ไทย|Siam|Thaïlande|Tailandia|Таиланд|タイ王国|泰国|泰國|태국 ; Thai|Siamese
TJ Tajikistan|Тоҷикистон|Tadschikistan|Таджикистан ; Tajik
TL Timor-Leste|East Timor ; Timorese
TM Turkmenistan|Türkmenistan|Туркменистан ; Turkmen
TN Tunisia|تونس|Tunisie|Tunesien|Túnez|Тунис ; Tunisian
TO Tonga ; Tongan
TR Turkey|Türkiye|Turkiye|Türkei|Turquie|Turquía|Turchia|Турция|トルコ|土耳其|터키|تركيا ; Turkish|Türk
TT Trinidad and Tobago|Trinidad
TW Taiwan|臺灣|台灣|台湾|Republic of China|Taïwan|Formosa|Тайвань|대만 ; Taiwanese
TZ Tanzania|United Republic of Tanzania|Tanzanie|Tansania|Танзания|坦桑尼亚 ; Tanzanian
UA Ukraine|Україна|Ukrayina|Ucrania|Ucraina|Украина|ウクライナ|乌克兰|우크라이나 ; Ukrainian
UG Uganda|Ouganda ; Ugandan
US United States|United States of America|USA|U.S.A.|US|U.S.|America|États-Unis
US Vereinigte Staaten|Estados Unidos
US EE.UU.|Stati Uniti|Verenigde Staten|EUA|США|Соединённые Штаты|アメリカ|アメリカ合衆国|美国|美國|미국
US أمريكا|الولايات المتحدة|Etats Unis|Amerika ; American|américain
UY Uruguay|Уругвай ; Uruguayan
UZ Uzbekistan|Oʻzbekiston|Узбекистан|Usbekistan|Ouzbékistan|乌兹别克斯坦 ; Uzbek
VA Vatican City|Vatican|Holy See|Città del Vaticano|Vaticano|Vatikan|Ватикан|バチカン|梵蒂冈 ; Papal
VC Saint Vincent and the Grenadines
VE Venezuela|Bolivarian Republic of Venezuela|Венесуэла|委内瑞拉 ; Venezuelan|venezolano
VN Vietnam|Viet Nam|Việt Nam|Viêt Nam|Вьетнам|ベトナム|越南|베트남 ; Vietnamese
VU Vanuatu
WS Samoa|Western Samoa ; Samoan
XK Kosovo|Kosova|Косово ; Kosovar
YE Yemen|اليمن|Yémen|Jemen|Йемен|也门 ; Yemeni
ZA South Africa|Suid-Afrika|Afrique du Sud|Südafrika|Sudáfrica|ЮАР|Mzansi|南アフリカ
ZA 南非 ; South African
ZM Zambia|Sambia ; Zambian
ZW Zimbabwe|Simbabwe|Зимбабве|Rhodesia ; Zimbabwean
"""

_TERRITORIES = {
    "AU": "CC CX HM NF",
    "CN": "HK MO",
    "DK": "FO GL",
    "FI": "AX",
    "FR": "BL GF GP MF MQ NC PF PM RE TF WF YT",
    "GB": "AI BM FK GG GI GS IM IO JE KY MS PN SH TC VG",
    "NL": "AW BQ CW SX",
    "NO": "BV SJ",
    "NZ": "CK NU TK",
    "US": "AS GU MP PR UM VI",
}

SOVEREIGN = {code: sovereign for sovereign, codes in _TERRITORIES.items() for code in codes.split()}
"""The country that a territory with a code of its own belongs to: "New Caledonia, France" agrees."""


def country_names() -> list[tuple[str, str, bool]]:
    """All names, as (ISO 3166-1 alpha-2 code, name, whether it is a demonym)."""
    rows: list[tuple[str, str, bool]] = []
    for line in _TABLE.strip().splitlines():
        code, _, rest = line.partition(" ")
        names, _, demonyms = rest.partition("; ")
        rows += [(code, name.strip(), False) for name in names.split("|") if name.strip()]
        rows += [(code, name.strip(), True) for name in demonyms.split("|") if name.strip()]
    return rows
