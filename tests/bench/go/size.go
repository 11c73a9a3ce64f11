package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// size tells how big the library is, and programs that are linked with it or not.
func size() error {
	folder, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/linktor/linktor-go/internal/ffi").Output()
	if err != nil {
		return err
	}
	library := filepath.Join(strings.TrimSpace(string(folder)), "lib", "linux_amd64", "liblinktor_ffi.a")
	bytes, err := sizeOf(library)
	if err != nil {
		return err
	}
	fmt.Printf("\nsize\n  %6.2f MB %24s %s\n", bytes, "", filepath.Base(library))
	for _, program := range []struct{ folder, does string }{
		{"bare", "a program that says hello"},
		{"nethttp", "a program that makes a call with net/http"},
		{"sdk", "a program that makes a call with the SDK"},
	} {
		whole, err := linked(program.folder)
		if err != nil {
			return err
		}
		stripped, err := linked(program.folder, "-ldflags=-s -w")
		if err != nil {
			return err
		}
		fmt.Printf("  %6.2f MB (%5.2f MB with -s -w)   %s\n", whole, stripped, program.does)
	}
	return nil
}

// linked builds one of the programs, and gives its size in MB.
func linked(program string, flags ...string) (float64, error) {
	folder, err := os.MkdirTemp("", "linktor-bench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, program)
	build := exec.Command("go", append(append([]string{"build", "-o", binary}, flags...), "./hello/"+program)...)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return 0, err
	}
	return sizeOf(binary)
}

func sizeOf(path string) (float64, error) {
	about, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return float64(about.Size()) / 1e6, nil
}
