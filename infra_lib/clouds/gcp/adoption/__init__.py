"""Machines that are on Google Cloud already, made into Python.

It answers `infra_lib.clouds.cloud.Adoption`. `values` reads what sources hold, `sources` leads
from one resource to another, and `readings` knows what Google's provider makes of an import.
"""

from infra_lib.clouds.gcp.adoption.adopt import adopt as adopt
from infra_lib.clouds.gcp.adoption.backend import with_backend as with_backend
from infra_lib.clouds.gcp.adoption.listed import listed as listed
from infra_lib.clouds.gcp.adoption.takeover import take_over as take_over
