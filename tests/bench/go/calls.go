package main

import (
	"fmt"
	"syscall"
	"time"
)

const (
	sdk   = "linktor"
	tuned = "net/http, tuned"
	plain = "net/http as it comes"
)

var loads = []struct {
	concurrency int
	targets     map[string]string
}{
	{1, map[string]string{tuned: "0.77x or more (1.3x its time)"}},
	{32, map[string]string{tuned: "0.9x or more", plain: "1.1x or more"}},
	{256, map[string]string{tuned: "0.9x or more", plain: "1.1x or more"}},
	{callers, map[string]string{tuned: "1.0x or more"}},
}

// counts are the calls of a run: fewer of those that take longer.
var counts = map[string]int{sdk: 8192, tuned: 8192, plain: 4096}

// calls measures how many calls that decode their JSON there are in a second, and the CPU
// time of all threads for 10,000 of them.
func calls(server string, rounds int) error {
	return withServer(server, func(url string) error {
		peers := map[string]peer{
			sdk:   ours(url),
			tuned: netHTTP(url, tunedTransport(callers)),
			plain: netHTTP(url, defaultTransport()),
		}
		var used []func()
		for _, load := range loads {
			var runs []run[cost]
			for _, name := range []string{sdk, tuned, plain} {
				runs = append(runs, run[cost]{name, func() (cost, error) {
					return costOf(peers[name], counts[name], load.concurrency)
				}})
			}
			measured, err := interleaved(rounds, runs)
			if err != nil {
				return err
			}
			tellSpeed(load.concurrency, measured, load.targets)
			used = append(used, func() { tellCPU(load.concurrency, measured) })
		}
		for _, tell := range used {
			tell()
		}
		return nil
	})
}

// cost is calls a second, and the CPU seconds of 10,000.
type cost struct{ rate, cpu float64 }

func costOf(call peer, count, concurrency int) (cost, error) {
	before, err := cpuTime()
	if err != nil {
		return cost{}, err
	}
	started := time.Now()
	if err := made(call, count, concurrency); err != nil {
		return cost{}, err
	}
	took := time.Since(started)
	after, err := cpuTime()
	if err != nil {
		return cost{}, err
	}
	return cost{
		rate: float64(count) / took.Seconds(),
		cpu:  (after - before).Seconds() * 10_000 / float64(count),
	}, nil
}

// cpuTime is that of all threads of the process, user and system.
func cpuTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

func tellSpeed(concurrency int, measured map[string][]cost, targets map[string]string) {
	rates := each(measured, func(c cost) float64 { return c.rate })
	var rows []row
	for _, name := range []string{tuned, plain} {
		rows = append(rows, row{name, ratios(rates[sdk], rates[name]), perSecond(median(rates[name])), targets[name]})
	}
	at := fmt.Sprintf("%d at once", concurrency)
	if concurrency == 1 {
		at = "one after the other"
	}
	table(fmt.Sprintf("calls, %s: %s", at, perSecond(median(rates[sdk]))), rows)
}

func tellCPU(concurrency int, measured map[string][]cost) {
	seconds := each(measured, func(c cost) float64 { return c.cpu })
	var rows []row
	for _, name := range []string{tuned, plain} {
		told := fmt.Sprintf("%.2f s", median(seconds[name]))
		rows = append(rows, row{name: name, ratios: ratios(seconds[sdk], seconds[name]), told: told})
	}
	table(fmt.Sprintf("CPU time of 10,000 calls, %d at once: %.2f s", concurrency, median(seconds[sdk])), rows)
}

// each takes one number out of all that was measured.
func each[T any](measured map[string][]T, number func(T) float64) map[string][]float64 {
	numbers := map[string][]float64{}
	for name, values := range measured {
		for _, value := range values {
			numbers[name] = append(numbers[name], number(value))
		}
	}
	return numbers
}
