"""Deploying a fleet with cdktf: what it will cost, what is seen of it, and what may go wrong."""
