"""What every X12 file shares: elements, and the interchange with its segments."""
