package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checkValues says which settings of a file have values that a start with them
// would refuse. Errors: *ConfigError, joined.
func checkValues(path string, values map[string]string, lines map[string]int) error {
	s := DefaultSettings()
	var wrong []error
	into := reflect.ValueOf(&s).Elem()
	for i := range into.NumField() {
		field := into.Type().Field(i)
		name := flagName(field.Name)
		text, set := values[name]
		if !set {
			continue
		}
		if known := strings.Split(field.Tag.Get("enum"), ","); known[0] != "" && !slices.Contains(known, text) {
			wrong = append(wrong, &ConfigError{path, lines[name], fmt.Sprintf("%s: %q is not one of %s", name, text, strings.Join(known, ", "))})
			continue
		}
		if err := assign(into.Field(i), text); err != nil {
			wrong = append(wrong, &ConfigError{path, lines[name], fmt.Sprintf("%s: %v", name, err)})
		}
	}
	if err := s.Validate(); err != nil {
		for _, what := range strings.Split(err.Error(), "\n")[1:] {
			what = strings.TrimSpace(what)
			name, _, _ := strings.Cut(what, ":")
			name, _, _ = strings.Cut(name, ",")
			wrong = append(wrong, &ConfigError{path, max(1, lines[name]), what})
		}
	}
	if s.KafkaSource != "" {
		if _, err := loadSource(context.Background(), s.KafkaSource); err != nil {
			wrong = append(wrong, &ConfigError{path, lines["kafka-source"], fmt.Sprintf("kafka-source: what it names is not right\n%v", err)})
		}
	}
	return errors.Join(wrong...)
}

// assign sets a field from a text that readConfig let through.
func assign(field reflect.Value, text string) error {
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
	case reflect.Slice:
		field.Set(reflect.ValueOf(strings.Split(text, ",")))
	case reflect.Int, reflect.Int32:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return fmt.Errorf("%q is not a whole number in range", text)
		}
		field.SetInt(n)
	case reflect.Int64:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a length of time", text)
		}
		field.SetInt(int64(d))
	}
	return nil
}
