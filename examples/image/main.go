// Greets: what the image of this example holds.
package main

import "fmt"

func main() { fmt.Println("hello") }
