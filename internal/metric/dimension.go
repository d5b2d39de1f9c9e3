package metric

import "playhead/internal/rollup"

// Dimension is something that figures can be grouped and filtered by.
type Dimension struct {
	Name        string `json:"name" doc:"What queries call it."`
	Title       string `json:"title" doc:"What people call it."`
	Description string `json:"description" doc:"What its values are."`
	// MultiValued: a play counts in the group of each of its values.
	MultiValued bool `json:"multi_valued" doc:"Whether one play may have several values: it counts in each group, and the total is not the sum of the rows."`
	// Audience: it says something about people, so that small groups are left out.
	Audience bool `json:"audience" doc:"Whether cells of it with fewer than min_viewers viewers in a week are suppressed."`
	// Finished is true when only finished plays know it, so that answers by it
	// trail by the length of a play; Engine.Describe fills it in.
	Finished bool `json:"finished_plays_only" doc:"Answers by it hold finished plays only and have no latency promise."`
	// Attribute of another dimension, which has to be asked for too.
	Attribute string `json:"attribute_of,omitempty" doc:"The dimension that it is an attribute of; it can only be asked for beside it."`

	physical rollup.Dimension
	text     func(CatalogTitle) string
}

// Dimensions are all dimensions, in the order in which they are shown. An
// empty value means "unknown".
func Dimensions() []Dimension {
	all := []Dimension{
		{Name: "title", Title: "Title", Description: "Title id; /api/v1/catalog/titles has the names.", physical: rollup.Title},
		{Name: "title_name", Title: "Title name", Description: "What the catalogue calls the title now.", Attribute: "title", physical: rollup.Title,
			text: func(t CatalogTitle) string { return t.Name }},
		{Name: "show", Title: "Show", Description: "The series that an episode belongs to, by its id.", physical: rollup.Show},
		{Name: "country", Title: "Country", Description: "ISO 3166-1 alpha-2.", physical: rollup.Country},
		{Name: "region", Title: "Region", Description: "Region within the country, as the client names it.", physical: rollup.Region},
		{Name: "device_type", Title: "Device type", Description: "tv, phone, tablet, desktop, console, set_top_box, other.", physical: rollup.DeviceType},
		{Name: "os", Title: "Operating system", Description: "Operating system.", physical: rollup.OS},
		{Name: "app_version", Title: "App version", Description: "Version of the app.", physical: rollup.AppVersion},
		{Name: "player", Title: "Player", Description: "Player and its version.", physical: rollup.Player},
		{Name: "cdn", Title: "CDN", Description: "Content delivery network, as the player names it.", physical: rollup.CDN},
		{Name: "isp", Title: "ISP", Description: "Internet service provider.", physical: rollup.ISP},
		{Name: "creative", Title: "Creative", Description: "Id of the artwork that was shown.", physical: rollup.Creative},
		{Name: "placement", Title: "Placement", Description: "Where artwork was shown, as the client names it.", physical: rollup.Placement},
		{Name: "rank", Title: "Rank", Description: "How far along its row artwork stood: 1, 2-3, 4-10, 11+.", physical: rollup.RankBucket},
		{Name: "genre", Title: "Genre", Description: "Genre of the title, as of the viewing.", physical: rollup.Genre},
		{Name: "theme", Title: "Theme", Description: "Theme of the title, as of the viewing.", physical: rollup.Theme},
		{Name: "cast", Title: "Cast", Description: "Member of the title's cast, as of the viewing.", physical: rollup.Cast},
		{Name: "language", Title: "Language", Description: "Language of the title, as of the viewing, BCP 47.", physical: rollup.Language},
		{Name: "affinity", Title: "Affinity", Description: "What the viewer likes, kind:value, as of the moment.", physical: rollup.Affinity},
		{Name: "query", Title: "Search text", Description: "What was searched for; only texts of at least min_viewers viewers in a week are shown.", physical: rollup.Query},
	}
	for i := range all {
		all[i].Audience = isAudience(all[i].physical)
		all[i].MultiValued = all[i].physical.MultiValued()
	}
	return all
}

// hidden dimensions leave no row behind when all of it is suppressed: their
// values themselves may tell who.
func (d *Dimension) hidden() bool { return d.physical == rollup.Query }

// dimensionName is what queries call a physical dimension.
func dimensionName(p rollup.Dimension) string {
	for _, d := range Dimensions() {
		if d.physical == p && d.Attribute == "" {
			return d.Name
		}
	}
	return ""
}

// CatalogTitle is what the metric layer knows of a title.
type CatalogTitle struct {
	ID, Name  string
	RuntimeMS int64 // 0 unknown
	// Values are its values of genre, theme, cast, language and show.
	Values map[rollup.Dimension][]string
}
