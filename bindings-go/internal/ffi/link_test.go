//go:build !race

package ffi_test

import (
	"fmt"
	"go/build"
	"hash/fnv"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestEveryPlatformLinksItsOwnLibraryAndOthersSayWhyNot(t *testing.T) {
	linked := map[string]bool{}
	list, err := exec.Command("go", "tool", "dist", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range strings.Fields(string(list)) {
		for _, tag := range []string{"", "musl"} {
			goos, goarch, _ := strings.Cut(platform, "/")
			context := build.Default
			context.GOOS, context.GOARCH, context.CgoEnabled, context.BuildTags = goos, goarch, true, []string{tag}
			ffi, err := context.ImportDir(".", 0)
			if err != nil {
				t.Fatal(err)
			}
			name := goos + "_" + goarch
			if goos == "linux" && tag != "" {
				name += "_" + tag
			}
			libraries := regexp.MustCompile(`lib/\w+/liblinktor_ffi\.a`).FindAllString(strings.Join(ffi.CgoLDFLAGS, " "), -1)
			isTold := slices.Contains(ffi.GoFiles, "build_needs_platform.go")
			switch isLinked := slices.Equal(libraries, []string{"lib/" + name + "/liblinktor_ffi.a"}); {
			case isLinked && !isTold:
				linked[name] = true
				if flags := strings.Join(ffi.CgoCFLAGS, " "); strings.Count(flags, "-I") != 1 || !strings.HasSuffix(flags, "lib/"+name) {
					t.Errorf("%s looks for its library with %s", name, flags)
				}
			case isLinked, !isTold && goos != "android" && goos != "ios":
				t.Errorf("%s: %v, and is told to be no platform: %v", name, libraries, isTold)
			}
			context.CgoEnabled = false
			ffi, err = context.ImportDir(".", 0)
			needs := slices.Contains(ffi.GoFiles, "build_needs_cgo.go") != slices.Contains(ffi.GoFiles, "build_needs_platform.go")
			if err != nil || !needs {
				t.Errorf("%s without cgo has %v", name, ffi.GoFiles)
			}
		}
	}
	if len(linked) != 8 {
		t.Errorf("linked are %v", linked)
	}
}

func TestALibraryThatIsMissingIsTold(t *testing.T) {
	module := copyModule(t)
	for environment, told := range map[string]string{
		"CGO_ENABLED=1": `run "make go-lib" in a clone of the SDK`,
		"CGO_ENABLED=0": "undefined: linktor_needs_cgo__set_CGO_ENABLED_1_and_install_a_C_compiler",
	} {
		output, err := command(module, environment, "go", "build", "./...").CombinedOutput()
		if err == nil || !strings.Contains(string(output), told) {
			t.Errorf("%s: %v\n%s", environment, err, output)
		}
	}
}

func TestALibraryOfAnotherVersionIsAnErrorBeforeAnyCall(t *testing.T) {
	module := copyModule(t)
	library := filepath.Join(module, "internal", "ffi", "lib", runtime.GOOS+"_"+runtime.GOARCH, "liblinktor_ffi.a")
	expectations := compileStub(t, module, library, "0")
	program := buildMaker(t, module)
	if output, err := command(module, "OTHER=nothing", program).CombinedOutput(); err == nil {
		t.Errorf("the stub serves a call: %s", output)
	}
	for _, expectation := range expectations {
		output, err := command(module, "OTHER="+expectation.function, program).CombinedOutput()
		told := "linktor: internal: the linked liblinktor_ffi is of another version: " + expectation.name + " differs;"
		if err != nil || strings.Count(string(output), told) != 7 {
			t.Errorf("%s: %v\n%s", expectation.function, err, output)
		}
	}
}

func TestALibraryBuiltAnewIsLinkedAnew(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("build.sh is a shell script")
	}
	module := copyModule(t)
	// Instead of cargo, what it would have built.
	built := filepath.Join(t.TempDir(), "debug", "liblinktor_ffi.a")
	if err := write(filepath.Join(filepath.Dir(built), "cargo"), "#!/bin/sh\n"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(built)+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, other := range []string{"0", "1"} {
		compileStub(t, module, built, other)
		run(t, module, "CARGO_TARGET_DIR="+filepath.Dir(filepath.Dir(built)), "./build.sh", "debug")
		output, err := command(module, "OTHER=nothing", buildMaker(t, module)).CombinedOutput()
		if isOther := strings.Contains(string(output), "of another version"); isOther != (other == "1") {
			t.Errorf("%v\n%s", err, output)
		}
	}
}

// maker makes what can be made first in a process.
const maker = `package main

import (
	"fmt"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/jwt"
	"github.com/linktor/linktor-go/webhook"
)

func main() {
	_, client := linktor.NewClient(linktor.WithAPIKey("lk_invented"))
	_, signed := jwt.Sign(map[string]any{}, "an invented secret")
	verified := jwt.Verify("a.b.c", "an invented secret", nil)
	_, verifier := webhook.NewVerifier(webhook.Linktor, []string{"whsec_invented"})
	_, headers := webhook.Sign(webhook.Linktor, []byte("{}"), "whsec_invented")
	_, deduplicator := webhook.NewMemoryDeduplicator()
	for _, err := range []error{client, linktor.New("lk_invented").Err(), signed, verified, verifier, headers, deduplicator} {
		fmt.Println(err)
	}
}
`

// copyModule copies the module without tests and libraries, and adds the maker.
func copyModule(t *testing.T) string {
	t.Helper()
	root, module := filepath.Join("..", ".."), filepath.Join(t.TempDir(), "bindings-go")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch isCode := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"); {
		case err != nil:
			return err
		case name == "testdata" || name == "lib":
			return fs.SkipDir
		case name == "library.h", !isCode && !slices.Contains([]string{".h", ".c", ".mod", ".sh"}, filepath.Ext(name)) && name != "interface.txt":
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return write(filepath.Join(module, relative), string(content))
	})
	if err == nil {
		err = write(filepath.Join(module, "maker", "main.go"), maker)
	}
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// expectation is what a function is expected to return, and how that is named.
type expectation struct{ function, value, name string }

// compileStub makes a library of all functions of linktor.h. One returns the value that is
// expected of it, plus other, plus 1 if the variable OTHER has its name; all else abort.
func compileStub(t *testing.T, module, library, other string) []expectation {
	t.Helper()
	compiler, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		t.Fatal(err)
	}
	cc := strings.TrimSpace(string(compiler))
	header, err := exec.Command(cc, "-E", "-P", "linktor.h").Output()
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile("interface.txt")
	if err != nil {
		t.Fatal(err)
	}
	hash := fnv.New64a()
	_, _ = hash.Write(written)
	expectations := []expectation{
		{"uniffi_linktor_ffi_fn_func_interface_hash", fmt.Sprintf("%dULL", hash.Sum64()), "its interface"},
	}
	for _, match := range regexp.MustCompile(`(\w+)\(\) != (\d+)\) return "(.+?)"`).FindAllSubmatch(header, -1) {
		expectations = append(expectations, expectation{string(match[1]), string(match[2]), string(match[3])})
	}
	values := map[string]string{}
	for _, expectation := range expectations {
		values[expectation.function] = expectation.value
	}
	prototypes := regexp.MustCompile(`(?:void|u?int\d+_t|RustBuffer) ((?:uni)?ffi_linktor_ffi_\w+)\([^()]*\);`).FindAllSubmatch(header, -1)
	if len(expectations) < 10 || len(prototypes) <= len(expectations) {
		t.Fatalf("linktor.h expects %d values of %d functions", len(expectations), len(prototypes))
	}
	stub := strings.Builder{}
	stub.WriteString("#include \"linktor.h\"\n#include <stdlib.h>\n#include <string.h>\n")
	for _, prototype := range prototypes {
		name, body := string(prototype[1]), "abort();"
		if value := values[name]; value != "" {
			body = fmt.Sprintf("const char *o = getenv(\"OTHER\"); return %s + %s + (o && !strcmp(o, %q));", value, other, name)
		}
		fmt.Fprintf(&stub, "%s { %s }\n", strings.TrimSuffix(string(prototype[0]), ";"), body)
	}
	place := t.TempDir()
	if err := write(filepath.Join(place, "stub.c"), stub.String()); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(library), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, place, "", cc, "-c", "-I", filepath.Join(module, "internal", "ffi"), "stub.c")
	run(t, place, "", "ar", "rcs", library, "stub.o")
	return expectations
}

func buildMaker(t *testing.T, module string) string {
	t.Helper()
	program := filepath.Join(module, "maker", "maker.exe")
	run(t, module, "CGO_ENABLED=1", "go", "build", "-o", program, "./maker")
	return program
}

func run(t *testing.T, folder, environment, name string, arguments ...string) {
	t.Helper()
	if output, err := command(folder, environment, name, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, arguments, err, output)
	}
}

func command(folder, environment, name string, arguments ...string) *exec.Cmd {
	command := exec.Command(name, arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOFLAGS=", environment)
	return command
}

func write(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o755)
}
