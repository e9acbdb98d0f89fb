"""Terraform: what it says, how it is run, and the shell that it runs.

resource and escape are what it is to have · command, process and printing run it in front of a
person · plan, state and log read what it says · cdktf_json and frameworks read what an app is and
wrote · installer is the shell that installs.
"""
