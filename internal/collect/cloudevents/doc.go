// Package cloudevents decodes CloudEvents 1.0 in JSON, structured, batch and
// binary (github.com/cloudevents/spec), whose data is a native event. What the native
// event leaves out comes from around it: its id from source and id, its time
// from time, its type from the last word of type.
//
// It must not know keys, clocks or HTTP.
package cloudevents
