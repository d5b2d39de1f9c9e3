package metric

import "playhead/internal/rollup"

func attention() []Definition {
	people := func(name, title, description, formula string, s rollup.Sketch) Definition {
		return Definition{
			Name: name, Title: title, Unit: UnitCount, DatedBy: atShown, Source: house, Approximate: ViewersError, Higher: 1,
			Description: description, Formula: formula, integer: true, expr: distinct(s),
		}
	}
	share := func(name, title, description, formula, of string, num, den rollup.Sketch) Definition {
		return Definition{
			Name: name, Title: title, Unit: UnitRatio, DatedBy: atShown, Source: house, Approximate: RatioError, Higher: 1,
			Description: description, Formula: formula, Denominator: of, expr: capped{over{distinct(num), distinct(den)}},
		}
	}
	return []Definition{
		{
			Name: "impressions", Title: "Impressions", Unit: UnitCount, DatedBy: atShown, Source: house, Additive: true, Higher: 1,
			Description: "Artwork at least half visible for a second. One viewer, creative and placement within 10 s count once.",
			Formula:     "count(impressions)", integer: true, expr: sum(rollup.Impressions),
		},
		people("viewers_reached", "Viewers reached", "Distinct viewers with an impression.", "distinct(viewers of impressions)", rollup.Reached),
		{
			Name: "selects", Title: "Selects", Unit: UnitCount, DatedBy: atShown, Source: house, Additive: true, Higher: 1,
			Description: "Impressions that a select of the same title followed within 5 min.", Formula: "count(impressions selected)",
			integer: true, expr: sum(rollup.Selects),
		}, {
			Name: "select_rate", Title: "Select rate", Unit: UnitRatio, DatedBy: atShown, Source: house, Higher: 1,
			Description: "Share of impressions that were selected.", Formula: "selects / impressions", Denominator: "impressions",
			expr: over{sum(rollup.Selects), sum(rollup.Impressions)},
		}, {
			Name: "qualified_plays", Title: "Qualified plays", Unit: UnitCount, DatedBy: atShown, Source: house, Additive: true, Higher: 1,
			Description: "Plays of at least 2 min of media time that are attributed to an impression.", Formula: "count(qualified plays)",
			integer: true, expr: sum(rollup.QualifiedPlays),
		}, {
			Name: "impression_take_rate", Title: "Takes per impression", Unit: UnitRatio, DatedBy: atShown, Source: house, Higher: 1,
			Description: "Qualified plays by impression. Impressions of the last 24 h are still maturing.",
			Formula:     "qualified plays / impressions", Denominator: "impressions", expr: over{sum(rollup.QualifiedPlays), sum(rollup.Impressions)},
		},
		share("take_rate", "Take rate",
			"Share of the viewers reached who made a qualified play. Only impressions older than the attribution window count; continue-watching, autoplay and viewers who had started the title are left out. meta.maturing_from says from when on impressions are not in it yet.",
			"distinct(viewers with a qualified play) / distinct(viewers with an eligible impression)", "viewers with an eligible impression",
			rollup.Takers, rollup.Eligible),
		{
			Name: "eligible_impressions", Title: "Eligible impressions", Unit: UnitCount, DatedBy: atShown, Source: house, Additive: true,
			Description: "Impressions that count for take rates: older than the attribution window, no continue-watching, no autoplay, of viewers who had not started the title.",
			Formula:     "count(eligible impressions)", integer: true, expr: sum(rollup.EligibleImpressions),
		},
		people("eligible_viewers", "Eligible viewers", "Distinct viewers with an eligible impression.", "distinct(viewers of eligible impressions)", rollup.Eligible),
		people("take_completers", "Takers who complete", "Distinct takers who complete the title within 7 days.", "distinct(takers who complete)", rollup.TakeCompleters),
		people("takers", "Takers", "Distinct viewers with an eligible impression and a qualified play.", "distinct(viewers of takes)", rollup.Takers),
		share("completion_given_take", "Completion given take", "Share of the viewers with a qualified play who completed the title within 7 days.",
			"distinct(takers who complete) / distinct(takers)", "viewers with a qualified play", rollup.TakeCompleters, rollup.Takers),
		share("effective_rate", "Effective rate", "Share of the viewers reached who took the title and completed it within 7 days.",
			"distinct(takers who complete) / distinct(viewers reached)", "viewers reached", rollup.TakeCompleters, rollup.Reached),
		{
			Name: "weighted_take_rate", Title: "Take rate, weighted", Unit: UnitRatio, DatedBy: atShown, Source: "self-normalised inverse propensity", Higher: 1,
			Description: "Takes by eligible impression, each weighted by 1 / the probability with which it was chosen (at most 20): what the rate would be had all been shown alike. Impressions without a propensity are left out.",
			Formula:     "Σ w·taken / Σ w", Denominator: "weighted eligible impressions with a known propensity",
			Approximate: 0.01, Varies: true, expr: weighted{},
		},
	}
}

func searches() []Definition {
	return []Definition{
		{
			Name: "searches", Title: "Searches", Unit: UnitCount, DatedBy: atSearch, Source: house, Additive: true,
			Description: "Searches; keystrokes and refinements within 30 s are the last of them.", Formula: "count(searches)",
			integer: true, expr: sum(rollup.Searches),
		}, {
			Name: "unmet_searches", Title: "Unmet searches", Unit: UnitCount, DatedBy: atSearch, Source: house, Additive: true, Higher: -1,
			Description: "Searches with no result, or none chosen.", Formula: "count(searches without results) + count(searches without a choice)",
			integer: true, expr: plus{sum(rollup.SearchesEmpty), sum(rollup.SearchesUnselected)},
		}, {
			Name: "empty_searches", Title: "Searches without results", Unit: UnitCount, DatedBy: atSearch, Source: house, Additive: true, Higher: -1,
			Description: "Searches with no result.", Formula: "count(searches without results)", integer: true, expr: sum(rollup.SearchesEmpty),
		}, {
			Name: "unmet_search_rate", Title: "Unmet search rate", Unit: UnitRatio, DatedBy: atSearch, Source: house, Higher: -1,
			Description: "Share of searches with no result, or none chosen.", Formula: "unmet searches / searches", Denominator: "searches",
			expr: over{plus{sum(rollup.SearchesEmpty), sum(rollup.SearchesUnselected)}, sum(rollup.Searches)},
		},
	}
}

func catalogue() []Definition {
	mediaShare := over{sum(rollup.MediaMS), ofWhole{sum(rollup.MediaMS)}}
	return []Definition{
		{
			Name: "share", Title: "Share of media hours", Unit: UnitRatio, DatedBy: atMoment, Source: house, Higher: 1,
			Description: "A group's share of the media hours of the same question without dimensions; without dimensions, of all media hours.",
			Formula:     "media hours / media hours of the whole", Denominator: "media hours of the whole", expr: mediaShare,
		}, {
			Name: "demand_index", Title: "Demand index", Unit: UnitIndex, DatedBy: atMoment, Source: house, Higher: 1,
			Description: "A group's share of media hours by its share of the catalogue's hours: above 1 it is watched more than it is offered. For genre, theme, cast, language, show and title.",
			Formula:     "share of media hours / share of catalogue hours", Denominator: "share of catalogue hours",
			expr: over{mediaShare, catalogueShare{}}, By: []string{"title", "genre", "theme", "cast", "language", "show"},
		}, {
			Name: "demand_index_impressions", Title: "Demand index by impressions", Unit: UnitIndex, DatedBy: atMoment, Source: house, Higher: 1,
			Description: "A group's share of media hours by its share of impressions: above 1 it is watched more than it is shown.",
			Formula:     "share of media hours / share of impressions", Denominator: "share of impressions",
			expr: over{mediaShare, over{sum(rollup.Impressions), ofWhole{sum(rollup.Impressions)}}},
		},
	}
}
