"""What Terraform is given and what it says: no CDK, no cloud."""
