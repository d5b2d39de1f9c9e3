package segment

import (
	"playhead/internal/collect/rawjson"
	"playhead/internal/event"
)

// browsing is the type of a track that is about what viewers do beside playing,
// or TypeUnknown. There is no part of Segment's spec for it: known are the
// E-Commerce spec's promotions (a picture that is shown and chosen), its searches
// and wish lists, and the native format's own types as names. name is folded.
func browsing(name []byte) event.Type {
	switch string(name) {
	case "impression", "impressionviewed", "promotionviewed":
		return event.Impression
	case "select", "selected", "promotionclicked":
		return event.Select
	case "search", "searched", "productssearched":
		return event.Search
	case "rated", "titlerated":
		return event.Rated
	case "listed", "productaddedtowishlist":
		return event.Listed
	}
	return event.TypeUnknown
}

// browse makes the event of such a track. A promotion's position is a place on
// the page, not one in a row.
func (d *Decoder) browse(t event.Type) {
	it, e := &d.item, &d.item.Event
	e.Type = t
	var title, asset, product, place string
	var buf [40]byte
	d.msg.properties.Each(func(key string, v rawjson.Value) {
		switch name := folded(key, &buf); string(name) {
		case "titleid":
			d.text(v, &title, event.MaxIDBytes)
		case "contentassetid", "assetid":
			d.text(v, &asset, event.MaxIDBytes)
		case "productid":
			d.text(v, &product, event.MaxIDBytes)
		case "position":
			if v.IsText() {
				d.text(v, &place, event.MaxTextBytes)
			}
		case "query":
			d.text(v, &e.SearchQuery, event.MaxTextBytes)
		case "results":
			d.count(v, &e.SearchHits)
		default:
			d.shownAs(name, v)
		}
	})
	for _, id := range [...]string{title, asset, product} {
		if e.TitleID == "" {
			e.TitleID = id
		}
	}
	if e.Placement == "" {
		e.Placement = place
	}
	if it.Viewer == "" && it.Anonymous == "" && it.Session == "" {
		return // conclude says what is missing
	}
	d.keep(d.msg.properties)
}

// shownAs reads a property that says where and as what a title was shown. Events
// of the Video spec may have them too: so a play knows what led to it.
func (d *Decoder) shownAs(name []byte, v rawjson.Value) {
	it, e := &d.item, &d.item.Event
	switch string(name) {
	case "creativeid":
		d.text(v, &e.CreativeID, event.MaxIDBytes)
	case "creative":
		if e.CreativeID == "" {
			d.text(v, &e.CreativeID, event.MaxIDBytes)
		}
	case "placement":
		d.text(v, &e.Placement, event.MaxTextBytes)
	case "rank":
		d.count(v, &e.Rank)
	case "impressionid":
		d.id("properties.impression_id", v, &it.Impression)
	case "searchid":
		d.id("properties.search_id", v, &it.Search)
	case "propensity":
		if f, ok := d.number(v); ok && f > 0 && f <= 1 {
			e.Propensity = f
		}
	}
}
