package rollup

// family is what several sources have in common: the same cells at different
// grains. A generation keeps them once, at the finest grain that is kept so far
// back, by as few sets of dimensions as the rest can be summed from.
type family uint8

const (
	familyPulse family = iota
	familyTitle
	familyQuality
	familyCreative
	familyLabel
	familyAffinity
	familyOverlap
	familySearch
	familyCount
)

// Dimensions of bases that are no dimensions of answers: all labels of a title,
// and all that a viewer likes. Answers fan them out.
const (
	dimLabels = DimensionCount + iota
	dimTaste
)

// familySpec says what a family keeps.
type familySpec struct {
	sources []Source // finest first
	faces   []faceSpec
	bases   []baseSpec
	// measures and sketches of the rows that a warehouse stores.
	measures []Measure
	sketches SketchSet
}

// faceSpec is a set of dimensions that answers are given by.
type faceSpec struct {
	face Face
	dims []Dimension
	base int // that it is summed from
	// gauge is a base that holds by how much its ViewerMarks differ from what those of
	// base sum to: distinct viewers do not add up, but nearly do. It is 0 if base has
	// the face's own dimensions.
	gauge int
	// without are sketches that the face does not keep.
	without SketchSet
}

// baseSpec is a set of cells as a generation holds them.
type baseSpec struct {
	dims     []Dimension
	measures []Measure // in the order in which they are used together
	sketches SketchSet
}

// playMeasures are what plays leave in cells.
var playMeasures = []Measure{
	WatchMS, MediaMS, BitrateMS, KnownBitrateMS,
	PlayRequests, Plays, StartupMS, StartupCount,
	KnownPlays, NewViewers, MeasuredPlays, CompletedPlays,
	EndedPlays, PlaybackFailures, Exits, StartFailures,
	StallMS, SeekStallMS, Stalls, BusinessFailures,
	Pauses, Rewinds, Skips, DroppedFrames,
	Sessions, SessionMS, ViewedPlays, ViewedMillionths,
	PlayMarks,
}

// titleMeasures are the same and ViewerMarks, in eights that are used together: what
// a heartbeat changes is in one line of the processor's cache.
var titleMeasures = []Measure{
	WatchMS, MediaMS, BitrateMS, KnownBitrateMS, PlayMarks, ViewerMarks, StallMS, SeekStallMS,
	PlayRequests, Plays, StartupMS, StartupCount, KnownPlays, NewViewers, MeasuredPlays, CompletedPlays,
	EndedPlays, PlaybackFailures, Exits, StartFailures, Stalls, BusinessFailures, ViewedPlays, ViewedMillionths,
	Pauses, Rewinds, Skips, DroppedFrames, Sessions, SessionMS,
}

var pulseMeasures = []Measure{
	WatchMS, MediaMS, PlayMarks, ViewerMarks,
	PlayRequests, Plays, StartupMS, StartupCount,
	KnownPlays, MeasuredPlays, CompletedPlays, EndedPlays,
	Exits, StartFailures, PlaybackFailures, Stalls,
	StallMS, SeekStallMS,
}

var qualityMeasures = []Measure{
	WatchMS, MediaMS, BitrateMS, KnownBitrateMS,
	PlayRequests, Plays, StartupMS, StartupCount,
	StallMS, SeekStallMS, Stalls, DroppedFrames,
	EndedPlays, PlaybackFailures, Exits, StartFailures,
	BusinessFailures, KnownPlays,
}

var creativeMeasures = []Measure{
	Impressions, EligibleImpressions, MomentW, MomentW2,
	Selects, QualifiedPlays, TakenImpressions, TakenMediaMS,
	MomentWY, MomentW2Y,
}

var labelMeasures = []Measure{
	WatchMS, MediaMS, StallMS, SeekStallMS,
	PlayRequests, Plays, KnownPlays, NewViewers,
	MeasuredPlays, CompletedPlays, ViewedPlays, ViewedMillionths,
}

const (
	titleSketches = 1<<Viewers | 1<<Starters | 1<<Watchers | 1<<Completers | 1<<SeasonStarters | 1<<SeasonWatchers |
		1<<SeasonCompleters | 1<<StartupTimes | 1<<SessionLengths
	seasonSketches   = 1<<SeasonStarters | 1<<SeasonWatchers | 1<<SeasonCompleters
	qualitySketches  = 1<<Viewers | 1<<StartupTimes
	creativeSketches = 1<<Reached | 1<<Eligible | 1<<Takers | 1<<TakeCompleters
)

// families are what is kept, by family. The numbers of faces are stored by
// drivers: append only; those of pulse and title are the bits of fact.Scope.
var families = [familyCount]familySpec{
	familyPulse: {
		sources: []Source{SourcePulse}, measures: pulseMeasures, sketches: 1 << Viewers,
		faces: []faceSpec{
			{face: FaceAll, base: 0}, {face: FaceTitle, dims: []Dimension{Title}, base: 1}, {face: FaceCountry, dims: []Dimension{Country}, base: 2},
			{face: FaceDevice, dims: []Dimension{DeviceType}, base: 3}, {face: FaceCDN, dims: []Dimension{CDN}, base: 4},
		},
		bases: []baseSpec{
			{nil, pulseMeasures, 1 << Viewers}, {[]Dimension{Title}, pulseMeasures, 1 << Viewers}, {[]Dimension{Country}, pulseMeasures, 1 << Viewers},
			{[]Dimension{DeviceType}, pulseMeasures, 1 << Viewers}, {[]Dimension{CDN}, pulseMeasures, 1 << Viewers},
		},
	},
	familyTitle: {
		sources: []Source{SourceTitleHour, SourceTitleDay}, measures: append(playMeasures[:len(playMeasures):len(playMeasures)], ViewerMarks), sketches: titleSketches,
		faces: []faceSpec{
			{FaceAll, nil, 2, 3, seasonSketches}, {FaceTitle, []Dimension{Title}, 0, 4, 0}, {FaceCountry, []Dimension{Country}, 2, 5, seasonSketches},
			{FaceDevice, []Dimension{DeviceType}, 2, 6, seasonSketches}, {FaceTitleCountry, []Dimension{Title, Country}, 0, 0, seasonSketches},
			{FaceTitleDevice, []Dimension{Title, DeviceType}, 1, 0, seasonSketches}, {FaceCountryDevice, []Dimension{Country, DeviceType}, 2, 0, seasonSketches},
		},
		bases: []baseSpec{
			{[]Dimension{Title, Country}, titleMeasures, titleSketches}, {[]Dimension{Title, DeviceType}, titleMeasures, titleSketches &^ seasonSketches},
			{[]Dimension{Country, DeviceType}, titleMeasures, titleSketches &^ seasonSketches},
			{nil, viewerMarks, 0}, {[]Dimension{Title}, viewerMarks, 0}, {[]Dimension{Country}, viewerMarks, 0}, {[]Dimension{DeviceType}, viewerMarks, 0},
		},
	},
	familyQuality: {
		sources: []Source{SourceQualityMinute, SourceQualityHour, SourceQualityDay}, measures: qualityMeasures, sketches: qualitySketches,
		faces: []faceSpec{
			{face: 0, base: 1}, {face: 1, dims: []Dimension{CDN}}, {face: 2, dims: []Dimension{ISP}}, {face: 3, dims: []Dimension{Country}},
			{face: 4, dims: []Dimension{CDN, ISP}}, {face: 5, dims: []Dimension{CDN, ISP, Country}},
			{face: 6, dims: []Dimension{DeviceType}, base: 1}, {face: 7, dims: []Dimension{DeviceType, OS}, base: 1},
			{face: 8, dims: []Dimension{DeviceType, OS, AppVersion, Player}, base: 1}, {face: 9, dims: []Dimension{AppVersion}, base: 1},
		},
		bases: []baseSpec{
			{[]Dimension{CDN, ISP, Country}, qualityMeasures, qualitySketches}, {[]Dimension{DeviceType, OS, AppVersion, Player}, qualityMeasures, qualitySketches},
		},
	},
	familyCreative: {
		sources: []Source{SourceCreativeDay, SourceCreativeWeek, SourceCreativeAll}, measures: creativeMeasures, sketches: creativeSketches,
		faces: []faceSpec{
			{face: 0}, {face: 1, dims: []Dimension{Country}}, {face: 2, dims: []Dimension{Placement}}, {face: 3, dims: []Dimension{Title}},
			{face: 4, dims: []Dimension{Title, Creative}}, {face: 5, dims: []Dimension{Title, Creative, Country}},
			{face: 6, dims: []Dimension{Title, Creative, Placement, RankBucket}},
			{face: 7, dims: []Dimension{Title, Creative, Placement, RankBucket, Country}},
			{face: 8, dims: []Dimension{Title, Creative, DeviceType}, base: 1}, {face: 9, dims: []Dimension{Title, Creative, Affinity}, base: 2},
		},
		bases: []baseSpec{
			{[]Dimension{Title, Creative, Placement, RankBucket, Country}, creativeMeasures, creativeSketches},
			{[]Dimension{Title, Creative, DeviceType}, creativeMeasures, creativeSketches},
			{[]Dimension{Title, Creative, dimTaste}, creativeMeasures, creativeSketches},
		},
	},
	familyLabel: {
		sources: []Source{SourceLabelDay}, measures: labelMeasures, sketches: 1 << Viewers,
		faces: []faceSpec{
			{face: 0}, {face: 1, dims: []Dimension{Country}},
			{face: 2, dims: []Dimension{Genre}}, {face: 3, dims: []Dimension{Genre, Country}}, {face: 4, dims: []Dimension{Theme}}, {face: 5, dims: []Dimension{Theme, Country}},
			{face: 6, dims: []Dimension{Cast}}, {face: 7, dims: []Dimension{Cast, Country}}, {face: 8, dims: []Dimension{Language}}, {face: 9, dims: []Dimension{Language, Country}},
			{face: 10, dims: []Dimension{Show}}, {face: 11, dims: []Dimension{Show, Country}},
		},
		bases: []baseSpec{{[]Dimension{dimLabels, Country}, labelMeasures, 1 << Viewers}},
	},
	familyAffinity: {
		sources: []Source{SourceAffinityDay, SourceAffinityWeek}, measures: []Measure{Plays, KnownPlays}, sketches: 1 << Viewers,
		faces: []faceSpec{
			{face: 0}, {face: 1, dims: []Dimension{Title}}, {face: 2, dims: []Dimension{Affinity}}, {face: 3, dims: []Dimension{Title, Affinity}},
		},
		bases: []baseSpec{{[]Dimension{Title, dimTaste}, []Measure{Plays, KnownPlays}, 1 << Viewers}},
	},
	familyOverlap: {
		sources: []Source{SourceOverlapMonth}, measures: []Measure{KnownPlays}, sketches: 1 << Audience,
		faces: []faceSpec{{face: 0}, {face: 1, dims: []Dimension{Title}}},
		bases: []baseSpec{{[]Dimension{Title}, []Measure{KnownPlays}, 1 << Audience}},
	},
	familySearch: {
		sources: []Source{SourceSearchDay}, measures: []Measure{Searches, SearchesEmpty, SearchesUnselected}, sketches: 1 << Viewers,
		faces: []faceSpec{
			{face: 0}, {face: 1, dims: []Dimension{Country}}, {face: 2, dims: []Dimension{Query}}, {face: 3, dims: []Dimension{Query, Country}},
		},
		bases: []baseSpec{{[]Dimension{Query, Country}, []Measure{Searches, SearchesEmpty, SearchesUnselected}, 1 << Viewers}},
	},
}

var viewerMarks = []Measure{ViewerMarks}

// place is where a source is among the families; ok is false when it has no cells.
func (s Source) place() (f family, level int, ok bool) {
	for f := range familyCount {
		for level, have := range families[f].sources {
			if have == s {
				return f, level, true
			}
		}
	}
	return 0, 0, false
}

// Measures are what the rows of a source keep, or what finished plays know.
func (s Source) Measures() []Measure {
	f, _, ok := s.place()
	switch {
	case ok:
		return families[f].measures
	case s != SourcePlays:
		return nil
	}
	var list []Measure
	for m := range NewViewers {
		list = append(list, m)
	}
	return append(list, ViewedPlays, ViewedMillionths)
}

// Sketches are the kinds that a source keeps.
func (s Source) Sketches() SketchSet {
	switch f, _, ok := s.place(); {
	case ok:
		return families[f].sketches
	case s == SourcePlays:
		return 1<<Viewers | 1<<StartupTimes
	}
	return 0
}
