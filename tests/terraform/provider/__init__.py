"""A Terraform provider that stands in for google's and hcloud's: schemas, rules, no cloud."""
