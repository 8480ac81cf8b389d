package refundkit_test

import "reflect"

// fields returns the exported fields of a struct that are not zero, for types
// that keep something in a function, which nothing can compare.
func fields(v any) map[string]any {
	set := map[string]any{}
	value := reflect.Indirect(reflect.ValueOf(v))
	for i := range value.NumField() {
		if field := value.Type().Field(i); field.IsExported() && !value.Field(i).IsZero() {
			set[field.Name] = value.Field(i).Interface()
		}
	}
	return set
}
