// Command bench measures the client as users import it against its peers, in one
// interleaved run against the same server: speed, CPU time, memory, threads, size.
//
//	go run . [-rounds 9] [-only calls] SERVER
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
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
	rounds := flag.Int("rounds", 9, "how many rounds are measured")
	only := flag.String("only", "", "one part: calls")
	flag.Parse()
	server := flag.Arg(0)
	parts := []struct {
		name    string
		measure func() error
	}{
		{"calls", func() error { return calls(server, *rounds) }},
	}
	if err := allowDescriptors(); err != nil {
		return err
	}
	fmt.Println(machine())
	fmt.Printf("%s; medians of %d interleaved rounds after one to warm up, and the range of their ratios.\n",
		time.Now().Format(time.DateOnly), *rounds)
	for _, part := range parts {
		if *only == "" || *only == part.name {
			if err := part.measure(); err != nil {
				return err
			}
		}
	}
	return nil
}

// allowDescriptors allows as many as may be, to the server too: machines allow few by
// default.
func allowDescriptors() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
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
