"""What a process shows on a wire, and whom it believes there."""
