package linktor_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// hostile is something that nobody should be given, and what becomes of it.
type hostile struct {
	// where is the place of it in the arguments.
	where string
	// isText says that it is a text, and no UTF-8.
	isText bool
	// isBytes says the same of bytes, which need not be texts.
	isBytes bool
	value   reflect.Value
}

// hostiles gives copies of a value, each with something hostile at one place of it: in
// fields, keys, elements and what is pointed to.
func hostiles(value reflect.Value) []hostile {
	switch value.Kind() {
	case reflect.String:
		return hostileTexts(value)
	case reflect.Int, reflect.Int64:
		return hostileNumbers(value)
	case reflect.Float64:
		return each(value, math.NaN(), math.Inf(1), -1.0)
	case reflect.Pointer, reflect.Interface:
		return hostilePointers(value)
	case reflect.Struct:
		return hostileStructs(value)
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			// Into the first text, if it is JSON.
			before, after, isThere := strings.Cut(string(value.Bytes()), `"`)
			if !isThere {
				after = `"`
			}
			return append(each(value, []byte(nil), []byte("{"), []byte(strings.Repeat("[", 100_000))),
				each(value, []byte(before+`"`+marker+"\xff"+after))[0].asBytes())
		}
		return hostileLists(value)
	case reflect.Map:
		return hostileMaps(value)
	case reflect.Func:
		return []hostile{{"nil", false, false, reflect.Zero(value.Type())}}
	default:
		return nil
	}
}

// each gives values of the type of one.
func each(like reflect.Value, values ...any) []hostile {
	var list []hostile
	for _, value := range values {
		where := fmt.Sprintf("%.20q", value)
		list = append(list, hostile{where, false, false, reflect.ValueOf(value).Convert(like.Type())})
	}
	return list
}

func (h hostile) asBytes() hostile {
	h.isBytes = true
	return h
}

func hostileTexts(value reflect.Value) []hostile {
	list := each(value, "", " ", marker+"\x00", marker+"\r\nX-Other: 1", marker+"\u2028é", strings.Repeat(marker, 5000))
	for _, bad := range []string{"\xff", "\xed\xa0\x80", "\xc3"} {
		bad = value.String() + bad
		list = append(list, hostile{fmt.Sprintf("%q", bad[len(value.String()):]), true, false, reflect.ValueOf(bad).Convert(value.Type())})
	}
	return list
}

func hostileNumbers(value reflect.Value) []hostile {
	if value.Type() == reflect.TypeFor[time.Duration]() {
		return each(value, time.Duration(0), time.Duration(1), -time.Second, time.Duration(math.MinInt64), time.Duration(math.MaxInt64))
	}
	return each(value, int64(0), int64(-1), int64(math.MinInt64), int64(math.MaxInt64))
}

func hostilePointers(value reflect.Value) []hostile {
	list := []hostile{{"nil", false, false, reflect.Zero(value.Type())}}
	if value.IsNil() {
		return list
	}
	for _, inner := range hostiles(value.Elem()) {
		outer := reflect.New(value.Type()).Elem()
		if value.Kind() == reflect.Pointer {
			outer.Set(reflect.New(value.Type().Elem()))
			outer.Elem().Set(inner.value)
		} else {
			outer.Set(inner.value)
		}
		inner.value = outer
		list = append(list, inner)
	}
	return list
}

func hostileStructs(value reflect.Value) []hostile {
	var list []hostile
	for i := range value.NumField() {
		if !value.Type().Field(i).IsExported() {
			continue
		}
		for _, inner := range hostiles(value.Field(i)) {
			outer := reflect.New(value.Type()).Elem()
			outer.Set(value)
			outer.Field(i).Set(inner.value)
			inner.where = value.Type().Field(i).Name + " " + inner.where
			inner.value = outer
			list = append(list, inner)
		}
	}
	return list
}

func hostileLists(value reflect.Value) []hostile {
	list := []hostile{{"nil", false, false, reflect.Zero(value.Type())}}
	for i := range value.Len() {
		for _, inner := range hostiles(value.Index(i)) {
			outer := reflect.AppendSlice(reflect.MakeSlice(value.Type(), 0, value.Len()), value)
			outer.Index(i).Set(inner.value)
			inner.where = fmt.Sprintf("%d %s", i, inner.where)
			inner.value = outer
			list = append(list, inner)
		}
	}
	return list
}

func hostileMaps(value reflect.Value) []hostile {
	list := []hostile{{"nil", false, false, reflect.Zero(value.Type())}}
	for entries := value.MapRange(); entries.Next(); {
		add := func(what string, inner hostile, key, element reflect.Value) {
			inner.value = reflect.MakeMap(value.Type())
			inner.value.SetMapIndex(key, element)
			inner.where = what + " " + inner.where
			list = append(list, inner)
		}
		for _, inner := range hostiles(entries.Key()) {
			add("key", inner, inner.value, entries.Value())
		}
		for _, inner := range hostiles(entries.Value()) {
			add("value", inner, entries.Key(), inner.value)
		}
	}
	return list
}

// hostileArguments gives the arguments of a function, with something hostile in one of them.
func hostileArguments(arguments []any) []hostileCall {
	values := valuesOf(arguments)
	var calls []hostileCall
	for i := range values {
		for _, one := range hostiles(values[i]) {
			with := append([]reflect.Value{}, values...)
			with[i] = one.value
			calls = append(calls, hostileCall{one, with})
		}
	}
	return calls
}

type hostileCall struct {
	hostile
	arguments []reflect.Value
}

func valuesOf(arguments []any) []reflect.Value {
	values := make([]reflect.Value, len(arguments))
	for i, argument := range arguments {
		values[i] = reflect.ValueOf(argument)
	}
	return values
}

// give calls a function that gives an option.
func give[T any](function any, arguments []reflect.Value) T {
	return reflect.ValueOf(function).Call(arguments)[0].Interface().(T)
}

// exported gives the names of the package's functions that give a value of this type.
func exported(t *testing.T, kind string) []string {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Recv != nil || !function.Name.IsExported() || function.Type.Results == nil {
				continue
			}
			if result, ok := function.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == kind {
				names = append(names, function.Name.Name)
			}
		}
	}
	return names
}
