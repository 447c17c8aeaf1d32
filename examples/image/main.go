// Command image greets: it is what the image of this example holds.
package main

import "fmt"

func main() { fmt.Println("hello") }
