// Package study asks the metric layer for what insight judges: creatives,
// outliers, affinities, trends, launches and audiences, as rows that all have
// the same shape: an estimate, its interval, its sample size and what it stands on.
//
// It keeps what is usual on the service, which takes long to learn, and learns it
// anew now and then (Run). It must not compute a figure that the metric layer
// defines, nor decide what is chance: that is insight's.
package study
