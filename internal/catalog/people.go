package catalog

type demoPlace struct {
	language, origin, names string
	weight                  int
}

var demoPlaces = []demoPlace{
	{"en", "US", "en", 30}, {"en", "GB", "en", 12}, {"en", "AU", "en", 3}, {"en", "IE", "en", 2},
	{"ko", "KR", "ko", 8}, {"es", "ES", "es", 7}, {"es", "MX", "es", 5}, {"es", "AR", "es", 2},
	{"fr", "FR", "fr", 6}, {"de", "DE", "de", 5}, {"ja", "JP", "ja", 5}, {"hi", "IN", "hi", 5},
	{"pt-BR", "BR", "pt", 4}, {"it", "IT", "it", 3}, {"da", "DK", "no", 2}, {"sv", "SE", "no", 3},
	{"tr", "TR", "tr", 2}, {"pl", "PL", "pl", 2}, {"nl", "NL", "de", 1}, {"ar", "EG", "ar", 2},
}

// demoPeople are first and last names by origin; whom they make up together is
// nobody.
var demoPeople = map[string][2][]string{
	"en": {
		{"Nora", "Callum", "Ivy", "Theo", "Marianne", "Dashiell", "Odette", "Rufus", "Leona", "Jonah", "Imogen", "Silas", "Bridie", "Emmett", "Tamsin", "Desmond"},
		{"Ashdown", "Pellworth", "Hartigan", "Lindqvist", "Okafor", "Merriweather", "Thackray", "Dunmore", "Castellan", "Winslade", "Farrow-Hale", "Brannock", "Tolliver", "Quarles"},
	},
	"ko": {
		{"Seo-jin", "Ha-neul", "Min-ah", "Jun-tae", "Yoo-rim", "Dae-hyun", "Eun-byul", "Tae-o"},
		{"Baek", "Noh", "Ryu", "Moon", "Seol", "Gwak", "Pyo", "Cha"},
	},
	"es": {
		{"Inés", "Mateo", "Lucía", "Abril", "Joaquín", "Ximena", "Bruno", "Paloma", "Renata", "Tadeo"},
		{"Villalba", "Cordero", "Arriaga", "Montes", "Ibarra", "Quiroga", "Salcedo", "Beltrán", "Olmedo"},
	},
	"fr": {
		{"Élise", "Bastien", "Maëlle", "Corentin", "Solène", "Anatole", "Capucine", "Rémi"},
		{"Delacourt", "Vasseur", "Montclair", "Béranger", "Lacombe", "Tessier", "Aubry"},
	},
	"de": {
		{"Greta", "Anselm", "Johanna", "Kilian", "Frieda", "Lorenz", "Wiebke", "Matthis"},
		{"Brandt", "Eberlein", "Falkner", "Hagedorn", "Lindemann", "Vossberg", "Wieland"},
	},
	"ja": {
		{"Haruka", "Ren", "Chihiro", "Sora", "Mizuki", "Kaito", "Ayame", "Daichi"},
		{"Kurosaki", "Amano", "Hoshino", "Shiraishi", "Tachibana", "Minase", "Uehara"},
	},
	"hi": {
		{"Anaya", "Vihaan", "Ishika", "Rohan", "Tara", "Kabir", "Meher", "Devika"},
		{"Chandrakar", "Mehrotra", "Rathore", "Subramanian", "Bhandari", "Kulkarni", "Dasgupta"},
	},
	"pt": {
		{"Caetana", "Davi", "Iara", "Benício", "Luana", "Otávio", "Yasmin"},
		{"Figueira", "Mesquita", "Albuquerque", "Teixeira", "Vasconcelos", "Prado"},
	},
	"it": {
		{"Chiara", "Elio", "Ginevra", "Sandro", "Marzia", "Leandro"},
		{"Bellandi", "Ferrigno", "Montanari", "Sartori", "Valsecchi", "Corvino"},
	},
	"no": {
		{"Ida", "Sune", "Astrid", "Viggo", "Linnea", "Rasmus", "Maren", "Tore"},
		{"Holmgaard", "Stensen", "Nyqvist", "Aalborg", "Dahlberg", "Ekeland"},
	},
	"tr": {
		{"Defne", "Kerem", "Elif", "Baran", "Nehir", "Tolga"},
		{"Yıldıran", "Karaca", "Aksoylu", "Demirkan", "Sezgin"},
	},
	"pl": {
		{"Zofia", "Igor", "Hanna", "Kacper", "Mila", "Wiktor"},
		{"Zawadzki", "Borowik", "Lisiecka", "Sadowy", "Wrona"},
	},
	"ar": {
		{"Laila", "Karim", "Nour", "Tarek", "Salma", "Yousef"},
		{"El-Masry", "Haddad", "Mansour", "Al-Amin", "Farouk"},
	},
}

var genreHue = map[string]int{
	"drama": 18, "mystery": 265, "crime": 215, "thriller": 205, "history": 36, "romance": 342,
	"horror": 355, "western": 26, "science fiction": 196, "fantasy": 280, "adventure": 158,
	"family": 44, "comedy": 48, "documentary": 172, "nature": 130, "sport": 100, "animation": 322,
	"war": 70, "music": 300, "medical": 188, "news": 212, "science": 230,
}

var genreThemes = map[string][]string{
	"drama":           {"family secrets", "grief", "coming home", "class divide", "marriage", "identity"},
	"mystery":         {"cold case", "missing person", "unreliable witness", "locked room"},
	"crime":           {"corruption", "heist", "undercover", "organised crime", "justice"},
	"thriller":        {"conspiracy", "surveillance", "race against time", "hostage", "betrayal"},
	"history":         {"empire", "revolution", "true events", "court intrigue"},
	"romance":         {"first love", "slow burn", "long distance", "rivals", "reunion"},
	"horror":          {"haunted house", "folk horror", "isolation", "possession"},
	"western":         {"frontier", "revenge", "land feud", "outlaws"},
	"science fiction": {"space travel", "artificial minds", "time loop", "first contact", "dystopia"},
	"fantasy":         {"magic school", "prophecy", "old gods", "quest", "dragons"},
	"adventure":       {"survival", "treasure", "expedition", "wilderness"},
	"family":          {"friendship", "growing up", "animals", "school"},
	"comedy":          {"workplace", "mistaken identity", "neighbours", "road trip"},
	"documentary":     {"investigation", "craft", "portrait", "archive"},
	"nature":          {"oceans", "wildlife", "climate", "forests"},
	"sport":           {"underdog", "rivalry", "training", "team"},
	"animation":       {"talking animals", "imagination", "bravery"},
	"war":             {"resistance", "comradeship", "home front"},
	"music":           {"band", "fame", "performance", "comeback"},
	"medical":         {"hospital", "ethics", "emergency"},
	"news":            {"current affairs"},
	"science":         {"discovery", "engineering", "cosmos"},
}
