package ui

// Bold makes a label stand out where colours are used; an empty one stays empty.
func Bold(style Style, text string) string {
	if text == "" {
		return ""
	}
	return style.paint(bold, text)
}
