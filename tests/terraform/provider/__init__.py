"""A Terraform provider that stands in for google's: its schema, its rules, and no cloud."""
