"""What there is of a fleet: described, deployed, and in the cloud.

`asking` asks Terraform and the clouds, `compare` makes of what they said a status, which `result`
holds, and `text` and `data` show it.
"""
