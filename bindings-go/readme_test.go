package linktor_test

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// packages are what the reader of README.md imports.
var packages = map[string]string{
	"context": "context", "errors": "errors", "http": "net/http", "io": "io", "json": "encoding/json", "log": "log",
	"os": "os", "slog": "log/slog", "sql": "database/sql", "testing": "testing", "time": "time",
	"linktor":     "github.com/linktor/linktor-go",
	"jwt":         "github.com/linktor/linktor-go/jwt",
	"linktortest": "github.com/linktor/linktor-go/linktortest",
	"webhook":     "github.com/linktor/linktor-go/webhook",
}

// reader declares what is the reader's own.
const reader = `package readme

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/webhook"
)

type (
	Contact struct{ Name string }
	Message struct{ Text string }
	Note    struct{ Text string }
)

var (
	ctx      context.Context
	client   *linktor.Client
	kept     []byte
	contact  Contact
	database *sql.DB
	vault    interface {
		Read(context.Context, string) (string, error)
	}
	verifier *webhook.Verifier
	mux    *http.ServeMux
	logger *slog.Logger
	table  webhook.Deduplicator
	save   func(context.Context, Message) error
	queue  interface {
		Add(tenant string, event *webhook.Event) bool
	}
	newSecret, oldSecret string
	key, id, email, password, secret, redirectURI, callbackURL string
)
`

func TestEveryBlockOfTheReadmeCompiles(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module readme\n\ngo 1.26\n\nrequire github.com/linktor/linktor-go v0.0.0\n\n"+
		"replace github.com/linktor/linktor-go => "+module+"\n")
	write("reader.go", reader)
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 15 {
		t.Errorf("%d blocks were found", len(blocks))
	}
	for i, block := range blocks {
		if formatted, err := format.Source([]byte(block[1])); err != nil || string(formatted) != block[1] {
			t.Errorf("not as gofmt has it: %v\n%s\n%s", err, block[1], formatted)
		}
		file, err := fileOf(block[1], fmt.Sprintf("block%d", i))
		if err != nil {
			t.Fatalf("%v:\n%s", err, block[1])
		}
		write(fmt.Sprintf("block%d.go", i), file)
	}
	vet := exec.Command("go", "vet", ".")
	vet.Dir = folder
	vet.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if output, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestTheReadmeNamesEveryOptionAndSentinel(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	check := func(name *ast.Ident) {
		if names++; !strings.Contains(string(readme), "`"+name.Name+"`") {
			t.Errorf("%s is missing", name)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if file.Name.Name != "linktor" {
			continue
		}
		for _, declaration := range file.Decls {
			switch declaration := declaration.(type) {
			case *ast.FuncDecl:
				if results := declaration.Type.Results; declaration.Recv == nil && declaration.Name.IsExported() && results != nil {
					given, _ := results.List[0].Type.(*ast.Ident)
					if given != nil && (given.Name == "Option" || given.Name == "RequestOption") {
						check(declaration.Name)
					}
				}
			case *ast.GenDecl:
				for _, spec := range declaration.Specs {
					if value, ok := spec.(*ast.ValueSpec); ok && strings.HasPrefix(value.Names[0].Name, "Err") {
						check(value.Names[0])
					}
				}
			}
		}
	}
	if names < 60 {
		t.Errorf("%d names were found", names)
	}
}

// fileOf makes a file of a block: of its declarations, or else a function of its statements,
// after which all that they declared counts as used.
func fileOf(block, name string) (string, error) {
	imports := regexp.MustCompile(`(?m)^import .*\n`)
	code := imports.ReplaceAllString(block, "")
	file, err := parser.ParseFile(token.NewFileSet(), "", "package readme\n"+code, 0)
	if err != nil {
		before, after := "func "+name+"() error {\n", "\nreturn nil\n}\n"
		if file, err = parser.ParseFile(token.NewFileSet(), "", "package readme\n"+before+code+after, 0); err != nil {
			return "", err
		}
		code = before + code + use(file) + after
	}
	needed := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if left, ok := selector.X.(*ast.Ident); ok && packages[left.Name] != "" {
				needed[left.Name] = true
			}
		}
		return true
	})
	var text strings.Builder
	text.WriteString("package readme\n\n")
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		fmt.Fprintf(&text, "import %s %q\n", name, packages[name])
	}
	return text.String() + code, nil
}

// use uses what the statements of a function declare.
func use(file *ast.File) string {
	var used strings.Builder
	for _, statement := range file.Decls[0].(*ast.FuncDecl).Body.List {
		if assignment, ok := statement.(*ast.AssignStmt); ok && assignment.Tok == token.DEFINE {
			for _, name := range assignment.Lhs {
				if name := name.(*ast.Ident).Name; name != "_" {
					fmt.Fprintf(&used, "_ = %s\n", name)
				}
			}
		}
	}
	return used.String()
}
