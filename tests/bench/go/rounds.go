package main

import (
	"fmt"
	"runtime"
	"slices"
)

// run is one of those that are measured side by side.
type run[T any] struct {
	name    string
	measure func() (T, error)
}

// interleaved gives what each of the runs measured, by its name, a round each. Who begins
// changes with the round, and each run begins with the garbage of the others collected. The
// first round warms up.
func interleaved[T any](rounds int, runs []run[T]) (map[string][]T, error) {
	measured := map[string][]T{}
	for round := range rounds + 1 {
		first := round % len(runs)
		for _, run := range slices.Concat(runs[first:], runs[:first]) {
			runtime.GC()
			value, err := run.measure()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", run.name, err)
			}
			if round > 0 {
				measured[run.name] = append(measured[run.name], value)
			}
		}
	}
	return measured, nil
}

// row is a line of a table: a ratio of each round, its target, and anything else that is to
// be seen of a peer.
type row struct {
	name   string
	ratios []float64
	told   string
	target string
}

func table(title string, rows []row) {
	fmt.Printf("\n%s\n", title)
	for _, row := range rows {
		spread := fmt.Sprintf("(%.2f to %.2f)", slices.Min(row.ratios), slices.Max(row.ratios))
		fmt.Printf("  %5.2fx %-16s %-22s %12s", median(row.ratios), spread, row.name, row.told)
		if row.target != "" {
			fmt.Printf("   target %s", row.target)
		}
		fmt.Println()
	}
}

// ratios divides the rounds of one by those of another.
func ratios(ours, theirs []float64) []float64 {
	quotients := make([]float64, len(ours))
	for i := range ours {
		quotients[i] = ours[i] / theirs[i]
	}
	return quotients
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func perSecond(rate float64) string {
	return fmt.Sprintf("%.1f k/s", rate/1e3)
}
