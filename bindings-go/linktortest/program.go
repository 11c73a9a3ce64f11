package linktortest

import (
	"fmt"
	"os"
	"os/exec"
)

const (
	variable  = "LINKTOR_SANDBOX"
	installed = "linktor-sandbox"

	advice = "Run: npm install --global @linktor/sandbox, or: pip install linktor-sandbox. " +
		"Or build it from source, cargo build -p linktor-sandbox, and set " + variable + " to where it is"
)

// program finds the program that a sandbox runs.
func program() (string, error) {
	if given := os.Getenv(variable); given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", newError(fmt.Sprintf("%s names no program: %v", variable, err), err)
		}
		return path, nil
	}
	path, err := exec.LookPath(installed)
	if err != nil {
		return "", newError(fmt.Sprintf("%s is not installed (%v). %s", installed, err, advice), err)
	}
	return path, nil
}
