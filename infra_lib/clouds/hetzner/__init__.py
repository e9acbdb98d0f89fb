"""Hetzner Cloud: its servers, volumes and addresses, and what NixOS has there."""
