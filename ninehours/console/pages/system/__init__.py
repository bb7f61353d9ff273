"""System: how services do, what waits for a person, facts as they travel, and who read what."""
