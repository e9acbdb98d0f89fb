"""What is done with a fleet: deploying, installing, learning what came of it."""
