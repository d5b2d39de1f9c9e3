package rollup

import "playhead/internal/fact"

// Dimension is a physical dimension of a roll-up.
type Dimension uint8

// Dimensions that roll-ups and the plays table can be grouped and filtered by.
const (
	Title Dimension = iota
	Country
	DeviceType
	CDN
	Region
	OS
	AppVersion
	Player
	ISP
	Creative
	Placement
	// RankBucket is where in its row an impression stood, counted from 1: "1",
	// "2-3", "4-10", "11+", "" unknown.
	RankBucket
	// Affinity is what a viewer likes, "kind:value". It has many values a viewer,
	// as Genre, Theme and Cast have many a title: see MultiValued.
	Affinity
	Genre
	Theme
	Cast
	Language
	Query // what was searched for
	Show  // of an episode
	DimensionCount
)

// MultiValued reports whether one play may have several values of a dimension:
// it counts in the group of each, so that totals are not the sum of groups.
func (d Dimension) MultiValued() bool {
	return d == Affinity || d == Genre || d == Theme || d == Cast
}

// RankBucketOf is the bucket of a rank from 0; negative is unknown.
func RankBucketOf(rank int32) string {
	switch {
	case rank < 0:
		return ""
	case rank == 0:
		return "1"
	case rank < 3:
		return "2-3"
	case rank < 10:
		return "4-10"
	}
	return "11+"
}

// Value is the value of a dimension that a moment of a play has one of.
func Value(d *fact.Dims, dim Dimension) string {
	switch dim {
	case Title:
		return d.Title
	case Country:
		return d.Country
	case DeviceType:
		return d.DeviceType
	case CDN:
		return d.CDN
	case Region:
		return d.Region
	case OS:
		return d.OS
	case AppVersion:
		return d.AppVersion
	case Player:
		return d.Player
	case ISP:
		return d.ISP
	}
	return ""
}
