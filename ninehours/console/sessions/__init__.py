"""Who is signed in: the one thing that the console keeps."""
