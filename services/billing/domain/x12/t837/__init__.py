"""Health care claims, 837P and 837I: written and checked."""
