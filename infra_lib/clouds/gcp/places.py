"""Where on Earth Google's regions are.

The towns are those of https://cloud.google.com/compute/docs/regions-zones; where a town is, any map
says.
"""

from infra_lib.clouds.answers import Place

PLACES = {
    "africa-south1": Place("Johannesburg, South Africa", -26.2, 28.05),
    "asia-east1": Place("Changhua County, Taiwan", 24.05, 120.52),
    "asia-east2": Place("Hong Kong", 22.32, 114.17),
    "asia-northeast1": Place("Tokyo, Japan", 35.68, 139.69),
    "asia-northeast2": Place("Osaka, Japan", 34.69, 135.5),
    "asia-northeast3": Place("Seoul, South Korea", 37.57, 126.98),
    "asia-south1": Place("Mumbai, India", 19.08, 72.88),
    "asia-south2": Place("Delhi, India", 28.61, 77.21),
    "asia-southeast1": Place("Jurong West, Singapore", 1.34, 103.71),
    "asia-southeast2": Place("Jakarta, Indonesia", -6.21, 106.85),
    "asia-southeast3": Place("Bangkok, Thailand", 13.76, 100.5),
    "australia-southeast1": Place("Sydney, Australia", -33.87, 151.21),
    "australia-southeast2": Place("Melbourne, Australia", -37.81, 144.96),
    "europe-central2": Place("Warsaw, Poland", 52.23, 21.01),
    "europe-north1": Place("Hamina, Finland", 60.57, 27.2),
    "europe-north2": Place("Stockholm, Sweden", 59.33, 18.07),
    "europe-southwest1": Place("Madrid, Spain", 40.42, -3.7),
    "europe-west1": Place("St. Ghislain, Belgium", 50.45, 3.82),
    "europe-west10": Place("Berlin, Germany", 52.52, 13.4),
    "europe-west12": Place("Turin, Italy", 45.07, 7.69),
    "europe-west2": Place("London, England", 51.51, -0.13),
    "europe-west3": Place("Frankfurt, Germany", 50.11, 8.68),
    "europe-west4": Place("Eemshaven, Netherlands", 53.44, 6.84),
    "europe-west6": Place("Zurich, Switzerland", 47.38, 8.54),
    "europe-west8": Place("Milan, Italy", 45.46, 9.19),
    "europe-west9": Place("Paris, France", 48.86, 2.35),
    "me-central1": Place("Doha, Qatar", 25.29, 51.53),
    "me-central2": Place("Dammam, Saudi Arabia", 26.43, 50.1),
    "me-west1": Place("Tel Aviv, Israel", 32.09, 34.78),
    "northamerica-northeast1": Place("Montréal, Québec", 45.5, -73.57),
    "northamerica-northeast2": Place("Toronto, Ontario", 43.65, -79.38),
    "northamerica-south1": Place("Querétaro, Mexico", 20.59, -100.39),
    "southamerica-east1": Place("Osasco, São Paulo, Brazil", -23.53, -46.79),
    "southamerica-west1": Place("Santiago, Chile", -33.45, -70.67),
    "us-central1": Place("Council Bluffs, Iowa", 41.26, -95.86),
    "us-east1": Place("Moncks Corner, South Carolina", 33.2, -80.01),
    "us-east4": Place("Ashburn, Virginia", 39.04, -77.49),
    "us-east5": Place("Columbus, Ohio", 39.96, -83.0),
    "us-south1": Place("Dallas, Texas", 32.78, -96.8),
    "us-west1": Place("The Dalles, Oregon", 45.59, -121.18),
    "us-west2": Place("Los Angeles, California", 34.05, -118.24),
    "us-west3": Place("Salt Lake City, Utah", 40.76, -111.89),
    "us-west4": Place("Las Vegas, Nevada", 36.17, -115.14),
}
"""By region."""
