// Command bare is a program without any client.
package main

import "os"

func main() {
	os.Stdout.WriteString("hello, world\n")
}
