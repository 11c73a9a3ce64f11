//go:build linktor_portable

package linktor_test

func init() { buildTags = append(buildTags, "linktor_portable") }
