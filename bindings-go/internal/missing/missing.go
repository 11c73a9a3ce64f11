// Package missing tells what a caller has not given.
package missing

import "reflect"

// Is tells whether a value is nil, or an interface that holds a nil pointer, function or map.
func Is(value any) bool {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map:
		return v.IsNil()
	default:
		return false
	}
}
