// Package chaintest asks the metric layer about events that went the whole way:
// posted to the collector, processed, loaded, and stored by every warehouse
// driver. It holds tests only.
package chaintest
