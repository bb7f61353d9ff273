"""What is seen of a process from outside: whether it lives, whether it is ready, its metrics."""
