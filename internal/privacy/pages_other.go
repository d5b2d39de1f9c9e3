//go:build !linux

package privacy

// adviseHuge does nothing where it is not known how.
func adviseHuge([]cacheSet) {}
