package pebblelog

// UnderWay is how many groups are written and not known to be durable.
func (l *Log) UnderWay() int64 { return l.underWay.Load() }
