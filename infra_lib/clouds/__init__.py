"""The clouds that machines are provisioned on, a folder each."""
