package metric

import "playhead/internal/rollup"

// facesOf are the sets of dimensions that a source keeps cells by.
func facesOf(s rollup.Source) [][]rollup.Dimension {
	d := func(dims ...rollup.Dimension) []rollup.Dimension { return dims }
	all := [][]rollup.Dimension{
		d(), d(rollup.Title), d(rollup.Country), d(rollup.DeviceType), d(rollup.CDN), d(rollup.ISP), d(rollup.AppVersion), d(rollup.Placement),
		d(rollup.Genre), d(rollup.Theme), d(rollup.Cast), d(rollup.Language), d(rollup.Show), d(rollup.Affinity), d(rollup.Query),
		d(rollup.Title, rollup.Country), d(rollup.Title, rollup.DeviceType), d(rollup.Country, rollup.DeviceType),
		d(rollup.CDN, rollup.ISP), d(rollup.CDN, rollup.ISP, rollup.Country), d(rollup.DeviceType, rollup.OS),
		d(rollup.DeviceType, rollup.OS, rollup.AppVersion, rollup.Player),
		d(rollup.Title, rollup.Creative), d(rollup.Title, rollup.Creative, rollup.Country), d(rollup.Title, rollup.Creative, rollup.DeviceType),
		d(rollup.Title, rollup.Creative, rollup.Placement, rollup.RankBucket),
		d(rollup.Title, rollup.Creative, rollup.Placement, rollup.RankBucket, rollup.Country),
		d(rollup.Title, rollup.Creative, rollup.Affinity), d(rollup.Title, rollup.Affinity),
		d(rollup.Genre, rollup.Country), d(rollup.Theme, rollup.Country), d(rollup.Cast, rollup.Country), d(rollup.Language, rollup.Country),
		d(rollup.Show, rollup.Country), d(rollup.Query, rollup.Country),
	}
	var out [][]rollup.Dimension
	for _, dims := range all {
		if s != rollup.SourcePlays && rollup.Covers(s, dims) {
			out = append(out, dims)
		}
	}
	return out
}

// carried is what the cells of a source hold.
func carried(s rollup.Source) (measures uint64, sketches rollup.SketchSet) {
	base := uint64(1)<<(rollup.KnownPlays+1) - 1
	more := set(rollup.BitrateMS, rollup.KnownBitrateMS, rollup.Pauses, rollup.Rewinds, rollup.Skips, rollup.DroppedFrames, rollup.BusinessFailures)
	if !rollup.Covers(rollup.SourceQualityMinute, nil) {
		more = 0
	}
	viewers := rollup.SketchesOf(rollup.Viewers)
	switch s {
	case rollup.SourcePulse:
		return base, viewers
	case rollup.SourceTitleDay, rollup.SourceTitleHour:
		if more == 0 {
			return base, viewers
		}
		return base | more | set(rollup.NewViewers, rollup.Sessions, rollup.SessionMS),
			rollup.SketchesOf(rollup.Viewers, rollup.Starters, rollup.Watchers, rollup.Completers, rollup.SeasonStarters,
				rollup.SeasonWatchers, rollup.SeasonCompleters, rollup.StartupTimes, rollup.SessionLengths)
	case rollup.SourceQualityMinute, rollup.SourceQualityHour, rollup.SourceQualityDay:
		return set(rollup.WatchMS, rollup.MediaMS, rollup.BitrateMS, rollup.KnownBitrateMS, rollup.PlayRequests, rollup.Plays, rollup.StartupMS,
				rollup.StartupCount, rollup.StallMS, rollup.SeekStallMS, rollup.Stalls, rollup.DroppedFrames, rollup.EndedPlays,
				rollup.PlaybackFailures, rollup.Exits, rollup.StartFailures, rollup.BusinessFailures, rollup.KnownPlays),
			rollup.SketchesOf(rollup.Viewers, rollup.StartupTimes)
	case rollup.SourceCreativeDay, rollup.SourceCreativeWeek, rollup.SourceCreativeAll:
		return set(rollup.Impressions, rollup.EligibleImpressions, rollup.Selects, rollup.QualifiedPlays, rollup.TakenImpressions,
				rollup.TakenMediaMS, rollup.MomentW, rollup.MomentW2, rollup.MomentWY, rollup.MomentW2Y),
			rollup.SketchesOf(rollup.Reached, rollup.Eligible, rollup.Takers, rollup.TakeCompleters)
	case rollup.SourceLabelDay:
		return set(rollup.WatchMS, rollup.MediaMS, rollup.StallMS, rollup.SeekStallMS, rollup.PlayRequests, rollup.Plays, rollup.KnownPlays,
			rollup.NewViewers, rollup.MeasuredPlays, rollup.CompletedPlays), viewers
	case rollup.SourceAffinityDay:
		return set(rollup.Plays, rollup.KnownPlays), viewers
	case rollup.SourceSearchDay:
		return set(rollup.Searches, rollup.SearchesEmpty, rollup.SearchesUnselected), viewers
	case rollup.SourcePlays:
		return base | more, viewers
	}
	return 0, 0
}
