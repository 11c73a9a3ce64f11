package main

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// cost is what calls took; the CPU time is that of all threads, user and system.
type cost struct {
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"`
}

// costInTurn has the time of single calls too, in microseconds, by nearest rank.
type costInTurn struct {
	cost
	P50 float64 `json:"p50_us"`
	P99 float64 `json:"p99_us"`
}

func inTurn(call call, count int) (costInTurn, error) {
	times := make([]time.Duration, count)
	used, err := measured(func() error {
		for i := range times {
			started := time.Now()
			if err := call(context.Background(), "/contacts"); err != nil {
				return err
			}
			times[i] = time.Since(started)
		}
		return nil
	})
	slices.Sort(times)
	nearest := func(percent int) float64 {
		return float64(times[(percent*count+99)/100-1].Nanoseconds()) / 1e3
	}
	return costInTurn{used, nearest(50), nearest(99)}, err
}

// together has so many workers, each of which takes the next call, and gives the first error.
func together(call call, count, workers int) (cost, error) {
	return measured(func() error {
		var left atomic.Int64
		left.Store(int64(count))
		failures := make(chan error, workers)
		var group sync.WaitGroup
		for range workers {
			group.Go(func() {
				for left.Add(-1) >= 0 {
					if err := call(context.Background(), "/contacts"); err != nil {
						failures <- err
						return
					}
				}
			})
		}
		group.Wait()
		close(failures)
		return <-failures
	})
}

// measured begins without the garbage of what was before.
func measured(task func() error) (cost, error) {
	runtime.GC()
	before, err := cpuTime()
	if err != nil {
		return cost{}, err
	}
	started := time.Now()
	if err := task(); err != nil {
		return cost{}, err
	}
	took := time.Since(started)
	after, err := cpuTime()
	return cost{took.Seconds(), (after - before).Seconds()}, err
}

func cpuTime() (time.Duration, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err
}
