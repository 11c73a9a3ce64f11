// Command bench measures the client as users import it against its peers, in one
// interleaved run against the same server: speed, CPU time, memory, threads, size.
//
//	go run . [-rounds 9] [-only calls|memory|webhook|size] SERVER
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := bench(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func bench() error {
	if len(os.Args) == 4 && os.Args[1] == waitCommand {
		return wait(os.Args[2], os.Args[3])
	}
	rounds := flag.Int("rounds", 9, "how many are measured, after one to warm up")
	only := flag.String("only", "", "the only part to run: calls, memory, webhook or size")
	flag.Parse()
	server := flag.Arg(0)
	descriptors, err := allowDescriptors()
	if err != nil {
		return err
	}
	type part struct {
		name    string
		measure func() error
	}
	parts := []part{
		{"calls", func() error { return calls(server, *rounds) }},
		{"memory", func() error { return memory(server, *rounds, descriptors) }},
		{"webhook", func() error { return signatures(*rounds) }},
		{"size", size},
	}
	known := *only == "" || slices.ContainsFunc(parts, func(p part) bool { return p.name == *only })
	if server == "" || *rounds < 1 || !known {
		return errors.New("bench [-rounds 9] [-only calls|memory|webhook|size] SERVER")
	}
	fmt.Println(machine())
	fmt.Printf("%s; medians of %d interleaved rounds after one to warm up, and the range of their ratios.\n",
		time.Now().Format(time.DateOnly), *rounds)
	for _, part := range parts {
		if *only == "" || *only == part.name {
			if err := part.measure(); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
		}
	}
	return nil
}

// allowDescriptors allows as many as may be, to the server too, and gives their number:
// machines allow few by default.
func allowDescriptors() (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	limit.Cur = limit.Max
	return limit.Max, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}

func machine() string {
	model := field("/proc/cpuinfo", "model name")
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	load, _ := os.ReadFile("/proc/loadavg")
	now, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%d x %s, Linux %s, load %s, %s",
		runtime.NumCPU(), model, strings.TrimSpace(string(release)), now, runtime.Version())
}

// field is the value of the first line of that name, in a file of the kernel.
func field(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
