package metric

import "playhead/internal/rollup"

// Dimension is something that figures can be grouped and filtered by.
type Dimension struct {
	Name        string `json:"name" doc:"What queries call it."`
	Title       string `json:"title" doc:"What people call it."`
	Description string `json:"description" doc:"What its values are."`
	// Finished is true when only finished plays know it, so that answers by it
	// trail by the length of a play.
	Finished bool `json:"finished_plays_only" doc:"Answers by it hold finished plays only and have no latency promise."`

	physical rollup.Dimension
}

// Dimensions are all dimensions, in the order in which they are shown. An
// empty value means "unknown".
func Dimensions() []Dimension {
	return []Dimension{
		{Name: "title", Title: "Title", Description: "Title id; /api/v1/catalog/titles has the names.", physical: rollup.Title},
		{Name: "country", Title: "Country", Description: "ISO 3166-1 alpha-2.", physical: rollup.Country},
		{Name: "device_type", Title: "Device type", Description: "tv, phone, tablet, desktop, console, set_top_box, other.", physical: rollup.DeviceType},
		{Name: "cdn", Title: "CDN", Description: "Content delivery network, as the player names it.", physical: rollup.CDN},
		{Name: "region", Title: "Region", Description: "Region within the country, as the client names it.", Finished: true, physical: rollup.Region},
		{Name: "os", Title: "Operating system", Description: "Operating system.", Finished: true, physical: rollup.OS},
		{Name: "app_version", Title: "App version", Description: "Version of the app.", Finished: true, physical: rollup.AppVersion},
		{Name: "player", Title: "Player", Description: "Player and its version.", Finished: true, physical: rollup.Player},
		{Name: "isp", Title: "ISP", Description: "Internet service provider.", Finished: true, physical: rollup.ISP},
	}
}
