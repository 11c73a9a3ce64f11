package linktor

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

// appendTexts appends a value as it is written into a URL: a nil adds nothing, and a slice
// each of its elements.
func appendTexts(texts []string, value any) ([]string, error) {
	switch value := value.(type) {
	case nil:
		return texts, nil
	case string:
		return append(texts, value), nil
	case bool:
		return append(texts, strconv.FormatBool(value)), nil
	case int:
		return append(texts, strconv.Itoa(value)), nil
	}
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return texts, nil
	}
	switch value := value.(type) {
	case encoding.TextMarshaler:
		text, err := value.MarshalText()
		return append(texts, string(text)), err
	case fmt.Stringer:
		return append(texts, value.String()), nil
	}
	return appendReflected(texts, v)
}

func appendReflected(texts []string, v reflect.Value) ([]string, error) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return texts, nil
		}
		return appendTexts(texts, v.Elem().Interface())
	case reflect.String:
		return append(texts, v.String()), nil
	case reflect.Bool:
		return append(texts, strconv.FormatBool(v.Bool())), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return append(texts, strconv.FormatInt(v.Int(), 10)), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return append(texts, strconv.FormatUint(v.Uint(), 10)), nil
	case reflect.Float32, reflect.Float64:
		// JSON's way to write a number, which has none for NaN and the infinities.
		text, err := json.Marshal(v.Interface())
		return append(texts, string(text)), err
	case reflect.Slice, reflect.Array:
		var err error
		for i := 0; i < v.Len() && err == nil; i++ {
			texts, err = appendTexts(texts, v.Index(i).Interface())
		}
		return texts, err
	default:
		return texts, fmt.Errorf("a %s cannot be written into a URL", v.Type())
	}
}
