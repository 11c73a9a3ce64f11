package linktortest

import "syscall"

// apart keeps a console's Ctrl-C from the sandbox: it is for the program, which may go on.
var apart = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
