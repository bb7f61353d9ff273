"""What every X12 file shares: elements, segments, and the interchange around them."""
