"""Every command's name, options and help, by who uses it; the work is done elsewhere."""
