"""Where on Earth Hetzner's locations are.

The towns are those of https://docs.hetzner.com/cloud/general/locations; where a town is, any map
says.
"""

from infra_lib.clouds.answers import Place

PLACES = {
    "ash": Place("Ashburn, Virginia", 39.04, -77.49),
    "fsn1": Place("Falkenstein, Germany", 50.48, 12.37),
    "hel1": Place("Helsinki, Finland", 60.17, 24.94),
    "hil": Place("Hillsboro, Oregon", 45.52, -122.99),
    "nbg1": Place("Nuremberg, Germany", 49.45, 11.08),
    "sin": Place("Singapore", 1.35, 103.82),
}
"""By location."""
