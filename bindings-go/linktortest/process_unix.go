//go:build unix

package linktortest

import "syscall"

// apart keeps a terminal's Ctrl-C from the sandbox: it is for the program, which may go on.
var apart = &syscall.SysProcAttr{Setpgid: true}
