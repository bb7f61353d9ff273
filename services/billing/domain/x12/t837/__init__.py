"""Health care claims, 837P and 837I: written, checked and read back."""
