"""The four services. They share the kernel, and import nothing of each other."""
