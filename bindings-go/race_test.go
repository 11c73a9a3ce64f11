//go:build race

package linktor_test

func init() { underRace = true }
